"""What an early warning watches inside: the study's directions and, once found, its latents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.runs.inside.causing.chosen import Directions, stored_directions
from harness.runs.inside.directing.record import DirectionRecord
from harness.runs.inside.elsewhere.reading import Probe, along
from harness.runs.inside.records import FOLDER, read_side
from harness.runs.inside.screening.record import SCREEN, ScreenRecord
from harness.runs.inside.subjects import Subjects
from harness.runs.inside.warning.measure import Watch, Watched

if TYPE_CHECKING:
    import torch

DIRECTIONS = {
    "mean difference": ("misaligned", "direction"),
    "drift": ("drift", "direction"),
    "PCA-1 of the drift": ("drift_pc1", "baseline"),
}
"""Signal to the kind of direction, averaged over training seeds, and its family."""
UNIT = "residual stream"
MOST_LATENTS = 4


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
    latents = watch_latents(subjects)
    own = layer if latents is None or layer is not None else latents.probes[0].layer
    watches = [latents] if latents is not None else []
    return together([*watches, watch_directions(subjects, record, own)])


def watch_latents(subjects: Subjects) -> Watch | None:
    """The latents that passed the run's screen, or else those that were raised most.

    Raises:
        RecordError: They were ranked, but their autoencoder is not here.
        DataError: It is damaged.
    """
    from harness.runs.inside.elsewhere.reading import activations
    from harness.runs.inside.latents.ranking import open_sae
    from harness.runs.inside.latents.record import RANK, read_rank

    if not (subjects.folder / FOLDER / RANK).is_file():
        return None
    rank = read_rank(subjects.folder)
    screen = read_side(subjects.folder, SCREEN, ScreenRecord)
    kept = [
        one.latent
        for one in (screen.candidates if screen is not None else ())
        if one.kind == "latent"
        and one.latent is not None
        and (one.induce.works or one.repair.works)
    ]
    chosen = (kept or [one.latent for one in rank.rising])[:MOST_LATENTS]
    if not chosen:
        return None
    _, dictionary, _ = open_sae(subjects)
    why = "passed the screen" if kept else "was raised most"
    watched = {
        f"latent {latent}": Watched(
            "latent",
            "activation",
            f"mean activation on answer tokens at layer {rank.layer}, over that of the base "
            f"model; it {why}",
        )
        for latent in chosen
    }
    probe = activations(rank.layer, dictionary, {f"latent {latent}": latent for latent in chosen})
    return Watch([probe], watched)


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
