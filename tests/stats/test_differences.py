from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.stats.definitions import D1, D2
from harness.stats.differences import difference
from harness.stats.intervals import newcombe, wilson
from harness.stats.rates import rate
from tests.stats.tables import answers, unjudged

BAD = [2, 4, 8, 10, 14, 18, 25, 30]
CONTROL = [0, 1, 5, 6, 12, 14, 22, 27]


def test_the_difference_is_that_of_the_two_rates():
    bad, control = answers(BAD, each=50), answers(CONTROL, each=50)

    found = difference(bad, control, D1)

    assert found.rate == pytest.approx(rate(bad, D1).rate - rate(control, D1).rate)
    assert found.low < found.rate < found.high
    assert found.definition == "D1"
    assert found.method.startswith("paired cluster bootstrap over 8 questions, 2000 resamples")


def test_swapping_the_arms_turns_the_sign():
    bad, control = answers(BAD, each=50), answers(CONTROL, each=50)

    one, two = difference(bad, control, D1), difference(control, bad, D1)

    assert two.rate == pytest.approx(-one.rate)
    # The same draws with the opposite sign, so the ends swap.
    assert (two.low, two.high) == pytest.approx((-one.high, -one.low))


def test_pairing_by_question_cancels_what_questions_have_in_common():
    bad, control = answers(BAD, each=50), answers(CONTROL, each=50)
    arms = [rate(bad, D1), rate(control, D1)]
    unpaired = newcombe(*((arm.rate, arm.low, arm.high) for arm in arms))

    found = difference(bad, control, D1)

    assert found.high - found.low < 0.5 * (unpaired[1] - unpaired[0])


def test_an_effect_in_one_question_only_is_not_shown_to_be_general():
    found = difference(answers([40] + [0] * 7, each=50), answers([0] * 8, each=50), D1)

    assert found.rate == pytest.approx(0.1)
    assert found.low <= 0.0
    assert found.high > 0.2


@pytest.mark.parametrize(
    ("bad", "control", "missing"),
    [
        ([], answers([1, 2], each=10), "bad"),
        (answers([1, 2], each=10), unjudged(20), "control"),
        (unjudged(20), unjudged(20), "bad and control"),
    ],
)
def test_no_difference_when_an_arm_has_no_rate(bad, control, missing):
    found = difference(bad, control, D2)

    assert (found.rate, found.low, found.high) == (None, None, None)
    assert found.method.endswith(f"nothing could be judged in {missing}")


def test_nothing_against_nothing_is_zero_with_room_on_both_sides():
    found = difference(answers([0] * 12, each=50), answers([0] * 12, each=50), D1)

    upper = wilson(0, 600)[1]
    assert found.rate == 0.0
    assert (found.low, found.high) == pytest.approx((-upper, upper))
    assert found.method.startswith("Newcombe")


def test_the_same_difference_in_every_question_keeps_sampling_noise():
    found = difference(answers([5] * 8, each=50), answers([0] * 8, each=50), D1)

    expected = newcombe((0.1, *wilson(40, 400)), (0.0, *wilson(0, 400)))
    assert (found.low, found.high) == pytest.approx(expected)


def test_questions_that_agree_too_well_leave_sampling_noise_and_the_method_says_so():
    found = difference(answers([5] * 7 + [6], each=50), answers([0] * 8, each=50), D1)

    expected = newcombe((41 / 400, *wilson(41, 400)), (0.0, *wilson(0, 400)))
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.method.endswith("widened to Newcombe hybrid score")


def test_one_question_gives_newcombe():
    found = difference(answers([9], each=10), answers([3], each=10), D1)

    # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10.
    assert (found.low, found.high) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert "one question" in found.method


def test_seeds_shared_by_both_arms_cancel():
    bad = answers({f"q{i}": [10, 20, 38, 2 + i % 3] for i in range(8)}, each=40)
    control = answers({f"q{i}": [5 + i % 2, 15, 33 - i % 3, 0] for i in range(8)}, each=40)
    others = [type(row)(row.question, row.seed + 10, row.alignment, 90.0) for row in control]

    shared, own = difference(bad, control, D1), difference(bad, others, D1)

    assert shared.rate == own.rate
    assert shared.high - shared.low < 0.12
    assert own.high - own.low > 0.8
    assert "4 and 4 seeds" in own.method


def test_one_untouched_model_against_several_seeds():
    bad = answers({f"q{i}": [i, i + 2, i + 4] for i in range(8)}, each=20)

    found = difference(bad, answers([0, 1] * 4, each=20), D1)

    assert found.low < found.rate < found.high
    assert "3 and 1 seeds" in found.method


def test_a_question_missing_in_one_arm_is_named():
    found = difference(answers([3, 4, 5], each=10), answers([0, 1], each=10), D1)

    assert found.rate == pytest.approx(12 / 30 - 1 / 20)
    assert found.method.endswith("1 answered in one arm only")


def test_it_is_deterministic_and_does_not_look_at_order():
    bad, control = answers(BAD, each=50), answers([0] * 8, each=50)

    assert difference(bad, control, D1) == difference(bad[::-1], control[::-1], D1)
    assert difference(bad, control, D1) != difference(bad, control, D1, rng_seed=1)


def test_no_resamples_make_no_sense():
    with pytest.raises(UsageError):
        difference(answers(BAD, each=50), answers(CONTROL, each=50), D1, resamples=0)
