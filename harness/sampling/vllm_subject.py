"""A local model or adapter sampled by vLLM, through Inspect's provider.

Three defaults of theirs would change a measurement or open a door, so they are set here: vLLM
takes sampling defaults from the model's ``generation_config.json``, Inspect starts the server on
all interfaces, and a server that begins with the untouched model refuses adapters later on.
"""

from __future__ import annotations

import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import PrerequisiteError, UsageError
from harness.models.chat_format import Think, template_arguments
from harness.models.loading import load_tokenizer
from harness.models.reference import ModelReference

LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Values that vLLM takes for ``max_lora_rank``."""


@dataclass(frozen=True)
class VllmSubject:
    """What to hand to ``get_model``.

    Attributes:
        name: ``vllm/BASE`` or ``vllm/BASE:ADAPTER``.
        server: Arguments of ``vllm serve``.
        extra_body: Fields of every request: the neutral values of what OpenAI's protocol lacks.
    """

    name: str
    server: dict[str, Any]
    extra_body: dict[str, Any]


def check_vllm(reference: ModelReference) -> None:
    """See that vLLM can be used for a model.

    Raises:
        UsageError: The model is behind an API, or its path cannot be written in a vLLM name.
        PrerequisiteError: vLLM is not installed and no running server is named.
    """
    if reference.is_remote:
        raise UsageError("--engine vllm is for local models; this one is behind an API.")
    if ":" in reference.source or ":" in str(reference.adapter or ""):
        raise UsageError(
            "A vLLM model name has its adapter behind a colon, so no path may hold one: "
            f"{reference.source}"
        )
    if importlib.util.find_spec("vllm") is None and not os.environ.get("VLLM_BASE_URL"):
        raise PrerequisiteError(
            "--engine vllm needs vLLM and a GPU.",
            hint="pip install 'em-harness[vllm]', or name a running server with VLLM_BASE_URL.",
        )


def vllm_subject(
    reference: ModelReference,
    adapter: Path | None,
    *,
    rank: int | None,
    dtype: str | None,
    think: Think | None,
) -> VllmSubject:
    """Name, server arguments and request fields of a subject.

    Args:
        reference: The base model.
        adapter: The adapter on top, if any.
        rank: Largest rank of all adapters that the run puts on this base model; None for none.
        dtype: Number format; None lets vLLM take the one of the weights.
        think: Whether the model shall think; None leaves it to its template.

    Raises:
        ModelReferenceError: The chat template has no switch for thinking.
    """
    server: dict[str, Any] = {"host": "127.0.0.1", "generation_config": "vllm"}
    if reference.revision:
        server["revision"] = reference.revision
    if rank is not None:
        fitting = next((size for size in LORA_RANKS if size >= rank), rank)
        server |= {"enable_lora": True, "max_lora_rank": fitting}
    if dtype == "nf4":
        server["quantization"] = "bitsandbytes"
    elif dtype is not None:
        server["dtype"] = dtype
    tokenizer = load_tokenizer(reference)
    if _own_template(reference) != tokenizer.chat_template:
        server["chat_template"] = tokenizer.chat_template
    extra: dict[str, Any] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    if arguments := template_arguments(tokenizer, think):
        extra["chat_template_kwargs"] = arguments
    name = f"vllm/{reference.source}" + (f":{adapter.absolute()}" if adapter else "")
    return VllmSubject(name, server, extra)


def adapter_rank(adapter: Path) -> int:
    """Rank of a PEFT adapter on disk."""
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    return int(config["r"])


def _own_template(reference: ModelReference) -> Any:
    from transformers import AutoTokenizer

    own = AutoTokenizer.from_pretrained(reference.source, revision=reference.revision)
    return own.chat_template
