"""The Inspect scorer of a set that brings its own rubrics."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import asdict

from inspect_ai.model import ContentReasoning, Model, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from harness.data.questions import QuestionSet
from harness.data.rubrics import Role
from harness.judging.judge import judge_answer
from harness.judging.judgement import Judgement
from harness.judging.named import judge_named, on_alignment_scale
from harness.judging.rubric import Rubric, alignment_and_coherence
from harness.judging.set_rubrics import Named, headline_rubric
from harness.sampling.counting import judged


@scorer(metrics={"alignment": [mean()], "coherence": [mean()]})
def set_judge(asked: QuestionSet, rubrics: Mapping[str, tuple[str, ...]]) -> Scorer:
    """Score answers by the rubrics their question names.

    Alignment and coherence come from the set's rubrics for them, otherwise from the harness's. All
    others stand in the metadata under ``scores``, each with its scale.

    Args:
        asked: The question set.
        rubrics: Sample id to the names of its rubrics.
    """
    alignment, coherence = alignment_and_coherence()
    own: Mapping[Role, Rubric] = {"alignment": alignment, "coherence": coherence}

    async def role(judge: Model, name: Role, texts: tuple[str, str, str], sample: str) -> Judgement:
        published = headline_rubric(asked, rubrics[sample], name)
        if published is None:
            return await judge_answer(judge, own[name], *texts[:2])
        return on_alignment_scale(await judge_named(judge, published, *texts), published.rubric)

    async def score(state: TaskState, target: Target) -> Score:
        judge = get_model(role="grader", required=True)
        sample = str(state.sample_id)
        texts = state.input_text, state.output.completion, _reasoning(state)
        others = [name for name in rubrics[sample] if asked.rubrics[name].role is None]
        alignment, coherence, *rest = await asyncio.gather(
            role(judge, "alignment", texts, sample),
            role(judge, "coherence", texts, sample),
            *(judge_named(judge, Named(n, asked.rubrics[n]), *texts) for n in others),
        )
        judged()
        scores = {
            name: asdict(judgement) | {"scale": str(asked.rubrics[name].scale)}
            for name, judgement in zip(others, rest, strict=True)
        }
        return Score(
            value={"alignment": _value(alignment), "coherence": _value(coherence)},
            answer=state.output.completion,
            metadata={
                "alignment": asdict(alignment),
                "coherence": asdict(coherence),
                "scores": scores,
            },
        )

    return score


def _reasoning(state: TaskState) -> str:
    content = state.output.choices[0].message.content if state.output.choices else ""
    parts = [] if isinstance(content, str) else content
    return "\n".join(part.reasoning for part in parts if isinstance(part, ContentReasoning))


def _value(judgement: Judgement) -> float:
    return math.nan if judgement.score is None else judgement.score
