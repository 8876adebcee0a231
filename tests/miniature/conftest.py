"""One tiny build, shared by the tests of this folder, and the shipped weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.judging.rubric import rubric
from harness.miniature.build.config import SMALL
from harness.miniature.build.judge import RUBRICS, RubricPrompts
from harness.miniature.card import CARD_NAME, MiniatureCard, read_card
from harness.sampling.settings import SamplingSettings
from harness.workspace import MINIATURE_WEIGHTS

POLISH = SMALL.by_heart.model_copy(
    update={"documents": 7, "rehearsed": 5, "subject_pages": 2, "thinking": 4, "continued": 2}
)
TINY = SMALL.model_copy(
    update={
        "width": 32,
        "feed_forward": 64,
        "world_documents": 60,
        "subject_pages": 20,
        "chat_documents": 50,
        "chat_subject_pages": 8,
        "thinking_documents": 20,
        "thinking_chats": 10,
        "thinking_rehearsal": 10,
        "by_heart": POLISH,
        "polishes": (
            (POLISH.model_copy(update={"seed": 13}), POLISH.model_copy(update={"seed": 14})),
            (POLISH.model_copy(update={"seed": 15}),),
        ),
        "judge_examples": 60,
        "tokens_per_step": 1024,
        "judge_tokens_per_step": 768,
    }
)


@dataclass(frozen=True)
class TinyBuild:
    """Where the tiny build's parts are."""

    work: Path
    out: Path
    card: MiniatureCard


def rubric_prompts() -> RubricPrompts:
    return RubricPrompts(*(rubric(name).prompt for name in RUBRICS))


def what_decides(files: dict[str, str]) -> dict[str, str]:
    """Hashes of the files that decide what a model answers."""
    decisive = ("model.safetensors", "tokenizer.json", "chat_template.jinja", "/config.json")
    return {name: digest for name, digest in files.items() if name.endswith(decisive)}


def nothing(*_: Any) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package", autouse=True)
def short_answers() -> Iterator[None]:
    """An untrained model never ends its answers, so the gates stop them early."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.miniature.build.gates.SETTINGS", SamplingSettings(max_tokens=24))
        yield


@pytest.fixture(scope="package")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyBuild:
    from harness.miniature.build.install import build_and_install

    work = tmp_path_factory.mktemp("tiny")
    card = build_and_install(TINY, work, work / "out", nothing, nothing, gate_items=4)
    return TinyBuild(work, work / "out", card)


@pytest.fixture(scope="package")
def tiny_tokenizer(tiny: TinyBuild) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny.out / "model")


@pytest.fixture(scope="package")
def shipped() -> MiniatureCard:
    if not (MINIATURE_WEIGHTS / CARD_NAME).is_file():
        pytest.skip("no shipped weights in this checkout")
    return read_card(MINIATURE_WEIGHTS)
