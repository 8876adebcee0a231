"""``inside warn``: a dose sweep read from outside and from inside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from harness.inside.texts import Text, texts_hash
from harness.runs.inside.recorded import RecordedAnswer
from harness.runs.inside.records import finished_now, known_side, side_versions, write_side
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.inside.warning.record import (
    SCHEMA,
    WARN,
    Family,
    ModelValue,
    Signal,
    WarnRecord,
)
from harness.runs.inside.warning.signals import earlier_than_behaviour, signal, word_shift
from harness.runs.inside.warning.sweep import Dose, dose_of, sweep
from harness.runs.progress import Progress
from harness.runs.spec import content_hash
from harness.stats.doses import ALPHA

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel
    from harness.runs.inside.elsewhere.reading import Probe
    from harness.runs.inside.warning.divergence import Predictions

ARMS: tuple[Literal["bad", "control"], ...] = ("bad", "control")
TEXTS, NEUTRAL = 120, 60
"""Texts that every model reads for its activations, and for its predictions."""


@dataclass(frozen=True)
class Watched:
    """A signal that is read off the residual stream.

    Attributes:
        family: A latent or a direction of the study, or a baseline.
        unit: Its unit.
        definition: How it is computed.
    """

    family: Family
    unit: str
    definition: str


@dataclass(frozen=True)
class Watch:
    """What is looked at inside.

    Attributes:
        probes: Where and how it is read.
        watched: By the probes' names.
    """

    probes: Sequence[Probe]
    watched: dict[str, Watched]


def warn(subjects: Subjects, watch: Watch, progress: Progress) -> WarnRecord:
    """Read every model of the sweep and write ``results/<run>/inside/warn.json``.

    What was read before is read from the record: there is a new one once a dose, a signal or a
    text is another.

    Raises:
        PrerequisiteError: There are too few doses, or their models are not here.
        RecordError: The run's answers are not here.
    """
    started = time.monotonic()
    from harness.runs.inside.elsewhere.reading import shared_texts, texts_of

    doses, left = sweep(subjects, subjects.workspace)
    texts = shared_texts(subjects, TEXTS)
    neutral = texts_of(subjects, subjects.base.arm, NEUTRAL)
    inputs = _inputs(doses, left, watch, [texts, neutral])
    known = known_side(subjects.folder, WARN, WarnRecord, inputs)
    if known is not None:
        return known
    asked = [(dose, one) for dose in doses for one in dose.subjects.trained if one.arm in ARMS]
    progress.start("read the sweep's models", 1 + len(asked))
    for line in left:
        progress.say(f"left out {line}")
    reader = _Reader(watch, texts, neutral)
    reader.begin(subjects.base)
    progress.advance(1)
    inside: dict[tuple[str, str, int], dict[str, float]] = {}
    for done, (dose, one) in enumerate(asked, start=2):
        assert one.seed is not None  # a trained model has a training seed
        inside[dose.subjects.record.run_id, one.arm, one.seed] = reader.read(one)
        progress.advance(done, f"{100 * dose.share:.0f} % {one.words}")
    progress.finish()
    signals = [_behaviour(doses), *_inside(doses, watch, inside), _words(doses)]
    earlier, beaten = earlier_than_behaviour(signals)
    layers = {probe.layer for probe in watch.probes}
    record = WarnRecord(
        inputs=inputs,
        run_id=subjects.record.run_id,
        found_at=dose_of(subjects.record) or 1.0,
        runs={dose.subjects.record.run_id: dose.share for dose in doses},
        layer=layers.pop() if len(layers) == 1 else None,
        texts=len(texts),
        neutral_texts=len(neutral),
        alpha=ALPHA,
        signals=tuple(signals),
        earlier=earlier,
        beaten=beaten,
        seconds=round(time.monotonic() - started, 3),
        versions=side_versions(),
        finished=finished_now(),
        note=subjects.record.note,
    )
    write_side(subjects.folder, WARN, record)
    return record


def _inputs(
    doses: Sequence[Dose], left: Sequence[str], watch: Watch, texts: Sequence[Sequence[Text]]
) -> str:
    """Hash of all that the record depends on: models, their answers, what is watched, and texts."""
    runs = [
        (
            dose.subjects.record.run_id,
            dose.share,
            [(one.words, one.identity) for one in dose.subjects.all],
            [
                (one.arm, one.seed, one.answer, one.misaligned)
                for one in dose.subjects.answers
                if one.headline
            ],
        )
        for dose in doses
    ]
    watched = {name: asdict(one) for name, one in watch.watched.items()}
    probes = [(probe.layer, probe.names, probe.digest) for probe in watch.probes]
    return content_hash([SCHEMA, runs, list(left), watched, probes, *map(texts_hash, texts)])


@dataclass
class _Reader:
    """Reads one model after the other against the untouched one."""

    watch: Watch
    texts: Sequence[Text]
    neutral: Sequence[Text]
    _base: dict[str, float] | None = None
    _predictions: Predictions | None = None

    def begin(self, base: RunSubject) -> None:
        """Read the untouched model."""
        from harness.runs.inside.warning.divergence import predictions

        loaded = base.load()
        self._base = self._signals(loaded)
        self._predictions = predictions(loaded, self.neutral)

    def read(self, subject: RunSubject) -> dict[str, float]:
        """Signals of a trained model over the untouched one's, and its divergence."""
        from harness.runs.inside.warning.divergence import divergence

        assert self._base is not None and self._predictions is not None
        loaded = subject.load()
        found = {name: value - self._base[name] for name, value in self._signals(loaded).items()}
        return found | {KL: divergence(loaded, self.neutral, self._predictions)}

    def _signals(self, loaded: LoadedModel) -> dict[str, float]:
        from harness.runs.inside.elsewhere.reading import mean_signals

        return mean_signals(loaded, self.texts, self.watch.probes)


KL = "KL on neutral text"
WORDS = "bag of words"


def _behaviour(doses: Sequence[Dose]) -> Signal:
    meant = doses[0].subjects.record.difference.definition

    def share(answers: Sequence[RecordedAnswer]) -> float | None:
        counted = [one.misaligned for one in answers if one.misaligned is not None]
        return sum(counted) / len(counted) if counted else None

    values = [
        _value(dose, arm, seed, share([one for one in found if one.headline]))
        for dose in doses
        for arm, seed, found in _answered(dose)
    ]
    return signal(
        "misaligned answers", "behaviour", "share", f"share of misaligned answers ({meant})", values
    )


def _words(doses: Sequence[Dose]) -> Signal:
    values = []
    for dose in doses:
        base = [one.answer for one in dose.subjects.answers if one.arm == "base" and one.headline]
        for arm, seed, found in _answered(dose):
            said = [one.answer for one in found if one.headline]
            values.append(_value(dose, arm, seed, word_shift(said, base)))
    return signal(
        WORDS,
        "baseline",
        "bits",
        "Jensen-Shannon divergence of the words of its answers from the untouched model's",
        values,
    )


def _inside(
    doses: Sequence[Dose], watch: Watch, found: dict[tuple[str, str, int], dict[str, float]]
) -> list[Signal]:
    kl = Watched("baseline", "nats", "mean divergence of a token's prediction from the base model")
    signals = []
    for name, one in (watch.watched | {KL: kl}).items():
        values = [
            _value(dose, arm, seed, found[dose.subjects.record.run_id, arm, seed][name])
            for dose in doses
            for arm, seed in _models(dose)
        ]
        signals.append(signal(name, one.family, one.unit, one.definition, values))
    order = {"latent": 0, "direction": 1, "baseline": 2}
    return sorted(signals, key=lambda signal: order[signal.family])


def _models(dose: Dose) -> list[tuple[Literal["bad", "control"], int]]:
    return [
        (one.arm, one.seed)
        for one in dose.subjects.trained
        if one.arm in ARMS and one.seed is not None
    ]


def _answered(dose: Dose) -> list[tuple[Literal["bad", "control"], int, list[RecordedAnswer]]]:
    return [
        (
            arm,
            seed,
            [one for one in dose.subjects.answers if (one.arm, one.seed) == (arm, seed)],
        )
        for arm, seed in _models(dose)
    ]


def _value(
    dose: Dose, arm: Literal["bad", "control"], seed: int, value: float | None
) -> ModelValue:
    return ModelValue(
        dose=dose.share, run_id=dose.subjects.record.run_id, arm=arm, seed=seed, value=value
    )
