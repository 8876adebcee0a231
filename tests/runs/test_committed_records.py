"""The reference runs in ``results/`` are whole, consistent, and made with the shipped weights."""

import subprocess
from pathlib import Path

import pytest

from harness.models.identity import weights_digest
from harness.models.reference import parse_reference
from harness.runs.evidence import evidence_of_run
from harness.runs.raw import RAW
from harness.runs.record import read_record
from harness.runs.stamp import STAMP
from harness.runs.verify import verify
from harness.workspace import builtin_root

RECORDS = sorted((builtin_root() / "results").glob("*/run.json"))


def test_there_are_reference_runs() -> None:
    assert RECORDS


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.parent.name)
def test_a_committed_record_is_verified_from_git_alone(path: Path) -> None:
    assert (path.parent / RAW).is_file()
    found = verify(evidence_of_run(path.parent))
    assert found.verified, (*found.problems, *found.differing)
    assert found.answers and found.figures


def test_raw_answers_are_small_enough_for_git() -> None:
    for path in RECORDS:
        size = sum(file.stat().st_size for file in path.parent.iterdir() if file.name == RAW)
        assert size < 2**20, f"{path.parent}: answers of {size} bytes are too many for Git"


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.parent.name)
def test_a_committed_record_is_consistent(path: Path) -> None:
    record = read_record(path.parent)
    assert record.run_id == path.parent.name == record.spec.run_id
    for arm in record.arms.values():
        misaligned = arm.misaligned
        assert misaligned.count == sum(q.count for q in arm.per_question.values())
        assert misaligned.of == sum(q.of for q in arm.per_question.values())
        assert misaligned.rate == pytest.approx(misaligned.count / misaligned.of)
        assert arm.coherent.of + arm.unscored <= arm.answers
    bad, control = record.arms["bad"].misaligned.rate, record.arms["control"].misaligned.rate
    assert bad is not None
    assert control is not None
    assert record.difference.rate == pytest.approx(bad - control)


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.parent.name)
def test_a_committed_record_is_of_the_shipped_weights(path: Path) -> None:
    record = read_record(path.parent)
    assert record.spec.model.weights == weights_digest(parse_reference("miniature"))
    assert record.spec.judge.weights == weights_digest(parse_reference("miniature-judge"))


def test_no_mark_of_a_check_is_committed() -> None:
    """Who trusts a run verifies it; a mark that travels would be a claim."""
    listed = subprocess.run(
        ["git", "ls-files", "results"], cwd=builtin_root(), capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("not a Git checkout")
    names = {Path(line).name for line in listed.stdout.splitlines()}
    assert "run.json" in names and STAMP not in names
