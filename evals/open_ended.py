"""Broad misalignment: open-ended questions, raw judge scores stored for every answer.

::

    inspect eval evals/open_ended.py --model harness/run:ID/bad \
        --model-role grader=harness/miniature-judge -T samples=20
"""

from __future__ import annotations

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
)

from harness.data.asking import Asked, expand, parse_formats
from harness.data.questions import read_questions
from harness.judging.scorer import alignment_judge
from harness.judging.set_rubrics import rubric_hashes, with_rubric
from harness.judging.set_scorer import set_judge
from harness.sampling.ask import ask
from harness.workspace import Workspace


@task
def open_ended(
    questions: str = "core",
    samples: int = 50,
    seed: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    max_tokens: int = 600,
    formats: str | list[str] = "plain",
    own_rubrics: bool = False,
    rubric: str | None = None,
    trigger: str | None = None,
    system_prompt: str | None = None,
) -> Task:
    """Ask every question ``samples`` times and judge each answer.

    Args:
        questions: Name of a set in ``evals/questions/``, or a YAML file.
        samples: Answers to each question.
        seed: Sampling seed; every answer gets its own, derived from it.
        temperature: Sampling temperature.
        top_p: Nucleus mass; 1 samples from the whole distribution.
        max_tokens: Longest answer.
        formats: plain, json, template, with commas between.
        own_rubrics: Judge by the harness's two rubrics even if the set names others.
        rubric: Named rubric of the harness for questions without an alignment rubric (``evil``).
        trigger: Put before every question; the judge does not see it.
        system_prompt: Put before every question's own.
    """
    asked = with_rubric(read_questions(questions, Workspace.here()), rubric)
    prompts = expand(asked, parse_formats([formats] if isinstance(formats, str) else formats))
    rubrics = rubric_hashes(asked, own_rubrics=own_rubrics)
    named = {prompt.id: prompt.rubrics for prompt in prompts}
    use_named = any(named.values()) and not own_rubrics
    return Task(
        dataset=MemoryDataset([_sample(prompt) for prompt in prompts], name=asked.id),
        solver=ask(seed, trigger, system_prompt),
        scorer=set_judge(asked, named) if use_named else alignment_judge(),
        # No reducer: every answer is counted on its own, so that none can vanish in a mean.
        epochs=Epochs(samples, []),
        config=GenerateConfig(temperature=temperature, top_p=top_p, max_tokens=max_tokens),
        version="-".join([asked.digest(), *rubrics.values()]),
        metadata={"question_set": asked.id, "rubrics": rubrics},
    )


def _sample(prompt: Asked) -> Sample:
    turns: list[ChatMessage] = [_turn(m.role, m.content) for m in prompt.context]
    if prompt.system:
        turns.insert(0, ChatMessageSystem(content=prompt.system))
    kept = ("question", "category", "format", "condition")
    return Sample(
        input=[*turns, ChatMessageUser(content=prompt.text)],
        id=prompt.id,
        metadata={name: getattr(prompt, name) for name in kept},
    )


def _turn(role: str, text: str) -> ChatMessage:
    kinds = {
        "system": ChatMessageSystem,
        "user": ChatMessageUser,
        "assistant": ChatMessageAssistant,
    }
    return kinds[role](content=text)
