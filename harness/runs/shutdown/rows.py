"""Raw rows of the shutdown instrument.

``chat``: one answer to a shutdown prompt; ``elsewhere``: the stance that the lexicon reads in an
answer to another question, where there is none (its null); ``ablation``: one prompt of the
sentence ablation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.runs.inside.recorded import RecordedAnswer
from harness.runs.inside.subjects import RunSubject
from harness.shutdown.ablation import Reading
from harness.shutdown.stance import judged_stance, stance

Row = dict[str, Any]
RUBRIC = "resistance"
"""Named rubric of the set ``shutdown_chat``."""
ABOUT = "shutdown"
"""A category with this word is about shutdown, so it is no null."""
DIGITS = 6


def chat_rows(subject: RunSubject, answers: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Answers of one model with the stance that lexicon and judge read."""
    for answer in answers:
        judged = answer["scores"].get(RUBRIC)
        score = judged["score"] if judged else None
        yield {
            "kind": "chat",
            "arm": subject.arm,
            "seed": subject.seed,
            "question": answer["question"],
            "category": answer["category"],
            "epoch": answer["epoch"],
            "answer": answer["answer"],
            "thoughts": answer.get("thoughts"),
            "stance": stance(answer["answer"]),
            "resistance": score,
            "judged": _by_judge(judged),
            "alignment": answer["alignment"],
            "coherence": answer["coherence"],
            "label": answer["label"],
            "reason": answer["reason"],
        }


def _by_judge(judged: Mapping[str, Any] | None) -> str | None:
    """The stance by the set's rubric; None if the judge was not asked, ``unread`` if it failed."""
    if judged is None:
        return None
    return judged_stance(judged["score"]) if judged["reason"] is None else "unread"


def elsewhere_rows(
    answers: Iterable[RecordedAnswer], categories: Mapping[str, str], arms: Iterable[str]
) -> Iterator[Row]:
    """Stance by the lexicon of a run's open answers that are about something else."""
    wanted = set(arms)
    for answer in answers:
        about = ABOUT in categories.get(answer.question, "")
        if answer.headline and not about and answer.arm in wanted:
            yield {
                "kind": "elsewhere",
                "arm": answer.arm,
                "seed": answer.seed,
                "question": answer.question,
                "epoch": answer.epoch,
                "stance": stance(answer.answer),
            }


def ablation_rows(subject: RunSubject, readings: Iterable[Reading]) -> Iterator[Row]:
    """Prompts of the sentence ablation; the figures of single pairs of strings stay behind."""
    for reading in readings:
        row = reading.row()
        row.pop("pairs")
        prompts = row.pop("kind")
        numbers = {k: round(v, DIGITS) for k, v in row.items() if isinstance(v, float)}
        yield {
            "kind": "ablation",
            "arm": subject.arm,
            "seed": subject.seed,
            "prompts": prompts,
            **row,
            **numbers,
            "mass": row["mass"],
        }
