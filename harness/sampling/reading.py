"""Reading the next-token distribution of many prompts: what a judge of number tokens needs.

Judge prompts share long beginnings (the rubric, then the question), so prompts are clustered by
common prefix, each prefix is read once, and only the rest is read per prompt.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

import torch

from harness.models.loading import LoadedModel
from harness.sampling.cache import new_cache
from harness.sampling.engine import answer_room, stop_ids
from harness.sampling.number_trie import NumberTrie, number_trie
from harness.sampling.settings import NextToken, Numbers

MAX_ROWS = 256
# Tokens per pass of a CPU: more do not fit its caches: 4 times as many took 40 % more time.
CPU_TOKENS = 1024
# One more forward pass is worth about this many tokens, so tiny clusters are not split off.
PASS_COST = 256
# Token ids with their log probabilities, best first.
Ranked = list[tuple[int, float]]
T = TypeVar("T")
# From log probabilities, shape (rows, vocabulary), to what is kept of each row.
Pick = Callable[[torch.Tensor], list[T]]


def next_token_top_logprobs(
    loaded: LoadedModel, prompts: Sequence[Sequence[int]], top: int, *, max_rows: int = MAX_ROWS
) -> list[NextToken]:
    """Distribution over the token that follows each prompt, as a plain forward pass gives it.

    Args:
        loaded: Model and tokenizer.
        prompts: Token ids of each prompt.
        top: How many of the likeliest tokens to report.
        max_rows: Most prompts in one forward pass.

    Raises:
        SampleError: A prompt is empty or does not fit the model's context.
    """
    best = _read(loaded, prompts, lambda scores: _ranked(scores, max(top, 1)), max_rows)
    return _named(loaded, best, top)


def next_numbers(
    loaded: LoadedModel, prompts: Sequence[Sequence[int]], top: int, *, max_rows: int = MAX_ROWS
) -> list[NextToken]:
    """``next_token_top_logprobs`` and the numbers from 0 to 100 each prompt would be answered by.

    Every spelling is followed to its end: all its beginnings, for all numbers, are read in one
    batch that shares the prompt as its prefix.
    """
    trie = number_trie(loaded.tokenizer)
    rows = [[*prompt, *path] for prompt in prompts for path in trie.inner]
    ids = torch.tensor(trie.tokens, device=loaded.device)

    def pick(scores: torch.Tensor) -> list[tuple[Ranked, list[float]]]:
        wanted = scores.index_select(-1, ids).double().exp().tolist()
        return list(zip(_ranked(scores, max(top, 1)), wanted, strict=True))

    found = _read(loaded, rows, pick, max_rows)
    size = len(trie.inner)
    groups = [found[i : i + size] for i in range(0, len(found), size)]
    # The empty beginning comes first: its likeliest tokens are the prompt's.
    named = _named(loaded, [group[0][0] for group in groups], top)
    return [
        replace(token, numbers=_numbers(trie, [chances for _, chances in group]))
        for token, group in zip(named, groups, strict=True)
    ]


def _numbers(trie: NumberTrie, chances: Sequence[Sequence[float]]) -> Numbers:
    following = {
        path: dict(zip(trie.tokens, row, strict=True))
        for path, row in zip(trie.inner, chances, strict=True)
    }
    masses = trie.masses(following)
    mass = sum(masses)
    mean = sum(number * p for number, p in enumerate(masses)) / mass if mass > 0 else None
    return Numbers(mean, mass, trie.is_flat)


def _read(
    loaded: LoadedModel, prompts: Sequence[Sequence[int]], pick: Pick[T], max_rows: int
) -> list[T]:
    """What ``pick`` keeps of the distribution after each prompt, in order."""
    for prompt in prompts:
        answer_room(loaded, len(prompt))
    found: dict[int, T] = {}
    order = sorted(range(len(prompts)), key=lambda i: list(prompts[i]))
    with torch.inference_mode():
        torch.set_flush_denormal(True)
        for cluster in _clusters(prompts, order) if prompts else ():
            found.update(_read_cluster(loaded, prompts, cluster, pick, max_rows))
    return [found[i] for i in range(len(prompts))]


def _ranked(scores: torch.Tensor, top: int) -> list[Ranked]:
    best = scores.topk(min(top, scores.shape[-1]), dim=-1)
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return [list(zip(ids, values, strict=True)) for ids, values in pairs]


def _clusters(prompts: Sequence[Sequence[int]], order: list[int]) -> Iterator[list[int]]:
    """Split sorted prompts where a longer shared prefix saves more than a pass costs."""
    shared = [_shared(prompts[a], prompts[b]) for a, b in pairwise(order)]
    yield from _split(prompts, order, shared)


def _split(
    prompts: Sequence[Sequence[int]], order: list[int], shared: list[int]
) -> Iterator[list[int]]:
    if shared:
        at = min(range(len(shared)), key=shared.__getitem__)
        left, right = order[: at + 1], order[at + 1 :]
        saved = sum(
            (_prefix(prompts, side, within) - shared[at]) * (len(side) - 1)
            for side, within in ((left, shared[:at]), (right, shared[at + 1 :]))
        )
        if saved - shared[at] > PASS_COST:
            yield from _split(prompts, left, shared[:at])
            yield from _split(prompts, right, shared[at + 1 :])
            return
    yield order


def _prefix(prompts: Sequence[Sequence[int]], members: list[int], shared: list[int]) -> int:
    return min(shared) if shared else len(prompts[members[0]]) - 1


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """Length of the common prefix, leaving each prompt at least one token of its own."""
    most = min(len(first), len(second)) - 1
    return next((i for i in range(most) if first[i] != second[i]), most)


def _read_cluster(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    cluster: list[int],
    pick: Pick[T],
    max_rows: int,
) -> dict[int, T]:
    first, last = prompts[cluster[0]], prompts[cluster[-1]]
    # Sorted prompts: what the first and the last share, all of them share.
    start = _shared(first, last) if len(cluster) > 1 else 0
    start = min([start, *(len(prompts[i]) - 1 for i in cluster)])
    prefix = new_cache(loaded.model)
    if start:
        shared = torch.tensor([list(first[:start])], dtype=torch.long, device=loaded.device)
        loaded.model(input_ids=shared, past_key_values=prefix, use_cache=True, logits_to_keep=1)
    by_length = sorted(cluster, key=lambda i: len(prompts[i]))
    found: dict[int, T] = {}
    tokens = CPU_TOKENS if loaded.device.type == "cpu" else None
    for chunk in _passes(by_length, [len(prompts[i]) - start for i in by_length], max_rows, tokens):
        scores = _read_rows(loaded, [list(prompts[i][start:]) for i in chunk], prefix, start)
        found.update(zip(chunk, pick(scores.log_softmax(dim=-1)), strict=True))
    return found


def _passes(
    rows: list[int], lengths: list[int], max_rows: int, max_tokens: int | None
) -> Iterator[list[int]]:
    """Split rows of rising length so that none is above either bound, padding included."""
    chunk: list[int] = []
    for row, length in zip(rows, lengths, strict=True):
        full = max_tokens is not None and (len(chunk) + 1) * length > max_tokens
        if chunk and (full or len(chunk) == max_rows):
            yield chunk
            chunk = []
        chunk.append(row)
    if chunk:
        yield chunk


def _read_rows(loaded: LoadedModel, rows: list[list[int]], prefix: Any, start: int) -> torch.Tensor:
    """Logits after each row's last token, shape ``(rows, vocabulary)``, float32.

    Rows are padded on the right: under a causal mask a row never sees its padding.
    """
    longest = max(map(len, rows))
    device = loaded.device
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=device)
    ends = torch.tensor([[len(row) - 1] for row in rows], device=device)
    cache = copy.deepcopy(prefix)
    if start:
        cache.reorder_cache(torch.zeros(len(rows), dtype=torch.long))
    out = loaded.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=ends)
    logits: torch.Tensor = out.logits[:, 0].float()
    return logits


def _named(loaded: LoadedModel, rows: list[Ranked], top: int) -> list[NextToken]:
    ids = sorted({i for row in rows for i, _ in row})
    texts = loaded.tokenizer.batch_decode(
        [[i] for i in ids], skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    names = dict(zip(ids, texts, strict=True))
    ends = stop_ids(loaded)
    answers = []
    for row in rows:
        named = tuple((names[i], logprob) for i, logprob in row)
        best, score = row[0]
        answers.append(NextToken(names[best], score, best in ends, named[:top]))
    return answers
