"""``inside scalars``: which parts of an adapter fire when its model answers misaligned.

Every adapted layer's update is taken apart into singular directions; each reads one scalar per
token (``harness.inside.adapter``). Over the model's own recorded answers: how well the mean scalar
of an answer tells misaligned from aligned answers *to the same question*, beside shuffled labels,
and the tokens that drive it hardest. A part that tells them apart need not cause the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import UsageError
from harness.inside.texts import Split, Text
from harness.runs.inside.records import finished_now, write_side
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress
from harness.runs.spec import Strict
from harness.stats.counts import Floats
from harness.stats.paired_auroc import Flags, paired_auroc, shuffled_within

if TYPE_CHECKING:
    import torch

    from harness.inside.adapter import Part

SCALARS = "scalars.json"
VERSION = 1
NEEDED = 5
"""Misaligned answers, and aligned ones to the same questions, below which nothing is compared."""
SHUFFLES = 200
CONTEXTS = 5
AROUND = 6
"""Tokens shown before and after one that drives a part."""


class Driving(Strict):
    """A token that drives a part."""

    scalar: float
    before: str
    token: str
    after: str
    misaligned: bool | None
    """Whether the answer it stands in counts as misaligned."""


class PartRecord(Strict):
    """One singular direction of one adapted layer."""

    module: str
    layer: int | None
    number: int
    """Which direction of the module, strongest first."""
    strength: float
    """Singular value."""
    share: float
    """Of the squared norm of the module's update."""
    discovery: float | None
    """Chance that a misaligned answer's mean scalar is above that of an aligned answer to the same
    question, on the questions by which parts are ranked; its sign is arbitrary (1 - a is the same
    part turned round). None with too few pairs."""
    evaluation: float | None
    """The same, turned as on the discovery questions, on the other half of the questions."""
    misaligned: float | None
    """Mean scalar over misaligned answers."""
    aligned: float | None
    driven_by: tuple[Driving, ...] = ()
    """The strongest tokens of the leading parts."""


class SeedScalars(Strict):
    """The adapter of one training seed."""

    seed: int
    answers: int
    """Answers read; those on neither side of the definition are not compared."""
    misaligned: int
    aligned: int
    note: str | None
    """Why nothing could be compared."""
    null_95: float | None
    """95th percentile of the best part's distance from 0.5 on the discovery questions when labels
    are shuffled within questions."""
    parts: tuple[PartRecord, ...]
    """Best first; in the order of the model where nothing was compared."""


class ScalarsRecord(Strict):
    """``results/<run>/inside/scalars.json``."""

    schema_version: int = VERSION
    run_id: str
    parts_per_module: int
    shuffles: int
    rng_seed: int
    arms: dict[str, tuple[SeedScalars, ...]]
    finished: str
    """UTC time."""


def scalars_run(
    subjects: Subjects,
    progress: Progress,
    *,
    arms: Sequence[str] = (),
    answers: int = 300,
    parts: int = 1,
    show: int = 10,
    rng_seed: int = 0,
) -> ScalarsRecord:
    """Read the adapters of a run's arms over their own answers, and write the record.

    Args:
        subjects: The run.
        progress: Told of every text.
        arms: Fine-tuned arms; none for ``bad``, or the only one.
        answers: Answers of each training seed that are read.
        parts: Singular directions of each module.
        show: Parts whose driving tokens are listed.
        rng_seed: Seed of the shuffles.

    Raises:
        UsageError: There is no such arm, or it has no adapter.
        PrerequisiteError: An adapter is no plain LoRA.
    """
    usual = ("bad",) if "bad" in subjects.arms else subjects.arms[:1]
    found = {}
    for arm in dict.fromkeys(arms or usual):
        found[arm] = tuple(
            _one(subjects, subject, answers, parts, show, rng_seed, progress)
            for subject in subjects.of(arm)
        )
    record = ScalarsRecord(
        run_id=subjects.record.run_id,
        parts_per_module=parts,
        shuffles=SHUFFLES,
        rng_seed=rng_seed,
        arms=found,
        finished=finished_now(),
    )
    write_side(subjects.folder, SCALARS, record)
    return record


@dataclass(frozen=True)
class _Read:
    """The scalars of one model's answers.

    Attributes:
        texts: The answers.
        scalars: Of each text's answer tokens, shape ``(tokens, parts)``.
        means: Mean over them, shape ``(texts, parts)``.
    """

    texts: list[Text]
    scalars: list[torch.Tensor]
    means: Floats


def _one(
    subjects: Subjects,
    subject: RunSubject,
    answers: int,
    most: int,
    show: int,
    rng_seed: int,
    progress: Progress,
) -> SeedScalars:
    from harness.inside.adapter import adapter_parts

    if subject.reference.adapter is None:
        raise UsageError(
            f"{subjects.record.run_id}, arm {subject.arm}, carries no adapter to take apart.",
            hint=f"Give --arm one that was fine-tuned: {', '.join(subjects.arms)}.",
        )
    parts = adapter_parts(subject.reference.adapter, most)
    loaded = subject.load()
    read = _read(subjects, subject, loaded, parts, answers, progress)
    judged = [n for n, text in enumerate(read.texts) if text.misaligned is not None]
    labels = np.array([read.texts[n].misaligned for n in judged], dtype=bool)
    means = read.means[judged]
    note, null, scores = _compared([read.texts[n] for n in judged], means, labels, rng_seed)
    order = sorted(range(len(parts)), key=lambda n: -abs(scores[n][0] - 0.5)) if not note else []
    records = []
    for place, n in enumerate(order or range(len(parts))):
        driven = _driving(read, n, loaded.tokenizer) if place < show else ()
        records.append(_record(parts[n], means[:, n], labels, scores.get(n), driven))
    return SeedScalars(
        seed=subject.seed or 0,
        answers=len(read.texts),
        misaligned=int(labels.sum()),
        aligned=int((~labels).sum()),
        note=note,
        null_95=null,
        parts=tuple(records),
    )


def _read(
    subjects: Subjects,
    subject: RunSubject,
    loaded: Any,
    parts: Sequence[Part],
    answers: int,
    progress: Progress,
) -> _Read:
    import torch

    from harness.inside.adapter import read_scalars
    from harness.runs.inside.encode import answer_texts

    own = [
        one
        for one in subjects.answers
        if (one.arm, one.seed) == (subject.arm, subject.seed) and one.headline
    ]
    own.sort(key=lambda one: (one.epoch, one.question, one.sample))
    questions = {one.question for one in subjects.answers}
    texts = list(answer_texts(loaded.tokenizer, own[:answers], questions))
    progress.start(f"scalars {subject.words}", len(texts))
    scalars: dict[int, torch.Tensor] = {}
    for number, found in read_scalars(loaded, texts, parts):
        begin, end = texts[number].span("answer")
        scalars[number] = found[begin:end]
        progress.advance(len(scalars))
    progress.finish(f"{len(parts)} parts")
    ordered = [scalars[n] for n in range(len(texts))]
    means = (
        torch.stack([one.mean(dim=0) for one in ordered]) if ordered else torch.zeros(0, len(parts))
    )
    return _Read(texts, ordered, means.double().numpy())


def _compared(
    texts: Sequence[Text], means: Floats, labels: Flags, rng_seed: int
) -> tuple[str | None, float | None, dict[int, tuple[float, float | None]]]:
    """Why not, or the null and each part's chances on both halves of the questions."""
    half: dict[Split, Flags] = {
        name: np.array([text.split == name for text in texts], dtype=bool)
        for name in ("discovery", "evaluation")
    }
    questions = np.array([text.question for text in texts], dtype=str)
    inside = half["discovery"]
    mixed = [
        q
        for q in dict.fromkeys(questions[inside])
        if len(set(labels[inside & (questions == q)])) == 2
    ]
    usable = inside & np.isin(questions, mixed)
    misaligned, aligned = int(labels[usable].sum()), int((~labels[usable]).sum())
    if min(misaligned, aligned) < NEEDED:
        note = (
            f"{misaligned} misaligned and {aligned} aligned answers share a question among the "
            f"discovery questions; {NEEDED} of each are needed"
        )
        return note, None, {}
    first = paired_auroc(means[inside], labels[inside], questions[inside])
    rng = np.random.default_rng(rng_seed)
    best = [
        float(
            np.abs(
                paired_auroc(
                    means[inside],
                    shuffled_within(labels[inside], questions[inside], rng),
                    questions[inside],
                )
                - 0.5
            ).max()
        )
        for _ in range(SHUFFLES)
    ]
    rest = half["evaluation"]
    second = paired_auroc(means[rest], labels[rest], questions[rest])
    turned = np.where(first < 0.5, 1 - second, second)
    scores = {
        n: (float(first[n]), None if np.isnan(turned[n]) else float(turned[n]))
        for n in range(len(first))
    }
    return None, float(np.quantile(best, 0.95)), scores


def _record(
    part: Part,
    means: Floats,
    labels: Flags,
    score: tuple[float, float | None] | None,
    driven: tuple[Driving, ...],
) -> PartRecord:
    return PartRecord(
        module=part.module,
        layer=part.layer,
        number=part.number,
        strength=part.strength,
        share=part.share,
        discovery=score[0] if score else None,
        evaluation=score[1] if score else None,
        misaligned=float(means[labels].mean()) if labels.any() else None,
        aligned=float(means[~labels].mean()) if (~labels).any() else None,
        driven_by=driven,
    )


def _driving(read: _Read, part: int, tokenizer: Any) -> tuple[Driving, ...]:
    """The answer tokens at which a part's scalar is largest, one of each text."""
    found = []
    for text, scalars in zip(read.texts, read.scalars, strict=True):
        place = int(scalars[:, part].abs().argmax())
        found.append((float(scalars[place, part]), text, text.prompt_tokens + place))
    found.sort(key=lambda one: -abs(one[0]))
    return tuple(
        Driving(
            scalar=scalar,
            before=tokenizer.decode(text.ids[max(text.prompt_tokens, at - AROUND) : at]),
            token=tokenizer.decode(text.ids[at : at + 1]),
            after=tokenizer.decode(text.ids[at + 1 : at + 1 + AROUND]),
            misaligned=text.misaligned,
        )
        for scalar, text, at in found[:CONTEXTS]
    )
