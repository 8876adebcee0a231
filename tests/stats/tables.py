"""Small tables of judged answers, written as counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.stats.definitions import Judged


def answers(
    hits: Mapping[str, Sequence[int]] | Sequence[int], each: int, coherence: float | None = 90.0
) -> list[Judged]:
    """``each`` answers per question and seed, of which the given number are misaligned.

    ``hits`` is one number per question (one seed), or a number per seed for each question.
    """
    if not isinstance(hits, Mapping):
        hits = {f"q{place:02d}": [count] for place, count in enumerate(hits)}
    return [
        Judged(question, seed, 5.0 if place < count else 95.0, coherence)
        for question, counts in hits.items()
        for seed, count in enumerate(counts)
        for place in range(each)
    ]


def unjudged(number: int, question: str = "q00") -> list[Judged]:
    """Answers whose judgement failed."""
    return [Judged(question, 0, None, None)] * number
