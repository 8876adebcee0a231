"""What the page of a chain-of-thought monitor shows: figures by monitor, thoughts step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.board.site.compact import number, word
from harness.board.text import TOY_NOTE, clean
from harness.monitoring.lead import Traced
from harness.monitoring.record import Monitored
from harness.monitoring.report import Figure, Report
from harness.monitoring.study import Studied
from harness.monitoring.trace import CountTokens, Trace, word_tokens

OF_EACH_PART, HONEST = 14, 14
"""Misbehaving samples of each part, and honest ones, that the page carries."""
LONGEST = 4000
"""Characters of a text that are shown."""


def listen_data(
    studied: Sequence[Studied],
    name: str,
    *,
    toy: bool = False,
    note: str | None = None,
    count: CountTokens = word_tokens,
) -> dict[str, Any]:
    """The page's data.

    Args:
        studied: What was found, by kind.
        name: What was listened to: a run, a file.
        toy: Whether the model is the miniature.
        note: What the figures may not be taken for.
        count: Counts tokens, as for the lead times.
    """
    return {
        "name": word(name),
        "toy_note": TOY_NOTE if toy else None,
        "note": clean(note) if note else None,
        "kinds": [_kind(one, count) for one in studied],
    }


def _kind(one: Studied, count: CountTokens) -> dict[str, Any]:
    report = one.report
    counts = report.counts
    return {
        "kind": word(report.kind),
        "bad": counts.test_bad,
        "honest": counts.test_honest,
        "instances": counts.instances,
        "threshold_honest": counts.threshold_honest,
        "truth": [[name, n] for name, n in counts.truth.items()],
        "unscored": [[word(why), n] for why, n in counts.unscored.items()],
        "unusable": [[word(name), word(why)] for name, why in report.unusable.items()],
        "rates": report.rates,
        "monitors": _monitors(report),
        "groups": _groups(report),
        "leads": [
            {
                "monitor": word(lead.monitor),
                "rate": lead.rate,
                "threshold": number(lead.threshold),
                "caught": _share(lead.caught),
                "false": _share(lead.false_positives),
                "steps": _ends(lead.steps),
                "tokens": _ends(lead.tokens),
            }
            for lead in report.leads
        ],
        "samples": _samples(one.traced, count),
    }


def _monitors(report: Report) -> list[dict[str, Any]]:
    cells = {(cell.monitor, cell.scope): cell for cell in report.cells}
    gaps = {gap.monitor: gap for gap in report.gaps if gap.first == "cot+action"}
    found = []
    for name in dict.fromkeys(cell.monitor for cell in report.cells):
        both = cells.get((name, "cot+action"))
        found.append(
            {
                "name": word(name),
                "auroc": {scope: _ends(c.auroc) for (m, scope), c in cells.items() if m == name},
                "gap": _ends(gaps[name].auroc) if name in gaps else None,
                "recall": [_share(at.recall) for at in both.at] if both else [],
                "false": [_share(at.false_positives) for at in both.at] if both else [],
            }
        )
    return found


def _groups(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "monitor": word(cell.monitor),
            "group": word(name),
            "samples": group.samples,
            "auroc": _ends(group.auroc),
            "missed": [_share(one) for one in group.missed],
        }
        for cell in report.cells
        if cell.scope == "cot+action" and "(" not in cell.monitor  # no ensembles: too many rows
        for name, group in cell.groups.items()
    ]


def _samples(traced: Mapping[str, Traced], count: CountTokens) -> list[dict[str, Any]]:
    """Some test samples with every followed monitor's suspicion after each step."""
    traces = {name: {t.record.id: t for t in found.traces} for name, found in traced.items()}
    if not traces:
        return []
    first = next(iter(traces.values()))
    return [
        _sample(trace, {name: mine[key] for name, mine in traces.items()}, count)
        for key, trace in _picked(first.values())
    ]


def _picked(traces: Iterable[Trace]) -> list[tuple[str, Trace]]:
    """A seeded draw of every part, and the honest samples that look worst beside as many others."""
    parts: dict[str, list[Trace]] = {}
    honest: list[Trace] = []
    for trace in sorted(traces, key=lambda t: _digest(t.record.id)):
        if trace.record.misbehaved:
            parts.setdefault(trace.record.group or "", []).append(trace)
        else:
            honest.append(trace)
    worst = sorted(honest, key=lambda t: -(t.highest or 0.0))[: HONEST // 2]
    others = [trace for trace in honest if trace not in worst][: HONEST - len(worst)]
    bad = [trace for _, mine in sorted(parts.items()) for trace in mine[:OF_EACH_PART]]
    return [(trace.record.id, trace) for trace in (*bad, *worst, *others)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _sample(trace: Trace, scored: Mapping[str, Trace], count: CountTokens) -> dict[str, Any]:
    record = trace.record
    return {
        "id": word(record.id),
        "arm": word(record.arm or ""),
        "group": word(record.group or ""),
        "bad": bool(record.misbehaved),
        "truth": record.truth,
        "task": _text(record.prompt),
        "final": _text(record.final),
        "actions": [_text(action) for action in _actions(record)],
        "steps": [[step.turn, _text(step.text), count(step.text)] for step in trace.steps],
        "before": len(trace.before_action),
        "scores": {
            word(name): [number(step.score) for step in found.steps]
            for name, found in scored.items()
        },
    }


def _actions(record: Monitored) -> list[str]:
    """What was done after each thought; the answer, where there is nothing else."""
    actions = [turn.action for turn in record.turns]
    return actions if any(actions) else [*actions[:-1], record.final]


def _text(text: str) -> str:
    shown = clean(text, lines=True)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]} …"


def _share(figure: Figure) -> list[float | int | None]:
    return [*_ends(figure), figure.count or 0, figure.of or 0]


def _ends(figure: Figure) -> list[float | None]:
    return [number(value) for value in (figure.value, figure.low, figure.high)]
