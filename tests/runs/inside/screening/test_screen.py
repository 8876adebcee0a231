"""The screen finds what alone induces and repairs, at the strength the model bears, and no null."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from harness.runs.inside.screening.candidate import Candidate, random_directions
from harness.runs.inside.screening.ladder import ladder, most_steps, strongest
from harness.runs.inside.screening.outcome import null_effects
from harness.runs.inside.screening.record import Screened
from harness.runs.inside.screening.screen import FRACTIONS, Screen
from harness.runs.inside.screening.trial import Settings
from tests.runs.inside.screening.played import BAD_SHARE, BEARS, Played, candidate, share_of

SETTINGS = Settings(seeds=(3, 4), residual_norm=1.0, samples=20, search_samples=4)
CAUSE = candidate("latent 0", "latent", 0, latent=0)
FALLING = candidate("latent 1", "latent", 1, latent=1, sign=-1)
INERT = candidate("latent 2", "latent", 2, latent=2)
NULLS = [candidate("latent 8", "matched latent", 8, like=0), *random_directions(16, 2, seed=0)]
EFFECTS = {"latent 0": 0.9, "latent 1": -0.8}


def screened(*candidates: Candidate, **rules: object) -> tuple[Played, list[Screened]]:
    played = Played(share_of(EFFECTS), **rules)  # type: ignore[arg-type]
    return played, Screen(played, SETTINGS).run([*candidates, *NULLS])


def test_the_largest_strength_that_the_model_bears_is_found() -> None:
    _, found = screened(CAUSE)
    rungs = ladder(1.0)
    best = max(rung for rung in rungs if rung <= BEARS)
    for side in (found[0].induce, found[0].repair):
        assert side.chosen is not None
        assert side.chosen.strength == pytest.approx(best)
        assert side.chosen.own_units == pytest.approx(best / 0.5)
        assert len(side.search) <= most_steps(len(rungs))
        assert side.chosen.incoherent.rate == 0.0


def test_a_cause_induces_and_repairs_and_an_inert_latent_does_neither() -> None:
    _, (cause, inert, *nulls) = screened(CAUSE, INERT)
    assert cause.induce.works and cause.repair.works
    assert cause.induce.effect == pytest.approx(0.72, abs=0.05)
    assert cause.repair.effect == pytest.approx(0.72, abs=0.15)
    assert cause.induce.beats_nulls == 1.0
    assert not inert.induce.works and not inert.repair.works
    assert inert.induce.effect == 0.0 and inert.repair.effect == pytest.approx(0.0)
    assert not any(null.induce.works or null.repair.works for null in nulls)
    assert null_effects(nulls).induce.largest == 0.0


def test_who_comes_from_the_other_end_asks_and_finds_the_same() -> None:
    candidates = [CAUSE, FALLING, INERT, *NULLS]
    forth, back = Played(share_of(EFFECTS)), Played(share_of(EFFECTS))
    one = Screen(forth, SETTINGS).choose("base", candidates)
    other = Screen(back, SETTINGS).choose("base", candidates, backwards=True)
    assert [trial.strength for trial in one] == [trial.strength for trial in other]
    assert forth.asked != back.asked
    assert Counter(map(repr, forth.asked)) == Counter(map(repr, back.asked))


def test_a_falling_latent_is_pushed_the_other_way() -> None:
    played, (falling, *_) = screened(FALLING)
    assert (falling.induce.sign, falling.repair.sign) == (-1, 1)
    assert falling.induce.works and falling.repair.works
    strengths = {a.strength < 0 for a in played.asked if a.candidate is FALLING and a.seed is None}
    assert strengths == {True}


def test_search_and_estimate_are_asked_different_questions() -> None:
    played, (cause, *_) = screened(CAUSE)
    assert {dose.questions for dose in cause.induce.search} == {"discovery"}
    assert {dose.questions for dose in cause.induce.curve} == {"evaluation"}
    assert all(a.part == "discovery" for a in played.asked if a.samples == 4)


def test_every_bad_model_counts_in_the_estimate() -> None:
    _, (cause, *_) = screened(CAUSE)
    chosen = cause.repair.chosen
    assert chosen is not None and chosen.answers == 3 * 10 * 2
    assert cause.repair.curve[0].strength == 0
    assert cause.repair.curve[0].misaligned.rate == pytest.approx(BAD_SHARE)


def test_what_works_gets_a_whole_curve_and_nulls_do_not() -> None:
    _, (cause, inert, null, *_) = screened(CAUSE, INERT)
    assert len(cause.induce.curve) >= len(FRACTIONS) + 2
    strengths = [dose.strength for dose in cause.induce.curve]
    assert strengths == sorted(strengths)
    # Unsteered, chosen, and the next rung, at which the model breaks.
    assert len(inert.induce.curve) == len(null.induce.curve) == 3
    assert len(inert.repair.curve) == len(null.repair.curve) == 2


def test_a_null_that_does_as_much_takes_the_verdict_away() -> None:
    played = Played(share_of(EFFECTS | {"latent 8": 1.0}))
    cause, *_ = Screen(played, SETTINGS).run([CAUSE, *NULLS])
    assert not cause.induce.works
    assert cause.induce.beats_nulls == pytest.approx(2 / 3)


def test_a_candidate_that_breaks_the_model_at_every_strength_has_no_effect() -> None:
    _, (cause, *_) = screened(CAUSE, incoherent=lambda a: 0.9 if a.candidate is CAUSE else 0.0)
    assert cause.induce.chosen is None and cause.induce.effect is None
    assert not cause.induce.works and cause.induce.said == ()


def test_a_dose_that_breaks_other_questions_is_lowered() -> None:
    def incoherent(asked: object) -> float:
        limit = BEARS if asked.part == "discovery" else BEARS / 1.5  # type: ignore[attr-defined]
        return 0.5 if abs(asked.strength) > limit else 0.0  # type: ignore[attr-defined]

    _, (cause, *_) = screened(CAUSE, incoherent=incoherent)
    assert cause.induce.chosen is not None
    assert cause.induce.chosen.strength <= BEARS / 1.5
    # The dose that was given up was asked of one model only and stands in no curve.
    assert {dose.answers for dose in cause.repair.curve} == {60}


def test_a_dose_that_other_questions_bear_more_of_is_raised() -> None:
    def incoherent(asked: object) -> float:
        limit = BEARS if asked.part == "evaluation" else BEARS / 1.5  # type: ignore[attr-defined]
        return 0.5 if abs(asked.strength) > limit else 0.0  # type: ignore[attr-defined]

    _, (cause, *_) = screened(CAUSE, incoherent=incoherent)
    assert cause.induce.chosen is not None
    best = max(rung for rung in ladder(1.0) if rung <= BEARS)
    assert cause.induce.chosen.strength == pytest.approx(best)


def test_stages_tell_how_much_is_to_come() -> None:
    stages: list[tuple[str, int, int]] = []
    played = Played(share_of(EFFECTS))

    def stage(name: str, most: int) -> None:
        stages.append((name, most, len(played.asked)))

    Screen(played, SETTINGS, stage).run([CAUSE, FALLING, INERT, *NULLS])
    ends = [before for _, _, before in stages[1:]] + [len(played.asked)]
    assert [name.split()[0] for name, _, _ in stages] == [
        "induce",
        "repair",
        "repair",
        "dose-response",
    ]
    for (_, most, before), after in zip(stages, ends, strict=True):
        assert 0 < after - before <= most


def test_models_take_turns_as_seldom_as_can_be() -> None:
    played, _ = screened(CAUSE, FALLING, INERT)
    seeds = [asked.seed for asked in played.asked]
    changes = sum(one != other for one, other in pairwise(seeds))
    assert changes <= 2 * (1 + len(SETTINGS.seeds))


@pytest.mark.parametrize("start", [None, 0, 3, 9, 30])
def test_the_edge_is_found_from_anywhere_or_there_is_none(start: int | None) -> None:
    rungs = list(range(10))
    for edge in range(-1, 10):
        asked: list[float] = []

        def bears(rung: float, edge: int = edge, asked: list[float] = asked) -> bool:
            asked.append(rung)
            return rung <= edge

        assert strongest(rungs, bears, start) == (edge if edge >= 0 else None)
        assert len(asked) == len(set(asked)) <= most_steps(len(rungs))
        if start == edge:
            assert len(asked) <= 2
