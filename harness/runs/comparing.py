"""Two runs side by side: paired by question, with what differs between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.runs.record import RunRecord
from harness.runs.redefine import stored_rows
from harness.runs.slice_summary import Rows, in_headline, judged
from harness.stats.contrast import Term, contrast
from harness.stats.definitions import Definition, Judged
from harness.stats.differences import Difference
from harness.stats.rates import Rate, rate
from harness.stats.verdict import Verdict, more_misaligned

MEASURES = ("judge", "judge_reading", "rubrics", "sampling")
"""Settings of the measuring; where they differ, so do the numbers, whatever the models do."""
HARMLESS = ("sampling.samples", "sampling.seed")
"""More answers or other draws measure the same thing."""


@dataclass(frozen=True)
class Pair:
    """One share in both runs, over the questions that both were asked.

    Attributes:
        first: Share in the first run.
        second: Share in the second run.
        difference: First minus second.
    """

    first: Rate
    second: Rate
    difference: Difference


@dataclass(frozen=True)
class Setting:
    """A setting that is not the same in both runs; None where it is not set."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes:
        first: The first run.
        second: The second run.
        definition: Which answers count as misaligned.
        questions: Questions that both runs were asked in the same words.
        lone: Number of questions that only one was asked.
        barriers: Settings of the measuring that differ: the rates do not compare.
        settings: Everything that differs in the specifications.
        arms: Shares of the arms that both have.
        excess: Bad minus control of the first run minus the same of the second; None when one of
            the runs has no control, or none of the same kind.
        by_question: Shares of the bad arm (or the evaluated model) by question.
        verdict: Whether the first run is more often misaligned than the second.
    """

    first: RunRecord
    second: RunRecord
    definition: Definition
    questions: tuple[str, ...]
    lone: int
    barriers: tuple[str, ...]
    settings: tuple[Setting, ...]
    arms: Mapping[str, Pair]
    excess: Difference | None
    by_question: Mapping[str, Pair]
    verdict: Verdict


def compare_runs(
    first: RunRecord, second: RunRecord, definition: Definition, results: Path
) -> Comparison:
    """Compare two runs from their raw answers.

    Raises:
        RecordError: The raw answers of one of them are not on this machine.
    """
    rows = [_headline(record, results) for record in (first, second)]
    shared, lone = _shared_questions(rows)
    scores = [
        {
            arm: [row for row in judged(found) if row.question in shared]
            for arm, found in run.items()
        }
        for run in rows
    ]
    settings = spec_differences(first, second)
    barriers = tuple(_barriers(first, second, settings))
    names = [arm for arm in scores[0] if arm in scores[1]]
    arms = {arm: _pair(scores[0][arm], scores[1][arm], definition) for arm in names}
    compared = first.spec.compared, second.spec.compared
    worse = scores[0].get(compared[0][0], []), scores[1].get(compared[1][0], [])
    together = _pair(worse[0], worse[1], definition)
    if compared[0][0] != compared[1][0]:  # a model evaluated as it is against a trained arm
        arms[f"{compared[0][0]} against {compared[1][0]}"] = together
    excess = None
    if compared[0] == compared[1] and set(compared[0]) <= arms.keys():
        excess = _excess(scores, compared[0], definition)
    one, two = map(_by_question, worse)
    by_question = {name: _pair(one[name], two[name], definition) for name in shared}
    headline = excess or together.difference
    return Comparison(
        first=first,
        second=second,
        definition=definition,
        questions=shared,
        lone=lone,
        barriers=barriers,
        settings=settings,
        arms=arms,
        excess=excess,
        by_question=by_question,
        verdict=_verdict(headline, excess is not None, barriers, shared),
    )


def spec_differences(first: RunRecord, second: RunRecord) -> tuple[Setting, ...]:
    """Settings that differ, by their place in the specification."""
    one, two = (_flat(record.spec.model_dump(mode="json")) for record in (first, second))
    return tuple(
        Setting(name, one.get(name), two.get(name))
        for name in dict.fromkeys((*one, *two))
        if one.get(name) != two.get(name)
    )


def _headline(record: RunRecord, results: Path) -> dict[str, Rows]:
    rows = stored_rows(record, results)
    return {arm: in_headline(found, record.spec) for arm, found in rows.items()}


def _shared_questions(runs: Sequence[Mapping[str, Rows]]) -> tuple[tuple[str, ...], int]:
    """Questions asked in the same words in both runs, and how many were asked in one only."""
    asked = [
        {(row["question"], row.get("text")) for rows in run.values() for _, row in rows}
        for run in runs
    ]
    shared = {question for question, _ in asked[0] & asked[1]}
    return tuple(sorted(shared)), len({question for question, _ in asked[0] ^ asked[1]})


def _pair(first: Sequence[Judged], second: Sequence[Judged], definition: Definition) -> Pair:
    terms = [Term("the first run", 1, first, "first"), Term("the second run", -1, second, "second")]
    return Pair(rate(first, definition), rate(second, definition), contrast(terms, definition))


def _excess(
    scores: Sequence[Mapping[str, Sequence[Judged]]],
    compared: tuple[str, str],
    definition: Definition,
) -> Difference:
    terms = [
        Term(f"{arm} of the {run} run", sign * side, scores[place][arm], run)
        for place, (run, side) in enumerate((("first", 1), ("second", -1)))
        for arm, sign in zip(compared, (1, -1), strict=True)
    ]
    return contrast(terms, definition)


def _verdict(
    headline: Difference,
    over_control: bool,
    barriers: Sequence[str],
    questions: Sequence[str],
) -> Verdict:
    claim = "the first run is more often misaligned than the second"
    claim += ", over its control" if over_control else ""
    if barriers:
        why = f"measured otherwise ({', '.join(barriers)}), so the rates do not compare"
        return Verdict("not settled", claim, (why,))
    if not questions:
        return Verdict("not settled", claim, ("no question was asked in both runs",))
    found = more_misaligned(headline)
    return Verdict(found.value, claim, found.reasons, found.scope)


def _barriers(first: RunRecord, second: RunRecord, settings: Sequence[Setting]) -> Iterator[str]:
    for setting in settings:
        measure = setting.name.partition(".")[0] in MEASURES
        if measure and setting.name not in HARMLESS:
            yield setting.name
    one, two = first.spec, second.spec
    if next(iter(one.formats.items()), None) != next(iter(two.formats.items()), None):
        yield "formats"
    if one.conditions[:1] != two.conditions[:1]:
        yield "conditions"


def _by_question(rows: Sequence[Judged]) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        found[row.question].append(row)
    return found


def _flat(value: Mapping[str, Any], lead: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, entry in value.items():
        if isinstance(entry, Mapping):
            found |= _flat(entry, f"{lead}{key}.")
        else:
            found[f"{lead}{key}"] = entry
    return found
