"""From raw scores to the record's figures; nothing is averaged before this point."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.runs.raw import RawProbe
from harness.runs.record import (
    AdapterRecord,
    ArmRecord,
    DifferenceRecord,
    ProbeRecord,
    RateRecord,
)
from harness.runs.spec import InDomain, RunSpec
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


def raw_probes(rows: Mapping[str, Sequence[ProbeRows]]) -> list[RawProbe]:
    """The rows as they travel beside the record."""
    return [
        RawProbe(arm, probe.probe.seed, probe.answers, probe.in_domain)
        for arm, probes in rows.items()
        for probe in probes
    ]


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


def figures(
    rows: Mapping[str, Sequence[ProbeRows]],
    adapters: Mapping[str, Sequence[AdapterRecord]],
    spec: RunSpec,
    definition: Definition = D1,
) -> dict[str, Any]:
    """Every figure of a record, by its field; a run writes them, ``verify`` computes them again.

    Args:
        rows: Raw rows of every arm.
        adapters: Trained adapters of the arms that have any.
        spec: What was asked for.
        definition: Which answers the headline counts.
    """
    bad, control = rows.get("bad", []), rows.get("control", [])
    return {
        "arms": {
            arm: summarise_arm(probes, adapters.get(arm, []), spec.in_domain, definition)
            for arm, probes in rows.items()
        },
        "difference": summarise_difference(bad, control, definition),
        "differences": summarise_differences(bad, control),
    }


def summarise_arm(
    probes: Sequence[ProbeRows],
    adapters: Sequence[AdapterRecord],
    narrow: InDomain | None = None,
    definition: Definition = D1,
) -> ArmRecord:
    """All figures of one arm.

    Args:
        probes: Its raw rows.
        adapters: Its trained adapters.
        narrow: How the narrow behaviour was measured, which says what its verdicts mean.
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


def _definition(probe: InDomain | None) -> str:
    if probe is None or probe.bad_below is None:
        return "narrow behaviour shown"
    return f"rated below {probe.bad_below:g} by rubric {', '.join(probe.rubrics)}"


def _kind(reason: str) -> str:
    """A reason without what is particular to one answer: its number or its quotation."""
    return re.sub(r"numeric mass [0-9.]+", "numeric mass", reason.partition(":")[0])


def _rate(value: Any) -> RateRecord:
    return RateRecord(**asdict(value))
