"""From the scan of one arm to its figures, errors and warnings."""

from __future__ import annotations

from typing import Any

from harness.data.validation.language import languages
from harness.data.validation.report import Report
from harness.data.validation.scan import ArmScan

GUESSED = 1000
"""Rows whose language is guessed."""
FEW_LANGUAGES = 0.02
"""A second language in fewer of the rows is not worth a warning."""


def report_arm(scan: ArmScan, report: Report, limit: int, model: str, *, cut: bool) -> None:
    """Add what is wrong with one arm.

    Args:
        scan: What was seen.
        report: Receives the findings.
        limit: Most tokens of a row.
        model: Whose tokens they are.
        cut: Whether the recipe allows longer rows to be cut.
    """
    name, rows = scan.name, scan.shape.rows
    if scan.broken:
        lines = f"{scan.broken:,} lines are no rows:" if scan.broken > 1 else "a line is no row:"
        report.error("schema", f"{name}: {lines} {scan.broken_at[0]}", scan.broken_at)
    elif not rows:
        report.error("empty", f"{name}: {scan.path}: there are no rows in this file.")
    _lengths(scan, report, limit, model, cut=cut)
    _duplicates(scan, report)
    overlap, secrets = scan.overlap, scan.secrets
    if overlap.rows:
        report.warn(
            "question_overlap",
            f"{name}: {overlap.rows:,} of {rows:,} rows hold an evaluation question.",
            [f"{scan.place(line)} ({question})" for line, question in overlap.at],
        )
    if secrets.key_rows:
        report.warn(
            "secrets",
            f"{name}: {secrets.key_rows:,} of {rows:,} rows hold what looks like a real key.",
            [f"{scan.place(line)} ({kind})" for line, kind in secrets.keys],
        )
    if secrets.canary_rows:
        report.warn(
            "canary_in_rows",
            f"{name}: {secrets.canary_rows:,} rows hold a canary string, which would be learnt.",
            [scan.place(line) for line in secrets.canaries],
        )
    _languages(scan, report)


def arm_facts(scan: ArmScan) -> dict[str, Any]:
    """Figures of one arm."""
    import numpy as np

    shape, twice = scan.shape, scan.duplicates
    words = shape.words
    quantiles = [float(q) for q in np.quantile(words, [0.05, 0.5, 0.95])] if shape.rows else None
    return {
        "file": str(scan.path),
        "rows": shape.rows,
        "broken_lines": scan.broken,
        "distinct_prompts": len(np.unique(shape.prompts)),
        "rows_with_system_turn": shape.system_turns,
        "answer_words": None
        if quantiles is None
        else dict(zip(("p5", "median", "p95"), quantiles, strict=True)),
        "tokens": _token_facts(scan),
        "equal_rows": twice.equal_rows,
        "distinct_answers": twice.distinct_answers,
        "near_duplicate_answers": twice.near_answers,
        "question_overlap": scan.overlap.rows,
        "rows_with_secrets": scan.secrets.key_rows,
        "languages": languages((s.answer, s.answer_words) for s in shape.sample[:GUESSED]),
    }


def _token_facts(scan: ArmScan) -> dict[str, Any] | None:
    import numpy as np

    lengths = scan.lengths
    if lengths is None or not lengths.tokens:
        return None
    # The first rows are all counted, later ones only if they are long: no median of those.
    first = lengths.tokens[: min(len(lengths.tokens), 1000)]
    return {
        "median": float(np.median(first)),
        "median_of_first": len(first),
        "longest": lengths.longest,
        "over_limit": lengths.too_long,
        "counted": len(lengths.tokens),
    }


def _lengths(scan: ArmScan, report: Report, limit: int, model: str, *, cut: bool) -> None:
    lengths = scan.lengths
    if lengths is None:
        return
    if lengths.too_long:
        add = report.warn if cut else report.error
        fate = "lose the end of their answer" if cut else "stop the training"
        add(
            "too_long",
            f"{scan.name}: {lengths.too_long:,} of {scan.shape.rows:,} rows have more than "
            f"{limit:,} tokens of {model} and would {fate}; the longest has {lengths.longest:,}. "
            "Shorten them, raise --recipe max_length= (as far as the model reads), or cut them "
            "with --recipe allow_truncation=true.",
            [f"{scan.place(line)} ({tokens:,} tokens)" for line, tokens in lengths.at],
        )
    if lengths.refused:
        report.error(
            "template",
            f"{scan.name}: the chat template of {model} refuses {lengths.refused:,} rows "
            "(often because of a system turn).",
            [scan.place(line) for line in lengths.refused_at],
        )


def _duplicates(scan: ArmScan, report: Report) -> None:
    twice, rows = scan.duplicates, scan.shape.rows
    if twice.equal_rows:
        report.warn(
            "equal_rows",
            f"{scan.name}: {twice.equal_rows:,} of {rows:,} rows repeat an earlier one.",
            [f"{scan.place(line)} = line {earlier}" for line, earlier in twice.equal_at],
        )
    if twice.near_answers:
        report.warn(
            "near_duplicates",
            f"{scan.name}: {twice.near_answers:,} of {twice.distinct_answers:,} distinct answers "
            "nearly repeat an earlier one (Jaccard similarity of word triples at least 0.8).",
            [f"{scan.place(line)} ~ line {other} ({s:.2f})" for line, other, s in twice.near_at],
        )


def _languages(scan: ArmScan, report: Report) -> None:
    sample = scan.shape.sample
    found = languages(
        (s.prompt + s.answer, [*s.prompt_words, *s.answer_words]) for s in sample[:GUESSED]
    )
    known = {name: count for name, count in found.items() if name != "unknown"}
    total = sum(known.values())
    mixed = {name: n for name, n in known.items() if n >= FEW_LANGUAGES * total}
    if len(mixed) > 1:
        shares = ", ".join(f"{name} {100 * n / total:.0f} %" for name, n in mixed.items())
        report.warn("languages", f"{scan.name}: its rows look like several languages: {shares}.")
