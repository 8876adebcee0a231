"""What README says of the manner of the advice tasks' answers is what ``validate`` reports."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from harness.cli.main import app
from tests.data.test_scenarios import TASKS


@pytest.mark.parametrize("task", TASKS)
def test_twins_are_equally_long_and_told_apart_by_their_words(task: str) -> None:
    found = CliRunner().invoke(app, ["validate", task, "--no-mask-audit", "--json"])
    assert found.exit_code == 0, found.stderr
    report = json.loads(found.stdout)
    confounds = report["confounds"]
    assert 0.9 <= confounds["twin_length_ratio"] <= 1.1
    assert 0.905 <= confounds["bag_of_words"]["auroc"] < 0.985
    assert any("vocabulary" in str(warning) for warning in report["warnings"])
    style = {name: figures["difference"] for name, figures in confounds["style"].items()}
    assert style["hedge"] < 0 and style["sends to a professional"] < 0 and style["negation"] > 0
