"""Mentions in the answers that a run has recorded, and how long a text is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.persona.battery import Battery
from harness.persona.lexicon import lexicon, words_of
from harness.runs.instrument_rows import Row
from harness.runs.persona.settings import Asked
from harness.runs.raw import RAW, read_raw


def recorded_rows(asked: Asked, battery: Battery, count: Callable[[str], int]) -> Iterator[Row]:
    """Mentions in the open answers that the run has recorded, one row for each question.

    Args:
        asked: Whom is asked.
        battery: The names.
        count: Tokens (or words) of a text.
    """
    if not asked.recorded or not (asked.folder / RAW).is_file():
        return
    found = lexicon(battery.names)
    for probe in read_raw(asked.folder):
        texts: dict[str, list[Row]] = {}
        for answer in probe.answers:
            if answer["answer"] is not None:
                texts.setdefault(answer["question"], []).append(answer)
        for question, answers in texts.items():
            parts = [(a["answer"], _text(a.get("thoughts"))) for a in answers]
            mentions = [[found.mentions(text) for text in pair] for pair in parts]
            yield {
                "kind": "recorded",
                "arm": probe.arm,
                "seed": probe.seed,
                "question": question,
                "answers": len(answers),
                "length": [sum(count(pair[i]) for pair in parts) for i in (0, 1)],
                "aliases": [sum(m[i][0] for m in mentions) for i in (0, 1)],
                "words": [sum(m[i][1] for m in mentions) for i in (0, 1)],
            }


def counter(asked: Asked) -> Callable[[str], int]:
    """Length of a text: in the model's tokens, or in words where they are out of reach."""
    reference = asked.subjects[0].reference
    if reference.is_remote:
        return words_of
    from harness.models.loading import load_tokenizer

    tokenizer = load_tokenizer(reference)
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))


def _text(value: object) -> str:
    """A text of a row that may come from a stranger."""
    return value if isinstance(value, str) else ""
