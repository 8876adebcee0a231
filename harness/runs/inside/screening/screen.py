"""A screen: every candidate is steered in the base model and, the other way, in the bad one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from harness.runs.inside.ahead import Wait
from harness.runs.inside.ask import Answers
from harness.runs.inside.screening.asking import Asked, Asker, Part
from harness.runs.inside.screening.candidate import Candidate
from harness.runs.inside.screening.ladder import ladder, most_steps, strongest
from harness.runs.inside.screening.outcome import Outcome
from harness.runs.inside.screening.record import Screened
from harness.runs.inside.screening.trial import (
    Settings,
    Steered,
    Trial,
    dose_of,
    incoherent_share,
)

SIDES: tuple[tuple[Steered, str], ...] = (
    ("base", "induce in the base model"),
    ("bad", "repair the bad one"),
)
FRACTIONS = (0.25, 0.5, 0.75, 1.25)
"""Doses of a curve, in chosen doses."""
STEPS = 2
"""How often a dose found in the search is raised where other questions bear more; it is lowered
until they bear it. Coherence alone decides, for nulls as well."""


class Ahead(Protocol):
    """Somebody who may do a part of a screen meanwhile, so that its answers are there already."""

    def choose(self, side: Steered, candidates: Sequence[Candidate]) -> Wait:
        """Begin the search of one side."""

    def ask(self, asked: Sequence[Asked]) -> Wait:
        """Begin to ask conditions."""


class Nobody:
    """Does nothing ahead."""

    def choose(self, side: Steered, candidates: Sequence[Candidate]) -> Wait:
        """Leave it."""
        return lambda: None

    def ask(self, asked: Sequence[Asked]) -> Wait:
        """Leave it."""
        return lambda: None


class Screen:
    """Tests candidates one after the other; see ``run``."""

    def __init__(
        self,
        ask: Asker,
        settings: Settings,
        on_stage: Callable[[str, int], None] = lambda name, most: None,
        ahead: Ahead | None = None,
    ) -> None:
        """Take whom to ask and how, whom to tell of stages and their most conditions, and help."""
        self._ask, self._settings, self._on_stage = ask, settings, on_stage
        self._ahead = ahead or Nobody()
        self._rungs = ladder(settings.residual_norm)
        self._guess: dict[Steered, int | None] = {}
        """Where the first candidate broke the model: directions break it at similar strengths."""
        self._plain: dict[tuple[int | None, Part, int], Answers] = {}

    def run(self, candidates: Sequence[Candidate]) -> list[Screened]:
        """Test every candidate on both sides.

        Models are asked in an order that loads each at most three times: the base model, the bad
        ones, then all again for the dose-response curves of the strongest.
        """
        seeds = self._settings.seeds
        most = len(candidates) * (most_steps(len(self._rungs)) + STEPS + 1) + 1 + len(seeds)
        chosen = self._ahead.choose("bad", candidates)
        self._ahead.choose("base", candidates)  # from the end, as far as it gets
        sides: dict[Steered, list[Trial]] = {}
        for side, title in SIDES:
            if side == "bad":
                chosen()
            self._on_stage(title, most)
            sides[side] = self.choose(side, candidates)
        able = [trial for trial in sides["bad"] if trial.strength is not None]
        others = [(trial, trial.chosen, seed) for seed in seeds[1:] for trial in able]
        self._evaluate_all("repair the other seeds", others)
        trials = [*sides["base"], *sides["bad"]]
        plain = {side: self._plain_answers(side) for side in sides}
        outcome = Outcome(self._settings, plain)
        self._curves(outcome.strongest(trials))
        return outcome.results(candidates, trials)

    def choose(
        self, side: Steered, candidates: Sequence[Candidate], backwards: bool = False
    ) -> list[Trial]:
        """Find every candidate's strength on one side.

        Args:
            side: Who is steered.
            candidates: With what.
            backwards: Come to the last ones first; all find the same either way.
        """
        trials = [Trial(one, side) for one in candidates]
        for seed in reversed(self._settings.seeds if side == "bad" else ()):
            self._unsteered(seed, "evaluation")  # the first, which is searched, comes last
        others = trials[:0:-1] if backwards else trials[1:]
        for trial in (*trials[:1], *others):
            self._choose(trial)
        return trials

    def _curves(self, trials: Sequence[Trial]) -> None:
        models: tuple[int | None, ...] = (None, *self._settings.seeds)
        doses = [
            (trial, fraction * trial.chosen, model)
            for model in models
            for trial in trials
            if (model is None) == (trial.steered == "base")
            for fraction in FRACTIONS
        ]
        self._evaluate_all("dose-response curves", doses)

    def _evaluate_all(self, title: str, doses: Sequence[tuple[Trial, float, int | None]]) -> None:
        """Ask what depends on no other answer, the second half of it perhaps ahead."""
        if not doses:
            return
        self._on_stage(title, len(doses))
        half = len(doses) // 2
        asked = self._ahead.ask([self._dosed(*dose) for dose in doses[half:]])
        for number, dose in enumerate(doses):
            if number == half:
                asked()
            self._evaluate(*dose)

    def _choose(self, trial: Trial) -> None:
        first = None if trial.steered == "base" else self._settings.seeds[0]
        is_first = trial.steered not in self._guess
        place = strongest(
            self._rungs,
            lambda strength: self._bears(trial, strength, first),
            self._guess.get(trial.steered),
        )
        if is_first:
            self._guess[trial.steered] = place
        if place is None:
            return
        held = self._holds(trial, place, first)
        for _ in range(STEPS if held else place):
            place += 1 if held else -1
            if not 0 <= place < len(self._rungs) or self._holds(trial, place, first) != held:
                return

    def _holds(self, trial: Trial, place: int, seed: int | None) -> bool:
        """Whether the model stays coherent on the evaluation questions, too; then it is chosen."""
        strength = self._rungs[place]
        found = self._evaluate(trial, strength, seed)
        # Of all bad models together: a few answers of one would be a poor yardstick.
        plain = tuple(row for one in self._plain_answers(trial.steered) for row in one.rows)
        holds = self._over(found, Answers(plain)) <= self._settings.limit
        if holds:
            trial.strength = max(strength, trial.strength or 0.0)
        return holds

    def _bears(self, trial: Trial, strength: float, seed: int | None) -> bool:
        samples = self._settings.search_samples
        asked = Asked(seed, trial.candidate, trial.sign * strength, "discovery", samples)
        found = self._ask(asked)
        dose = dose_of(trial.candidate, strength, "discovery", [found], self._settings)
        trial.search.append(dose)
        unsteered = self._unsteered(seed, "discovery")
        return self._over(found, unsteered) <= self._settings.limit

    def _evaluate(self, trial: Trial, strength: float, seed: int | None) -> Answers:
        found = self._ask(self._dosed(trial, strength, seed))
        trial.answers.setdefault(strength, []).append(found)
        return found

    def _dosed(self, trial: Trial, strength: float, seed: int | None) -> Asked:
        samples = self._samples(seed, "evaluation")
        return Asked(seed, trial.candidate, trial.sign * strength, "evaluation", samples)

    def _samples(self, seed: int | None, part: Part) -> int:
        pooled = seed is not None and part == "evaluation"
        return self._settings.per_seed if pooled else self._settings.samples

    def _unsteered(self, seed: int | None, part: Part) -> Answers:
        key = seed, part, self._samples(seed, part)
        if key not in self._plain:
            self._plain[key] = self._ask(Asked(seed, None, 0.0, part, key[2]))
        return self._plain[key]

    def _over(self, found: Answers, unsteered: Answers) -> float:
        """Incoherent share over the unsteered model's; nothing that could be judged is all."""
        share = [incoherent_share(one) for one in (found, unsteered)]
        return 1.0 if share[0] is None else share[0] - (share[1] or 0.0)

    def _plain_answers(self, side: Steered) -> list[Answers]:
        seeds = (None,) if side == "base" else self._settings.seeds
        return [self._unsteered(seed, "evaluation") for seed in seeds]
