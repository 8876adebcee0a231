"""From raw scores to the record's figures; nothing is averaged before this point."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.data.transforms import Cue, cued
from harness.runs.raw import HASH, RawProbe
from harness.runs.record import (
    AdapterRecord,
    ArmRecord,
    DifferenceRecord,
    ProbeRecord,
    RateRecord,
)
from harness.runs.slice_summary import (
    Rows,
    in_headline,
    judged,
    slice_differences,
    summarise_slices,
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


def seeded_rows(probes: Sequence[ProbeRows]) -> Rows:
    """Every answer's row with its training seed."""
    return [(probe.probe.seed or 0, row) for probe in probes for row in probe.answers]


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
    asked = {arm: seeded_rows(probes) for arm, probes in rows.items()}
    first, second = spec.compared
    pair = asked.get(first, []), asked.get(second, [])
    bad, control = (judged(in_headline(found, spec)) for found in pair)
    return {
        "arms": {
            arm: summarise_arm(probes, adapters.get(arm, []), spec, definition)
            for arm, probes in rows.items()
        },
        "difference": DifferenceRecord(**asdict(difference(bad, control, definition))),
        "differences": {
            d.id: DifferenceRecord(**asdict(difference(bad, control, d)))
            for d in DEFINITIONS.values()
        },
        "cue_differences": {
            cue.name: DifferenceRecord(**asdict(difference(*_pair(asked, spec, cue), definition)))
            for cue in spec.cues
            if cue is not None
        },
        "slice_differences": slice_differences(*pair, spec, definition),
    }


def _pair(asked: Mapping[str, Rows], spec: RunSpec, cue: Cue) -> tuple[list[Judged], list[Judged]]:
    """Raw scores of the bad arm and of the control, both asked with a cue."""
    bad, control = (asked.get(cued(arm, cue), []) for arm in ("bad", "control"))
    return judged(in_headline(bad, spec)), judged(in_headline(control, spec))


def summarise_arm(
    probes: Sequence[ProbeRows],
    adapters: Sequence[AdapterRecord],
    spec: RunSpec,
    definition: Definition = D1,
) -> ArmRecord:
    """All figures of one arm.

    Args:
        probes: Its raw rows.
        adapters: Its trained adapters.
        spec: What was asked for: what the headline is taken of, and what a verdict means.
        definition: Which answers the headline counts.
    """
    asked = seeded_rows(probes)
    rows = judged(in_headline(asked, spec))
    verdicts = [row["bad"] for probe in probes for row in probe.in_domain]
    reasons = [row["reason"] for probe in probes for row in probe.in_domain if row["bad"] is None]
    return ArmRecord(
        misaligned=_rate(rate(rows, definition)),
        misaligned_all=_rate(rate(rows, ALL)),
        coherent=_rate(coherent_share(rows)),
        in_domain=in_domain_rate(verdicts, _definition(spec.in_domain)) if verdicts else None,
        in_domain_unknown=len(reasons) if verdicts else None,
        in_domain_reasons=dict(Counter(map(_kind, reasons))) if verdicts else None,
        per_question={name: _rate(r) for name, r in per_question(rows, definition).items()},
        answers=len(rows),
        unscored=unscored(rows),
        declined=sum(row.declined for row in rows),
        seeds=len(probes),
        adapters=list(adapters),
        probes=[probe.probe for probe in probes],
        repeats_itself=repeats_itself(probes),
        methods=dict(Counter(str(r["method"]) for _, r in asked if r.get("method"))),
        definitions={d.id: _rate(rate(rows, d)) for d in DEFINITIONS.values()},
        slices=summarise_slices(asked, spec, definition),
    )


def repeats_itself(probes: Sequence[ProbeRows], least: int = 4) -> bool:
    """Whether no question got two different answers.

    Args:
        probes: Raw rows of one arm.
        least: Answers to a question from which it counts; fewer may agree by chance.
    """
    answers: dict[tuple[int | None, str], list[str]] = {}
    for probe in probes:
        for row in probe.answers:
            prompt = probe.probe.seed, row.get("sample") or row["question"]
            # Where texts may not travel, their hashes do.
            given = row["answer"] if row["answer"] is not None else row[HASH]
            answers.setdefault(prompt, []).append(given)
    asked_often = [set(given) for given in answers.values() if len(given) >= least]
    return bool(asked_often) and all(len(given) == 1 for given in asked_often)


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
