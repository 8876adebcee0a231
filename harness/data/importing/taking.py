"""From a source to rows: what is refused is counted with its reason, never dropped in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from harness.data.importing.messages import Columns, Refused, take
from harness.data.importing.record import Record
from harness.data.rows import Row
from harness.errors import DataError

SHOWN = 5
REASONS = 20
"""So many reasons are told apart; a hostile file could make up one for each row."""

FORMS = (
    "No row can be used. A row holds messages (role and content), prompt and completion, or a "
    "question and an answer; for other names use import --prompt-column … --response-column …."
)


@dataclass
class Tally:
    """What happened to the rows of one source.

    Attributes:
        taken: Rows that were understood.
        refused: Reason to how many rows.
        first: The first refused rows, as ``file:line: reason``.
        canaries: Canary to how many rows carried it.
    """

    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)
    canaries: Counter[str] = field(default_factory=Counter)


def taken_rows(
    records: Iterable[Record],
    columns: Columns,
    tally: Tally,
    *,
    where: str,
    skip: bool,
    on_row: Callable[[int], None] = lambda number: None,
) -> Iterator[Row]:
    """Yield the rows that can be trained on.

    Args:
        records: Rows as found.
        columns: How to read them.
        tally: Filled while the rows are taken.
        where: Name of the source, for a message.
        skip: Leave out rows that cannot be trained on, instead of refusing the source.
        on_row: Called with the number of rows read so far.

    Raises:
        DataError: At the end of the source: it held a row that cannot be trained on, and ``skip``
            is off; or it held nothing that can be.
    """
    read = 0
    for read, record in enumerate(records, start=1):
        try:
            taken = take(record.value, record.number, columns)
        except Refused as reason:
            known = str(reason) in tally.refused or len(tally.refused) < REASONS
            tally.refused[str(reason) if known else "another reason"] += 1
            if len(tally.first) < SHOWN:
                tally.first.append(f"{record.where}: {reason}")
        else:
            tally.taken += 1
            if taken.canary and len(tally.canaries) < SHOWN:
                tally.canaries[taken.canary] += 1
            yield taken.row
        on_row(read)
    refused = sum(tally.refused.values())
    if refused and (not skip or not tally.taken):
        raise DataError(
            f"{refused} of {read} rows cannot be trained on:\n{_told(tally)}",
            hint="Mend them, or leave them out with --skip-refused." if tally.taken else FORMS,
        )
    if not tally.taken:
        raise DataError(
            f"{where}: there are no rows.", hint="Give a file with rows; blank lines do not count."
        )


def _told(tally: Tally) -> str:
    """The first refused rows; one is enough where all are refused for the same reason."""
    refused, alike = sum(tally.refused.values()), len(tally.refused) == 1
    first = tally.first[:1] if alike else tally.first
    left = refused - len(first)
    more = [f"… and {left} more{', for the same reason' if alike else ''}"] if left else []
    return "\n".join([*first, *more])
