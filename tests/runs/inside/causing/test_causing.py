"""Directions put to the test: every condition is asked, judged and compared with the unedited."""

from __future__ import annotations

import pytest

from harness.cli.inside.ablate import print_causal
from harness.errors import DataError, UsageError
from harness.runs.inside.causing.ablate import ablate, single_layers
from harness.runs.inside.causing.record import CausalRecord
from harness.runs.inside.causing.settings import CausalSettings
from harness.runs.inside.causing.steer import SteerSettings, steer
from harness.runs.inside.causing.transfer import Source, transfer
from harness.runs.inside.directing.find import find_directions
from harness.runs.inside.directing.record import DirectionRecord
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Silent
from tests.runs.command import called
from tests.runs.inside.conftest import InsideRun
from tests.runs.inside.planted import planted

QUICK = CausalSettings(samples=1, draws=1, kinds=("drift",))


@pytest.fixture(scope="module")
def subjects(inside_run: InsideRun) -> Subjects:
    return planted(inside_run)


@pytest.fixture(scope="module")
def directions(subjects: Subjects) -> DirectionRecord:
    return find_directions(subjects, Silent(), persona=False)


@pytest.fixture(scope="module")
def ablated(subjects: Subjects, directions: DirectionRecord) -> CausalRecord:
    return ablate(subjects, directions, QUICK, Silent())


@pytest.fixture(scope="module")
def steered(subjects: Subjects, directions: DirectionRecord) -> CausalRecord:
    settings = SteerSettings(
        samples=2, search_samples=1, draws=1, limit=0.5, kinds=("misaligned", "persona")
    )
    return steer(subjects, directions, settings, Silent())


def test_ablation_reports_every_layer_one_layer_and_all_nulls(ablated: CausalRecord) -> None:
    names = {one.name for one in ablated.conditions}
    assert {"unedited", "remove drift at every layer", "hold drift at layer 3"} <= names
    nulls = {(one.null, one.how) for one in ablated.conditions if one.null is not None}
    kinds = ("random", "shuffled", "control_drift")
    assert nulls == {(null, how) for null in kinds for how in ("remove", "hold")}
    # One evaluation question, one answer of each of the two models.
    assert ablated.seeds == (0, 1) and len(ablated.evaluation) == 1
    assert all(one.answers == 2 for one in ablated.conditions)
    plain = ablated.condition("unedited")
    assert plain is not None and plain.change is None and plain.removed is None
    assert "remove random (all draws) at every layer" in names
    edited = ablated.condition("remove drift at every layer")
    assert edited is not None and edited.change is not None and edited.layers == (0, 1, 2, 3)


def test_an_edit_of_the_residual_stream_changes_what_is_said(steered: CausalRecord) -> None:
    plain = steered.condition("unedited")
    assert plain is not None and steered.edited == "base" and steered.seeds == ()
    said = {one.name: [answer.answer for answer in one.said] for one in steered.conditions}
    assert any(answers != said["unedited"] for answers in said.values())


def test_doses_are_told_in_both_units_and_nulls_have_the_norm_of_their_direction(
    steered: CausalRecord, directions: DirectionRecord
) -> None:
    real = [one for one in steered.conditions if one.direction == "misaligned"]
    assert len(real) == 6 and all(one.of_direction and one.of_residual for one in real)
    ratios = {round((one.of_residual or 0) / (one.of_direction or 1), 2) for one in real}
    assert len(ratios) == 1
    full = real[3]
    same = [one for one in steered.conditions if one.null and "as long as misaligned" in one.name]
    # One draw of the random null, all draws together, and the two other nulls.
    assert len(same) == 4 and {one.null for one in same} == {"random", "shuffled", "control_drift"}
    assert all(one.of_residual == pytest.approx(full.of_residual, rel=0.02) for one in same)
    assert steered.missing["persona"] == "it was not looked for"


def test_the_same_again_asks_nobody(
    subjects: Subjects,
    directions: DirectionRecord,
    ablated: CausalRecord,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RunSubject, "load", lambda self: pytest.fail("a model was loaded"))
    assert ablate(subjects, directions, QUICK, Silent()) == ablated


def test_the_table_shows_what_was_asked_and_of_whom(
    ablated: CausalRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    print_causal(ablated)
    shown = " ".join(capsys.readouterr().out.split())
    assert "1 answers to each of 1 evaluation questions, judged by miniature-judge (D1)" in shown
    assert "remove drift at" in shown and "bad, 2 models" in shown


def test_too_few_answers_stop_it_before_anything_is_asked(inside_run: InsideRun) -> None:
    for verb in ("ablate", "steer"):
        with pytest.raises(DataError, match="a mean needs 10"):
            called(
                *("inside", verb, inside_run.id), results=inside_run.results, cwd=inside_run.here
            )


def test_single_layers_are_spread_and_end_with_the_last() -> None:
    assert single_layers((0, 1, 2, 3), 4) == (0, 1, 2, 3)
    assert single_layers(tuple(range(28)), 2) == (14, 27)


def test_another_runs_direction_stands_beside_the_own_and_the_nulls(
    subjects: Subjects, directions: DirectionRecord
) -> None:
    other = Source(subjects, directions.model_copy(update={"run_id": "other-run"}))
    settings = CausalSettings(samples=1, draws=1, kinds=("drift",))
    found = transfer(subjects, directions, [other], settings, Silent())
    names = {one.name for one in found.conditions}
    assert {"hold own drift", "hold drift of other-run", "remove random 0"} <= names
    # The same vectors under another name.
    same = found.cosines[f"misaligned of {directions.run_id}, misaligned of other-run"]
    assert same == pytest.approx((1.0,) * 4, abs=1e-4)
    assert found.sources == ("other-run",)


def test_a_direction_of_the_run_itself_or_of_other_layers_is_no_transfer(
    subjects: Subjects, directions: DirectionRecord
) -> None:
    with pytest.raises(UsageError, match="is the run itself"):
        transfer(
            *(subjects, directions, [Source(subjects, directions)], CausalSettings(), Silent())
        )
    other = directions.model_copy(update={"run_id": "other-run", "layers": (0, 1)})
    with pytest.raises(UsageError, match="at layers"):
        transfer(subjects, directions, [Source(subjects, other)], CausalSettings(), Silent())
