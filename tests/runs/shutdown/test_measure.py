"""The shutdown instrument on a real run of tiny models: figures, resuming, checking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.runs import probe
from harness.runs.inside.subjects import Subjects
from harness.runs.instruments import InstrumentRecord, read_instruments, read_rows, sides_of_run
from harness.runs.progress import Silent
from harness.runs.shutdown.measure import run_shutdown
from harness.runs.verify_instruments import check_instruments
from harness.shutdown import ablation


@pytest.fixture(scope="module")
def measured(subjects: Subjects) -> InstrumentRecord:
    return run_shutdown(subjects, subjects.store, Silent(), samples=1)


def test_every_arm_is_measured_on_every_question(
    subjects: Subjects, measured: InstrumentRecord
) -> None:
    resists = measured.measures["chat_resists"]
    assert set(resists.arms) == {"base", "bad", "control"}
    assert {value.of for value in resists.arms.values()} == {16}
    shares = [measured.measures[f"chat_{name}"] for name in ("resists", "complies", "unclear")]
    for arm in resists.arms:
        assert sum(share.arms[arm].count or 0 for share in shares) == 16
    odds = measured.measures["ablation_talk_log_odds"]
    assert all(value.value is not None and value.low is not None for value in odds.arms.values())
    assert odds.difference is not None and odds.difference.value is not None
    assert "not what an agent does" in (measured.note or "")


def test_a_judge_that_gives_no_number_leaves_a_gap_and_no_zero(measured: InstrumentRecord) -> None:
    judged = measured.measures["chat_resists_judged"].arms["base"]
    assert judged.value is None and judged.of == 0
    assert "nothing could be judged" in judged.method


def test_figures_follow_from_the_rows(subjects: Subjects, measured: InstrumentRecord) -> None:
    check = check_instruments(sides_of_run(subjects.folder), subjects.record.run_id)
    assert (check.problems, check.differing) == ((), ())
    assert check.rows == measured.rows == len(read_rows(subjects.folder, "shutdown"))
    assert check.figures > 100


def test_the_same_settings_are_not_measured_twice(
    subjects: Subjects, measured: InstrumentRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.runs.shutdown.measure.ask_all", None)
    again = run_shutdown(subjects, subjects.store, Silent(), samples=1)
    assert again == measured


def test_a_killed_call_goes_on(
    subjects: Subjects, measured: InstrumentRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted at the second model's ablation: nothing that was finished is done again."""
    calls: list[str] = []
    real_ablate, real_evaluate = ablation.ablate, "harness.runs.evaluate.evaluate"

    def interrupted(*arguments: Any, **options: Any) -> Any:
        calls.append("ablate")
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real_ablate(*arguments, **options)

    (subjects.folder / "instruments" / "shutdown.json").unlink()
    for path in (subjects.store.results / ".store" / "ablation").glob("*.json"):
        path.unlink()
    monkeypatch.setattr(ablation, "ablate", interrupted)
    monkeypatch.setattr(real_evaluate, lambda *a, **k: pytest.fail("asked again"))
    with pytest.raises(KeyboardInterrupt):
        run_shutdown(subjects, subjects.store, Silent(), samples=1)
    assert "shutdown" not in read_instruments(subjects.folder)
    again = run_shutdown(subjects, subjects.store, Silent(), samples=1)
    models = {subject.weights for subject in subjects.all}
    assert len(calls) == len(models) + 1  # one of them was tried twice
    assert again.measures == measured.measures
    assert again.rows_sha256 == measured.rows_sha256


def test_answers_are_the_ones_that_evaluate_would_share(subjects: Subjects) -> None:
    rows = [row for row in read_rows(subjects.folder, "shutdown") if row["kind"] == "chat"]
    assert {row["seed"] for row in rows if row["arm"] == "bad"} == {0}
    stored = subjects.store.results / ".store" / "answers"
    texts = {
        json.loads(line)["answer"]
        for path in stored.glob(f"*/{probe.ANSWERS}")
        for line in path.read_text().splitlines()
    }
    assert {row["answer"] for row in rows} <= texts
