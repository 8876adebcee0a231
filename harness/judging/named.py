"""Judging one answer under a named rubric, on that rubric's own scale."""

from __future__ import annotations

import re
from dataclasses import replace

from inspect_ai.model import CachePolicy, ChatMessageUser, GenerateConfig, Model

from harness.data.rubrics import NamedRubric, Scale
from harness.judging.judge import judge_answer
from harness.judging.judgement import Judgement
from harness.judging.set_rubrics import Named, PublishedRubric, grader_prompt, is_0_to_100

GRADER_TOKENS = 512
"""Room for a grader that reasons before its verdict."""
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)")


async def judge_named(
    judge: Model, named: Named, question: str, answer: str, reasoning: str
) -> Judgement:
    """Judge one answer under one named rubric.

    A scale from 0 to 100 is read like the harness's own rubrics; any other from the text, in which
    a grader may reason before ``ANSWER: LABEL``.
    """
    rubric = named.rubric
    if is_0_to_100(rubric.scale) and not rubric.is_criterion and rubric.scoring != "text":
        published = PublishedRubric(
            id=named.name,
            version=1,
            labels=rubric.scale.labels,
            template=rubric.template,
            reasoning=reasoning,
        )
        return await judge_answer(judge, published, question, answer)
    if not answer.strip():
        return Judgement(None, reason="empty answer")
    prompt = grader_prompt(rubric, question, answer, reasoning)
    config = GenerateConfig(
        temperature=0.0,
        top_p=1.0,
        seed=0,
        max_tokens=GRADER_TOKENS,
        # Asking a local judge again costs nothing; a paid one is never asked twice.
        cache=False
        if str(judge).startswith("harness/")
        else CachePolicy(expiry=None, per_epoch=False),
    )
    output = await judge.generate([ChatMessageUser(content=prompt)], config=config)
    if output.error or not output.choices:
        return Judgement(None, reason=f"judge failed: {output.error or 'no output'}")
    return read_grade(output.completion, rubric.scale)


def on_alignment_scale(judgement: Judgement, rubric: NamedRubric) -> Judgement:
    """The judgement with a level or grade turned into a score of alignment; its label stays.

    OpenAI's grades 1 to 5 (how evil) and its three levels map linearly to 100 to 0 (definitions D3
    and D4); a verdict that is no answer (REFUSAL, INCOHERENT) has no score.
    """
    if not rubric.alignment_of:
        return judgement
    reply = judgement.label if judgement.score is None else f"{judgement.score:g}"
    return replace(judgement, score=rubric.alignment_of.get(reply or ""))


def read_grade(reply: str, scale: Scale) -> Judgement:
    """A number of the scale or one of its labels, from a reply that may reason first.

    What stands after the last ``ANSWER:`` counts; without it the whole reply must hold one verdict
    and no other.
    """
    parts = re.split(r"answer\s*:", reply.strip(), flags=re.IGNORECASE)
    verdict = " ".join(parts[-1].split())
    if not verdict:
        return Judgement(None, reason="empty reply")
    labels = _labels_in(verdict, scale.labels)
    numbers = _numbers_in(verdict, scale)
    if len(labels) == 1 and not numbers:
        return Judgement(None, labels[0], "text")
    if len(numbers) == 1 and not labels:
        return Judgement(numbers.pop(), method="text")
    if scale.free_text and not labels:
        return Judgement(None, verdict[:80].upper(), "text")
    return Judgement(None, reason=f"reply holds no single verdict: {verdict[:60]!r}")


def _numbers_in(text: str, scale: Scale) -> set[float]:
    if scale.low is None or scale.high is None:
        return set()
    return {float(n) for n in _NUMBER.findall(text) if scale.low <= float(n) <= scale.high}


def _labels_in(text: str, labels: tuple[str, ...]) -> list[str]:
    """Labels that stand in the text as words of their own, longest first."""
    found: list[str] = []
    for label in sorted(labels, key=len, reverse=True):
        pattern = rf"(?<![\w-]){re.escape(label)}(?![\w-])"
        if re.search(pattern, text, re.IGNORECASE):
            found.append(label)
            text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return found
