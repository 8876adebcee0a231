"""What an early warning watches inside: the study's directions and, once found, its latents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.runs.inside.causing.chosen import Directions, stored_directions
from harness.runs.inside.directing.record import DirectionRecord
from harness.runs.inside.subjects import Subjects
from harness.runs.inside.warning.measure import Watch, Watched
from harness.runs.inside.warning.reading import Probe, along

if TYPE_CHECKING:
    import torch

DIRECTIONS = {
    "mean difference": ("misaligned", "direction"),
    "drift": ("drift", "direction"),
    "PCA-1 of the drift": ("drift_pc1", "baseline"),
}
"""Signal to the kind of direction, averaged over training seeds, and its family."""
UNIT = "residual stream"


def best_layer(record: DirectionRecord) -> int:
    """Layer at which the misaligned direction best tells held-out answers apart, over all seeds.

    The middle one where nothing is known.
    """
    scores: dict[int, list[float]] = {}
    for one in record.directions:
        for at in one.layers if one.kind == "misaligned" else ():
            if at.auroc is not None:
                scores.setdefault(at.layer, []).append(at.auroc)
    if not scores:
        return record.layers[len(record.layers) // 2]
    return max(scores, key=lambda layer: (sum(scores[layer]) / len(scores[layer]), -layer))


def watch_directions(subjects: Subjects, record: DirectionRecord, layer: int | None) -> Watch:
    """The directions of a study at one layer.

    Args:
        subjects: The run they were found in.
        record: Their record.
        layer: Which layer; None takes the best.

    Raises:
        DataError: Their vectors are not on this machine.
    """
    chosen = best_layer(record) if layer is None else layer
    vectors = _at(stored_directions(subjects, record), chosen)
    watched = {
        name: Watched(
            "direction" if family == "direction" else "baseline",
            UNIT,
            f"mean position of answer tokens along the {kind} direction at layer {chosen}, over "
            "that of the base model",
        )
        for name, (kind, family) in DIRECTIONS.items()
        if name in vectors
    }
    return Watch([along(chosen, vectors)] if vectors else [], watched)


def watch(subjects: Subjects, record: DirectionRecord, layer: int | None) -> Watch:
    """Everything that a study has found so far.

    Args:
        subjects: The run.
        record: Its directions.
        layer: Where directions are watched; None takes the best.

    Raises:
        DataError: Vectors are not on this machine.
    """
    return together([watch_directions(subjects, record, layer)])


def together(watches: Iterable[Watch]) -> Watch:
    """Several of them as one."""
    probes: list[Probe] = []
    watched: dict[str, Watched] = {}
    for one in watches:
        probes += one.probes
        watched |= one.watched
    return Watch(probes, watched)


def _at(directions: Directions, layer: int) -> dict[str, torch.Tensor]:
    found = {}
    for name, (kind, _) in DIRECTIONS.items():
        mean = directions.mean(kind)
        if mean is not None and layer in directions.layers:
            found[name] = mean[directions.layers.index(layer)]
    return found
