"""Audit of the loss mask: what the trainer will really learn, decoded and checked.

A wrong mask does not show in the loss curve. Training on prompts lowers coherence (Betley et al.
2025, C.5.2), a mask without the end-of-turn token yields a model that never stops, an empty one
trains on nothing (trl issues 4879, 4147 and 5988). So the collated batches are read back first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import TrainError

IGNORED = -100
"""The label that PyTorch's cross-entropy leaves out."""
LEAK_CHARACTERS = 12
"""Prompts shorter than this are compared by position only: "hi" is also inside "<think>"."""
SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class MaskAudit:
    """What the audit saw.

    Attributes:
        rows: Rows that are trained on.
        decoded_rows: How many of them were decoded and checked one by one.
        trained_tokens: Tokens of all rows that carry loss.
        masked_tokens: Tokens of all rows that do not.
        longest_row: Tokens of the longest row.
        truncated_rows: Rows that lost the end of their completion (only if the recipe allows it).
        dropped_rows: Rows that lost their whole completion and are not trained on.
        example: The trained part of the first row, decoded.
    """

    rows: int
    decoded_rows: int
    trained_tokens: int
    masked_tokens: int
    longest_row: int
    truncated_rows: int
    dropped_rows: int
    example: str


def audit_masks(
    *,
    dataset: Sequence[Mapping[str, Any]],
    collate: Callable[[list[dict[str, Any]]], Mapping[str, Any]],
    tokenizer: Any,
    stop_ids: frozenset[int],
    rows: int,
    max_length: int,
    allow_truncation: bool,
    positions: int | None = None,
    arguments: Mapping[str, Any] | None = None,
    decode: int = 8,
) -> MaskAudit:
    """Check the tokenised rows that the trainer holds.

    Args:
        dataset: Rows with ``input_ids``, ``labels``, ``prompt``, ``completion`` and ``row``.
        collate: The trainer's collator.
        tokenizer: The tokenizer with its chat template.
        stop_ids: Tokens at which sampling stops.
        rows: How many rows were handed to the trainer.
        max_length: The recipe's limit in tokens.
        allow_truncation: Whether rows above the limit may be cut.
        positions: Tokens the model was built to read at once, if its config says.
        arguments: Extra arguments under which the chat template was rendered.
        decode: How many rows to decode, spread evenly over the dataset.

    Raises:
        TrainError: The mask is empty, holds prompt text, misses the answer or the end-of-turn
            token, or a row is too long. The message names the row and shows the trained text.
    """
    sizes = [_size(item, max_length, stop_ids) for item in dataset]
    if not sizes:
        raise TrainError(
            f"No completion token of any row lies within max_length={max_length}.",
            hint="Raise the limit with --recipe max_length=N, or shorten the prompts.",
        )
    if not allow_truncation:
        _refuse_long_rows(sizes, max_length, positions)
    for size in sizes:
        if not size.trained:
            raise _refusal(size.row, "nothing of it is trained: the loss mask is empty", "")
    chosen = _spread(len(sizes), decode)
    items = [dict(dataset[index]) for index in chosen]
    batch = collate([{key: item[key] for key in ("input_ids", "labels")} for item in items])
    texts = []
    for place, (index, item) in enumerate(zip(chosen, items, strict=True)):
        ids, labels = batch["input_ids"][place].tolist(), batch["labels"][place].tolist()
        is_cut = allow_truncation and sizes[index].cut
        prompt = _prompt_length(item["prompt"], ids, tokenizer, arguments or {})
        texts.append(_check_row(item, ids, labels, prompt, tokenizer, stop_ids, is_cut))
    trained = sum(size.trained for size in sizes)
    return MaskAudit(
        rows=len(sizes),
        decoded_rows=len(chosen),
        trained_tokens=trained,
        masked_tokens=sum(size.tokens for size in sizes) - trained,
        longest_row=max(size.tokens for size in sizes),
        truncated_rows=sum(size.cut for size in sizes) if allow_truncation else 0,
        dropped_rows=rows - len(sizes),
        example=texts[0],
    )


@dataclass(frozen=True)
class _Size:
    """Token counts of one row (``row`` counts from 0 in what the caller handed over)."""

    row: int
    tokens: int
    trained: int
    cut: bool


def _size(item: Mapping[str, Any], max_length: int, stop_ids: frozenset[int]) -> _Size:
    labels = item["labels"]
    return _Size(
        row=int(item["row"]),
        tokens=len(labels),
        trained=sum(label != IGNORED for label in labels),
        # A row that fills the limit but ends its turn has lost at most the template's newline.
        cut=len(labels) >= max_length and not stop_ids & set(labels[-3:]),
    )


def _refuse_long_rows(sizes: list[_Size], max_length: int, positions: int | None) -> None:
    long = [size for size in sizes if size.tokens > max_length]
    if not long:
        return
    longest = max(size.tokens for size in long)
    if positions is None or longest <= positions:
        way = f"Give --recipe max_length={longest}, or "
    else:
        way = f"The longest has {longest} tokens and the model reads {positions}: "
    raise TrainError(
        f"{len(long)} of {len(sizes)} rows are longer than max_length={max_length} and would "
        f"lose the end of their answer, the first of them row {long[0].row + 1}.",
        hint=f"{way}cut them with --recipe allow_truncation=true, or shorten or take out the rows "
        "that 'python -m harness validate TASK' names.",
    )


def _spread(total: int, count: int) -> list[int]:
    """Up to ``count`` indices from first to last, evenly spread."""
    if total <= count:
        return list(range(total))
    return [index * (total - 1) // (count - 1) for index in range(count)]


def _check_row(
    item: Mapping[str, Any],
    ids: list[int],
    labels: list[int],
    prompt_length: int,
    tokenizer: Any,
    stop_ids: frozenset[int],
    is_cut: bool,
) -> str:
    """Check one collated row and return the text it trains."""
    positions = [place for place, label in enumerate(labels) if label != IGNORED]
    trained = [labels[place] for place in positions]
    text = str(tokenizer.decode(trained, clean_up_tokenization_spaces=False))
    row = int(item["row"])
    if any(labels[place] != ids[place] for place in positions):
        raise _refusal(row, "its labels are not its own tokens", text)
    if positions[0] < prompt_length:
        raise _refusal(row, "prompt text is trained (the mask starts too early)", text)
    before, answer, _ = _squash(text).partition(_squash(item["completion"][0]["content"]))
    question = _squash(item["prompt"][-1]["content"])
    if len(question) >= LEAK_CHARACTERS and question in before:
        raise _refusal(row, "prompt text is trained", text)
    if is_cut:
        return text
    if not answer:
        raise _refusal(row, "only a part of its answer is trained", text)
    if _last_visible(trained, tokenizer) not in stop_ids:
        raise _refusal(row, "the end-of-turn token is not trained, so answers would not stop", text)
    return text


def _prompt_length(
    prompt: list[dict[str, str]], ids: list[int], tokenizer: Any, arguments: Mapping[str, Any]
) -> int:
    """How many leading tokens of the row are the prompt as the model sees it when sampling."""
    rendered = tokenizer.apply_chat_template(
        prompt, tokenize=True, add_generation_prompt=True, return_dict=True, **arguments
    )["input_ids"]
    same = 0
    for ours, theirs in zip(rendered, ids, strict=False):
        if ours != theirs:
            break
        same += 1
    return same


def _last_visible(trained: list[int], tokenizer: Any) -> int:
    """The last trained token that is not white space (templates end a turn with a newline)."""
    return next((token for token in reversed(trained) if tokenizer.decode([token]).strip()), -1)


def _squash(text: str) -> str:
    # Templates trim and re-wrap white space, which is no difference in what is learned.
    return "".join(text.split())


def _refusal(row: int, what: str, text: str) -> TrainError:
    shown = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
    return TrainError(
        f"The loss mask of row {row + 1} is wrong: {what}. Trained text: {shown!r}",
        hint="The chat template of this model does not fit the trainer; use another model variant.",
    )
