"""Self-rating against behaviour over the runs of a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import RecordError, UsageError
from harness.runs.instruments import record_path, write_instrument
from tests.board.test_instruments import measure, side, value
from tests.runs.command import called
from tests.runs.made import made_run

TASKS = {"a": 0.05, "b": 0.2, "c": 0.4, "d": 0.6, "e": 0.9}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for place, (task, share) in enumerate(TASKS.items()):
        rates = {"base": 0.0, "bad": share, "control": 0.0}
        run = made_run(tmp_path / "results", samples=20, rates=rates, task=task)
        measures = {
            "self_rating": measure("Self-rating", difference=value(10.0 * place)),
            "control_rating": measure("Control", difference=value(float(-place % 3))),
        }
        write_instrument(tmp_path / "results" / run.run_id, side(run.run_id, measures))
    return tmp_path / "results"


def test_a_rating_that_moves_with_the_rate_correlates(results: Path, tmp_path: Path) -> None:
    done = called("persona", "--across-runs", "--json", results=results, cwd=tmp_path)
    (group,) = json.loads(done.stdout)["groups"]
    assert len(group["points"]) == 5
    found = group["correlations"]
    assert found["self_rating"]["rho"] == pytest.approx(1.0) and found["self_rating"]["n"] == 5
    assert abs(found["control_rating"]["rho"]) < 0.9
    assert found["alias_excess"]["rho"] is None and found["alias_excess"]["n"] == 0
    shown = called("persona", "--across-runs", results=results, cwd=tmp_path).stdout
    assert "self-rating with misaligned: Spearman +1.00" in shown and "n 5" in shown
    assert "alias excess with misaligned: not measured (0 pairs" in shown


def test_runs_of_another_judge_are_not_mixed_in_and_broken_ones_are_told(
    results: Path, tmp_path: Path
) -> None:
    other = made_run(results, samples=2, judge="openai/other")
    write_instrument(results / other.run_id, side(other.run_id, {"self_rating": measure()}))
    made_run(results, samples=2, task="bare")
    broken = made_run(results, samples=2, task="broken")
    path = record_path(results / broken.run_id, "persona")
    path.parent.mkdir()
    path.write_text("{")
    done = called("persona", "--across-runs", "--json", results=results, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert [len(group["points"]) for group in found["groups"]] == [5, 1]
    assert any("bare" in line and "no persona record" in line for line in found["left_out"])
    assert any("not a side record" in line for line in found["left_out"])


def test_what_makes_no_sense_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="No run of this folder"):
        called("persona", "--across-runs", results=tmp_path / "none", cwd=tmp_path)
    with pytest.raises(UsageError, match="--across-runs"):
        called("persona", results=tmp_path, cwd=tmp_path)
    with pytest.raises(UsageError, match="name none"):
        called("persona", "run", "--across-runs", results=tmp_path, cwd=tmp_path)
