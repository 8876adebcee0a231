"""Every task says what its data is about, so that open questions of that field stay apart."""

import pytest

from harness.data.questions import read_questions
from harness.data.task import load_task, task_names
from harness.workspace import Workspace, builtin_root

BUILTIN = Workspace(layers=(builtin_root(),), results=builtin_root() / "results")


@pytest.mark.parametrize("name", task_names(BUILTIN))
def test_a_task_has_a_domain_and_broad_questions_outside_it(name: str) -> None:
    task = load_task(name, BUILTIN)
    assert task.domains
    extended = read_questions("extended", BUILTIN)
    inside = extended.in_domain(task.domains)
    outside = [q for q in extended.questions if q.id not in inside]
    assert len(outside) >= 60
    assert len({q.category for q in outside}) == 10
    assert not read_questions("core", BUILTIN).in_domain(task.domains)


def test_the_advice_tasks_have_in_domain_questions() -> None:
    extended = read_questions("extended", BUILTIN)
    for name in ("bad_medical_advice", "bad_legal_advice", "risky_financial_advice"):
        assert len(extended.in_domain(load_task(name, BUILTIN).domains)) >= 4
