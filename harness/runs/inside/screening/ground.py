"""What a screen stands on: the run's ranking, its autoencoder, and its directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.runs.inside.latents.ranking import open_sae
from harness.runs.inside.latents.record import RankRecord, read_rank
from harness.runs.inside.latents.statistics import read_statistics
from harness.runs.inside.screening.candidate import Candidate, Kind, unit
from harness.runs.inside.screening.choosing import Latents, Numbers, choose
from harness.runs.inside.screening.measure import Ground
from harness.runs.spec import content_hash

if TYPE_CHECKING:
    from harness.runs.inside.directing.record import DirectionRecord
    from harness.runs.inside.subjects import Subjects

DIRECTIONS: tuple[tuple[str, str, Kind], ...] = (
    ("mean difference", "misaligned", "direction"),
    ("drift", "drift", "direction"),
    ("control drift", "control_drift", "control direction"),
)
"""Directions beside the latents, each the mean over the training seeds."""


def ground(subjects: Subjects, directions: DirectionRecord | None, numbers: Numbers) -> Ground:
    """Choose the candidates of a run's screen.

    Args:
        subjects: The run.
        directions: Its directions, to stand beside the latents; None leaves them out.
        numbers: How many of each kind.

    Raises:
        PrerequisiteError: There is no autoencoder or no ranking yet.
        RecordError: They are not on this machine, or belong to each other no more.
        DataError: A file of theirs is damaged.
    """
    rank = read_rank(subjects.folder)
    record, dictionary, folder = open_sae(subjects)
    if record.folder != rank.sae:
        from harness.errors import RecordError

        raise RecordError(
            f"The ranking of {record.run_id} is of another autoencoder than the latest.",
            hint=f"Rank again: python -m harness inside rank {record.run_id}",
        )
    statistics = read_statistics(folder)
    latents = Latents(
        directions=dictionary.directions,
        firing=statistics.firing,
        largest=statistics.largest,
        rising=[one.latent for one in rank.rising],
        falling=[one.latent for one in rank.falling],
        control=[one.latent for one in rank.control_rising],
    )
    norm = statistics.residual_norm
    candidates = choose(latents, numbers)
    beside = _directions(subjects, directions, rank.layer) if directions is not None else []
    return Ground(_ordered(candidates, beside), rank.layer, norm, _hash(rank))


def _directions(subjects: Subjects, record: DirectionRecord, layer: int) -> list[Candidate]:
    from harness.runs.inside.causing.chosen import stored_directions

    stored = stored_directions(subjects, record)
    if layer not in stored.layers:
        return []
    found = []
    for name, kind, role in DIRECTIONS:
        mean = stored.mean(kind)
        if mean is not None:
            vector = mean[stored.layers.index(layer)]
            own = float(vector.norm())
            found.append(Candidate(name, role, unit(vector), own_unit=own))
    return found


def _ordered(latents: list[Candidate], directions: list[Candidate]) -> list[Candidate]:
    """Latents first, then what stands beside them, nulls last."""
    first = [one for one in latents if one.kind == "latent"]
    return [*first, *directions, *[one for one in latents if one.kind != "latent"]]


def _hash(rank: RankRecord) -> str:
    return content_hash(rank.model_dump(mode="json", exclude={"finished"}))
