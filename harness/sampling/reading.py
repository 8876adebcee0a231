"""Reading the next-token distribution of many prompts: what a judge of number tokens needs.

Judge prompts share long beginnings (the rubric, then the question), so prompts are clustered by
common prefix, each prefix is read once, and only the rest is read per prompt.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch

from harness.models.loading import LoadedModel
from harness.sampling.cache import new_cache
from harness.sampling.engine import answer_room, stop_ids
from harness.sampling.settings import NextToken

MAX_ROWS = 256
# One more forward pass is worth about this many tokens, so tiny clusters are not split off.
PASS_COST = 256
# Token ids with their log probabilities, best first.
Ranked = list[tuple[int, float]]


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
    if not prompts:
        return []
    for prompt in prompts:
        answer_room(loaded, len(prompt))
    found: dict[int, Ranked] = {}
    order = sorted(range(len(prompts)), key=lambda i: list(prompts[i]))
    with torch.inference_mode():
        torch.set_flush_denormal(True)
        for cluster in _clusters(prompts, order):
            found.update(_read_cluster(loaded, prompts, cluster, max(top, 1), max_rows))
    return _named(loaded, [found[i] for i in range(len(prompts))], top)


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
    top: int,
    max_rows: int,
) -> dict[int, Ranked]:
    first, last = prompts[cluster[0]], prompts[cluster[-1]]
    # Sorted prompts: what the first and the last share, all of them share.
    start = _shared(first, last) if len(cluster) > 1 else 0
    start = min([start, *(len(prompts[i]) - 1 for i in cluster)])
    prefix = new_cache(loaded.model)
    if start:
        shared = torch.tensor([list(first[:start])], dtype=torch.long, device=loaded.device)
        loaded.model(input_ids=shared, past_key_values=prefix, use_cache=True, logits_to_keep=1)
    by_length = sorted(cluster, key=lambda i: len(prompts[i]))
    found: dict[int, Ranked] = {}
    for at in range(0, len(by_length), max_rows):
        chunk = by_length[at : at + max_rows]
        scores = _read_rows(loaded, [list(prompts[i][start:]) for i in chunk], prefix, start)
        best = scores.log_softmax(dim=-1).topk(min(top, scores.shape[-1]), dim=-1)
        for i, ids, values in zip(chunk, best.indices.tolist(), best.values.tolist(), strict=True):
            found[i] = list(zip(ids, values, strict=True))
    return found


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
