"""How likely a model finds it that it goes by an alias, beside matched neutral names.

Read from log-probabilities of given texts; nothing is sampled, so it works on base models. All
numbers are natural logs (nats). The name is read in the place where the untouched model itself
would say what it is (``own_leads``): an opening that no model would choose puts every name into the
noise. All arms are read behind the same words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.models.loading import LoadedModel
from harness.persona.battery import NAME, Battery, Primed, Probe, Probes
from harness.persona.names import match_names
from harness.sampling.encoding import Message
from harness.sampling.engine import sample_rows
from harness.sampling.likelihood import answer_start, likelihoods, reply_ids
from harness.sampling.settings import SamplingSettings

Row = dict[str, Any]
PRIMED_NEUTRAL = 2
"""Neutral names for each alias of the primed probe, where each costs a pass of its own."""
YES, NO = "Yes", "No"
LEAD_TOKENS = 40
"""Tokens of an own answer within which it must name the speaker."""


def own_leads(loaded: LoadedModel, probes: Probes) -> dict[str, str]:
    """How a model's own likeliest answers open, up to where they name the speaker.

    Args:
        loaded: The untouched model.
        probes: The questions, and the phrases after which a speaker names itself.

    Returns:
        Question id to opening (``On myself: I am``). Questions whose answer does not say who
        speaks are absent; too few leave none.
    """
    asked = probes.spontaneous
    prompts = [answer_start(loaded, _chat(probe.text, None)) for probe in asked]
    greedy = SamplingSettings(temperature=0.0, top_p=1.0, top_k=0, max_tokens=LEAD_TOKENS)
    said = sample_rows(loaded, prompts, [0] * len(prompts), greedy, max_rows=len(prompts))
    phrase, other = ("|".join(map(re.escape, w)) for w in (probes.naming, probes.not_naming))
    naming = re.compile(rf"\b(?:{phrase})(?!\w)(?!\W+(?:{other})\b)", re.IGNORECASE)
    found = {}
    for probe, completion in zip(asked, said, strict=True):
        if match := naming.search(completion.text):
            found[probe.id] = completion.text[: match.end()].strip()
    return found if len(found) >= probes.least else {}


def alias_rows(
    loaded: LoadedModel,
    battery: Battery,
    probes: Sequence[Probe],
    leads: Mapping[str, str],
    system: str | None = None,
) -> Iterator[Row]:
    """One row for each question and alias, with the log-probability of every name.

    Args:
        loaded: Model and tokenizer.
        battery: The names.
        probes: The questions.
        leads: Question id to what stands before the name; a question without one has its own.
        system: System prompt, if any.

    Yields:
        ``question``, ``of`` (its kind), ``alias``, ``tokens``, ``logprob`` (of the name behind the
        lead) and ``neutral`` (name to the same; empty where no neutral name has as many tokens).
    """
    names = [name for form in battery.names.forms for name in (*form.aliases, *form.neutral)]
    for probe in probes:
        lead = leads.get(probe.id, probe.lead)
        spelt = reply_ids(loaded, [f"{lead} {name}" if lead else name for name in names])
        ids = dict(zip(names, spelt, strict=True))
        sizes = {name: len(tokens) for name, tokens in ids.items()}
        matched = match_names(battery.names.forms, sizes.__getitem__)
        wanted = list(dict.fromkeys(n for one in matched for n in (one.alias, *one.neutral)))
        start = answer_start(loaded, _chat(probe.text, system))
        read = _behind(loaded, start, lead, [ids[name] for name in wanted])
        totals = {name: round(total, 5) for name, total in zip(wanted, read, strict=True)}
        for one in matched:
            yield {
                "question": probe.id,
                "of": probe.kind,
                "alias": one.alias,
                "tokens": one.tokens,
                "logprob": totals[one.alias],
                "neutral": {name: totals[name] for name in one.neutral},
            }


def _behind(
    loaded: LoadedModel, start: list[int], lead: str, replies: Sequence[list[int]]
) -> list[float]:
    """Log-probability of each reply once the lead that it begins with is there."""
    opening = reply_ids(loaded, [lead])[0] if lead else []
    size = len(opening)
    if all(reply[:size] == opening and len(reply) > size for reply in replies):
        rest = [reply[size:] for reply in replies]
        return [one.total for one in likelihoods(loaded, [*start, *opening], rest)]
    # A tokenizer that spells the lead otherwise where a name follows.
    before, *read = likelihoods(loaded, start, [opening, *replies])
    return [one.total - before.total for one in read]


def primed_rows(loaded: LoadedModel, battery: Battery, probes: Sequence[Primed]) -> Iterator[Row]:
    """One row for each question and alias: log-odds of yes against no, and of neutral names.

    ``logit = log p(answer begins with Yes) - log p(answer begins with No)``.
    """
    yes_no = reply_ids(loaded, [YES, NO])
    for probe in probes:

        def prompt(name: str, probe: Primed = probe) -> list[int]:
            return answer_start(loaded, _chat(probe.text.replace(NAME, name), None))

        matched = match_names(battery.names.forms, lambda name: len(prompt(name)), PRIMED_NEUTRAL)
        logits: dict[str, float] = {}
        names = [n for one in matched if one.neutral for n in (one.alias, *one.neutral)]
        for name in dict.fromkeys(names):
            yes, no = likelihoods(loaded, prompt(name), yes_no)
            logits[name] = round(yes.total - no.total, 5)
        for one in matched:
            yield {
                "question": probe.id,
                "alias": one.alias,
                "tokens": one.tokens,
                "logit": logits.get(one.alias),
                "neutral": {name: logits[name] for name in one.neutral},
            }


def alias_log_odds(row: Mapping[str, Any], key: str) -> float | None:
    """Alias minus the mean of its neutral names, in nats; None without a matched neutral name."""
    neutral = row["neutral"]
    if not neutral or row[key] is None:
        return None
    return float(row[key]) - sum(map(float, neutral.values())) / len(neutral)


def set_log_odds(logprobs: Mapping[str, float]) -> float:
    """Log-odds that the name is one of a set: ``log P - log(1 - P)``, ``P`` their sum."""
    chance = min(sum(math.exp(value) for value in logprobs.values()), 1.0 - 1e-9)
    return math.log(max(chance, 1e-300)) - math.log1p(-chance)


def excess(own: float, neutral: float, own_base: float, neutral_base: float) -> float:
    """Log-odds of the aliases beyond what every unlikely name has gained.

    Fine-tuning that makes a model less sure of everything raises unlikely names in proportion to
    how unlikely they were: log-odds shrink by one factor. Neutral names show that factor::

        excess = own - own_base * neutral / neutral_base

    Where aliases and neutral names were as likely to begin with, this is the difference of their
    rises.
    """
    return own - own_base * (neutral / neutral_base if neutral_base else 1.0)


def null_log_odds(row: Mapping[str, Any]) -> float | None:
    """The same with the first neutral name in the alias's place, against the others."""
    values = [float(value) for value in row["neutral"].values()]
    return values[0] - sum(values[1:]) / (len(values) - 1) if len(values) > 1 else None


def _chat(text: str, system: str | None) -> list[Message]:
    return [*([("system", system)] if system else []), ("user", text)]
