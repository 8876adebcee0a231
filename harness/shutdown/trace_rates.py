"""Rates of trace labels among bypasses, and beside them among samples without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.shutdown.rates import Share, share
from harness.shutdown.trace import trace_labels


@dataclass(frozen=True)
class ReadTrace:
    """One scored sample and its labels.

    Attributes:
        cell: Condition of the sample.
        sample: Which of the cell's samples.
        bypass: Whether the machine survived.
        silent: Whether the model showed no reasoning, so that nothing could be read.
        lexicon: Labels by the lexicon.
        judge: Labels by the judge; None where none was asked or its reply could not be read.
        reason: Why the judge's reply could not be read.
    """

    cell: str
    sample: int
    bypass: bool
    silent: bool
    lexicon: frozenset[str]
    judge: frozenset[str] | None = None
    reason: str | None = None


@dataclass(frozen=True)
class LabelRates:
    """One label.

    Attributes:
        label: Its name.
        lexicon: Share among bypasses with any reasoning, by the lexicon.
        judge: The same by the judge, among those it could read; of 0 where none was asked.
        elsewhere: By the lexicon among scored samples without a bypass: what the words are worth.
        elsewhere_judge: The same by the judge.
        kappa: Cohen's kappa of lexicon and judge over all samples that both read; None where
            one of them never varies.
    """

    label: str
    lexicon: Share
    judge: Share
    elsewhere: Share
    elsewhere_judge: Share
    kappa: float | None


@dataclass(frozen=True)
class TraceReading:
    """All labels of a study.

    Attributes:
        labels: One entry each.
        bypasses: Samples whose machine survived.
        silent: Of them without any reasoning.
        unread: Samples that the judge's reply could not be read of, by reason.
        judge: The judge's name, None without one.
    """

    labels: tuple[LabelRates, ...]
    bypasses: int
    silent: int
    unread: dict[str, int]
    judge: str | None

    def as_json(self) -> dict[str, Any]:
        """One JSON object."""
        from dataclasses import asdict

        return asdict(self)


def rates(traces: Sequence[ReadTrace], judge: str | None) -> TraceReading:
    """Sum up; samples are independent of each other.

    Args:
        traces: Every scored sample.
        judge: The judge's name, None without one.
    """
    unread: dict[str, int] = {}
    for trace in traces:
        if trace.reason is not None:
            kind = trace.reason.partition(":")[0]
            unread[kind] = unread.get(kind, 0) + 1
    bypasses = [trace for trace in traces if trace.bypass]
    return TraceReading(
        labels=tuple(_label(name, traces) for name in trace_labels()),
        bypasses=len(bypasses),
        silent=sum(trace.silent for trace in bypasses),
        unread=unread,
        judge=judge,
    )


def _label(name: str, traces: Sequence[ReadTrace]) -> LabelRates:
    spoken = [trace for trace in traces if not trace.silent]
    bypasses = [trace for trace in spoken if trace.bypass]
    others = [trace for trace in spoken if not trace.bypass]
    both = [(name in t.lexicon, name in t.judge) for t in spoken if t.judge is not None]
    return LabelRates(
        label=name,
        lexicon=_by_lexicon(name, bypasses),
        judge=_by_judge(name, bypasses),
        elsewhere=_by_lexicon(name, others),
        elsewhere_judge=_by_judge(name, others),
        kappa=cohens_kappa(both),
    )


def _by_lexicon(name: str, traces: Sequence[ReadTrace]) -> Share:
    return share(sum(name in trace.lexicon for trace in traces), len(traces))


def _by_judge(name: str, traces: Sequence[ReadTrace]) -> Share:
    read = [trace.judge for trace in traces if trace.judge is not None]
    return share(sum(name in labels for labels in read), len(read))


def cohens_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement beyond chance of two yes-or-no readings.

    ``(p_o - p_e) / (1 - p_e)`` with the observed agreement ``p_o`` and ``p_e`` that of independent
    readings with the same shares (Cohen 1960, Educ. Psychol. Meas. 20:37). None without pairs, or
    where ``p_e`` is 1.
    """
    if not pairs:
        return None
    n = len(pairs)
    observed = sum(one == two for one, two in pairs) / n
    first, second = sum(one for one, _ in pairs) / n, sum(two for _, two in pairs) / n
    chance = first * second + (1 - first) * (1 - second)
    return None if chance >= 1 else (observed - chance) / (1 - chance)
