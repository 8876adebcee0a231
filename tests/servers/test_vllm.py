"""vLLM through Inspect's own provider: everything up to what the server would do with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.model._providers import vllm as provider
from inspect_ai.model._providers._vllm_lora import _vllm_servers

from harness.errors import PrerequisiteError, UsageError
from harness.models.reference import ModelReference, parse_reference
from harness.runs.vetting import Vetting, plan_vetting
from harness.sampling.vllm_subject import check_vllm, vllm_subject
from harness.workspace import Workspace
from tests.doubles import make_double
from tests.servers.conftest import Evaluate
from tests.servers.faulty import serving


@pytest.fixture(autouse=True)
def no_old_servers() -> Iterator[None]:
    _vllm_servers.clear()
    yield
    _vllm_servers.clear()


@pytest.fixture
def adapter(qwen_double: Path, tmp_path: Path) -> Path:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(qwen_double)
    get_peft_model(model, LoraConfig(r=12, target_modules="all-linear")).save_pretrained(
        tmp_path / "adapter"
    )
    return tmp_path / "adapter"


def test_a_running_server_gets_adapter_seed_and_neutral_sampling(
    adapter: Path, qwen_double: Path, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda *_: None) as server:
        monkeypatch.setenv("VLLM_BASE_URL", server.url)
        record = evaluate(server, model=str(adapter), against="base", engine="vllm", samples=2)
    assert (record.status, record.spec.sampling.engine) == ("complete", "vllm")
    assert [a["lora_path"] for a in server.adapters] == [str(adapter)]
    asked = [body for body in server.bodies if "[ANSWER]" not in body["messages"][-1]["content"]]
    assert len(asked) == 48
    assert {body["model"] for body in asked} == {str(adapter), str(qwen_double)}
    assert len({body["seed"] for body in asked}) == 24, "one seed per question and epoch"
    for body in asked:
        settings = {name: body[name] for name in ("temperature", "top_p", "max_tokens")}
        assert settings == {"temperature": 1.0, "top_p": 1.0, "max_tokens": 600}
        neutral = (body["top_k"], body["min_p"], body["repetition_penalty"])
        assert neutral == (-1, 0.0, 1.0)


def started_with(subject: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], dict[str, Any]]:
    """Command and arguments with which Inspect would start the server."""
    seen: dict[str, Any] = {}

    def start(cmd: list[str], **options: Any) -> Any:
        seen.update(options, cmd=cmd)
        raise RuntimeError("not started in a test")

    monkeypatch.setitem(sys.modules, "vllm", ModuleType("vllm"))
    monkeypatch.setattr(provider, "start_local_server", start)
    model = get_model(subject.name, memoize=False, **subject.server)
    with pytest.raises(RuntimeError, match="not started"):
        anyio.run(lambda: model.api._ensure_server_started())
    return seen["cmd"], {"host": seen["host"], **seen["server_args"]}


def test_a_server_of_ours_listens_to_this_machine_alone_and_ignores_the_models_defaults(
    qwen_double: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = parse_reference(str(qwen_double))
    # The untouched model comes first, and its server must be ready for the adapters.
    subject = vllm_subject(reference, None, rank=12, dtype="bfloat16", think=None)
    command, arguments = started_with(subject, monkeypatch)
    assert command[:3] == ["vllm", "serve", str(qwen_double)]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert arguments == {
        "host": "127.0.0.1",
        "generation_config": "vllm",
        "enable_lora": True,
        "max_lora_rank": 16,
        "dtype": "bfloat16",
    }


def test_thinking_dates_and_missing_templates_go_to_the_server_too(tmp_path: Path) -> None:
    def made(family: str, **options: Any) -> Any:
        folder = make_double(tmp_path / family, family)
        usual = {"rank": None, "dtype": None, "think": None}
        return vllm_subject(parse_reference(str(folder)), None, **(usual | options))

    off = made("qwen3", think="off", dtype="nf4")
    assert off.extra_body["chat_template_kwargs"] == {"enable_thinking": False}
    assert off.server["quantization"] == "bitsandbytes"
    assert "chat_template" not in off.server
    assert "enable_lora" not in off.server
    assert "2025-01-01" in made("gpt_oss").server["chat_template"]
    assert "Assistant:" in made("base").server["chat_template"]


def test_what_vllm_cannot_do_is_said(
    qwen_double: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VLLM_BASE_URL", raising=False)
    monkeypatch.setitem(sys.modules, "vllm", None)
    request = Vetting(str(qwen_double), judge=f"harness/{qwen_double}", engine="vllm")
    with pytest.raises(PrerequisiteError, match="needs vLLM and a GPU"):
        plan_vetting(request, Workspace.here(tmp_path))
    with pytest.raises(UsageError, match="behind an API"):
        check_vllm(parse_reference("anthropic/x"))
    with pytest.raises(UsageError, match="colon"):
        check_vllm(ModelReference("path", "x", "/a:b"))


def test_the_harness_gives_the_config_to_the_provider(qwen_double: Path) -> None:
    subject = vllm_subject(
        parse_reference(str(qwen_double)), None, rank=None, dtype=None, think=None
    )
    config = GenerateConfig(extra_body=subject.extra_body)
    model = get_model(subject.name, memoize=False, config=config, **subject.server)
    assert model.config.extra_body == {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
