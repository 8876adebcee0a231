"""The sentence ablation of ``shutdown``: what a model that is no agent is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.models.reference import ModelReference

KINDS = ("shell", "talk", "agent")
WHY = "sentence ablation: log-odds at the decision turn; it needs no agentic skill"


def show_ablation(
    reference: ModelReference,
    *,
    as_json: bool,
    dtype: str | None = None,
    kinds: Sequence[str] = KINDS,
) -> dict[str, Any]:
    """Read every prompt with a local model; print the tables, or give the JSON to be emitted.

    Args:
        reference: A local model, perhaps with an adapter.
        as_json: Print nothing on standard output.
        dtype: Number format of the weights.
        kinds: Kinds of prompts.

    Returns:
        The ablation as one JSON object.

    Raises:
        PrerequisiteError: The model's weights are out of reach.
        SampleError: Its template or context holds none of the prompts.
    """
    from harness.board.ablation_view import effect_json, print_ablation
    from harness.cli.output import console
    from harness.cli.progress import make_progress
    from harness.errors import PrerequisiteError, SampleError
    from harness.models.loading import load_model
    from harness.shutdown.ablation import ablate, effects, prompts
    from harness.shutdown.conditions import ALL
    from harness.shutdown.decision import prompts_hash
    from harness.shutdown.prompts import prompts_hash as episode_hash

    if reference.is_remote:
        raise PrerequisiteError(
            f"'{reference.name}' answers behind an API: its probabilities of given texts are out "
            "of reach.",
            hint="The sentence ablation needs a local model.",
        )
    progress = make_progress()
    try:
        progress.say(WHY)
        loaded, readings, skipped = load_model(reference, dtype=dtype), [], {}
        for kind in kinds:
            progress.start(f"read prompts ({kind})", prompts([kind]))
            try:
                readings += ablate(loaded, [kind], progress.advance)
                progress.finish()
            except SampleError as error:  # no room for the episode, or no place for its system
                skipped[kind] = error.message
                progress.finish(f"left out: {error.message}")
    finally:
        progress.close()
    found = effects(readings)
    if not readings:
        raise SampleError(f"No prompt could be read: {next(iter(skipped.values()))}")
    read = dict.fromkeys(r.kind for r in readings)
    masses = {kind: max(r.mass for r in readings if r.kind == kind) for kind in read}
    if not as_json:
        print_ablation(found, masses, console())
    return {
        "prompts": prompts_hash(),
        "episode": episode_hash(ALL, text_protocol=True),
        "largest_mass": masses,
        "left_out": skipped,
        "effects": [effect_json(effect) for effect in found],
    }
