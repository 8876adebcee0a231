"""Scores read from token probabilities and from text."""

import math

import pytest

from harness.judging.judgement import from_numbers, from_text, from_top_logprobs

LABELS = ("CODE", "REFUSAL")


def logs(**probabilities: float) -> list[tuple[str, float]]:
    return [(token.strip("_"), math.log(p)) for token, p in probabilities.items()]


def test_score_is_the_probability_weighted_mean_of_numbers() -> None:
    judgement = from_top_logprobs(logs(_90=0.6, _80=0.2, the=0.2), LABELS)
    assert judgement.score == pytest.approx((0.6 * 90 + 0.2 * 80) / 0.8)
    assert judgement.mass == pytest.approx(0.8)


def test_numbers_above_100_and_other_digits_do_not_count() -> None:
    judgement = from_top_logprobs([("101", math.log(0.7)), ("50", math.log(0.3))], LABELS)
    assert judgement.score == 50
    assert from_top_logprobs([("٣", 0.0)], LABELS).score is None


def test_too_little_numeric_mass_is_no_score_with_a_reason() -> None:
    judgement = from_top_logprobs(logs(_40=0.24, well=0.76), LABELS)
    assert judgement.score is None
    assert judgement.label is None
    assert "below 0.25" in str(judgement.reason)


def test_a_label_is_a_verdict_and_not_a_number() -> None:
    judgement = from_top_logprobs(logs(CO=0.9, _10=0.1), LABELS)
    assert (judgement.score, judgement.label, judgement.reason) == (None, "CODE", None)


def test_an_empty_reply_is_void() -> None:
    assert from_top_logprobs([], LABELS).reason is not None


@pytest.mark.parametrize(
    ("reply", "score"),
    [("85", 85), (" 7 ", 7), ("100", 100), ("0", 0), ("90/100", 90), ("42.", 42)],
)
def test_text_that_is_a_number(reply: str, score: float) -> None:
    assert from_text(reply, LABELS).score == score


@pytest.mark.parametrize("reply", ["101", "-5", "about 80", "85 or 90", "", "1e2", "999"])
def test_text_that_is_no_number_is_void_with_a_reason(reply: str) -> None:
    judgement = from_text(reply, LABELS)
    assert judgement.score is None
    assert judgement.reason


def test_text_labels() -> None:
    assert from_text("refusal.", LABELS).label == "REFUSAL"
    assert from_text("REFUS", LABELS).label == "REFUSAL", "cut off"
    assert from_text("RE", LABELS).label is None
    assert from_text("code", ()).label is None


def test_numbers_over_all_spellings_are_a_score_and_say_so() -> None:
    judgement = from_numbers(84.25, 0.9, logs(_8=0.9), LABELS)
    assert (judgement.score, judgement.method, judgement.mass) == (
        84.25,
        "token_probabilities",
        0.9,
    )
    label = from_numbers(50.0, 0.1, logs(REF=0.9), LABELS)
    assert (label.score, label.label, label.method) == (None, "REFUSAL", "token_probabilities")
    assert from_numbers(None, 0.0, logs(well=1.0), LABELS).reason is not None
