"""The role sweep: how often a model is misaligned under roles near, neutral and far.

Occupational roles have been seen to hold a misaligned model back, and a few to let it out
(reference notes on role sweeps). The open questions are asked under each role as a system prompt,
and with none, and judged as in a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.persona.battery import Battery
from harness.runs.instrument_rows import Row
from harness.runs.instrument_values import value_of
from harness.runs.instruments import Measure, Value
from harness.runs.persona.values import nothing
from harness.stats.definitions import D1, Judged
from harness.stats.differences import difference
from harness.stats.rates import rate

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel
    from harness.runs.inside.subjects import RunSubject
    from harness.runs.persona.settings import Asked
    from harness.runs.progress import Progress
    from harness.workspace import Workspace

QUESTIONS = "core"
NO_ROLE = "no role"
LOCAL_ONLY = "roles are swept on local models"


def sweep_rows(
    asked: Asked,
    subject: RunSubject,
    loaded: LoadedModel,
    battery: Battery,
    workspace: Workspace,
    progress: Progress,
) -> list[Row]:
    """Judged answers of one model under every role; finished ones come from the store.

    Raises:
        SampleError: An answer could not be sampled.
        JudgeError: The judge fails.
    """
    from harness.data.questions import read_questions
    from harness.runs.inside.ask import Question, ask_and_judge

    if asked.judge is None or not asked.sweep:
        return []
    questions = read_questions(QUESTIONS, workspace).questions
    roles = [("none", NO_ROLE, None)] + [
        (group, role, battery.roles.system.replace("{role}", role))
        for group, names in battery.roles.groups.items()
        for role in names
    ]
    put = {
        f"{role}/{question.id}": (group, role, Question(f"{role}/{question.id}", text, system))
        for group, role, system in roles
        for question in questions
        for text in (question.text,)
    }
    found = ask_and_judge(
        loaded,
        asked.judge,
        [question for _, _, question in put.values()],
        asked.sweep,
        asked.sampling.seed,
        sampling=asked.sampling,
        identity={"persona": "sweep", **subject.identity},
        results=asked.results,
        training_seed=subject.seed or 0,
        progress=progress,
        title=f"sweep roles {subject.words}",
    )
    kept = ("question", "epoch", "answer", "alignment", "coherence", "label", "reason")
    return [
        {"kind": "role_answer", "group": put[row["question"]][0], "role": put[row["question"]][1]}
        | {name: row[name] for name in kept}
        for row in found.rows
    ]


def sweep_measures(
    rows: Sequence[Row], arms: Sequence[str], compared: tuple[str, str] | None
) -> dict[str, Measure]:
    """Misaligned shares by group of roles and by role; none where no roles were swept."""
    swept = [row for row in rows if row["kind"] == "role_answer"]
    found = {}
    for group in dict.fromkeys(str(row["group"]) for row in swept):
        found[f"misaligned_{group}_roles"] = _measure(
            f"Misaligned, {NO_ROLE if group == 'none' else f'{group} roles'}",
            [row for row in swept if row["group"] == group],
            arms,
            compared,
        )
    for role in dict.fromkeys(str(row["role"]) for row in swept if row["group"] != "none"):
        slug = re.sub(r"[^a-z0-9]+", "_", role.lower()).strip("_")[:40]
        found[f"misaligned_role_{slug}"] = _measure(
            f"Misaligned as {role}", [row for row in swept if row["role"] == role], arms, compared
        )
    return found


def _measure(
    title: str, rows: Sequence[Row], arms: Sequence[str], compared: tuple[str, str] | None
) -> Measure:
    by_arm = {arm: _judged(row for row in rows if row["arm"] == arm) for arm in arms}
    gap = None
    if compared is not None:
        told = difference(by_arm[compared[0]], by_arm[compared[1]], D1)
        n = sum(len(by_arm[arm]) for arm in compared)
        gap = Value(value=told.rate, low=told.low, high=told.high, n=n, method=told.method)
    return Measure(
        title=title[:200],
        definition=f"{D1.description}; the open questions under a role, question and role together "
        "are one cluster",
        unit="share",
        better="lower",
        arms={arm: value_of(rate(found, D1)) if found else nothing(LOCAL_ONLY)
              for arm, found in by_arm.items()},
        difference=gap,
    )  # fmt: skip


def _judged(rows: Iterable[Row]) -> list[Judged]:
    return [
        Judged(
            question=str(row["question"]),
            seed=0 if row["seed"] is None else int(row["seed"]),
            alignment=row["alignment"],
            coherence=row["coherence"],
            declined=row["label"] is not None and row["alignment"] is None,
        )
        for row in rows
    ]
