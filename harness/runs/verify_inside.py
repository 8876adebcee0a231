"""Checking what lies in ``results/<run>/inside/``: whose records they are, and their shares.

What was read inside a model cannot be computed again without it. A stranger can still be held to
the form of each record, to the run it names, and to counts that give the shares beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from harness.errors import RecordError
from harness.runs.instrument_rows import first_complaint
from harness.runs.spec import Strict

FOLDER = "inside"
LARGEST_INSIDE = 2**25
"""Bytes that one of these records may have; more is taken for a bomb."""
RECORDS = {
    "ablate.json": "harness.runs.inside.causing.record:CausalRecord",
    "direction.json": "harness.runs.inside.directing.record:DirectionRecord",
    "drift.json": "harness.runs.inside.drifting.record:DriftRecord",
    "elsewhere.json": "harness.runs.inside.elsewhere.record:ElsewhereRecord",
    "label.json": "harness.runs.inside.latents.label_record:LabelRecord",
    "lens.json": "harness.runs.inside.lens:LensRecord",
    "rank.json": "harness.runs.inside.latents.record:RankRecord",
    "sae.json": "harness.runs.inside.latents.record:SaeRecord",
    "scalars.json": "harness.runs.inside.scalars:ScalarsRecord",
    "screen.json": "harness.runs.inside.screening.record:ScreenRecord",
    "steer.json": "harness.runs.inside.causing.record:CausalRecord",
    "transfer.json": "harness.runs.inside.causing.record:CausalRecord",
    "warn.json": "harness.runs.inside.warning.record:WarnRecord",
}
"""File to the ``module:class`` that it must be; pages and other files there are made from them."""


@dataclass(frozen=True)
class InsideCheck:
    """What a check of all these records found.

    Attributes:
        problems: Records that are broken, of another run, or at odds with their own counts.
        notes: What was checked, and what cannot be.
        shares: Shares that were computed again from their counts.
    """

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    shares: int = 0


def inside_of_run(folder: Path) -> dict[str, bytes]:
    """The records of a run's inside as bytes, in order or not.

    Raises:
        RecordError: One of them cannot be read or is larger than it may be.
    """
    found: dict[str, bytes] = {}
    for name in RECORDS:
        path = folder / FOLDER / name
        try:
            if path.stat().st_size > LARGEST_INSIDE:
                raise RecordError(f"{path} is larger than it may be.")
            found[name] = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RecordError(f"{path} cannot be read: {error.strerror or error}") from error
    return found


def check_inside(files: Mapping[str, bytes], run_id: str) -> InsideCheck:
    """Check every record; no model is loaded."""
    problems: list[str] = []
    shares = 0
    for name, content in sorted(files.items()):
        where = f"{FOLDER}/{name}"
        try:
            record = _kind(name).model_validate_json(content)
            data = from_json(content, allow_inf_nan=False)
        except (ValueError, RecursionError) as error:
            problems.append(f"{where} is not a record of this version: {first_complaint(error)}")
            continue
        if (of := getattr(record, "run_id", None)) != run_id:
            problems.append(f"{where} is of run {of!r:.80}, not of {run_id!r:.80}")
            continue
        for place, share in _shares(data, ""):
            shares += 1
            if complaint := _complaint(share):
                problems.append(f"{where}{place}: {complaint}")
    notes: tuple[str, ...] = ()
    if files:
        what = "1 record" if len(files) == 1 else f"{len(files)} records"
        said = f"of its inside, {what} and {shares} shares were checked for form, run and counts"
        notes = (f"{said}; what needs the models was not computed again",)
    return InsideCheck(tuple(problems), notes, shares)


def _kind(name: str) -> type[Strict]:
    module, _, kind = RECORDS[name].partition(":")
    found: type[Strict] = getattr(import_module(module), kind)
    return found


def _shares(data: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every share with its counts, wherever in a record it stands."""
    if isinstance(data, dict):
        if {"rate", "low", "high", "count", "of"} <= data.keys():
            yield place, data
        for key, value in data.items():
            yield from _shares(value, f"{place}.{key}"[:200])
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _shares(value, f"{place}.{number}"[:200])


def _complaint(share: Mapping[str, Any]) -> str | None:
    try:
        return _at_odds(share)
    except (TypeError, ArithmeticError):  # free fields of a record may hold anything
        return "holds something other than numbers"


def _at_odds(share: Mapping[str, Any]) -> str | None:
    rate, low, high, count, of = (share[key] for key in ("rate", "low", "high", "count", "of"))
    if count > of:
        return f"counts {count} of {of}"
    if (rate is None) != (of == 0):
        return f"gives {rate} for {count} of {of}"
    if rate is not None and not math.isclose(rate, count / of, rel_tol=1e-9, abs_tol=1e-9):
        return f"gives {rate} for {count} of {of}"
    if rate is not None and low is not None and not low - 1e-9 <= rate <= high + 1e-9:
        return f"has an interval from {low} to {high} around {rate}"
    return None
