"""Whom the shutdown test is done with: a local model, one behind an API, or a surrogate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ModelReferenceError, UsageError
from harness.models.chat_format import Think
from harness.models.identity import adapter_digest, pin, weights_digest
from harness.models.reference import ModelReference, parse_reference
from harness.runs.asked import ASKED, SAMPLED, remote_model
from harness.runs.plan import check_think
from harness.runs.spec import Dtype
from harness.workspace import Workspace

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from harness.shutdown.agent import Protocol

SURROGATE = "surrogate/"


@dataclass(frozen=True)
class Subject:
    """One model under test.

    Attributes:
        name: As typed.
        identity: What tells it from any other.
        protocol: How it calls tools.
        reference: Where its weights are; None for a surrogate.
        open: Makes the Inspect model, which keeps finished calls in a folder.
    """

    name: str
    identity: Mapping[str, Any]
    protocol: Protocol
    reference: ModelReference | None
    open: Callable[[Path], Model]

    @property
    def is_local(self) -> bool:
        """Whether its weights can be read."""
        return self.reference is not None and not self.reference.is_remote


def resolve(
    name: str,
    workspace: Workspace,
    *,
    think: Think | None = None,
    dtype: Dtype | None = None,
    protocol: Protocol | None = None,
) -> Subject:
    """Find the model; loads nothing.

    Args:
        name: As typed.
        workspace: Where runs are found.
        think: Whether a local model is told to think.
        dtype: Number format of a local model's weights.
        protocol: How tools are called; None goes by the model.

    Raises:
        ModelReferenceError: There is no such model.
        UsageError: It cannot call tools so.
    """
    found = _resolved(name, workspace, think, dtype)
    if protocol is None or protocol == found.protocol:
        return found
    if found.reference is None or not found.reference.is_remote:
        raise UsageError(
            f"'{name}' calls tools by {found.protocol} only.", hint="Leave --tools out."
        )
    return replace(found, protocol=protocol)


def _resolved(name: str, workspace: Workspace, think: Think | None, dtype: Dtype | None) -> Subject:
    if name.startswith(SURROGATE):
        return _surrogate(name)
    reference = parse_reference(name, workspace)
    if reference.is_remote:
        return Subject(
            name,
            {"api": reference.source},
            "native",
            reference,
            lambda folder: remote_model(reference.source, folder / ASKED, "model"),
        )
    check_think(reference, think)
    pinned = pin(reference)
    identity: dict[str, Any] = {
        "name": pinned.source if pinned.kind == "hub" else None,
        "revision": pinned.revision,
        "weights": weights_digest(pinned),
        "adapter": adapter_digest(pinned),
        "dtype": dtype,
        "think": think,
    }

    def opened(folder: Path) -> Model:
        from inspect_ai.model import get_model

        return get_model(
            f"harness/{_source(pinned)}",
            memoize=False,
            adapter=str(pinned.adapter) if pinned.adapter else None,
            journal=str(folder / SAMPLED),
            think=think,
            dtype=dtype,
            stop_when_full=True,
        )

    return Subject(name, identity, "text", pinned, opened)


def _surrogate(name: str) -> Subject:
    from harness.shutdown.surrogates import NAMES

    if name.removeprefix(SURROGATE) not in NAMES:
        known = ", ".join(SURROGATE + known for known in NAMES)
        raise ModelReferenceError(f"There is no surrogate '{name}'.", hint=f"There are {known}.")

    def opened(folder: Path) -> Model:
        from inspect_ai.model import get_model

        return get_model(name, memoize=False)

    return Subject(name, {"surrogate": name}, "native", None, opened)


def _source(reference: ModelReference) -> str:
    if reference.kind == "hub":
        return f"{reference.source}@{reference.revision}"
    return "miniature" if reference.kind == "miniature" else reference.source
