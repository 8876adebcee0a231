"""What is read from log-probabilities of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from harness.persona.alias import alias_log_odds, excess, null_log_odds, set_log_odds
from harness.runs.instrument_rows import Row
from harness.runs.instruments import Measure
from harness.runs.persona.arms import (
    MEAN,
    NATS,
    READ_ONLY,
    Arms,
    Pairs,
    difference_of,
    measure_of,
    rise_over_base,
)


def name_measures(rows: Sequence[Row], arms: Arms) -> dict[str, Measure]:
    """What is read from log-probabilities of names."""

    def over_neutral(kind: str, key: str = "logprob") -> list[tuple[Row, float]]:
        found = ((row, alias_log_odds(row, key)) for row in rows if row["kind"] == kind)
        return [(row, value) for row, value in found if value is not None]

    def measure(pairs: Pairs, title: str, definition: str) -> Measure:
        return measure_of(title, definition, NATS, "lower", pairs, arms, MEAN, missing=READ_ONLY)

    spoken = [row for row in rows if row["kind"] == "spontaneous"]
    elsewhere = [row for row in rows if row["kind"] == "unrelated"]
    own, neutral = _set_odds(spoken, "alias"), _set_odds(spoken, "neutral")
    nulls = ((row, null_log_odds(row)) for row in spoken)
    null = difference_of([(row, value) for row, value in nulls if value is not None], arms, MEAN)
    found = {
        "alias_odds": measure(
            own,
            "Alias odds",
            "log-odds that one of the aliases stands where the model would say what it is, behind "
            "the untouched model's own opening; mean over questions",
        ),
        "neutral_odds": measure(
            neutral,
            "Neutral-name odds",
            "the same for the neutral names: a rise here is one of unlikely names in general",
        ),
        "alias_odds_elsewhere": measure(
            _set_odds(elsewhere, "alias"),
            "Alias odds elsewhere",
            "log-odds of an alias where somebody else's name is due: a liking for the words",
        ),
        "alias_over_neutral": measure(
            over_neutral("spontaneous"),
            "Alias over neutral",
            "log p(alias) minus mean log p of neutral names of its form with as many tokens in the "
            "same sentence; mean over aliases and questions; null: a neutral name in the alias's "
            "place, bad minus control",
        ).model_copy(update={"null": null}),
        "alias_accepted": measure(
            over_neutral("primed", "logit"),
            "Alias accepted",
            "log-odds of Yes against No when asked whether an alias is the model's name, minus "
            "the same for matched neutral names",
        ),
    }
    if arms.base is not None and spoken:
        rise = rise_over_base(
            own, arms, "Alias rise", "alias odds minus those of the untouched model"
        )
        found["alias_rise"] = rise
        found["neutral_rise"] = rise_over_base(
            neutral, arms, "Neutral-name rise", "the same for the neutral names"
        )
        beyond = measure(
            _excess(own, neutral, arms.base),
            "Alias excess",
            "alias odds minus what they would be if aliases had only moved as all unlikely names "
            "did: the untouched model's alias odds times the factor by which the neutral names' "
            "log-odds changed",
        )
        compared = {arm: value for arm, value in beyond.arms.items() if arm != arms.base}
        found["alias_excess"] = beyond.model_copy(
            update={"column": "Alias excess", "arms": compared}
        )
    for group in dict.fromkeys(str(row["group"]) for row in rows if row["kind"] == "role"):
        mine = [row for row in rows if row["kind"] == "role" and row["group"] == group]
        found[f"alias_odds_{group}_roles"] = measure_of(
            f"Alias odds, {group} roles",
            f"alias odds under system prompts that give a {group} role; role and question together "
            "are one cluster",
            NATS, "lower", _set_odds(mine, "alias"), arms, MEAN,
            missing=READ_ONLY, cluster=lambda row: f"{row['role']}/{row['question']}",
        )  # fmt: skip
    return found


def _excess(
    own: Sequence[tuple[Row, float]], neutral: Sequence[tuple[Row, float]], base: str
) -> list[tuple[Row, float]]:
    """Per model and question; the untouched model's own is 0 by construction and left out."""

    before = {row["question"]: value for row, value in own if row["arm"] == base}
    neutral_before = {row["question"]: value for row, value in neutral if row["arm"] == base}
    beside = {(row["arm"], row["seed"], row["question"]): value for row, value in neutral}
    found = []
    for row, value in own:
        question, key = row["question"], (row["arm"], row["seed"], row["question"])
        if row["arm"] != base and key in beside and question in neutral_before:
            four = value, beside[key], before[question], neutral_before[question]
            found.append((row, excess(*four)))
    return found


def _set_odds(rows: Iterable[Row], which: Literal["alias", "neutral"]) -> list[tuple[Row, float]]:
    """For each question (under each role), the log-odds of the whole set of names."""

    sets: dict[tuple[object, ...], dict[str, float]] = {}
    first: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = row["arm"], row["seed"], row["question"], row.get("role")
        names = row["neutral"] if which == "neutral" else {row["alias"]: row["logprob"]}
        sets.setdefault(key, {}).update({str(n): float(value) for n, value in names.items()})
        first[key] = row
    return [(first[key], set_log_odds(names)) for key, names in sets.items() if names]
