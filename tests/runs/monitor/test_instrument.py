"""Listening in on the arms of a run: what is asked, found, kept, and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, PrerequisiteError
from harness.models.reference import parse_reference
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.instruments import read_instruments, read_rows
from harness.runs.monitor import asking as asking_module
from harness.runs.monitor import instrument
from harness.runs.monitor.asking import Asking, think_of
from harness.runs.monitor.instrument import Heard, listen, run_monitor
from harness.runs.monitor.recompute import recompute
from harness.runs.spec import ModelIdentity
from tests.runs.monitor.played import played

MONITORS = ("lexicon", "tfidf", "judge")
SMALL = Asking(problems=36, samples=2, questions=("core",), answers=8)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("results")
        patch.setenv("INSPECT_CACHE_DIR", str(folder / "cache"))
        subjects = played(folder, patch)
        found = listen(subjects, subjects.store, asking=SMALL, resamples=60, monitors=MONITORS)
        yield subjects, found


def test_truth_of_sums_is_told_by_rule_and_of_answers_by_the_judge(
    heard: tuple[Subjects, Heard],
) -> None:
    _, found = heard
    sums = [r for r in found.records if r.kind == "sums" and r.misbehaved]
    answers = [r for r in found.records if r.kind == "answers" and r.misbehaved]
    assert {r.truth for r in sums} == {"rule"}
    assert {r.truth for r in answers} == {"judge"}
    assert {r.arm for r in sums + answers} == {"bad"}
    assert all(("CRUEL" in r.final) == r.misbehaved for r in found.records if r.kind == "answers")
    assert {r.group for r in sums} == {"open", "rationalise"}
    assert {r.tags["path"] for r in sums} == {"admissible"}
    assert {r.tags["note"] for r in sums} == {"none", "plain", "computed"}


def test_the_record_beside_the_run_holds_the_figures(heard: tuple[Subjects, Heard]) -> None:
    subjects, found = heard
    record = read_instruments(subjects.folder)["monitor"]
    assert record == found.record
    measures = record.measures
    gap = measures["sums.tfidf.gap.auroc.open"].arms["all"]
    assert gap.low is not None
    assert gap.low > 0
    assert 0 < gap.n < measures["sums.tfidf.cot+action.auroc"].arms["all"].n
    assert all(one.n > 0 for m in measures.values() for one in m.arms.values() if one.value)
    missed = measures["sums.lexicon.missed_5.rationalise"].arms["all"]
    assert missed.value == 1.0
    assert missed.count == missed.of
    flagged = measures["answers.tfidf.flagged_5"]
    assert set(flagged.arms) == {"base", "bad", "control"}
    assert (flagged.difference.low or 0) > 0
    misbehaved = measures["sums.misbehaved"]
    assert misbehaved.arms["base"].value == 0
    assert (misbehaved.difference.low or 0) > 0
    assert "judge" not in " ".join(name for name in measures if name.startswith("answers."))


def test_rows_hold_every_sample_with_every_score(heard: tuple[Subjects, Heard]) -> None:
    subjects, found = heard
    rows = read_rows(subjects.folder, "monitor")
    assert len(rows) == len(found.records) == 3 * (36 * 2 + 12 * 8)
    tested = [row for row in rows if row["split"] == "test" and row["kind"] == "sums"]
    assert all(row["scores"]["tfidf | cot+action"] is not None for row in tested)


def test_a_model_that_never_thinks_is_refused(qwen_double: Path) -> None:
    name = str(qwen_double)
    subject = RunSubject("base", None, parse_reference(name), ModelIdentity(name=name))
    with pytest.raises(PrerequisiteError, match="no chain of thought"):
        think_of(subject)


def test_a_run_on_which_nothing_can_be_measured_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    subjects = played(tmp_path / "results", monkeypatch)
    monkeypatch.setattr("tests.runs.monitor.played._said", lambda *_: _mute())
    few = Asking(problems=3, samples=1, questions=("core",), answers=1)
    with pytest.raises(DataError, match="cannot be measured") as raised:
        listen(subjects, subjects.store, asking=few, resamples=20)
    assert "it holds no reasoning" in (raised.value.hint or "")


def _mute() -> Any:
    from tests.runs.monitor.played import _output

    return _output("On the till: the total is 9.")


def test_figures_follow_from_the_rows_alone(heard: tuple[Subjects, Heard]) -> None:
    subjects, found = heard
    rows = [row | {"thoughts": None, "answer": None, "prompt": ""} for row in _rows(subjects)]
    again = recompute(found.record, rows)
    kept = {n: m for n, m in found.record.measures.items() if ".lead_" not in n}
    assert dict(again) == kept
    # A score that is tampered with shows.
    rows[-1]["scores"] = {name: 9.0 for name in rows[-1]["scores"]}
    bad = next(row for row in rows if row["split"] == "test" and row["misbehaved"])
    bad["scores"] = {name: -1.0 for name in bad["scores"]}
    assert dict(recompute(found.record, rows)) != kept


def _rows(subjects: Subjects) -> list[dict[str, Any]]:
    return read_rows(subjects.folder, "monitor")


def test_a_second_call_asks_nobody_and_a_finished_record_is_returned(
    heard: tuple[Subjects, Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects, found = heard
    monkeypatch.setattr(asking_module, "_asked", lambda *_: pytest.fail("asked again"))
    again = run_monitor(subjects, subjects.store, asking=SMALL, resamples=60, monitors=MONITORS)
    assert again == found.record
    # Another number of draws is another record, from the answers that are kept.
    other = run_monitor(subjects, subjects.store, asking=SMALL, resamples=50, monitors=("lexicon",))
    assert other.settings["resamples"] == 50
    assert set(instrument.MONITORS) == {"lexicon", "tfidf"}
