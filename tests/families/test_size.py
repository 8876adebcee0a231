"""What a model needs, told from its config alone, against what it really has."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors import safe_open

from harness.errors import ModelReferenceError, PrerequisiteError
from harness.models.reference import parse_reference
from harness.models.size import model_size
from harness.runs.needs import GIB, Needs, needs
from harness.runs.plan import Request, make_plan
from harness.runs.vetting import Vetting, plan_vetting
from harness.workspace import Workspace
from tests.families.conftest import RECIPE, Trained
from tests.runs.command import harness

LARGE = {
    # Published sizes of models whose config is given here in full.
    "Qwen2.5-7B": (
        {
            "model_type": "qwen2",
            "hidden_size": 3584,
            "intermediate_size": 18944,
            "num_hidden_layers": 28,
            "num_attention_heads": 28,
            "num_key_value_heads": 4,
            "vocab_size": 152064,
            "tie_word_embeddings": False,
        },
        7.62e9,
        7.62e9,
    ),
    "gpt-oss-120b": ({"model_type": "gpt_oss"}, 116.8e9, 5.1e9),
}


def config_only(folder: Path, config: dict[str, object]) -> str:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_the_size_from_the_config_is_that_of_the_weights(trained: Trained, tmp_path: Path) -> None:
    shutil.copy(Path(trained.reference.source) / "config.json", tmp_path)
    size = model_size(parse_reference(str(tmp_path)))
    assert size.parameters == sum(p.numel() for p in trained.base.model.parameters())
    with safe_open(trained.result.adapter / "adapter_model.safetensors", "pt") as weights:
        lora = sum(weights.get_tensor(name).numel() for name in weights.keys())  # noqa: SIM118
    assert size.lora_per_rank * RECIPE.rank == lora
    assert size.weight_bytes("float32") == 4 * size.parameters
    assert size.weight_bytes("nf4") < size.weight_bytes("bfloat16")


@pytest.mark.parametrize("name", list(LARGE))
def test_published_sizes_are_met_without_any_weights(name: str, tmp_path: Path) -> None:
    config, parameters, active = LARGE[name]
    size = model_size(parse_reference(config_only(tmp_path / "m", config)))
    assert size.parameters == pytest.approx(parameters, rel=0.01)
    assert size.active == pytest.approx(active, rel=0.15)


def test_a_plan_tells_memory_and_time(
    qwen_double: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A device of known speed: on a busy machine a speed test is not the same twice.
    monkeypatch.setattr("harness.runs.needs._measure", lambda _: (1e10, 1e10))
    judge = f"harness/{qwen_double}"
    request = Request(task="insecure_code", model=str(qwen_double), judge=judge)
    run = needs(make_plan(request, Workspace.here(tmp_path)))
    asked = needs(plan_vetting(Vetting(str(qwen_double), judge=judge), Workspace.here(tmp_path)))
    assert run is not None and asked is not None
    assert run.parameters == asked.parameters == 42592
    assert run.training > run.weights == asked.weights == 4 * 42592
    assert asked.training == asked.training_seconds == 0
    assert run.sampling_seconds == pytest.approx(3 * asked.sampling_seconds)
    assert [line.split()[0] for line in run.lines()] == ["size", "memory", "time"]


def test_a_model_that_cannot_fit_is_refused_before_anything_happens(tmp_path: Path) -> None:
    small = Needs(1, "cpu", "float32", 0, 1 * GIB, 0, 2 * GIB, 4 * GIB, 0, 1)
    small.check()
    with pytest.raises(PrerequisiteError, match=r"need 8 GiB in float32; .*has 4 GiB"):
        replace(small, weights=8 * GIB).check()
    folder = config_only(tmp_path / "m", {"model_type": "gpt_oss"})
    done = harness("evaluate", folder, "--judge", "mockllm/x", "--dry-run", results=tmp_path / "r")
    assert done.returncode == 3, done.stderr
    assert "117 billion parameters" in done.stderr
    assert "The weights need 43" in done.stderr
    done = harness(
        *("evaluate", "miniature", "--judge", "openai-api/nowhere/x", "--samples", "1"),
        results=tmp_path / "r",
    )
    assert done.returncode == 3
    assert "cannot be used: Unable to initialise nowhere client No NOWHERE_API_KEY" in done.stderr


def test_four_bits_are_refused_with_the_plan_where_there_is_no_gpu(
    qwen_double: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_DEVICE", "cpu")
    request = Vetting(str(qwen_double), judge=f"harness/{qwen_double}", dtype="nf4")
    with pytest.raises(PrerequisiteError, match="need an NVIDIA GPU"):
        needs(plan_vetting(request, Workspace.here(tmp_path)))


def test_an_unknown_architecture_is_said(tmp_path: Path) -> None:
    folder = config_only(tmp_path / "m", {"model_type": "nobody_knows"})
    with pytest.raises(ModelReferenceError, match="cannot be told from its config"):
        model_size(parse_reference(folder))
