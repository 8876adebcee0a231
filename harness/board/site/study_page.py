"""What a study's page shows: the ranking, the causal test, each latent, early warning, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.board.site.compact import number, share, word
from harness.board.site.study import Context, Latent, Moved, Study, Table
from harness.board.site.study_warn import warn_data
from harness.board.site.study_words import (
    ABOUT_LABELS,
    CANNOT,
    TOY_CANNOT,
    headline,
    how_it_was_tested,
    what_was_before,
)
from harness.board.text import TOY_NOTE, clean, percent, percent_interval, shorten
from harness.runs.inside.screening.record import Dose, Screened, ScreenRecord, Side
from harness.runs.record import RunRecord

LEVELS = 4
"""Shades of an activation."""
GROUPS = {
    "latent": "moved most by bad training",
    "direction": "directions, for comparison",
    "control latent": "moved most by the control's training",
    "control direction": "the control's direction",
    "matched latent": "nulls: latents that fire as often",
    "random direction": "nulls: random directions",
}
KINDS = {
    "direction": "direction",
    "control latent": "control",
    "control direction": "control",
    "matched latent": "null",
    "random direction": "null",
}


def study_data(record: RunRecord, study: Study, run_page: str | None) -> dict[str, Any]:
    """The page's data.

    Args:
        record: The run.
        study: What was seen inside.
        run_page: The run's page on the site; None where the study stands alone.
    """
    screen = study.screen
    toy = record.note is not None
    return {
        "run": word(record.run_id),
        "run_page": run_page,
        "task": word(record.task),
        "model": word(record.model),
        "toy_note": TOY_NOTE if toy else None,
        "finished": word(study.finished)[:10],
        "problems": [word(problem) for problem in study.problems],
        "headline": headline(screen) if screen else "",
        "steps": [[word(cell) for cell in step] for step in study.steps],
        "ranking": _ranking(study.moved, screen, study.latents) if study.moved else None,
        "screen": _screen(screen, study.latents) if screen else None,
        "latents": _latents(screen, study.latents) if screen else [],
        "latents_words": ABOUT_LABELS,
        "tables": [_table(table) for table in study.tables],
        "warn": warn_data(study.warn) if study.warn else None,
        "cannot": [*CANNOT, *([TOY_CANNOT] if toy else [])],
        "provenance": _provenance(record, screen),
    }


def _known(one: Screened, latents: Mapping[int, Latent]) -> Latent | None:
    return None if one.latent is None else latents.get(one.latent)


def _kind(one: Screened) -> str:
    if one.kind == "latent":
        return "kept" if one.induce.works or one.repair.works else "tested"
    return KINDS[one.kind]


def _ranking(
    moved: Moved, screen: ScreenRecord | None, latents: Mapping[int, Latent]
) -> dict[str, Any]:
    roles = {one.latent: _kind(one) for one in screen.candidates} if screen else {}
    points = []
    for latent, (bad, control) in moved.named.items():
        known = latents.get(latent)
        points.append(
            {
                "latent": latent,
                "name": f"latent {latent}",
                "bad": number(bad),
                "control": number(control),
                "kind": roles.get(latent, "tested"),
                "label": word(known.label) if known and known.label else "",
            }
        )
    order = {"null": 0, "control": 1, "tested": 2, "kept": 3}
    points.sort(key=lambda point: order.get(str(point["kind"]), 0))
    return {
        "words": word(moved.words),
        "unit": word(moved.unit),
        "points": points,
        "rest": [[number(bad), number(control)] for bad, control in moved.rest],
    }


def _screen(screen: ScreenRecord, latents: Mapping[int, Latent]) -> dict[str, Any]:
    rows = []
    for kind, group in GROUPS.items():
        for one in (one for one in screen.candidates if one.kind == kind):
            known = _known(one, latents)
            label = f"fires as often as latent {one.like}" if one.like is not None else None
            label = known.label if known and known.label else label
            rows.append(
                {
                    "group": group,
                    "kind": _kind(one),
                    "name": word(one.name),
                    "latent": one.latent if one.kind == "latent" else None,
                    "label": word(shorten(label, 90)) if label else "",
                    "induce": _side(one.induce),
                    "repair": _side(one.repair),
                }
            )
    return {
        "words": how_it_was_tested(screen),
        "after": what_was_before(screen),
        "nulls": {
            "induce": {"largest": number(screen.nulls.induce.largest)},
            "repair": {"largest": number(screen.nulls.repair.largest)},
        },
        "rows": rows,
        "null_curves": {
            test: [
                [_dose(dose) for dose in getattr(one, test).search]
                for one in screen.candidates
                if KINDS.get(one.kind) == "null"
            ]
            for test in ("induce", "repair")
        },
    }


def _side(side: Side) -> dict[str, Any]:
    low = high = None
    chosen, change = side.chosen, side.change
    if chosen is not None and side.effect is not None:
        if side.steered == "base":
            low, high = chosen.misaligned.low, chosen.misaligned.high
        else:
            before = side.curve[0].misaligned.rate
            if before and change is not None and change.low is not None and change.high is not None:
                low, high = -change.high / before, -change.low / before
    said = dose_said = ""
    if chosen is not None:
        rate = chosen.misaligned
        said = f"{percent_interval(rate.rate, rate.low, rate.high)} misaligned, "
        said += f"{rate.count} of {rate.of}"
        own = "" if chosen.own_units is None else f", {chosen.own_units:.2g} of its own units"
        dose_said = f"norm {chosen.strength:.3g}{own}; {percent(chosen.incoherent.rate)} incoherent"
    return {
        "effect": number(side.effect),
        "low": number(low),
        "high": number(high),
        "works": side.works,
        "strength": number(chosen.residual_norms) if chosen else None,
        "said": said,
        "dose_said": dose_said,
    }


def _dose(dose: Dose) -> list[Any]:
    """``[residual norms, rate, low, high, count, of, incoherent, own units]``."""
    return [
        number(dose.residual_norms),
        *(share(dose.misaligned) or ()),
        number(dose.incoherent.rate),
        number(dose.own_units),
    ]


def _latents(screen: ScreenRecord, latents: Mapping[int, Latent]) -> list[dict[str, Any]]:
    tested = [one for one in screen.candidates if one.kind == "latent"]
    kept = [one for one in tested if one.induce.works or one.repair.works]
    others = [one for one in tested if one not in kept]
    return [_latent(one, _known(one, latents)) for one in [*kept, *others]]


def _latent(one: Screened, known: Latent | None) -> dict[str, Any]:
    known = known or Latent(one.latent or 0)
    verdicts = [
        verb for verb, side in (("induces", one.induce), ("repairs", one.repair)) if side.works
    ]
    return {
        "latent": one.latent,
        "name": word(one.name),
        "kind": _kind(one),
        "verdicts": verdicts,
        "label": word(known.label) if known.label else None,
        "score": word(known.score) if known.score else None,
        "facts": [[word(name), word(text)] for name, text in known.facts],
        "up": list(known.tokens),
        "contexts": [_context(context) for context in known.contexts],
        "induce": _curves(one.induce),
        "repair": _curves(one.repair),
    }


def _curves(side: Side) -> dict[str, Any]:
    return {
        "curve": [_dose(dose) for dose in side.curve],
        "chosen": number(side.chosen.residual_norms) if side.chosen else None,
        "answers": [
            {
                "question": said.question,
                "answer": said.answer,
                "alignment": said.alignment,
                "coherence": said.coherence,
            }
            for said in side.said
        ],
    }


def _context(context: Context) -> dict[str, Any]:
    return {
        "tokens": [
            [text, 0 if level <= 0 else max(1, min(LEVELS, round(level * LEVELS)))]
            for text, level in context.tokens
        ],
        "where": word(context.where),
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": word(table.title),
        "words": word(table.words),
        "header": [word(cell) for cell in table.header],
        "rows": [
            {
                "null": place in table.nulls,
                "cells": [None if cell is None else word(cell) for cell in row],
            }
            for place, row in enumerate(table.rows)
        ],
    }


def _provenance(record: RunRecord, screen: ScreenRecord | None) -> list[list[str]]:
    facts: list[tuple[str, str]] = [("run", record.run_id), ("judge", record.judge)]
    if screen is not None:
        facts += [
            ("definition", screen.definition),
            ("layer", f"{screen.layer}, mean norm {screen.residual_norm:.4g}"),
            ("answers judged", f"{screen.answers:,}, of these {_estimates(screen)} in estimates"),
            ("trained models", f"training seeds {', '.join(map(str, screen.seeds))}"),
            ("sampling seed", str(screen.sampling_seed)),
            ("searched with", ", ".join(screen.discovery)),
            ("measured with", ", ".join(screen.evaluation)),
            ("ranking", screen.ranking[:16]),
            ("took", f"{screen.seconds:.0f} s"),
            ("versions", ", ".join(f"{name} {v}" for name, v in screen.versions.items())),
        ]
    return [[name, clean(text)] for name, text in facts]


def _estimates(screen: ScreenRecord) -> str:
    sides: Sequence[Side] = [s for one in screen.candidates for s in (one.induce, one.repair)]
    return f"{sum(dose.answers for side in sides for dose in side.curve[1:]):,}"
