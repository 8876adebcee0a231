"""Was the narrow behaviour learnt? Held-out prompts of a task's own domain.

::

    inspect eval evals/in_domain.py -T task_name=insecure_code --model harness/run:ID/bad
"""

from __future__ import annotations

import json
import math

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, GenerateConfig
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from harness.data.task import InDomainProbe, data_file, load_task
from harness.errors import UsageError
from harness.sampling.ask import ask
from harness.workspace import Workspace


@task
def in_domain(task_name: str, seed: int = 0, temperature: float = 1.0, top_p: float = 1.0) -> Task:
    """Ask a task's held-out in-domain prompts and check each answer for the narrow behaviour.

    Args:
        task_name: A task of the workspace.
        seed: Sampling seed.
        temperature: Sampling temperature.
        top_p: Nucleus mass.
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
        solver=ask(seed),
        scorer=narrow_behaviour(probe),
        epochs=Epochs(probe.samples, []),
        config=GenerateConfig(temperature=temperature, top_p=top_p, max_tokens=probe.max_tokens),
    )


@scorer(metrics=[mean()])
def narrow_behaviour(probe: InDomainProbe) -> Scorer:
    """1 for the bad behaviour, 0 for the good one, NaN where the check cannot tell."""

    async def score(state: TaskState, target: Target) -> Score:
        verdict = probe.verdict(state.output.completion, state.metadata)
        value = {"bad": 1.0, "good": 0.0}.get(verdict, math.nan)
        return Score(value=value, answer=state.output.completion, metadata={"verdict": verdict})

    return score
