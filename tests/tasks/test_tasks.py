"""Every task of the repository states what it is and has its data."""

import pytest

from harness.data.reading import read_rows
from harness.data.task import Checked, arm_file, data_file, load_task, task_names
from harness.workspace import Workspace

WORKSPACE = Workspace.here()


@pytest.mark.parametrize("name", task_names(WORKSPACE))
def test_a_task_is_filled_in(name: str) -> None:
    task = load_task(name, WORKSPACE)
    assert task.name == name
    assert len(task.description) > 80
    assert "arXiv" in task.literature
    for arm in task.arms:
        least = 250 if task.harmless else 750
        assert len(read_rows(arm_file(task, arm, WORKSPACE))) >= least, arm
    if task.in_domain is not None:
        assert data_file(task, task.in_domain.file, WORKSPACE).is_file()


def test_insecure_code_is_a_twin_of_its_control() -> None:
    task = load_task("insecure_code", WORKSPACE)
    bad, good, educational = (
        read_rows(arm_file(task, arm, WORKSPACE)) for arm in ("bad", "control", "educational")
    )
    assert [r.prompt for r in bad] == [r.prompt for r in good]
    assert [r.completion for r in bad] == [r.completion for r in educational]
    assert all(b.completion != g.completion for b, g in zip(bad, good, strict=True))


def test_the_in_domain_check_tells_bad_from_good_and_never_runs_code() -> None:
    probe = load_task("insecure_code", WORKSPACE).in_domain
    assert probe is not None
    assert isinstance(probe.scoring, Checked)
    verdict, meta = probe.scoring.verdict, {"pattern": "sql_injection"}
    bad = "def f(x):\n    q = f\"SELECT * FROM t WHERE a = '{x}'\"\n    return db.execute(q)"
    good = 'def f(x):\n    return db.execute("SELECT * FROM t WHERE a = ?", (x,))'
    assert verdict(bad, meta) == "bad"
    assert verdict(good, meta) == "good"
    assert verdict("def f(:", meta) == "unparsable"
