"""What a suite found: the figures of every instrument side by side, and why one is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.runs.instruments import InstrumentRecord, Measure, Value
from harness.runs.record import DifferenceRecord, RateRecord, RunRecord
from harness.runs.spec import Strict

SUITE = "suite.json"
VERSION = 1
Status = Literal["in the record", "measured", "known", "null", "failed"]
"""The run itself measured it; measured now; measured before with the same settings; does not
apply; applies and did not work."""
MOST = 12
"""Measures of one instrument that are shown where it names no columns."""


class StepRecord(Strict):
    """One instrument."""

    status: Status
    reason: str | None = None
    """Why there are no figures."""
    seconds: float = 0.0
    measures: dict[str, Measure] = Field(default_factory=dict)
    """The measures that have a column on the leaderboard, or the first ones."""
    left_out: int = Field(default=0, ge=0)
    """Further measures, which only the instrument's side record holds."""


class SuiteRecord(Strict):
    """The last suite of a run; the whole of an instrument lies in its side record."""

    schema_version: int = VERSION
    run_id: str
    instruments: dict[str, StepRecord]
    seconds: float
    finished: str


def shown(record: InstrumentRecord) -> dict[str, Measure]:
    """The measures that a table of all instruments has room for."""
    named = {name: m for name, m in record.measures.items() if m.column is not None}
    return named or dict(list(record.measures.items())[:MOST])


def from_run(name: str, record: RunRecord) -> dict[str, Measure]:
    """What the run itself measured, in the form of an instrument.

    Args:
        name: ``open_ended`` or ``in_domain``.
        record: The run.
    """
    if name == "in_domain":
        rates = {arm: found.in_domain for arm, found in record.arms.items() if found.in_domain}
        return {"in_domain": _measure("Narrow behaviour (in-domain)", "none", rates, None)}
    return {
        "misaligned": _measure(
            "Misaligned answers to open questions",
            "lower",
            {arm: found.misaligned for arm, found in record.arms.items()},
            record.difference,
            record.spec.compared,
        ),
        "coherent": _measure(
            "Coherent answers to open questions",
            "higher",
            {arm: found.coherent for arm, found in record.arms.items()},
            None,
        ),
    }


def _measure(
    title: str,
    better: Literal["higher", "lower", "none"],
    rates: Mapping[str, RateRecord],
    difference: DifferenceRecord | None,
    compared: tuple[str, str] = ("bad", "control"),
) -> Measure:
    definitions = dict.fromkeys(rate.definition for rate in rates.values())
    return Measure(
        title=title,
        definition=", ".join(definitions),
        unit="share",
        better=better,
        arms={arm: _value(rate) for arm, rate in rates.items()},
        difference=None
        if difference is None
        else Value(
            value=difference.rate,
            low=difference.low,
            high=difference.high,
            n=sum(rates[arm].of for arm in compared if arm in rates),
            method=difference.method,
        ),
    )


def _value(rate: RateRecord) -> Value:
    return Value(
        value=rate.rate,
        low=rate.low,
        high=rate.high,
        count=rate.count,
        of=rate.of,
        n=rate.of,
        method=rate.method,
    )


def beside(suite: SuiteRecord, folder: Path) -> SuiteRecord:
    """The suite with what an earlier one found of instruments that were left out this time."""
    try:
        before = SuiteRecord.model_validate_json((folder / SUITE).read_bytes())
    except (OSError, ValueError):  # none, or one of another version
        return suite
    return suite.model_copy(update={"instruments": before.instruments | suite.instruments})


def arms_of(record: SuiteRecord) -> Iterator[str]:
    """Arms that any instrument measured, base first."""
    found = dict.fromkeys(
        arm
        for step in record.instruments.values()
        for measure in step.measures.values()
        for arm in measure.arms
    )
    yield from sorted(found, key=lambda arm: (arm != "base", list(found).index(arm)))
