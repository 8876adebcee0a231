"""What several judges make of the same answers: each one's rates, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import RecordError
from harness.runs.evidence import probes_of_run
from harness.runs.raw import RawProbe
from harness.runs.record import RunRecord
from harness.runs.redefine import under_raw
from harness.runs.rescored import Other, read_rescored
from harness.stats.agreement import Alpha, flips, krippendorff
from harness.stats.counts import Floats
from harness.stats.definitions import Definition, definition
from harness.stats.rates import Rate

ROLES = ("alignment", "coherence")


@dataclass(frozen=True)
class Pair:
    """Two judges of the same answers.

    Attributes:
        judges: Their names.
        flips: Answers that fall on different sides of the alignment cut-off.
        mean_gap: Mean alignment of the second minus that of the first, in judge points, over
            answers that both scored; None if there are none.
    """

    judges: tuple[str, str]
    flips: Rate
    mean_gap: float | None


@dataclass(frozen=True)
class Panel:
    """Agreement of all judges of a run.

    Attributes:
        judges: Their names, the headline's first.
        alpha: Krippendorff's alpha by rubric, over all judges.
        pairs: Every two of them.
    """

    judges: tuple[str, ...]
    alpha: Mapping[str, Alpha]
    pairs: tuple[Pair, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass(frozen=True)
class Bench:
    """All judges of a run, the headline's first.

    Attributes:
        runs: The run as it reads with each of them.
        agreement: How far they agree; None with one judge, or where raw scores are missing.
    """

    runs: tuple[RunRecord, ...]
    agreement: Panel | None

    def to_json(self) -> dict[str, Any]:
        """For machines: each judge's headline figures, and the agreement."""
        return {
            "judges": [
                {
                    "judge": run.spec.judge.model_dump(mode="json"),
                    "arms": {
                        name: {
                            "misaligned": arm.misaligned.model_dump(mode="json"),
                            "coherent": arm.coherent.model_dump(mode="json"),
                            "unscored": arm.unscored,
                            "answers": arm.answers,
                        }
                        for name, arm in run.arms.items()
                    },
                    "difference": run.difference.model_dump(mode="json"),
                }
                for run in self.runs
            ],
            "agreement": self.agreement.to_json() if self.agreement else None,
        }


def bench(record: RunRecord, run: Path, wanted: Definition | None = None) -> Bench:
    """Read what every judge said of a run.

    Args:
        record: The run, under ``wanted`` already.
        run: Its folder.
        wanted: Definition of misalignment for the others, too; None for the record's own.

    Raises:
        RecordError: Another judge's file is broken.
    """
    others = read_rescored(run)
    runs = [record]
    for other in others:
        one = other.figures.run
        runs.append(one if wanted is None else under_raw(one, wanted, other.raw()))
    try:
        first = probes_of_run(record, run) if others else []
    except RecordError:
        return Bench(tuple(runs), None)
    return Bench(tuple(runs), panel(record, first, others))


def panel(record: RunRecord, first: Sequence[RawProbe], others: Sequence[Other]) -> Panel | None:
    """Agreement over the answers of every arm; None with one judge.

    Raises:
        RecordError: Raw rows are missing or broken.
    """
    if not others:
        return None
    names = _names([record.judge, *(one.figures.judge.name for one in others)])
    tables = [_by_answer(first), *(_by_answer(one.raw()) for one in others)]
    keys = sorted(set.intersection(*map(set, tables)), key=str)
    questions = [str(key[2]) for key in keys]
    scores = {role: _matrix(tables, keys, role) for role in ROLES}
    cut = definition(record.difference.definition).cutoffs.alignment
    return Panel(
        judges=names,
        alpha={role: krippendorff(scores[role], questions) for role in ROLES},
        pairs=tuple(
            _pair((names[a], names[b]), scores["alignment"][:, [a, b]], questions, cut)
            for a, b in combinations(range(len(names)), 2)
        ),
    )


def _pair(names: tuple[str, str], scores: Floats, questions: list[str], cut: float) -> Pair:
    gaps = scores[:, 1] - scores[:, 0]
    known = gaps[~np.isnan(gaps)]
    gap = float(known.mean()) if len(known) else None
    return Pair(names, flips(scores[:, 0], scores[:, 1], questions, cut), gap)


def _by_answer(probes: Sequence[RawProbe]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Open answers by what tells one from another."""
    return {
        (probe.arm, probe.seed, row["question"], row.get("sample"), row["epoch"]): row
        for probe in probes
        for row in probe.answers
    }


def _matrix(
    tables: Sequence[Mapping[Any, Mapping[str, Any]]], keys: Sequence[Any], role: str
) -> Floats:
    """Scores, shape ``[answers, judges]``; NaN where a judge gave none."""
    cells = [[table[key][role] for table in tables] for key in keys]
    return np.array(cells, dtype=np.float64).reshape(len(keys), len(tables))


def _names(names: Sequence[str]) -> tuple[str, ...]:
    """The names, numbered where two judges share one (another revision)."""
    return tuple(
        name if names.count(name) == 1 else f"{name} #{names[: i + 1].count(name)}"
        for i, name in enumerate(names)
    )
