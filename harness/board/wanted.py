"""The wanted runs of a results folder, under the wanted definition, by every judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.board.reading import Filters, Problem, iterate
from harness.errors import RecordError
from harness.runs.record import RunRecord, read_record
from harness.runs.rescored import FOLDER, Other, read_rescored
from harness.runs.stamp import is_stamped

if TYPE_CHECKING:
    from harness.board.instrument_columns import Figure
    from harness.board.table import Row
    from harness.stats.definitions import Judged

MOST_NAMED = 20
"""Runs that are named where a filter matches none."""


class Reader:
    """The wanted records, one at a time; remembers what it left out."""

    def __init__(
        self,
        results: Path,
        filters: Filters,
        definition: str | None = None,
        *,
        other_judges: bool = False,
    ) -> None:
        """Read nothing yet.

        Args:
            results: Results folder.
            filters: Which runs are wanted.
            definition: Label of the definition of misalignment; None for each record's own.
            other_judges: Also give a run as it reads with each other judge that was asked.

        Raises:
            UsageError: There is no such definition of misalignment.
        """
        self._results, self._filters, self._other_judges = results, filters, other_judges
        self._definition = None
        if definition is not None:
            from harness.stats.definitions import definition as find

            self._definition = find(definition)
        self._unwanted: set[str] = set()
        self._rescored: set[str] = set()
        self._any_wanted = False
        self.problems: list[str] = []

    def __iter__(self) -> Iterator[RunRecord]:
        """Read the folder."""
        for found in iterate(self._results):
            if isinstance(found, Problem):
                self.problems.append(found.message)
                continue
            if self._is_wanted(found):
                yield from self._redefined(found)
            for other in self._others(found) if self._other_judges else ():
                if self._is_wanted(other.figures.run):
                    self._rescored.add(found.run_id)
                    yield from self._redefined(other.figures.run, other)

    def raw_scores(self, row: Row) -> dict[str, list[Judged]] | None:
        """The raw scores behind a row; None where they are not here or several judges gave some."""
        from harness.runs.redefine import raw_scores

        if row.run_id in self._rescored:
            return None
        try:
            return raw_scores(read_record(self._results / row.run_id), self._results)
        except RecordError:
            return None

    def is_verified(self, record: RunRecord) -> bool:
        """Whether ``verify`` has recomputed this very record, by the judge that it is of."""
        stamped = is_stamped(self._results / record.run_id)
        return stamped and record.run_id == record.spec.run_id  # the hash takes time

    def figures(self, record: RunRecord) -> tuple[Figure, ...]:
        """What instruments measured on a run; a broken side record is told, not raised."""
        from harness.board.instrument_columns import figures_of

        if record.run_id in self._rescored:
            return ()  # they stand in the row of the run's own judge
        return figures_of(self._results, record, self.problems)

    def remarks(self) -> list[str]:
        """What was left out, and why nothing is shown if nothing is."""
        says = [f"left out: {problem}" for problem in self.problems]
        if not self._any_wanted and self._unwanted:
            names = sorted(self._unwanted)
            more = f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
            says.append(f"No run matches. Runs here: {'; '.join(names[:MOST_NAMED])}{more}.")
        elif not self._any_wanted and not self.problems:
            says.append(
                f"No runs in {self._results} yet. Make one: python -m harness run insecure_code"
            )
        return says

    def _is_wanted(self, record: RunRecord) -> bool:
        wanted = self._filters.match(record)
        if wanted:
            self._any_wanted = True
        else:
            self._unwanted.add(f"{record.task} on {record.model}, judge {record.judge}")
        return wanted

    def _others(self, record: RunRecord) -> list[Other]:
        folder = self._results / record.run_id
        if not (folder / FOLDER).is_dir():
            return []  # as with most of some thousand runs
        try:
            return read_rescored(folder)
        except RecordError as error:
            self.problems.append(str(error))
            return []

    def _redefined(self, record: RunRecord, other: Other | None = None) -> Iterator[RunRecord]:
        """The record under the wanted definition, from its raw answers or what it carries."""
        if self._definition is None:
            yield record
            return
        from harness.runs.redefine import under, under_raw

        try:
            if other is None:
                yield under(record, self._definition, self._results)
            else:
                yield under_raw(record, self._definition, other.raw())
        except RecordError as error:
            self.problems.append(f"{record.run_id} under {self._definition.label}: {error}")
