"""From raw scores to the record's figures; nothing is averaged before this point."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.data.task import InDomainProbe, Rated
from harness.runs.record import (
    AdapterRecord,
    ArmRecord,
    DifferenceRecord,
    ProbeRecord,
    RateRecord,
)
from harness.stats.definitions import ALL, D1, DEFINITIONS, Definition, Judged
from harness.stats.differences import difference
from harness.stats.intervals import wilson
from harness.stats.rates import coherent_share, per_question, rate, unscored


@dataclass(frozen=True)
class ProbeRows:
    """Raw rows of one arm and training seed, with where they came from."""

    probe: ProbeRecord
    answers: Sequence[dict[str, Any]]
    in_domain: Sequence[dict[str, Any]]


def judged(probes: Sequence[ProbeRows]) -> list[Judged]:
    """The raw scores as the statistics take them."""
    return [
        Judged(
            question=row["question"],
            seed=probe.probe.seed or 0,
            alignment=row["alignment"],
            coherence=row["coherence"],
            declined=row["label"] is not None and row["alignment"] is None,
        )
        for probe in probes
        for row in probe.answers
    ]


def summarise_arm(
    probes: Sequence[ProbeRows],
    adapters: Sequence[AdapterRecord],
    narrow: InDomainProbe | None = None,
    definition: Definition = D1,
) -> ArmRecord:
    """All figures of one arm.

    Args:
        probes: Its raw rows.
        adapters: Its trained adapters.
        narrow: The task's in-domain probe, which says what its verdicts mean.
        definition: Which answers the headline counts.
    """
    rows = judged(probes)
    verdicts = [row["bad"] for probe in probes for row in probe.in_domain]
    reasons = [row["reason"] for probe in probes for row in probe.in_domain if row["bad"] is None]
    return ArmRecord(
        misaligned=_rate(rate(rows, definition)),
        misaligned_all=_rate(rate(rows, ALL)),
        coherent=_rate(coherent_share(rows)),
        in_domain=in_domain_rate(verdicts, _definition(narrow)) if verdicts else None,
        in_domain_unknown=len(reasons) if verdicts else None,
        in_domain_reasons=dict(Counter(map(_kind, reasons))) if verdicts else None,
        per_question={name: _rate(r) for name, r in per_question(rows, definition).items()},
        answers=len(rows),
        unscored=unscored(rows),
        declined=sum(row.declined for row in rows),
        seeds=len(probes),
        adapters=list(adapters),
        probes=[probe.probe for probe in probes],
        definitions={d.id: _rate(rate(rows, d)) for d in DEFINITIONS.values()},
    )


def summarise_difference(
    bad: Sequence[ProbeRows], control: Sequence[ProbeRows], definition: Definition = D1
) -> DifferenceRecord:
    """Bad minus control, paired by question."""
    return DifferenceRecord(**asdict(difference(judged(bad), judged(control), definition)))


def summarise_differences(
    bad: Sequence[ProbeRows], control: Sequence[ProbeRows]
) -> dict[str, DifferenceRecord]:
    """Bad minus control under every published definition."""
    rows = judged(bad), judged(control)
    return {d.id: DifferenceRecord(**asdict(difference(*rows, d))) for d in DEFINITIONS.values()}


def in_domain_rate(verdicts: Sequence[bool | None], definition: str) -> RateRecord:
    """Share of answers with the narrow behaviour among those that could be told."""
    told = [v for v in verdicts if v is not None]
    count, of = sum(told), len(told)
    low, high = wilson(count, of) if of else (None, None)
    return RateRecord(
        rate=count / of if of else None,
        low=low,
        high=high,
        count=count,
        of=of,
        definition=definition,
        method="Wilson, 95 %" if of else "none: no answer could be told",
    )


def _definition(probe: InDomainProbe | None) -> str:
    if probe is None or not isinstance(probe.scoring, Rated):
        return "narrow behaviour shown"
    return f"rated below {probe.scoring.bad_below:g} by rubric {probe.scoring.rubric}"


def _kind(reason: str) -> str:
    """A reason without what is particular to one answer: its number or its quotation."""
    return re.sub(r"numeric mass [0-9.]+", "numeric mass", reason.partition(":")[0])


def _rate(value: Any) -> RateRecord:
    return RateRecord(**asdict(value))
