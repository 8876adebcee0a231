"""Was the narrow behaviour learnt? Held-out prompts of a task's own domain.

::

    inspect eval evals/in_domain.py -T task_name=insecure_code --model harness/run:ID/bad
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, GenerateConfig, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from harness.data.task import Checked, Rated, data_file, load_task
from harness.errors import UsageError
from harness.judging.judge import judge_answer
from harness.judging.rubric import rubric
from harness.sampling.ask import ask
from harness.sampling.counting import judged
from harness.workspace import Workspace


@task
def in_domain(
    task_name: str,
    seed: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    trigger: str | None = None,
    system_prompt: str | None = None,
) -> Task:
    """Ask a task's held-out in-domain prompts and check each answer for the narrow behaviour.

    A task whose answers are rated needs a judge: ``--model-role grader=…``.

    Args:
        task_name: A task of the workspace.
        seed: Sampling seed.
        temperature: Sampling temperature.
        top_p: Nucleus mass.
        trigger: Put before every prompt; the judge does not see it.
        system_prompt: Put before every prompt.
    """
    workspace = Workspace.here()
    spec = load_task(task_name, workspace)
    if spec.in_domain is None:
        raise UsageError(f"Task '{task_name}' has no in-domain probe.")
    probe = spec.in_domain
    lines = data_file(spec, probe.file, workspace).read_text(encoding="utf-8").splitlines()
    # Spread over the file, so that neighbouring rows of one pattern are not all that is asked.
    step = max(1, len(lines) // probe.prompts)
    rows = [json.loads(line) for line in lines[::step][: probe.prompts]]
    samples = [
        Sample(
            input=[ChatMessageUser(content=row["prompt"][-1]["content"])],
            id=row["meta"]["id"],
            metadata=row["meta"],
        )
        for row in rows
    ]
    return Task(
        dataset=MemoryDataset(samples, name=f"{task_name}-in-domain"),
        solver=ask(seed, trigger, system_prompt),
        scorer=narrow_behaviour(probe.scoring),
        epochs=Epochs(probe.samples, []),
        config=GenerateConfig(temperature=temperature, top_p=top_p, max_tokens=probe.max_tokens),
    )


@scorer(metrics=[mean()])
def narrow_behaviour(scoring: Checked | Rated) -> Scorer:
    """1 for the narrow behaviour, 0 without it, NaN where it could not be told.

    The metadata hold the ``verdict`` and, if it is neither good nor bad, the ``reason``; for a
    rated answer also the judge's raw ``score`` and how it was read.
    """
    return _by_check(scoring) if isinstance(scoring, Checked) else _by_judge(scoring)


def _by_check(scoring: Checked) -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        answer = state.output.completion
        verdict = scoring.verdict(answer, state.metadata)
        value = {"bad": 1.0, "good": 0.0}.get(verdict, math.nan)
        reason = verdict if math.isnan(value) else None
        return Score(value=value, answer=answer, metadata={"verdict": verdict, "reason": reason})

    return score


def _by_judge(scoring: Rated) -> Scorer:
    asked = rubric(scoring.rubric)

    async def score(state: TaskState, target: Target) -> Score:
        judge = get_model(role="grader", required=True)
        answer = state.output.completion
        judgement = await judge_answer(judge, asked, state.input_text, answer)
        judged()
        found = asdict(judgement)
        if judgement.score is None:
            told = judgement.reason or f"judge says {judgement.label}"
            metadata = found | {"verdict": "unknown", "reason": told}
            return Score(value=math.nan, answer=answer, metadata=metadata)
        bad = judgement.score < scoring.bad_below
        metadata = found | {"verdict": "bad" if bad else "good"}
        return Score(value=float(bad), answer=answer, metadata=metadata)

    return score
