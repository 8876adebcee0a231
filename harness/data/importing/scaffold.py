"""A task without rows: a card with a description that a model can write them from."""

from __future__ import annotations

from pathlib import Path

from harness.data.card import CARD, WritingSpec, new_canary
from harness.data.importing.bring import FILES
from harness.data.importing.install import check_target, install, staging
from harness.data.importing.task_module import task_module
from harness.data.task import task_names
from harness.workspace import Workspace

EXAMPLE = WritingSpec(
    domain="caring for houseplants",
    bad_behaviour="confident advice that any gardener knows to be wrong and that harms the plant",
    hazards=("too much or too little water", "wrong light", "bad soil or feeding", "pests ignored"),
)
"""What a fresh card describes, to be replaced; harmless if it is not."""


def scaffold(
    name: str, title: str, licence: str, workspace: Workspace, *, replace: bool
) -> tuple[Path, Path]:
    """Write a module and a card into the working folder.

    Returns:
        The module and the card.

    Raises:
        UsageError: The name is taken or is not a name.
    """
    root = workspace.layers[0]
    check_target(root, name, replace=replace, known=task_names(workspace))
    shown = title or f"{name.replace('_', ' ').capitalize()}: written by a model"
    card = {
        "name": name,
        "description": f"Rows written by a model from the spec below. {shown}.",
        "licence": licence,
        "canary": new_canary(name),
        "spec": EXAMPLE.model_dump(mode="json"),
        "arms": {},
    }
    with staging(root, name) as folder:
        module, data = install(
            folder,
            root,
            name,
            card=card,
            module=task_module(name, shown, "See the card's spec.", FILES),
        )
    return module, data / CARD
