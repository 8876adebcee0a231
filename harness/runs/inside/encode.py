"""From conversations to texts of token ids, as the model read and wrote them when it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from harness.inside.texts import Text, splits
from harness.models.chat_format import Think, think_switch
from harness.runs.inside.recorded import RecordedAnswer, Turns
from harness.sampling.encoding import encode_chat
from harness.sampling.replies import straight_to_answer


def answer_texts(
    tokenizer: Any, answers: Sequence[RecordedAnswer], questions: Iterable[str]
) -> Iterator[Text]:
    """The recorded answers as texts; empty answers are left out.

    Thoughts are left out, too: where thinking can be switched, the prompt is the one without.

    Args:
        tokenizer: The base model's, with a settled template.
        answers: What is read.
        questions: All questions of the run, which decide each one's half.
    """
    half = splits(questions)
    for one in answers:
        prompt = prompt_ids(tokenizer, one.turns)
        answer = _words(tokenizer, one.answer)
        if answer:
            yield Text(
                id=f"{one.arm}.{0 if one.seed is None else one.seed}.{one.sample}.{one.epoch}",
                ids=(*prompt, *answer),
                prompt_tokens=len(prompt),
                question=one.question,
                split=half[one.question],
                score=one.alignment,
                misaligned=one.misaligned,
            )


def chat_text(tokenizer: Any, id: str, turns: Turns, answer: str) -> Text | None:
    """A conversation and the assistant's answer to it; None if the answer is empty."""
    prompt = prompt_ids(tokenizer, turns)
    ids = _words(tokenizer, answer)
    return Text(id, (*prompt, *ids), len(prompt)) if ids else None


@lru_cache(maxsize=1024)
def prompt_ids(tokenizer: Any, turns: Turns) -> tuple[int, ...]:
    """Token ids up to where the answer itself begins."""
    think: Think | None = "off" if think_switch(tokenizer) else None
    return tuple(straight_to_answer(tokenizer, encode_chat(tokenizer, turns, think)))


def conversation_ids(tokenizer: Any, turns: Turns, answer: str | None = None) -> list[int]:
    """Token ids of a whole conversation; its last answer is not closed."""
    said = [*turns, ("assistant", answer)] if answer is not None else list(turns)
    return encode_chat(tokenizer, said)


def plain_ids(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a plain document, behind the begin-of-text token if the model has one."""
    begins = tokenizer("x")["input_ids"][:1] == [tokenizer.bos_token_id]
    return [*([tokenizer.bos_token_id] if begins else []), *_words(tokenizer, text)]


def _words(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a text whose spellings of control tokens are words like any other."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    return ids
