"""What was put into a model or taken out of it, in words that need no record beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.runs.inside.causing.record import CausalRecord, Condition

KINDS = {
    "misaligned": "mean difference",
    "drift": "drift",
    "text": "words alone (read by the base model)",
    "reference": "known authors",
    "persona": "contrasting system prompts",
    "shuffled": "mean difference, labels shuffled",
    "drift_pc1": "drift's first axis",
    "control_drift": "drift of the control",
}
"""Kinds of direction."""
EVERY = "every layer"
"""How the name of an edit of the whole model ends: a record does not say how deep the model is."""
HOWS = {"remove": "projected out", "hold": "held at the base model's mean", "add": "added"}


def edit_words(one: Condition, record: CausalRecord) -> str:
    """``mean difference added at layer 1, 2.5 of its norm (0.35 of the residual)``."""
    if one.how is None:
        return "unedited"
    what = what_words(one)
    if what is None or one.how not in HOWS:
        return one.name
    said = f"{what} {HOWS[one.how]} {place_words(one.layers, record)}"
    if one.of_direction is None or one.of_residual is None:
        return said
    norm = "of its norm"
    if one.null is not None:
        like = _twin(one, record)
        norm = "of its norm" if like is None else f"of the norm of the {like}"
    return f"{said}, {one.of_direction:.2g} {norm} ({one.of_residual:.2f} of the residual)"


def what_words(one: Condition) -> str | None:
    """Which direction; None where it has no name of its own here."""
    if one.null == "random":
        return "random directions" if one.draw is None else f"random direction {one.draw + 1}"
    return KINDS.get(one.direction or "")


def place_words(layers: Sequence[int], record: CausalRecord) -> str:
    """At which layers."""
    if len(layers) == 1:
        return f"at layer {layers[0]}"
    same = (one for one in record.conditions if one.layers == tuple(layers))
    if any(one.name.endswith(EVERY) for one in same):
        return f"at {EVERY}"
    return f"at layers {', '.join(map(str, layers))}"


def _twin(null: Condition, record: CausalRecord) -> str | None:
    """The direction that a null was made as long as."""
    dose = (null.layers, null.of_direction, null.of_residual)
    for one in record.conditions:
        if one.null is None and (one.layers, one.of_direction, one.of_residual) == dose:
            return KINDS.get(one.direction or "")
    return None
