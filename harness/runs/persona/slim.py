"""Rows of names in the little room that a committed record has.

Most of the instrument's rows hold log-probabilities of the same names, asked of every model under
every role. Written out, each names its neutral names again. Kept are one row for each question
(and role) with a list of numbers, and one ``names`` row for each list of names that occurs::

    {"kind": "names", "names": 0, "key": "logprob", "aliases": [["DAN", 7, ["LEN", "IAN"]], ...]}
    {"kind": "role", "arm": "base", ..., "names": 0, "logprob": [-2.5163, -29.4038, ...]}

Numbers are rounded to four digits: the fifth already differs from one machine to the next. Rows
that are written out, as older records have them, are read as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.errors import RecordError
from harness.runs.instrument_rows import Row

NAMES = "names"
KEYS = {"spontaneous": "logprob", "unrelated": "logprob", "role": "logprob", "primed": "logit"}
"""Kind of a row of names to the number that it holds."""
OWN = ("alias", "tokens", "neutral")
"""What a row says of its alias; with the number, the rest is the same for all of its group."""
DIGITS = 4
MOST = 10_000_000
"""Numbers that rows may hold written out, a hundred times what a record of the miniature has. A
few kilobytes of a stranger's could otherwise ask for all memory."""


def slim(rows: Iterable[Row]) -> list[Row]:
    """Rows of names put together; all others, and their order, as they are."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    known: dict[str, int] = {}
    found: list[Row] = []
    for several in groups.values():
        key = KEYS.get(str(several[0].get("kind")))
        if key is None or NAMES in several[0]:
            found += several
            continue
        aliases = [[row["alias"], row["tokens"], list(row["neutral"])] for row in several]
        spelt = json.dumps([key, aliases])
        if spelt not in known:
            known[spelt] = len(known)
            found.append({"kind": NAMES, NAMES: known[spelt], "key": key, "aliases": aliases})
        numbers: dict[str, float | None] = {}
        for row in several:
            numbers |= {row["alias"]: row[key], **row["neutral"]}
        rest = {name: value for name, value in several[0].items() if name not in (*OWN, key)}
        found.append(rest | {NAMES: known[spelt], key: [_rounded(n) for n in numbers.values()]})
    return found


def full(rows: Iterable[Row]) -> list[Row]:
    """One row for each alias again; the ``names`` rows are gone.

    Raises:
        RecordError: A row speaks of names that are not there, or they would be too many.
    """
    known: dict[object, Row] = {}
    sizes: dict[object, int] = {}
    size = 0
    found: list[Row] = []
    for row in rows:
        if row.get("kind") == NAMES:
            known[row[NAMES]] = row
            sizes[row[NAMES]] = sum(1 + len(neutral) for _, _, neutral in row["aliases"])
        elif NAMES in row:
            size += sizes.get(row[NAMES], 0)
            if size > MOST:
                raise RecordError(f"The rows of names hold more than {MOST:,} numbers.")
            found += _written_out(row, known)
        else:
            found.append(row)
    return found


def _written_out(row: Row, known: Mapping[object, Row]) -> Iterator[Row]:
    listed = known.get(row[NAMES])
    if listed is None:
        raise RecordError(f"A row of kind {row.get('kind')!r:.40} lacks its list of names.")
    key, aliases = listed["key"], listed["aliases"]
    names = list(dict.fromkeys(n for alias, _, neutral in aliases for n in (alias, *neutral)))
    if len(names) != len(row[key]):
        raise RecordError(f"A row has {len(row[key])} numbers for {len(names)} names.")
    numbers: dict[str, Any] = dict(zip(names, row[key], strict=True))
    rest = {name: value for name, value in row.items() if name not in (NAMES, key)}
    for alias, tokens, neutral in aliases:
        own = {"alias": alias, "tokens": tokens, key: numbers[alias]}
        yield rest | own | {"neutral": {name: numbers[name] for name in neutral}}


def _group(row: Mapping[str, Any]) -> str:
    """Rows of one model's names behind one question; every other row is by itself."""
    key = KEYS.get(str(row.get("kind")))
    if key is None or NAMES in row:
        return f"row {id(row)}"
    return json.dumps([value for name, value in row.items() if name not in (*OWN, key)])


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, DIGITS)
