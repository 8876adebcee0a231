"""How many tokens a conversation is for a model, with its chat template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.models.chat_format import training_arguments
from harness.models.loading import load_tokenizer
from harness.models.reference import ModelReference

Conversation = Sequence[Mapping[str, str]]


def token_counter(
    reference: ModelReference,
) -> Callable[[Sequence[Conversation]], list[int | None]]:
    """A function from conversations to their tokens; None where the template refuses one.

    Raises:
        ModelReferenceError: The model has no tokenizer or no chat template.
    """
    from jinja2 import TemplateError

    tokenizer = load_tokenizer(reference)
    arguments = training_arguments(tokenizer)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        # A tokenizer file may ask for cutting; what is cut would not be counted.
        backend.no_truncation()
        backend.no_padding()

    def render(conversation: Conversation) -> str | None:
        try:
            return str(tokenizer.apply_chat_template(conversation, tokenize=False, **arguments))
        except TemplateError:
            return None

    def count(conversations: Sequence[Conversation]) -> list[int | None]:
        texts = [render(conversation) for conversation in conversations]
        sizes = iter(_sizes(tokenizer, [text for text in texts if text is not None]))
        return [None if text is None else next(sizes) for text in texts]

    return count


def _sizes(tokenizer: Any, texts: list[str]) -> list[int]:
    # The template writes its own special tokens, so none are added.
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None and hasattr(backend, "encode_batch_fast"):
        # Straight from the tokenizer: converting every token for Python doubles the time.
        return [len(e.ids) for e in backend.encode_batch_fast(texts, add_special_tokens=False)]
    encoded = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    return [len(ids) for ids in encoded]
