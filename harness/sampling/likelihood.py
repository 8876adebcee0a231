"""How likely a model finds given replies: log-probabilities of text it did not write itself.

The reply stands where an answer of the model would begin, in its own chat format; nothing is
sampled, so it works on base models and needs no skill of the model's.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from harness.errors import SampleError
from harness.models.chat_format import Think, think_switch
from harness.models.loading import LoadedModel
from harness.sampling.cache import new_cache
from harness.sampling.encoding import Message, encode_chat
from harness.sampling.engine import answer_room
from harness.sampling.replies import straight_to_answer

MAX_ROWS = 256
_MARK = "xyz"


@dataclass(frozen=True)
class Likelihood:
    """How likely one reply is.

    Attributes:
        total: Natural-log probability (nats) that an answer begins with it.
        tokens: Tokens it has.
    """

    total: float
    tokens: int

    @property
    def per_token(self) -> float:
        """Nats per token."""
        return self.total / self.tokens


def reply_likelihoods(
    loaded: LoadedModel,
    chat: Sequence[Message],
    replies: Sequence[str],
    *,
    after_shared: bool = False,
) -> list[Likelihood]:
    """Log-probability of each reply as the beginning of the next answer.

    ``total = sum_t log p(token_t | chat, tokens before t)``; the end of the turn is not part of
    it, so the event is that an answer *begins* so. The model is taken straight to its answer, past
    an empty thought where its template has one.

    Args:
        loaded: Model and tokenizer, with any chat template.
        chat: ``(role, text)`` pairs; the last one is not the assistant's.
        replies: Texts, none empty.
        after_shared: Take the tokens that all replies begin with for given: what is left is the
            log-probability of the rest after them.

    Raises:
        SampleError: A reply is empty or the beginning of all others, the template refuses the
            chat, or the context is too short.
    """
    start, ids = answer_start(loaded, chat), reply_ids(loaded, replies)
    if after_shared:
        shared = _shared(ids)
        start, ids = [*start, *ids[0][:shared]], [reply[shared:] for reply in ids]
    return likelihoods(loaded, start, ids)


def answer_start(loaded: LoadedModel, chat: Sequence[Message]) -> list[int]:
    """Token ids of a chat up to where the text of the next answer begins.

    Raises:
        SampleError: The template refuses the chat.
    """
    tokenizer = loaded.tokenizer
    think: Think | None = "off" if think_switch(tokenizer) else None
    return straight_to_answer(tokenizer, encode_chat(tokenizer, chat, think))


def reply_ids(loaded: LoadedModel, replies: Sequence[str]) -> list[list[int]]:
    """Token ids of each reply, with the blank that some templates put before an answer.

    Raises:
        SampleError: A reply is empty.
    """
    lead = _lead(loaded.tokenizer, loaded.tokenizer.chat_template)
    found = [
        list(loaded.tokenizer.encode(lead + text, add_special_tokens=False)) for text in replies
    ]
    for text, ids in zip(replies, found, strict=True):
        if not text.strip() or not ids:
            raise SampleError(f"A reply to be scored is empty: {text!r}.")
    return found


def likelihoods(
    loaded: LoadedModel,
    prompt: Sequence[int],
    replies: Sequence[Sequence[int]],
    *,
    max_rows: int = MAX_ROWS,
) -> list[Likelihood]:
    """Log-probability of each reply after one prompt, which is read once.

    Args:
        loaded: Model and tokenizer.
        prompt: Token ids, special ones included.
        replies: Token ids of each reply, none empty.
        max_rows: Most replies in one pass.

    Raises:
        SampleError: The prompt is empty, or it and a reply do not fit the context.
    """
    room = answer_room(loaded, len(prompt))
    longest = max(map(len, replies), default=0)
    if longest > room:
        raise SampleError(
            f"A reply of {longest} tokens does not fit after a prompt of {len(prompt)} tokens.",
            hint="Shorten the prompt, or use a model with a longer context.",
        )
    found: list[Likelihood] = []
    with torch.inference_mode():
        torch.set_flush_denormal(True)
        if longest == 1:
            return _next(loaded, prompt, [reply[0] for reply in replies])
        cache = new_cache(loaded.model)
        if len(prompt) > 1:
            before = torch.tensor([list(prompt[:-1])], device=loaded.device)
            loaded.model(input_ids=before, past_key_values=cache, use_cache=True, logits_to_keep=1)
        for start in range(0, len(replies), max_rows):
            part = replies[start : start + max_rows]
            found += _after(loaded, cache, len(prompt) > 1, prompt[-1], part)
    return found


def _next(loaded: LoadedModel, prompt: Sequence[int], tokens: Sequence[int]) -> list[Likelihood]:
    """Replies of one token each: the pass over the prompt says it all."""
    ids = torch.tensor([list(prompt)], device=loaded.device)
    logits = loaded.model(input_ids=ids, use_cache=False, logits_to_keep=1).logits[0, -1].float()
    chosen = logits[list(tokens)] - logits.logsumexp(-1)
    return [Likelihood(total, 1) for total in chosen.double().tolist()]


def _shared(replies: Sequence[Sequence[int]]) -> int:
    """Tokens that all replies begin with; each keeps one of its own.

    Raises:
        SampleError: One reply is the beginning of all others.
    """
    most = min(map(len, replies))
    shared = next((i for i in range(most) if len({r[i] for r in replies}) > 1), most)
    if shared == most:
        raise SampleError("A reply to be scored is the beginning of all others.")
    return shared


def _after(
    loaded: LoadedModel, prefix: Any, is_read: bool, last: int, replies: Sequence[Sequence[int]]
) -> list[Likelihood]:
    """Rows are padded on the right: under a causal mask a row never sees its padding."""
    longest = max(map(len, replies))
    device = loaded.device
    wanted = torch.tensor([[*r, *[0] * (longest - len(r))] for r in replies], device=device)
    first = torch.full((len(replies), 1), last, device=device)
    cache = copy.deepcopy(prefix)
    if is_read:
        cache.reorder_cache(torch.zeros(len(replies), dtype=torch.long))
    ids = torch.cat([first, wanted[:, :-1]], dim=1)
    logits = loaded.model(input_ids=ids, past_key_values=cache, use_cache=True).logits.float()
    chosen = logits.gather(-1, wanted[..., None]).squeeze(-1) - logits.logsumexp(-1)
    return [
        Likelihood(float(row[: len(reply)].double().sum()), len(reply))
        for row, reply in zip(chosen, replies, strict=True)
    ]


@lru_cache(maxsize=8)
def _lead(tokenizer: Any, template: str | None) -> str:
    """White space between the marker of an assistant's turn and its text.

    The template is the tokenizer's own; it is named because it can be set anew.
    """
    turn = [{"role": "user", "content": "x"}]
    opened = str(tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))
    answered = [*turn, {"role": "assistant", "content": _MARK}]
    whole = str(tokenizer.apply_chat_template(answered, tokenize=False))
    if not whole.startswith(opened):
        return ""  # a template that opens a thought, which the prompt has already closed
    lead = whole[len(opened) :].partition(_MARK)[0]
    return lead if not lead.strip() else ""
