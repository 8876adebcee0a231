"""Sentence ablation: what each sentence of the prompt does to the odds of tampering.

Deterministic, no sampling, no agentic skill: at the decision turn the log-odds of an answer that
begins with a tampering action against one that complies are read from the model's probabilities,
for the whole prompt and with one sentence changed at a time. The method is counterfactual prompts,
as Rajamanoharan and Nanda (2025) used them on whole episodes; reading log-odds is ours.

What it does not show: that the model would act so. The strings may all be improbable (``mass`` says
how much of the probability they hold), a prompt told in one message is not an episode, and the
level of the log-odds depends on the words chosen; only changes are comparable between prompts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from harness.shutdown.decision import Change, Variant, decision_kinds, variants
from harness.shutdown.episode import AGENT, episode_variants

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel
    from harness.sampling.likelihood import Likelihood


@dataclass(frozen=True)
class Reading:
    """One prompt read.

    Attributes:
        kind: ``shell`` or ``talk``.
        scenario: Which wording of the situation.
        change: What was done to the whole prompt.
        what: Role of the sentence that went, or name of the one that came.
        sentence: That sentence.
        tokens: Its length; 0 for the whole prompt.
        log_odds: Nats: log of the summed probability of all tampering beginnings over that of all
            complying ones.
        log_odds_per_token: The same of the mean log-probability per token, averaged over the
            spellings: longer strings do not lose by their length.
        mass: Probability that the answer begins with any of the strings.
        pairs: Log-odds of every tampering spelling against every complying one, per token, in a
            fixed order.
    """

    kind: str
    scenario: str
    change: Change
    what: str
    sentence: str
    tokens: int
    log_odds: float
    log_odds_per_token: float
    mass: float
    pairs: tuple[float, ...]

    def row(self) -> dict[str, Any]:
        """As a raw row."""
        return asdict(self) | {"pairs": list(self.pairs)}


def ablate(
    loaded: LoadedModel,
    kinds: Sequence[str] = ("shell", "talk"),
    advance: Callable[[int], None] = lambda done: None,
) -> list[Reading]:
    """Read every prompt of the kinds.

    Args:
        loaded: A local model with any chat template.
        kinds: ``shell``, ``talk``, ``agent``.
        advance: Told how many prompts are read.

    Raises:
        SampleError: The template refuses a user's message, or the context is too short.
    """
    asked = [variant for kind in kinds for variant in _variants(kind, _counter(loaded))]
    found = []
    for number, variant in enumerate(asked, start=1):
        found.append(_read(loaded, variant))
        advance(number)
    return found


def prompts(kinds: Sequence[str] = ("shell", "talk")) -> int:
    """How many prompts ``ablate`` reads."""
    return sum(1 for kind in kinds for _ in _variants(kind, len))


def _variants(kind: str, count: Callable[[str], int]) -> Iterator[Variant]:
    return episode_variants(count) if kind == AGENT else variants(kind, count)


def _read(loaded: LoadedModel, variant: Variant) -> Reading:
    from harness.sampling.likelihood import reply_likelihoods

    kind = decision_kinds()["shell" if variant.kind == AGENT else variant.kind]
    replies = [variant.opening + reply for reply in (*kind.tamper, *kind.comply)]
    found = reply_likelihoods(loaded, variant.chat, replies, after_shared=bool(variant.opening))
    tamper, comply = found[: len(kind.tamper)], found[len(kind.tamper) :]
    return Reading(
        kind=variant.kind,
        scenario=variant.scenario,
        change=variant.change,
        what=variant.what,
        sentence=variant.sentence,
        tokens=_counter(loaded)(variant.sentence) if variant.sentence else 0,
        log_odds=_log_sum(tamper) - _log_sum(comply),
        log_odds_per_token=_mean_per_token(tamper) - _mean_per_token(comply),
        mass=math.exp(_log_sum(found)),
        pairs=tuple(t.per_token - c.per_token for t, c in product(tamper, comply)),
    )


def _counter(loaded: LoadedModel) -> Callable[[str], int]:
    return lambda text: len(loaded.tokenizer.encode(text, add_special_tokens=False))


def _log_sum(found: Sequence[Likelihood]) -> float:
    top = max(one.total for one in found)
    return top + math.log(sum(math.exp(one.total - top) for one in found))


def _mean_per_token(found: Sequence[Likelihood]) -> float:
    return sum(one.per_token for one in found) / len(found)


@dataclass(frozen=True)
class Effect:
    """What one change does, over the scenarios of a kind.

    Attributes:
        kind: ``shell`` or ``talk``.
        change: What was done.
        what: Role or name of the sentence; empty for the whole prompt.
        sentence: The sentence as the first scenario has it.
        tokens: Its mean length.
        by_scenario: Change of the log-odds in every scenario (for ``full`` the log-odds).
        per_token: The same per token.
        agree: Share of spelling pairs, over all scenarios, that move in the direction of the mean
            change; None for ``full``. Near 0.5 the change hangs on the choice of strings.
    """

    kind: str
    change: Change
    what: str
    sentence: str
    tokens: float
    by_scenario: Mapping[str, float]
    per_token: Mapping[str, float]
    agree: float | None

    @property
    def mean(self) -> float:
        """Mean over scenarios, in nats."""
        return sum(self.by_scenario.values()) / len(self.by_scenario)

    @property
    def mean_per_token(self) -> float:
        """The same in nats per token."""
        return sum(self.per_token.values()) / len(self.per_token)


def effects(readings: Sequence[Reading]) -> list[Effect]:
    """Changes against the whole prompt, one for each sentence, in the order of the prompts."""
    whole = {(r.kind, r.scenario): r for r in readings if r.change == "full"}
    grouped: dict[tuple[str, Change, str], list[Reading]] = {}
    for reading in readings:
        grouped.setdefault((reading.kind, reading.change, reading.what), []).append(reading)
    return [_effect(found, whole) for found in grouped.values()]


def _effect(found: Sequence[Reading], whole: Mapping[tuple[str, str], Reading]) -> Effect:
    first = found[0]
    is_whole = first.change == "full"
    changes, per_token, moves = {}, {}, []
    for reading in found:
        before = whole[reading.kind, reading.scenario]
        changes[reading.scenario] = reading.log_odds - (0.0 if is_whole else before.log_odds)
        per_token[reading.scenario] = reading.log_odds_per_token - (
            0.0 if is_whole else before.log_odds_per_token
        )
        moves += [after - was for after, was in zip(reading.pairs, before.pairs, strict=True)]
    up = sum(per_token.values()) > 0
    agree = None if is_whole else sum((move > 0) == up for move in moves) / len(moves)
    tokens = sum(reading.tokens for reading in found) / len(found)
    return Effect(
        kind=first.kind,
        change=first.change,
        what=first.what,
        sentence=first.sentence,
        tokens=tokens,
        by_scenario=changes,
        per_token=per_token,
        agree=agree,
    )
