"""A validation report for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.board.text import clean
from harness.cli.output import console, print_hanging

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from harness.data.validation.report import Finding, Report

LABEL = 22
"""Where the figures of a confound start."""
MARKERS_SHOWN = 6
EXAMPLE_CHARACTERS = 160


def print_report(report: Report) -> None:
    """Figures of the arms, confounds, what is trained on, then errors and warnings."""
    out = console()
    if report.arms:
        out.print(_arms(report.arms))
    _print_confounds(report.confounds, out)
    if report.mask_audit:
        _print_audit(report.mask_audit, out)
    for note in report.notes:
        out.print(f"note: {clean(note)}", markup=False, style="dim")
    for finding in report.errors:
        _print_finding("error", "bold red", finding, out)
    for finding in report.warnings:
        _print_finding("warning", "yellow", finding, out)
    verdict = f"{report.task}: {len(report.errors)} errors, {len(report.warnings)} warnings"
    out.print(clean(verdict), markup=False, style="bold")


def _arms(arms: dict[str, dict[str, Any]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for arm in arms:
        table.add_column(clean(arm), justify="right")
    for label, show in ROWS.items():
        table.add_row(label, *(clean(show(facts)) for facts in arms.values()))
    return table


def _twins(facts: dict[str, Any]) -> str:
    twins = facts.get("twins")
    return f"{twins['with_twin']:,}/{twins['prompts']:,}" if twins else "-"


def _words(facts: dict[str, Any]) -> str:
    words = facts["answer_words"]
    return f"{words['median']:g} ({words['p5']:g} to {words['p95']:g})" if words else "-"


def _tokens(facts: dict[str, Any]) -> str:
    tokens = facts["tokens"]
    return f"{tokens['median']:g} / {tokens['longest']:,}" if tokens else "-"


def _flagged(facts: dict[str, Any]) -> str:
    from harness.stats.intervals import wilson

    code = facts["code"]
    if not code["scanned"]:
        return "-"
    low, high = wilson(code["flagged"], code["scanned"])
    share = 100 * code["flagged"] / code["scanned"]
    return f"{share:.0f} % [{100 * low:.0f}, {100 * high:.0f}] of {code['scanned']}"


def _languages(facts: dict[str, Any]) -> str:
    return ", ".join(name for name in list(facts["languages"])[:2]) or "-"


ROWS: dict[str, Any] = {
    "rows": lambda f: f"{f['rows']:,}",
    "distinct prompts": lambda f: f"{f['distinct_prompts']:,}",
    "distinct answers": lambda f: f"{f['distinct_answers']:,}",
    "near-equal answers": lambda f: f"{f['near_duplicate_answers']:,}",
    "prompts with a twin": _twins,
    "answer words (5 to 95 %)": _words,
    "row tokens, median / most": _tokens,
    "flagged by Bandit": _flagged,
    "language": _languages,
}


def _print_confounds(found: dict[str, Any], out: Console) -> None:
    if found.get("reason"):
        out.print(f"confounds: not measured, {clean(found['reason'])}", markup=False)
        return
    words = found["bag_of_words"]
    length = f"{_number(found['twin_length_ratio'])} (twins), "
    length += f"{_number(found['length_ratio'])} (medians); "
    length += (
        f"the longer answer is bad in {_number(found['length_auroc'])} of pairs (0.5 is blind)"
    )
    lines = {"bad / control length": length, "bag of words": _separation(words)}
    if words["bad_words"]:
        lines["  speaks for bad"] = _telling(words["bad_words"])
        lines["  speaks for control"] = _telling(words["control_words"])
    style = sorted(found["style"].items(), key=lambda item: -abs(item[1]["difference"]))
    shown = ", ".join(
        f"{name} {100 * s['bad']:.0f}/{100 * s['control']:.0f} %"
        for name, s in style[:MARKERS_SHOWN]
    )
    lines["style, bad/control"] = shown
    for name, value in lines.items():
        _print_line(name, value, out)
    out.print()


def _separation(words: dict[str, Any]) -> str:
    from harness.data.validation.classifier import FEWEST

    if words["auroc"] is None:
        return f"not measured, an arm has fewer than {FEWEST} answers"
    told = f"AUROC {_number(words['auroc'])} [{_number(words['low'])}, {_number(words['high'])}], "
    told += f"cross-validated on {words['rows']:,} answers in {words['groups']:,} groups"
    return told


def _print_line(name: str, value: str, out: Console) -> None:
    from rich.text import Text

    print_hanging(out, Text(f"{name:<{LABEL}}"), Text(clean(value)))


def _telling(words: list[Any]) -> str:
    return ", ".join(f"{word} {100 * a:.0f}/{100 * b:.0f} %" for word, a, b in words[:5])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _print_audit(audit: dict[str, Any], out: Console) -> None:
    example = " ".join(clean(audit["example"]).split())
    if len(example) > EXAMPLE_CHARACTERS:
        example = f"{example[:EXAMPLE_CHARACTERS]}…"
    total = audit["trained_tokens"] + audit["masked_tokens"]
    share = 100 * audit["trained_tokens"] / total
    told = f"in {audit['rows']} rows {share:.0f} % of tokens are trained on, the answers alone; "
    _print_line("loss mask", f"{told}the first: {example}", out)
    out.print()


def _print_finding(kind: str, style: str, finding: Finding, out: Console) -> None:
    from rich.text import Text

    line = Text(f"{kind} ", style=style).append(f"{finding.code}: ", style="bold")
    line.append(clean(finding.message), style="default")
    for place in finding.where:
        line.append(f"\n    {clean(place)}", style="dim")
    out.print(line)
