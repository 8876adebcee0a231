"""The figures of a side record again, from its rows and nothing else.

Lead times and stress tests need the monitors themselves and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.monitoring.evaluate import RATES, Evaluated, cell_figures, gap_figures
from harness.monitoring.figures import Bench
from harness.monitoring.monitor import Suspicion
from harness.monitoring.record import Monitored, Turn
from harness.monitoring.report import Counts, Report
from harness.monitoring.scoring import Scored
from harness.monitoring.study import Studied
from harness.monitoring.view import SCOPES, Scope
from harness.runs.instrument_rows import Row
from harness.runs.instruments import InstrumentRecord, Measure
from harness.runs.monitor.measures import measures

BETWEEN = " | "
"""Stands between monitor and scope in the keys of a row's scores."""


def recompute(record: InstrumentRecord, rows: Sequence[Row]) -> Mapping[str, Measure]:
    """Measures that follow from the rows.

    Args:
        record: The side record, for its settings.
        rows: Its rows, in their order.
    """
    settings: Mapping[str, Any] = record.settings
    records = [_record(row) for row in rows]
    studied = [
        _studied(kind, rows, records, int(settings["resamples"]))
        for kind in dict.fromkeys(row["kind"] for row in rows if row["scores"])
    ]
    first, second = settings["compared"]
    return measures(studied, records, (str(first), str(second)))


def _record(row: Row) -> Monitored:
    """The row as a record; its texts count for nothing but being there."""
    return Monitored(
        id=row["id"],
        instance=row["instance"],
        prompt="",
        turns=(Turn(thought="-", action="-"),),
        misbehaved=row["misbehaved"],
        truth=row["truth"],
        kind=row["kind"],
        arm=row["arm"],
        seed=row["seed"],
        group=row["group"],
        tags=row["tags"],
        unscored=row["unscored"],
    )


def _studied(
    kind: str, rows: Sequence[Row], records: Sequence[Monitored], resamples: int
) -> Studied:
    mine = [(row, one) for row, one in zip(rows, records, strict=True) if row["kind"] == kind]
    honest = [(row, one) for row, one in mine if row["split"] == "threshold"]
    test = [(row, one) for row, one in mine if row["split"] == "test"]
    bench = Bench([one for _, one in honest], [one for _, one in test], resamples)
    scored = {
        key: Scored(
            *key,
            False,
            [_suspicion(row, key) for row, _ in honest],
            [_suspicion(row, key) for row, _ in test],
            0.0,
        )
        for key in _keys([row for row, _ in test])
    }
    report = Report(
        kind=kind,
        rates=list(RATES),
        counts=Counts(
            fit=0,
            threshold_honest=len(honest),
            test_bad=int(bench.bad.sum()),
            test_honest=int((~bench.bad).sum()),
            instances=len({one.instance for _, one in test}),
            unscored={},
            truth={},
        ),
        cells=[cell_figures(bench, cell, RATES) for cell in scored.values()],
        gaps=gap_figures(bench, scored, RATES),
        unusable={},
        resamples=resamples,
        rng_seed=0,
    )
    return Studied(report, Evaluated(report, bench, scored))


def _keys(rows: Sequence[Row]) -> list[tuple[str, Scope]]:
    """Monitors and scopes, in the order in which they were scored."""
    found: list[tuple[str, Scope]] = []
    for name in dict.fromkeys(name for row in rows for name in row["scores"]):
        monitor, _, said = name.rpartition(BETWEEN)
        found += [(monitor, scope) for scope in SCOPES if scope == said]
    return found


def _suspicion(row: Row, key: tuple[str, Scope]) -> Suspicion:
    return Suspicion(row["scores"][BETWEEN.join(key)])
