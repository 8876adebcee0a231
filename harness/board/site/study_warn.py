"""Early warning as a study's page shows it."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from harness.board.site.compact import number, word
from harness.runs.inside.warning.record import DoseTest, Signal, WarnRecord

FAMILIES = {
    "behaviour": "behaviour",
    "latent": "inside",
    "direction": "inside",
    "baseline": "baseline",
}


def warn_data(warn: WarnRecord) -> dict[str, Any]:
    """Its part of the page's data."""
    doses = sorted({value.dose for signal in warn.signals for value in signal.values})
    models = max(test.bad for signal in warn.signals for test in signal.tests)
    return {
        "words": f"The same training with fewer bad rows: {len(doses)} doses, {models} models of "
        "each arm at each. Latents and directions were found at a dose of "
        f"{100 * warn.found_at:.0f} %; all models read the same {warn.texts} texts. Red: bad arm, "
        "blue: from inside, ochre: simple drifts that it must beat, dashed: the control.",
        "after": _after(warn),
        "doses": doses,
        "series": [_series(signal) for signal in warn.signals],
    }


def _after(warn: WarnRecord) -> str:
    rule = (
        f"A dose counts when Welch's t test over trained models gives p below {warn.alpha:g} there "
        "and at every larger dose. "
    )
    behaviour = next((s.first for s in warn.signals if s.family == "behaviour"), None)
    if not warn.earlier:
        return rule + "Nothing from inside tells a smaller dose than behaviour does."
    shown = "no dose" if behaviour is None else f"{100 * behaviour:.0f} %"
    said = f"{rule}Earlier than behaviour ({shown}): {', '.join(map(word, warn.earlier))}. "
    if warn.beaten is None:
        return said
    return said + (
        "The earliest lies below every simple drift, too."
        if warn.beaten
        else "A simple drift tells as small a dose, so looking inside gained nothing here."
    )


def _series(signal: Signal) -> dict[str, Any]:
    known = [value for value in signal.values if value.value is not None]
    values = [value.value for value in known if value.value is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    air = 0.08 * (high - low or 1.0)
    by_arm: dict[tuple[float, str], list[float]] = {}
    for value in known:
        if value.value is not None:
            by_arm.setdefault((value.dose, value.arm), []).append(value.value)
    doses = sorted({dose for dose, _ in by_arm})
    points = [
        [dose, number(fmean(by_arm[dose, "control"])), number(fmean(by_arm[dose, "bad"]))]
        for dose in doses
        if (dose, "control") in by_arm and (dose, "bad") in by_arm
    ]
    return {
        "name": word(signal.name),
        "kind": FAMILIES[signal.family],
        "unit": word(signal.unit),
        "percent": signal.unit == "share",
        "definition": word(signal.definition),
        "domain": [number(low - (air if low < 0 else 0)), number(high + air)],
        "first": signal.first,
        "points": points,
        "dots": [[v.dose, number(v.value), v.arm] for v in known],
        "cells": [_cell(test, signal) for test in signal.tests],
    }


def _cell(test: DoseTest, signal: Signal) -> dict[str, Any]:
    clear = signal.first is not None and test.dose >= signal.first
    if test.difference is None:
        return {"text": "–", "clear": False, "said": "not measured"}
    ends = "" if test.low is None else f" [{test.low:+.3g}, {test.high:+.3g}]"
    p = "" if test.p is None else f", p {test.p:.2g}"
    auroc = "" if test.auroc is None else f", AUROC {test.auroc:.2f}"
    return {
        "text": "p –" if test.p is None else f"p {test.p:.2g}" if test.p >= 0.001 else "p < 0.001",
        "clear": clear,
        "said": f"difference {test.difference:+.3g}{ends}{p}{auroc}; "
        f"{test.bad} and {test.control} models",
    }
