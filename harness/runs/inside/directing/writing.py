"""From what was found to the record and the files of vectors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch

from harness.inside.direction_files import save_direction
from harness.inside.directions import cosine, random_like, shuffled_difference
from harness.inside.texts import splits, texts_hash
from harness.runs.inside.directing.finder import NULL_SEEDS, Finder, Found
from harness.runs.inside.directing.groups import ALIGNED_FROM
from harness.runs.inside.directing.questions import asked_questions
from harness.runs.inside.directing.reading import Reading
from harness.runs.inside.directing.record import (
    AtLayer,
    CosineTable,
    DirectionRecord,
    FoundDirection,
    Nulls,
)
from harness.runs.inside.directing.reference import Reference
from harness.runs.inside.records import finished_now, side_versions


def make_record(
    finder: Finder,
    arm: str,
    control: str | None,
    base: Reading,
    first: Reading,
    reference: Reference | None,
    inputs: str,
    started: float,
) -> DirectionRecord:
    """Write every direction's vectors and make the record of them all.

    Args:
        finder: What was found.
        arm: The arm that was looked into.
        control: Its control, if there is one.
        base: What the base model says of the answers.
        first: What the arm's first model says; its nulls stand for all.
        reference: Texts whose authors are known.
        inputs: Hash of what the record depends on.
        started: When the work began (``time.monotonic``).
    """
    subjects, layers, groups = finder.subjects, finder.layers, finder.groups
    record = subjects.record
    halves = splits(question.id for question in asked_questions(subjects))
    vectors = [one.vectors for one in finder.found]
    tables = [[cosine(one, other) for other in vectors] for one in vectors]
    mean = save_direction(
        subjects.store.results,
        "base_mean",
        {"model": record.spec.model.model_dump(), "texts": texts_hash(groups.aligned["discovery"])},
        base.aligned.mean(dim=0),
        layers,
        base.norms.tolist(),
    )
    return DirectionRecord(
        run_id=record.run_id,
        inputs=inputs,
        arm=arm,
        control=control,
        definition=record.difference.definition,
        aligned_from=ALIGNED_FROM,
        discovery=tuple(q for q, half in halves.items() if half == "discovery"),
        evaluation=tuple(q for q, half in halves.items() if half == "evaluation"),
        texts={
            f"{half} {verdict}": number
            for half, numbers in groups.found.items()
            for verdict, number in zip(("misaligned", "aligned"), numbers, strict=True)
        },
        read={
            f"{half} {verdict}": len(texts)
            for verdict, part in (("misaligned", groups.misaligned), ("aligned", groups.aligned))
            for half, texts in part.items()
        },
        seeds=tuple(subject.seed or 0 for subject in subjects.of(arm)),
        layers=layers,
        residual_norms=tuple(round(float(norm), 4) for norm in base.norms),
        base_mean=mean.digest,
        directions=tuple(_written(finder, one) for one in finder.found),
        cosines=tuple(
            CosineTable(
                layer=layer, cosines=tuple(tuple(_round(c[at]) for c in row) for row in tables)
            )
            for at, layer in enumerate(layers)
        ),
        nulls=_nulls(finder, first),
        null_seeds=NULL_SEEDS,
        reference=reference.source if reference is not None else None,
        missing=finder.missing,
        seconds=round(time.monotonic() - started, 3),
        versions=side_versions(),
        finished=finished_now(),
        note=record.note,
    )


def _written(finder: Finder, one: Found) -> FoundDirection:
    stored = save_direction(
        finder.subjects.store.results,
        one.kind,
        one.what,
        one.vectors,
        finder.layers,
        one.residual_norms.tolist(),
    )
    norms = one.vectors.norm(dim=-1)
    return FoundDirection(
        name=one.name,
        kind=one.kind,
        seed=one.seed,
        digest=stored.digest,
        texts=one.texts,
        layers=tuple(
            AtLayer(
                layer=layer,
                norm=round(float(norms[at]), 5),
                residual_norms=round(float(norms[at] / one.residual_norms[at]), 5),
                auroc=_round(one.aurocs[at]),
                explained=_round(one.explained[at]) if one.explained else None,
            )
            for at, layer in enumerate(finder.layers)
        ),
    )


def _nulls(finder: Finder, first: Reading) -> tuple[Nulls, ...]:
    own = first.difference()
    reference = finder.named("reference")
    randoms = [random_like(own, seed) for seed in NULL_SEEDS]
    shuffles = [shuffled_difference(first.misaligned, first.aligned, seed) for seed in NULL_SEEDS]

    def against(drawn: Sequence[torch.Tensor], other: torch.Tensor | None, at: int) -> Any:
        return () if other is None else tuple(_round(cosine(one, other)[at]) for one in drawn)

    def told(drawn: Sequence[torch.Tensor], at: int) -> Any:
        return tuple(_round(first.aurocs(one)[at]) for one in drawn)

    return tuple(
        Nulls(
            layer=layer,
            random_auroc=told(randoms, at),
            shuffled_auroc=told(shuffles, at),
            random_cosine=against(randoms, own, at),
            shuffled_cosine=against(shuffles, own, at),
            random_reference=against(randoms, reference, at),
            shuffled_reference=against(shuffles, reference, at),
        )
        for at, layer in enumerate(finder.layers)
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
