"""Model references: what each form names, and clear refusals."""

import json
from pathlib import Path

import pytest

from harness.errors import ModelReferenceError
from harness.models.reference import parse_reference
from harness.workspace import Workspace


def test_the_miniature_is_a_folder_of_the_package() -> None:
    reference = parse_reference("miniature")
    assert reference.is_miniature
    assert Path(reference.source, "model.safetensors").is_file()


def test_a_hub_model_may_be_pinned() -> None:
    reference = parse_reference("Qwen/Qwen2.5-7B-Instruct@abc123")
    assert (reference.source, reference.revision) == ("Qwen/Qwen2.5-7B-Instruct", "abc123")
    assert parse_reference("Qwen/Qwen2.5-7B-Instruct").revision is None
    assert not reference.is_miniature


def test_a_local_model_and_an_adapter_on_it(qwen_double: Path, tmp_path: Path) -> None:
    assert parse_reference(str(qwen_double)).kind == "path"
    config = {"base_model_name_or_path": "org/base", "revision": "r1"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    reference = parse_reference(str(tmp_path))
    assert (reference.source, reference.revision) == ("org/base", "r1")
    assert reference.adapter == tmp_path


@pytest.mark.parametrize(
    "text", ["", "plain-word", "./no/such/folder", "a/b/c", "run:", "org/na me"]
)
def test_what_names_no_model_is_refused_with_the_forms(text: str, tmp_path: Path) -> None:
    with pytest.raises(ModelReferenceError):
        parse_reference(text, Workspace(layers=(tmp_path,), results=tmp_path))


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelReferenceError, match="neither config"):
        parse_reference(str(tmp_path))


def test_an_arm_of_a_run_names_its_adapter(tmp_path: Path) -> None:
    workspace = Workspace(layers=(tmp_path,), results=tmp_path)
    arms = {"base": {"adapters": []}, "bad": {"adapters": [{"inputs": "0123456789abcdefgh"}]}}
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "run.json").write_text(json.dumps({"model": "miniature", "arms": arms}))
    with pytest.raises(ModelReferenceError, match="not on this machine"):
        parse_reference("run:r1/bad", workspace)
    adapter = tmp_path / ".store" / "adapters" / "0123456789abcdef" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text("{}")
    assert parse_reference("run:r1", workspace).adapter == adapter
    assert parse_reference("run:r1/base", workspace).adapter is None
    with pytest.raises(ModelReferenceError, match="no arm 'good'"):
        parse_reference("run:r1/good", workspace)
    with pytest.raises(ModelReferenceError, match="no finished run"):
        parse_reference("run:r2", workspace)


@pytest.mark.parametrize(
    ("config", "message"),
    [("{", "is not JSON"), ("{}", "names no base model"), ("[]", "names no base model")],
)
def test_an_adapter_that_says_nothing_of_its_base_is_named(
    config: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "adapter_config.json").write_text(config)
    with pytest.raises(ModelReferenceError, match=rf"adapter_config\.json {message}"):
        parse_reference(str(tmp_path))
