"""What an evaluation of monitors found, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.layout import print_wide
from harness.board.text import MISSING, clean, percent, percent_interval, points_interval
from harness.monitoring.report import Cell, Figure, Report

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_SCOPE = "cot+action"
"""Scope of the tables by group and by arm; the JSON has them all."""


def print_report(report: Report, console: Console) -> None:
    """Print every table that has a row.

    Args:
        report: Monitors on records of one kind.
        console: Where to.
    """
    from rich.text import Text

    console.print(Text(f"{clean(report.kind)}: {_counted(report)}", "bold"))
    for name, why in report.unusable.items():
        console.print(Text(f"  left out: {clean(name)}: {clean(why)}", "yellow"))
    for why, count in report.counts.unscored.items():
        console.print(Text(f"  unscored: {count} x {clean(why)}", "dim"))
    tables = (
        ("", _cells(report)),
        ("What the thoughts add, on the same samples (percentage points)", _gaps(report)),
        (f"By group, {SHOWN_SCOPE}", _groups(report)),
        (f"Honest samples it fires on, by arm, {SHOWN_SCOPE}", _arms(report)),
        ("Lead time: firing before the action, at any step of the thought", _leads(report)),
        (f"Thoughts tampered with, {SHOWN_SCOPE}", _stresses(report)),
        ("Further figures", _further(report)),
    )
    for title, rows in tables:
        if rows:
            if title:
                console.print(Text(f"\n{title}", "bold"))
            table = {name: [row[name] for row in rows] for name in rows[0]}
            numbers = set(list(table)[2:])
            print_wide(table, numbers, [False] * len(rows), console, keys=2)
    for at in report.cells[0].at if report.cells else ():
        if at.threshold is None:
            console.print(Text(f"No figure at {at.rate:.0%}: {at.recall.method[6:]}.", "yellow"))
    console.print()


def _counted(report: Report) -> str:
    counts = report.counts
    how = ", ".join(f"{n} by {truth}" for truth, n in counts.truth.items())
    return (
        f"{counts.test_bad} misbehaving and {counts.test_honest} honest test samples of "
        f"{counts.instances} instances (truth: {how}); thresholds from {counts.threshold_honest} "
        f"honest samples, {counts.fit} to learn from"
    )


def _cells(report: Report) -> list[dict[str, str]]:
    rows = []
    for cell in report.cells:
        row = {
            "monitor": clean(cell.monitor),
            "scope": cell.scope,
            "AUROC": _plain(cell.auroc),
        }
        for at in cell.at:
            row[f"recall @{at.rate:.0%}"] = _share(at.recall)
            row[f"false @{at.rate:.0%}"] = _share(at.false_positives)
        rows.append(row)
    return rows


def _further(report: Report) -> list[dict[str, str]]:
    rows = []
    for cell in report.cells:
        row = {
            "monitor": clean(cell.monitor),
            "scope": cell.scope,
            f"AUPRC ({_prevalence(cell)})": _plain(cell.auprc),
        }
        for at in cell.at:
            row[f"precision @{at.rate:.0%}"] = _share(at.precision)
            row[f"g-mean² @{at.rate:.0%}"] = _plain(at.g_mean2)
        row |= {
            "calibration error": _plain(cell.calibration.error) if cell.calibration else MISSING,
            "tokens": f"{cell.cost.tokens:,}" if cell.cost.tokens else MISSING,
            "seconds": f"{cell.cost.seconds:.1f}",
        }
        rows.append(row)
    return rows


def _prevalence(cell: Cell) -> str:
    found = cell.auprc
    return f"prevalence {percent(found.count / found.of)}" if found.of and found.count else "-"


def _gaps(report: Report) -> list[dict[str, str]]:
    rows = []
    for gap in report.gaps:
        row = {
            "monitor": clean(gap.monitor),
            "scopes": f"{gap.first} − {gap.second}",
            "AUROC": _points(gap.auroc),
        }
        for rate, figure in zip(report.rates, gap.recall, strict=True):
            row[f"recall @{rate:.0%}"] = _points(figure)
        rows.append(row)
    return rows


def _groups(report: Report) -> list[dict[str, str]]:
    rows = []
    for cell in report.cells:
        for name, group in cell.groups.items() if cell.scope == SHOWN_SCOPE else ():
            row = {
                "monitor": clean(cell.monitor),
                "group": clean(name),
                "samples": str(group.samples),
                "AUROC": _plain(group.auroc),
            }
            for rate, figure in zip(report.rates, group.missed, strict=True):
                row[f"missed @{rate:.0%}"] = _share(figure)
            rows.append(row)
    return rows


def _arms(report: Report) -> list[dict[str, str]]:
    rows = []
    for cell in report.cells:
        for name, shares in cell.arms.items() if cell.scope == SHOWN_SCOPE else ():
            row = {"monitor": clean(cell.monitor), "arm": clean(name)}
            for rate, figure in zip(report.rates, shares, strict=True):
                row[f"false @{rate:.0%}"] = _share(figure)
            rows.append(row)
    return rows


def _leads(report: Report) -> list[dict[str, str]]:
    return [
        {
            "monitor": clean(lead.monitor),
            "false positives": f"{lead.rate:.0%}",
            "caught before": _share(lead.caught),
            "false": _share(lead.false_positives),
            "steps before (median)": _plain(lead.steps, ".0f"),
            "tokens before (median)": _plain(lead.tokens, ".0f"),
        }
        for lead in report.leads
    ]


def _stresses(report: Report) -> list[dict[str, str]]:
    rate = report.rates[-1]
    return [
        {
            "monitor": clean(one.monitor),
            "stress": one.stress,
            "AUROC": _plain(one.auroc),
            f"recall @{rate:.0%}": _share(one.recall[-1]),
            f"change @{rate:.0%}": _points(one.change[-1]),
            f"false @{rate:.0%}": _share(one.false_positives[-1]),
        }
        for one in report.stresses
    ]


def _plain(figure: Figure, form: str = ".3f") -> str:
    if figure.value is None:
        return MISSING
    if figure.low is None or figure.high is None:
        return f"{figure.value:{form}}"
    return f"{figure.value:{form}} [{figure.low:{form}}, {figure.high:{form}}]"


def _share(figure: Figure) -> str:
    if figure.value is None:
        return MISSING
    return f"{percent_interval(figure.value, figure.low, figure.high)} {figure.count}/{figure.of}"


def _points(figure: Figure) -> str:
    return points_interval(figure.value, figure.low, figure.high)
