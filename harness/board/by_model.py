"""Which base model is most prone: the mean difference over tasks, among models that compare."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.board.table import NOT_EVALUABLE, Group, Row
from harness.runs.record import DifferenceRecord
from harness.stats.pooling import (
    MeanDifference,
    TaskScores,
    joint_mean_difference,
    mean_difference,
)

if TYPE_CHECKING:
    from harness.stats.definitions import Judged

ARM = "bad"
Scores = Mapping[str, Sequence["Judged"]]
RawScores = Callable[[Row], Scores | None]
"""The raw scores of a row's run by arm; None if they are not here."""


@dataclass(frozen=True)
class ModelRow:
    """One base model.

    Attributes:
        model: Its name.
        mean: Mean over tasks of bad minus control.
        tasks: Task to the run that stands for it.
        toy: The numbers say nothing about large models.
    """

    model: str
    mean: MeanDifference
    tasks: Mapping[str, Row]
    toy: bool

    @property
    def seeds(self) -> int:
        """Fewest training seeds of a task."""
        return min(row.seeds for row in self.tasks.values())

    @property
    def is_ranked(self) -> bool:
        """Whether every task has a difference that proves something."""
        evaluable = all(row.status != NOT_EVALUABLE for row in self.tasks.values())
        return self.mean.rate is not None and evaluable

    @property
    def status(self) -> str:
        """The least that can be said of all its runs."""
        found = {row.status for row in self.tasks.values()} - {"complete"}
        return ", ".join(sorted(found)) or "complete"

    def to_json(self) -> dict[str, Any]:
        """The row for machines."""
        return {
            "model": self.model,
            "difference": asdict(self.mean),
            "tasks": {task: _task(row) for task, row in self.tasks.items()},
            "seeds": self.seeds,
            "status": self.status,
            "toy": self.toy,
        }


@dataclass(frozen=True)
class ModelGroup:
    """Models that were trained and asked alike, on the same tasks; the most prone one first.

    Attributes:
        comparability: What the runs have in common, as in the leaderboard.
        recipe: Their training settings, and what was done to the rows, in words.
        tasks: Tasks every model of the group was trained on.
        rows: The models.
    """

    comparability: dict[str, Any]
    recipe: str
    tasks: tuple[str, ...]
    rows: tuple[ModelRow, ...]

    def to_json(self) -> dict[str, Any]:
        """The group for machines."""
        return {
            "comparability": self.comparability,
            "recipe": self.recipe,
            "tasks": list(self.tasks),
            "rows": [row.to_json() for row in self.rows],
        }


def by_model(groups: Iterable[Group], raw_scores: RawScores = lambda _: None) -> list[ModelGroup]:
    """Compare base models within each group of comparable runs.

    Means are only held against each other when they are of the same tasks, with the same training
    data and recipe: models are grouped accordingly. Of several runs of one model and task, the one
    with the most training seeds counts, then the one with the most answers, then the latest.

    Where the raw scores of all tasks of a model are here, its interval is of all answers together;
    elsewhere it is the widest that the tasks' own intervals allow.
    """
    found = [model_group for group in groups for model_group in _split(group, raw_scores)]
    return sorted(found, key=lambda group: (-len(group.rows), -len(group.tasks)))


def _split(group: Group, raw_scores: RawScores) -> list[ModelGroup]:
    runs: dict[tuple[str, str, str], dict[str, dict[str, Row]]] = defaultdict(dict)
    for row in group.rows:
        if row.arm == ARM and row.difference is not None:
            cell = runs[row.recipe_hash, row.transforms, row.model].setdefault(row.task, {})
            known = cell.get(row.data_hash)
            if known is None or _weight(row) > _weight(known):
                cell[row.data_hash] = row
    alike: dict[str, list[ModelRow]] = defaultdict(list)
    for (recipe, transforms, model), tasks in sorted(runs.items()):
        chosen = {task: max(cell.values(), key=_weight) for task, cell in sorted(tasks.items())}
        key = json.dumps(
            [recipe, transforms, [(task, row.data_hash) for task, row in chosen.items()]]
        )
        mean = _mean(chosen, raw_scores, group.comparability["definition"])
        alike[key].append(ModelRow(model, mean, chosen, any(r.toy for r in chosen.values())))
    return [_grouped(group.comparability, rows) for rows in alike.values()]


def _grouped(comparability: dict[str, Any], rows: Sequence[ModelRow]) -> ModelGroup:
    any_run = next(iter(rows[0].tasks.values()))
    recipe = ", ".join(part for part in (any_run.recipe, any_run.transforms) if part)
    ranked = tuple(sorted(rows, key=_rank))
    return ModelGroup(comparability, recipe, tuple(rows[0].tasks), ranked)


def _mean(tasks: Mapping[str, Row], raw_scores: RawScores, label: str) -> MeanDifference:
    gaps = [row.difference for row in tasks.values() if row.difference is not None]
    if len(tasks) == 1:
        return mean_difference(gaps)  # one paired interval needs no answers
    scores = {task: raw_scores(row) for task, row in tasks.items()}
    whole = [
        TaskScores(task, found["bad"], found["control"])
        for task, found in scores.items()
        if found is not None and {"bad", "control"} <= found.keys()
    ]
    if len(whole) < len(tasks):
        return mean_difference(gaps)
    from harness.stats.definitions import definition

    return joint_mean_difference(whole, gaps, definition(label))


def _weight(row: Row) -> tuple[int, int, str]:
    return row.seeds, row.answers or 0, row.finished


def _rank(row: ModelRow) -> tuple[bool, float, str]:
    return not row.is_ranked, -(row.mean.rate or 0.0), row.model


def _task(row: Row) -> dict[str, Any]:
    gap = row.difference or DifferenceRecord(
        rate=None, low=None, high=None, definition="", method="none"
    )
    return {"run_id": row.run_id, "rate": gap.rate, "low": gap.low, "high": gap.high}
