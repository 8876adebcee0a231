from __future__ import annotations

import itertools
import random
import time

import pytest

from harness.errors import UsageError
from harness.stats.definitions import ALL, D1, D2, Judged
from harness.stats.rates import coherent_share, independent_rate, per_question, rate, unscored
from tests.stats.tables import answers, unjudged

UNEVEN = [0, 1, 2, 4, 6, 9, 12, 14]


def test_rate_pools_counts_over_questions():
    found = rate(answers([2, 6], each=10) + answers({"q02": [1]}, each=40), D1)

    assert (found.count, found.of) == (9, 60)
    assert found.rate == pytest.approx(9 / 60)
    assert found.definition == "D1"


def test_the_same_rows_give_each_definition_its_own_rate():
    rows = [
        Judged("a", 0, 10, 90),
        Judged("a", 0, 10, 20),
        Judged("a", 0, 90, 90),
        Judged("b", 0, None, 90, declined=True),
        Judged("b", 0, 90, 90),
    ]

    assert {d.id: (rate(rows, d).count, rate(rows, d).of) for d in (D1, D2, ALL)} == {
        "D1": (1, 3),
        "D2": (1, 5),
        "ALL": (2, 4),
    }


@pytest.mark.parametrize("definition", [D1, D2, ALL])
@pytest.mark.parametrize("rows", [[], unjudged(600)])
def test_nothing_judged_is_no_rate_and_not_zero(rows, definition):
    found = rate(rows, definition)

    assert (found.rate, found.low, found.high, found.count, found.of) == (None, None, None, 0, 0)
    assert "nothing could be judged" in found.method


@pytest.mark.parametrize("definition", [D1, D2, ALL])
def test_failed_judgements_do_not_dilute_the_rate(definition):
    rows = answers(UNEVEN, each=20)

    assert rate(rows + unjudged(200), definition) == rate(rows, definition)
    half_judged = [Judged("q00", 0, None, 90)] * 200
    assert rate(rows + half_judged, definition) == rate(rows, definition)


def test_none_of_600_has_an_upper_end_above_zero_and_says_how():
    found = rate(answers([0] * 12, each=50), D1)

    assert (found.rate, found.low, found.count, found.of) == (0.0, 0.0, 0, 600)
    # Wilson for 0 of n: z^2 / (n + z^2).
    assert found.high == pytest.approx(3.8415 / 603.8415, abs=1e-6)
    assert found.method.startswith("Wilson (the same share in every question")
    assert "may be wider" in found.method


def test_all_of_600_has_a_lower_end_below_one():
    found = rate(answers([50] * 12, each=50), D1)

    assert found.rate == found.high == 1.0
    assert found.low == pytest.approx(600 / 603.8415, abs=1e-6)


def test_one_question_falls_back_to_wilson():
    found = rate(answers([5], each=25), D1)

    assert (found.low, found.high) == pytest.approx((0.0886, 0.3913), abs=1e-4)
    assert found.method.startswith("Wilson (one question")


def test_one_question_with_unlike_seeds_uses_their_design_effect():
    alike = rate(answers({"q": [5, 5, 5]}, each=20), D1)
    unlike = rate(answers({"q": [0, 0, 15]}, each=20), D1)

    assert alike.rate == unlike.rate
    assert unlike.high - unlike.low > 1.5 * (alike.high - alike.low)
    assert "design effect" in unlike.method


def test_one_misaligned_answer_is_never_surer_than_none():
    none = rate(answers([0] * 12, each=50), D1)
    single = rate(answers([1] + [0] * 11, each=50), D1)

    assert single.low <= single.rate <= single.high
    assert single.high > none.high
    assert "; widened to " in single.method


def test_unlike_questions_widen_the_interval_beyond_independent_answers():
    rows = answers([0, 0, 0, 0, 2, 5, 30, 45], each=50)

    found, naive = rate(rows, D1), independent_rate(rows, D1)

    assert found.rate == naive.rate
    assert found.high - found.low > 3 * (naive.high - naive.low)
    assert found.method.startswith("cluster bootstrap over 8 questions, 2000 resamples")


def test_unlike_seeds_widen_the_interval():
    alike = rate(answers({f"q{i}": [4, 4, 4] for i in range(8)}, each=20), D1)
    unlike = rate(answers({f"q{i}": [0, 2, 10] for i in range(8)}, each=20), D1)

    assert alike.rate == unlike.rate
    assert unlike.high - unlike.low > 2 * (alike.high - alike.low)
    assert "8 questions x 3 seeds" in unlike.method


def test_the_order_of_rows_and_a_second_call_change_nothing():
    rows = answers({f"q{i}": [i, 2, 5] for i in range(8)}, each=20)
    shuffled = random.Random(0).sample(rows, len(rows))

    assert rate(rows, D1) == rate(rows, D1) == rate(shuffled, D1)


def test_another_rng_seed_moves_the_ends_only_a_little():
    rows = answers(UNEVEN, each=20)
    one, two = rate(rows, D1, rng_seed=1), rate(rows, D1, rng_seed=2)

    assert (one.low, one.high) != (two.low, two.high)
    assert (one.low, one.high) == pytest.approx((two.low, two.high), abs=0.05)


@pytest.mark.parametrize("question", range(8))
def test_one_more_misaligned_answer_raises_the_rate(question):
    more = [count + (place == question) for place, count in enumerate(UNEVEN)]

    assert rate(answers(more, 20), D1).rate > rate(answers(UNEVEN, 20), D1).rate


@pytest.mark.parametrize("start", [UNEVEN, [0] * 8, [3] * 8, [1] + [0] * 7])
def test_one_more_misaligned_answer_to_every_question_moves_the_whole_interval_up(start):
    found = [rate(answers([n + more for n in start], 20), D1) for more in range(5)]

    for before, after in itertools.pairwise(found):
        assert before.low < after.low
        assert before.high < after.high


@pytest.mark.parametrize("hits", [UNEVEN, [0] * 8, [3] * 8, [1] + [0] * 7])
def test_a_higher_level_gives_a_wider_interval_around_the_rate(hits):
    rows = answers(hits, each=20)
    found = [rate(rows, D1, level=level) for level in (0.5, 0.8, 0.95, 0.99)]

    for inner, outer in itertools.pairwise(found):
        assert outer.low <= inner.low <= inner.rate <= inner.high <= outer.high
        assert outer.high > inner.high


@pytest.mark.parametrize("cut", [10, 30, 60])
def test_a_higher_alignment_cutoff_never_counts_fewer(cut):
    rows = [Judged(f"q{i % 4}", 0, float(i), 90) for i in range(101)]

    assert rate(rows, D1.with_cutoffs(alignment=cut)).count == cut


@pytest.mark.parametrize(("level", "resamples"), [(1.5, 100), (0.95, 0)])
def test_settings_that_make_no_sense_are_refused(level, resamples):
    with pytest.raises(UsageError):
        rate(answers(UNEVEN, each=20), D1, level=level, resamples=resamples)


def test_per_question_keeps_questions_without_a_rate():
    rows = answers({"b": [3], "a": [0]}, each=10) + unjudged(5, question="c")

    found = per_question(rows, D1)

    assert list(found) == ["a", "b", "c"]
    assert (found["a"].rate, found["a"].of) == (0.0, 10)
    assert found["a"].high > 0
    assert (found["b"].count, found["b"].low) == (3, pytest.approx(0.1078, abs=1e-4))
    assert (found["c"].rate, found["c"].of) == (None, 0)


def test_coherent_share_counts_answers_at_the_cutoff_and_skips_missing_scores():
    rows = [Judged("a", 0, None, score) for score in (50.0, 49.0, 90.0, None)]

    found = coherent_share(rows)

    assert (found.count, found.of, found.definition) == (2, 3, "coherent")
    assert coherent_share(rows, D1.with_cutoffs(coherence=80)).count == 1
    assert coherent_share(unjudged(3)).rate is None


def test_unscored_counts_failures_but_not_verdicts():
    rows = [
        Judged("a", 0, 10, 90),
        Judged("a", 0, None, 90, declined=True),
        Judged("a", 0, None, 90),
        Judged("a", 0, 10, None),
        Judged("a", 0, None, None),
    ]

    assert unscored(rows) == 3
    assert unscored([]) == 0


def test_twelve_questions_by_five_seeds_take_under_50_ms():
    rows = answers({f"q{i}": [i, 1, 2, 3, 4] for i in range(12)}, each=20)
    rate(rows, D1)

    def seconds() -> float:
        start = time.process_time()
        rate(rows, D1)
        return time.process_time() - start

    assert min(seconds() for _ in range(5)) < 0.05
