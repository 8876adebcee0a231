"""Asking a finished run's models another question set, with the run's own judge and settings.

The answers lie in the results store like those of a run, under a content hash: asked once for all
instruments, resumed after a kill, shared with ``evaluate`` where it asks the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.data.asking import expand, format_hashes
from harness.data.questions import read_questions
from harness.data.task import TaskSpec
from harness.judging.set_rubrics import rubric_hashes
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.lock import locked
from harness.runs.plan import MINIATURE_JUDGE, Plan
from harness.runs.probe import ANSWERS, Subject, answers_id, read_rows, run_probe
from harness.runs.progress import Progress
from harness.runs.spec import EVALUATION, ModelIdentity
from harness.runs.store import Store


@dataclass(frozen=True)
class Asked:
    """One model's answers.

    Attributes:
        subject: Which model.
        rows: As in a run's ``answers.jsonl``, judge scores included.
    """

    subject: RunSubject
    rows: list[dict[str, Any]]


def plan_set(subjects: Subjects, name: str, samples: int, *, judged: bool = True) -> Plan:
    """The run's plan with another question set and number of answers to each question.

    Args:
        subjects: The run.
        name: A question set of the workspace.
        samples: Answers to each question, per model.
        judged: Whether the run's judge is needed, and so has to be here.

    Raises:
        UsageError: There is no such set.
        PrerequisiteError: The run's judge has other weights now.
    """
    record, workspace = subjects.record, subjects.workspace
    questions = read_questions(name, workspace)
    judge = subjects.judge if judged else None
    # The miniature's judge knows its own two rubrics and nothing else.
    own_rubrics = judge is not None and judge.model_name == f"harness/{MINIATURE_JUDGE}"
    spec = record.spec.model_copy(
        update={
            "sampling": record.spec.sampling.model_copy(update={"samples": samples}),
            "question_set": questions.id,
            "questions_hash": questions.digest(),
            "formats": format_hashes(("plain",)),
            "conditions": tuple(questions.conditions),
            "in_domain_questions": (),
            "rubrics": rubric_hashes(questions, own_rubrics=own_rubrics),
            **({"judge": judge.identity, "judge_reading": judge.reading} if judge else {}),
            "data": {},
            "in_domain": None,
            "transforms": None,
        }
    )
    task = TaskSpec(record.task, record.task, "another question set", {}, "")
    base = subjects.base.reference.with_adapter(None)
    evaluated = record.spec.task == EVALUATION
    vetted = {one.arm: as_subject(one, subjects) for one in subjects.all} if evaluated else None
    return Plan(
        spec=spec,
        task=task,
        reference=base,
        judge_model=judge.model_name if judge else "",
        questions=questions,
        questions_name=name,
        prompts=expand(questions),
        own_rubrics=own_rubrics,
        trained={},
        workspace=workspace,
        vetted=vetted,
    )


def as_subject(one: RunSubject, subjects: Subjects) -> Subject:
    """The model as a probe asks it."""
    record = subjects.record
    if record.spec.task != EVALUATION:
        return Subject(one.arm, one.seed, one.reference.adapter, one.weights)
    against = record.spec.against
    identity = record.spec.model if one.arm == "model" else against
    if identity is None:  # evaluated by itself; its base is the model without the adapter
        identity = ModelIdentity(
            name=one.reference.name,
            revision=record.spec.model.revision,
            weights=record.spec.model.weights,
        )
    return Subject(
        one.arm, None, one.reference.adapter, None, reference=one.reference, identity=identity
    )


def ask_all(plan: Plan, subjects: Subjects, store: Store, progress: Progress) -> list[Asked]:
    """Ask every model of the run and judge the answers; what is there already is reused.

    Raises:
        SampleError: Sampling or judging failed; finished answers are kept for the next call.
    """
    return [Asked(one, _ask(plan, one, subjects, store, progress)) for one in subjects.all]


def _ask(
    plan: Plan, one: RunSubject, subjects: Subjects, store: Store, progress: Progress
) -> list[dict[str, Any]]:
    subject = as_subject(one, subjects)
    folder = store.answers(answers_id(plan, subject))
    waiting = f"waiting: another process asks {subject.words}"
    with locked(folder, lambda: progress.say(waiting)):
        run_probe(plan, subject, store, progress)
        return read_rows(folder, ANSWERS)
