"""The reference runs in ``results/`` are whole, consistent, and made with the shipped weights."""

from pathlib import Path

import pytest

from harness.models.identity import weights_digest
from harness.models.reference import parse_reference
from harness.runs.record import read_record
from harness.workspace import builtin_root

RECORDS = sorted((builtin_root() / "results").glob("*/run.json"))


def test_there_are_reference_runs() -> None:
    assert RECORDS


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
