"""Model references: the strings users type to name a model.

====================  ==========================================================
``miniature``         the embedded model
``run:ID[/arm]``      an arm of a recorded run (its base model plus the adapter)
``./folder``          a local folder with a model or a PEFT adapter
``org/name[@rev]``    a Hugging Face causal language model, optionally pinned
``PROVIDER/…``        a model behind an API, by its Inspect name: ``anthropic/…``,
                      ``openai-api/SERVICE/MODEL``, ``vllm/…``
``api:PROVIDER/…``    the same where a hub organisation has the provider's name:
                      ``api:openai/gpt-4.1``, ``api:google/gemini-2.5-pro``
====================  ==========================================================
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import ModelReferenceError, PrerequisiteError
from harness.workspace import MINIATURE_WEIGHTS, Workspace

Kind = Literal["miniature", "run", "path", "hub", "api"]
API = "api:"
PROVIDERS = frozenset(
    (
        *("anthropic", "azureai", "bedrock", "cf", "fireworks", "grok", "groq", "mockllm"),
        *("ollama", "openai-api", "openrouter", "perplexity", "sagemaker", "sambanova"),
        *("sglang", "together", "vllm"),
    )
)
"""Inspect providers whose name is no organisation with models on the hub."""
_HUB = re.compile(r"^[\w.-]+/[\w.-]+(@[\w./-]+)?$")
_RUN = re.compile(r"^run:(?P<run>[\w.-]+)(/(?P<arm>[\w.-]+))?$")


@dataclass(frozen=True)
class ModelReference:
    """Where a model's weights are.

    Attributes:
        kind: Which of the forms was given.
        name: The name as shown and hashed (never a path of this machine for ``miniature``).
        source: Folder or hub id that ``from_pretrained`` takes; the Inspect name for ``api``.
        revision: Hub revision, or None.
        adapter: Folder of a PEFT adapter on top, or None.
    """

    kind: Kind
    name: str
    source: str
    revision: str | None = None
    adapter: Path | None = None

    @property
    def is_miniature(self) -> bool:
        """Whether the base weights are the embedded miniature's."""
        return self.source == str(MINIATURE_WEIGHTS / "model")

    @property
    def is_remote(self) -> bool:
        """Whether its weights are out of reach, behind an API."""
        return self.kind == "api"

    def with_adapter(self, adapter: Path | None) -> ModelReference:
        """The same base model with another adapter on top."""
        return ModelReference(self.kind, self.name, self.source, self.revision, adapter)


def parse_reference(text: str, workspace: Workspace | None = None) -> ModelReference:
    """Turn what the user typed into a reference; touches the disk, never the network.

    Raises:
        ModelReferenceError: The text names nothing that can be a model.
        PrerequisiteError: The miniature's weights are not there.
    """
    text = text.strip()
    if text == "miniature":
        return _miniature(text, "model")
    if text == "miniature-judge":
        return _miniature(text, "judge")
    if text.startswith("run:"):
        return _from_run(text, workspace or Workspace.here())
    if text.startswith((".", "/", "~")) or Path(text).is_dir():
        return _from_path(text)
    if text.startswith(API) or text.partition("/")[0] in PROVIDERS:
        return _from_api(text)
    if _HUB.match(text):
        name, _, revision = text.partition("@")
        return ModelReference("hub", text, name, revision or None)
    raise ModelReferenceError(
        f"'{text}' does not name a model.",
        hint="Use 'miniature', a hub id 'org/name[@revision]', a local folder, 'run:ID/arm', or "
        "the Inspect name of an API model, e.g. 'anthropic/NAME' or 'api:openai/NAME'.",
    )


def _miniature(name: str, part: str) -> ModelReference:
    folder = MINIATURE_WEIGHTS / part
    if not (folder / "model.safetensors").is_file():
        raise PrerequisiteError(
            f"The miniature's weights are missing: {folder}",
            hint="Reinstall the package, or build them: python -m harness miniature build",
        )
    return ModelReference("miniature", name, str(folder))


def _from_api(text: str) -> ModelReference:
    source = text.removeprefix(API)
    provider, _, model = source.partition("/")
    if not provider or not model or any(char.isspace() for char in source):
        raise ModelReferenceError(
            f"'{text}' names no model of a provider.",
            hint="Write PROVIDER/MODEL, e.g. api:openai/gpt-4.1 or openai-api/SERVICE/MODEL.",
        )
    return ModelReference("api", text, source)


def _from_path(text: str) -> ModelReference:
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise ModelReferenceError(f"'{text}' is not a folder.", hint="Give a folder with a model.")
    if (folder / "adapter_config.json").is_file():
        config = _adapter_config(folder / "adapter_config.json")
        base = parse_reference(str(config["base_model_name_or_path"]))
        revision = config.get("revision") or base.revision
        return ModelReference("path", text, base.source, revision, folder)
    if not (folder / "config.json").is_file():
        raise ModelReferenceError(
            f"'{text}' holds neither config.json nor adapter_config.json.",
            hint="Give the folder that save_pretrained() wrote.",
        )
    return ModelReference("path", text, str(folder))


def _adapter_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelReferenceError(
            f"{path} is not JSON: {error}", hint="Copy the adapter's folder again."
        ) from error
    if not isinstance(config, dict) or not config.get("base_model_name_or_path"):
        raise ModelReferenceError(
            f"{path} names no base model.", hint="Fill in base_model_name_or_path."
        )
    return config


def _from_run(text: str, workspace: Workspace) -> ModelReference:
    match = _RUN.match(text)
    if match is None:
        raise ModelReferenceError(f"'{text}' is not of the form run:ID or run:ID/arm.")
    record_file = workspace.results / match["run"] / "run.json"
    if not record_file.is_file():
        raise ModelReferenceError(
            f"There is no finished run '{match['run']}' in {workspace.results}.",
            hint="python -m harness leaderboard lists the runs.",
        )
    record = json.loads(record_file.read_text(encoding="utf-8"))
    base = parse_reference(str(record["model"]), workspace)
    arm = match["arm"] or "bad"
    if arm not in record["arms"]:
        raise ModelReferenceError(
            f"Run '{match['run']}' has no arm '{arm}'.", hint=f"Arms: {', '.join(record['arms'])}."
        )
    if arm == "base":
        return base
    inputs = str(record["arms"][arm]["adapters"][0]["inputs"])
    adapter = workspace.results / ".store" / "adapters" / inputs[:16] / "adapter"
    if not (adapter / "adapter_config.json").is_file():
        raise ModelReferenceError(
            f"The adapter of run '{match['run']}', arm '{arm}', is not on this machine.",
            hint="Adapters stay on the machine that trained them; run the task again to make it.",
        )
    return ModelReference("run", text, base.source, base.revision, adapter)
