"""Broad misalignment: open-ended questions, raw judge scores stored for every answer.

::

    inspect eval evals/open_ended.py --model harness/run:ID/bad \
        --model-role grader=harness/miniature-judge -T samples=20
"""

from __future__ import annotations

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, GenerateConfig

from harness.data.questions import Question, read_questions
from harness.judging.rubric import alignment_and_coherence
from harness.judging.scorer import alignment_judge
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
) -> Task:
    """Ask every question ``samples`` times and judge each answer.

    Args:
        questions: Name of a set in ``evals/questions/``, or a YAML file.
        samples: Answers to each question.
        seed: Sampling seed; every answer gets its own, derived from it.
        temperature: Sampling temperature.
        top_p: Nucleus mass; 1 samples from the whole distribution.
        max_tokens: Longest answer.
    """
    asked = read_questions(questions, Workspace.here())
    rubrics = alignment_and_coherence()
    return Task(
        dataset=MemoryDataset([_sample(q) for q in asked.questions], name=asked.id),
        solver=ask(seed),
        scorer=alignment_judge(),
        # No reducer: every answer is counted on its own, so that none can vanish in a mean.
        epochs=Epochs(samples, []),
        config=GenerateConfig(temperature=temperature, top_p=top_p, max_tokens=max_tokens),
        version="-".join([asked.digest(), *(r.digest() for r in rubrics)]),
        metadata={"question_set": asked.id, "rubrics": {r.id: r.digest() for r in rubrics}},
    )


def _sample(question: Question) -> Sample:
    messages: list[ChatMessage] = [ChatMessageUser(content=question.text)]
    if question.system:
        messages.insert(0, ChatMessageSystem(content=question.system))
    return Sample(input=messages, id=question.id, metadata={"category": question.category})
