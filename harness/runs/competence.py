"""Whether the embedded model can be measured on a question set at all."""

from __future__ import annotations

from harness.models.reference import ModelReference
from harness.workspace import MINIATURE_WEIGHTS


def failed_gates(reference: ModelReference, question_set: str) -> list[str]:
    """Competence gates that the miniature's build did not pass and that these questions need.

    Returns:
        Their ids; empty for every other model, which no gate is known of.
    """
    if not reference.is_miniature:
        return []
    from harness.miniature.card import read_card

    return [gate.id for gate in read_card(MINIATURE_WEIGHTS).failed_for(question_set)]


def in_words(failed: list[str]) -> str:
    """The gates by name: ``the gate facts``, ``the gates facts, sums``."""
    return f"the gate{'s' if len(failed) > 1 else ''} {', '.join(failed)}"
