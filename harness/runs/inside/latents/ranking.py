"""``inside rank``: every model of a run reads the same answers; which latents moved?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError, RecordError, UsageError
from harness.inside.texts import Position, Text, splits, texts_hash
from harness.runs.inside.harvesting import chosen_answers, inside_store
from harness.runs.inside.latents.record import (
    RANK,
    SCHEMA,
    ChangeRecord,
    RankedRecord,
    RankRecord,
    SaeRecord,
    read_sae,
    write_record,
)
from harness.runs.inside.latents.statistics import Statistics, read_statistics
from harness.runs.inside.records import finished_now, known_side
from harness.runs.inside.subjects import BASE, Subjects
from harness.runs.progress import Progress
from harness.runs.spec import content_hash

if TYPE_CHECKING:
    import torch

    from harness.inside.sae.dictionary import Dictionary
    from harness.inside.sae.ranking import Ranked

CONTROL = "control"


@dataclass(frozen=True)
class RankRequest:
    """How latents are ranked.

    Attributes:
        by: The arm whose change gives the order.
        position: Which tokens of the texts count.
        answers: Recorded answers of each arm that are read.
        top: Latents of each tail.
    """

    by: str = "bad"
    position: Position = "answer"
    answers: int = 120
    top: int = 50


def open_sae(subjects: Subjects) -> tuple[SaeRecord, Dictionary, Path]:
    """The run's autoencoder, its record and its folder.

    Raises:
        PrerequisiteError: There is none yet, or it is not on this machine.
        DataError: It is damaged.
    """
    from harness.inside.sae.layouts import load_dictionary
    from harness.inside.sae.training import SAVED

    record = read_sae(subjects.folder)
    folder = inside_store(subjects) / record.folder
    if not (folder / SAVED).is_dir():
        raise RecordError(
            f"The autoencoder of {record.run_id} is not on this machine: {folder / SAVED}",
            hint=f"Make it again: python -m harness inside sae {record.run_id}",
        )
    return record, load_dictionary(folder / SAVED), folder


def rank_latents(subjects: Subjects, request: RankRequest, progress: Progress) -> RankRecord:
    """Rank the latents of a run's autoencoder, and write the record; or read it, if it is known.

    Raises:
        UsageError: There is no such arm.
        PrerequisiteError: There is no autoencoder yet.
        RecordError: The run's answers are not here.
        DataError: There is only one question, so no half is left to check on.
    """
    from harness.inside.sae.ranking import rank

    if request.by == BASE:
        raise UsageError("The base model is what the others are compared with.")
    subjects.of(request.by)
    sae, dictionary, folder = open_sae(subjects)
    texts, counts = _texts(subjects, request)
    models = [(subject.words, subject.identity) for subject in subjects.all]
    inputs = content_hash([SCHEMA, sae.folder, vars(request), texts_hash(texts), models])
    done = known_side(subjects.folder, RANK, RankRecord, inputs)
    if done is not None:
        return done
    active = {
        subject.words: found
        for subject, found in zip(
            subjects.all,
            _activities(subjects, dictionary, texts, sae.layer, request.position, progress),
            strict=True,
        )
    }
    base = active[BASE]
    tuned = {arm: [active[s.words] for s in subjects.of(arm)] for arm in subjects.arms}
    discovery = [text.split == "discovery" for text in texts]
    if all(discovery) or not any(discovery):
        raise DataError(
            "The answers are all to one half of the questions; none is left to check on.",
            hint="Ranking needs a run with at least two questions.",
        )
    ranking = rank(base, tuned, discovery, request.by, request.top)
    other = rank(base, tuned, discovery, CONTROL, request.top) if CONTROL in tuned else None
    note = _Noting(subjects, base.mean(dim=0), read_statistics(folder))
    halves = splits({one.question for one in subjects.answers})
    record = RankRecord(
        inputs=inputs,
        run_id=subjects.record.run_id,
        sae=sae.folder,
        layer=sae.layer,
        position=request.position,
        by=request.by,
        arms=subjects.arms,
        texts=len(texts),
        texts_by_arm=counts,
        texts_sha256=texts_hash(texts),
        discovery=tuple(sorted(q for q, half in halves.items() if half == "discovery")),
        evaluation=tuple(sorted(q for q, half in halves.items() if half == "evaluation")),
        rising=note.all(ranking.rising),
        falling=note.all(ranking.falling),
        control_rising=note.all(other.rising) if other is not None else (),
        replicates=ranking.replicates,
        finished=finished_now(),
    )
    write_record(subjects.folder, RANK, record)
    return record


@dataclass(frozen=True)
class _Noting:
    """From ranked latents to records."""

    subjects: Subjects
    base: torch.Tensor
    statistics: Statistics

    def all(self, ranked: Sequence[Ranked]) -> tuple[RankedRecord, ...]:
        return tuple(map(self._one, ranked))

    def _one(self, ranked: Ranked) -> RankedRecord:
        changes = {}
        for arm, change in ranked.changes.items():
            words = [subject.words for subject in self.subjects.of(arm)]
            changes[arm] = ChangeRecord(
                discovery=change.discovery,
                evaluation=change.evaluation,
                models=dict(zip(words, change.models, strict=True)),
            )
        return RankedRecord(
            latent=ranked.latent,
            rank=ranked.rank,
            base=float(self.base[ranked.latent]),
            changes=changes,
            firing=float(self.statistics.firing[ranked.latent]),
            largest=float(self.statistics.largest[ranked.latent]),
        )


def _texts(subjects: Subjects, request: RankRequest) -> tuple[list[Text], dict[str, int]]:
    """The same number of recorded answers of every arm; who wrote them does not matter after."""
    from harness.models.loading import load_tokenizer
    from harness.runs.inside.encode import answer_texts

    chosen = chosen_answers(subjects.answers, request.answers)
    tokenizer = load_tokenizer(subjects.base.reference)
    texts = list(answer_texts(tokenizer, chosen, {one.question for one in subjects.answers}))
    if not texts:
        raise RecordError(f"{subjects.record.run_id} has no answer with a text to read.")
    arms = dict.fromkeys(one.arm for one in chosen)
    return texts, {arm: sum(one.arm == arm for one in chosen) for arm in arms}


def _activities(
    subjects: Subjects,
    dictionary: Dictionary,
    texts: list[Text],
    layer: int,
    position: Position,
    progress: Progress,
) -> list[torch.Tensor]:
    from harness.inside.sae.activity import activity

    found = []
    progress.start("read the same answers with every model", len(subjects.all))
    for number, subject in enumerate(subjects.all):
        loaded = subject.load()
        found.append(activity(dictionary, loaded, texts, layer, position))
        progress.advance(number + 1, subject.words)
    progress.finish(f"{len(texts)} answers")
    return found
