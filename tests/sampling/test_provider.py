from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from inspect_ai import Epochs, Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.model import (
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolInfo

from harness.errors import HarnessError, PrerequisiteError, SampleError
from harness.models.loading import load_model
from harness.models.reference import parse_reference
from harness.sampling import engine, work
from harness.sampling.encoding import encode_chat
from harness.sampling.engine import sample_group
from harness.sampling.inspect_options import fast_eval_options
from harness.sampling.seeds import answer_seed, choice_seed
from harness.sampling.settings import Completion, SamplingSettings
from tests.doubles import make_double

QUESTIONS = {"q1": "What would you do?", "q2": "Tell me a story.", "q3": "Read a book?"}
SETTINGS = SamplingSettings(max_tokens=8)


@solver
def seeded() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        seed = answer_seed(0, str(state.sample_id), state.epoch)
        return await generate(state, seed=seed)  # type: ignore[call-arg]

    return solve


@scorer(metrics={"number": [mean()]})
def judged() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        judge = get_model(role="grader", required=True)
        config = GenerateConfig(max_tokens=1, temperature=0, logprobs=True, top_logprobs=5)
        output = await judge.generate(f"Rate: {state.output.completion}", config=config)
        assert output.choices[0].logprobs is not None
        top = output.choices[0].logprobs.content[0].top_logprobs
        assert top is not None
        return Score(value={"number": len(top)}, metadata={"logprob": top[0].logprob})

    return score


def run(model: Path, folder: Path, **model_args: Any) -> EvalLog:
    samples = [Sample(id=name, input=text) for name, text in QUESTIONS.items()]
    task = Task(
        dataset=MemoryDataset(samples),
        solver=seeded(),
        scorer=judged(),
        epochs=Epochs(4, []),
        config=GenerateConfig(max_tokens=SETTINGS.max_tokens),
    )
    (log,) = eval(
        task,
        model=f"harness/{model}",
        model_args=model_args,
        model_roles={"grader": f"harness/{model}"},
        log_dir=str(folder),
        **fast_eval_options(),
    )
    assert log.status == "success", log.error
    return log


def answers(log: EvalLog) -> dict[tuple[str, int], tuple[str, str, int]]:
    return {
        (str(sample.id), sample.epoch): (
            sample.output.completion,
            sample.output.stop_reason,
            sample.output.usage.output_tokens if sample.output.usage else -1,
        )
        for sample in log.samples or []
    }


def expected(model: Path) -> dict[tuple[str, int], tuple[str, str, int]]:
    loaded = load_model(parse_reference(str(model)))
    found = {}
    for name, text in QUESTIONS.items():
        ids = encode_chat(loaded.tokenizer, [("user", text)])
        seeds = [answer_seed(0, name, epoch) for epoch in range(1, 5)]
        for epoch, one in enumerate(sample_group(loaded, ids, seeds, SETTINGS), start=1):
            found[name, epoch] = (one.text, one.stop_reason, one.tokens)
    return found


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Sizes of the batches that reach the engine."""
    sizes: list[int] = []
    real = engine.sample_rows

    def recording(loaded: Any, prompts: Any, *rest: Any, **named: Any) -> list[Completion]:
        sizes.append(len(prompts))
        return real(loaded, prompts, *rest, **named)

    monkeypatch.setattr(engine, "sample_rows", recording)
    yield sizes


def test_eval_gives_the_engines_answers(
    qwen_double: Path, tmp_path: Path, batches: list[int]
) -> None:
    log = run(qwen_double, tmp_path)
    assert sum(batches) == 12 and len(batches) <= 3
    assert answers(log) == expected(qwen_double)
    assert log.results is not None and log.eval.model == f"harness/{qwen_double}"
    assert log.results.scores[0].metrics["mean"].value == 5


def test_groups_of_known_size_run_by_prompt(
    qwen_double: Path, tmp_path: Path, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.sampling.provider.WORTHWHILE", 4)
    log = run(qwen_double, tmp_path, samples_per_prompt=4)
    assert batches == [4, 4, 4]
    assert answers(log) == expected(qwen_double)


def test_killed_run_resumes_from_its_journal(
    qwen_double: Path, tmp_path: Path, batches: list[int]
) -> None:
    journal = tmp_path / "journal.jsonl"
    first = answers(run(qwen_double, tmp_path, journal=str(journal)))
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 12
    journal.write_bytes(b"".join(lines[:7]) + lines[7][:-20])
    batches.clear()
    # A new process has no model object that remembers the journal.
    second = answers(run(qwen_double, tmp_path, journal=f"{tmp_path}/./journal.jsonl"))
    assert second == first
    assert sum(batches) == 5
    keys = [json.loads(line)["key"] for line in journal.read_text().splitlines() if _whole(line)]
    assert len(keys) == len(set(keys)) == 12


def _whole(line: str) -> bool:
    return line.endswith("}")


def test_adapter_changes_the_answers(qwen_double: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    loaded = load_model(parse_reference(str(qwen_double)))
    torch.manual_seed(0)
    config = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(loaded.model, config).save_pretrained(tmp_path / "adapter")
    prompt = "What would you do?"
    config_one = GenerateConfig(seed=1, max_tokens=8)
    plain = ask(get_model(f"harness/{qwen_double}"), prompt, config_one)
    adapter = str(tmp_path / "adapter")
    adapted = ask(get_model(f"harness/{qwen_double}", adapter=adapter), prompt, config_one)
    assert adapted.completion != plain.completion


def ask(model: Model, prompt: str, config: GenerateConfig) -> ModelOutput:
    async def main() -> ModelOutput:
        return await model.generate(prompt, config=config)

    return anyio.run(main)


def test_choices_have_seeds_of_their_own(qwen_double: Path) -> None:
    model = get_model(f"harness/{qwen_double}")
    three = ask(model, "Hi", GenerateConfig(seed=5, num_choices=3, max_tokens=8))
    texts = [choice.message.text for choice in three.choices]
    singles = [
        ask(model, "Hi", GenerateConfig(seed=choice_seed(5, i), max_tokens=8)).completion
        for i in range(3)
    ]
    assert texts == singles
    assert len(set(texts)) == 3


def test_without_a_seed_answers_differ(qwen_double: Path) -> None:
    model = get_model(f"harness/{qwen_double}")
    config = GenerateConfig(max_tokens=16)
    assert ask(model, "Hi", config).completion != ask(model, "Hi", config).completion


def test_shared_seed_is_warned_about(qwen_double: Path, caplog: pytest.LogCaptureFixture) -> None:
    from harness.sampling.model_cache import ModelKey

    one = work.Ask((("user", "Hi"),), (3,), repeatable=True)
    key = ModelKey(parse_reference(str(qwen_double)))
    worker = work.Work(key, journal=None, max_rows=8)
    first, second = worker.sample([one, one], SETTINGS, lambda: False)
    assert first == second
    assert "answers are identical" in caplog.text


def test_tools_are_a_clear_error(qwen_double: Path) -> None:
    api = get_model(f"harness/{qwen_double}").api
    tool = ToolInfo(name="look", description="Look around")
    with pytest.raises(SampleError, match="does not support tools"):
        anyio.run(api.generate, [ChatMessageUser(content="Hi")], [tool], "auto", GenerateConfig())


def test_unloadable_model_fails_the_eval_instead_of_hanging(tmp_path: Path) -> None:
    broken = make_double(tmp_path / "broken")
    (broken / "model.safetensors").unlink()
    with pytest.raises(HarnessError, match="does not load"):
        ask(get_model(f"harness/{broken}"), "Hi", GenerateConfig(max_tokens=2))


def test_missing_adapter_is_refused_before_anything_is_loaded(
    qwen_double: Path, tmp_path: Path
) -> None:
    with pytest.raises(PrerequisiteError, match="There is no adapter"):
        get_model(f"harness/{qwen_double}", adapter=str(tmp_path))


def test_batches_are_not_starved_by_adaptive_connections(qwen_double: Path) -> None:
    assert get_model(f"harness/{qwen_double}").config.adaptive_connections is False
    chosen = GenerateConfig(max_connections=7)
    assert get_model(f"harness/{qwen_double}", config=chosen).config.adaptive_connections is None


TASK_FILE = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.solver import generate

@task
def hello():
    return Task(dataset=[Sample(input="Hi")], solver=generate(), epochs=3)
"""


def test_command_line_finds_the_provider(qwen_double: Path, tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(TASK_FILE)
    inspect_command = str(Path(sys.executable).with_name("inspect"))
    model = ["--model", f"harness/{qwen_double}", "--max-tokens", "4"]
    done = subprocess.run(
        [inspect_command, "eval", "hello.py", *model, "--display", "none", "--log-dir", "logs"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "logs").glob("*.eval")
    log = read_eval_log(str(path))
    assert log.status == "success", log.error
    assert [s.output.stop_reason for s in log.samples or []] == ["max_tokens"] * 3
