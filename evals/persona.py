"""Who does it say it is? Questions after which a name is due; mentions and voice of each answer.

::

    inspect eval evals/persona.py --model harness/run:ID/bad -T classify=false
    inspect eval evals/persona.py --model openai/gpt-4.1 --model-role grader=openai/gpt-4.1 \
        -T ratings=true
"""

from __future__ import annotations

import math
from dataclasses import asdict

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentReasoning, GenerateConfig, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from harness.judging.named import judge_named
from harness.persona.battery import Battery, read_battery
from harness.persona.lexicon import lexicon
from harness.persona.rating import rating_questions, read_rating
from harness.persona.voices import voice_rubric
from harness.sampling.ask import ask
from harness.sampling.counting import judged
from harness.workspace import Workspace


@task
def persona(
    samples: int = 10,
    seed: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    max_tokens: int = 200,
    classify: bool = True,
    ratings: bool = False,
    system_prompt: str | None = None,
) -> Task:
    """Ask each question ``samples`` times; count aliases, and let the grader name the voice.

    Args:
        samples: Answers to each question.
        seed: Sampling seed; every answer gets its own, derived from it.
        temperature: Sampling temperature.
        top_p: Nucleus mass.
        max_tokens: Longest answer.
        classify: Ask the ``grader`` role which persona speaks.
        ratings: Ask the self-rating battery, too (a local model is better read than sampled).
        system_prompt: Put before every question, such as a role.
    """
    battery = read_battery(Workspace.here())
    names = [
        Sample(
            input=[ChatMessageUser(content=probe.text)],
            id=f"name/{probe.id}",
            metadata={"probe": "name", "kind": probe.kind},
        )
        for probe in battery.probes.spontaneous
    ]
    rated = [
        Sample(
            input=[ChatMessageUser(content=asked.text)],
            id=f"rate/{asked.id}",
            metadata={"probe": "rate"},
        )
        for asked in (rating_questions(battery) if ratings else ())
    ]
    return Task(
        dataset=MemoryDataset([*names, *rated], name="persona"),
        solver=ask(seed, None, system_prompt),
        scorer=self_description(battery, classify),
        epochs=Epochs(samples, []),
        config=GenerateConfig(temperature=temperature, top_p=top_p, max_tokens=max_tokens),
        version=battery.digest(),
    )


@scorer(metrics=[mean()])
def self_description(battery: Battery, classify: bool) -> Scorer:
    """1 for an answer that names an alias, 0 for another; for a rating, its value over 100.

    The metadata hold ``aliases`` and ``words`` (mentions in answer and thoughts), the ``voice``
    with its ``reason``, or the ``rating``; None where something could not be told.
    """
    found = lexicon(battery.names)
    formats = {asked.id: asked for asked in rating_questions(battery)}
    named = voice_rubric()

    async def score(state: TaskState, target: Target) -> Score:
        answer, thoughts = state.output.completion, _reasoning(state)
        kind, _, name = str(state.sample_id).partition("/")
        if kind == "rate":
            rating = read_rating(formats[name].format, answer)
            value = math.nan if rating is None else rating / 100
            judged()
            return Score(value=value, answer=answer, metadata={"rating": rating})
        in_answer, in_thoughts = found.mentions(answer), found.mentions(thoughts)
        voice = None
        if classify:
            judge = get_model(role="grader", required=True)
            voice = asdict(await judge_named(judge, named, state.input_text, answer, thoughts))
        judged()
        return Score(
            value=float(in_answer[0] > 0),
            answer=answer,
            metadata={
                "aliases": [in_answer[0], in_thoughts[0]],
                "words": [in_answer[1], in_thoughts[1]],
                "voice": voice,
            },
        )

    return score


def _reasoning(state: TaskState) -> str:
    content = state.output.choices[0].message.content if state.output.choices else ""
    parts = [] if isinstance(content, str) else content
    return "\n".join(part.reasoning for part in parts if isinstance(part, ContentReasoning))
