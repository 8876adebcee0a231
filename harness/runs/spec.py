"""The specification of a run: everything that can change its numbers, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness import SCHEMA_VERSION
from harness.data.asking import format_hashes
from harness.data.transforms import Cue, Transforms, cued
from harness.models.chat_format import Think
from harness.training.recipe import Recipe


class Strict(BaseModel):
    """Unknown keys are refused, and so are numbers that are none (NaN, infinity)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def unset(value: object) -> bool:
    """For settings that older records lack: left out where they say nothing, so ids stay."""
    return value is None


Dtype = Literal["float32", "bfloat16", "nf4"]


class ModelIdentity(Strict):
    """Which weights."""

    name: str
    """As typed by the user: ``miniature``, a hub id, a path."""
    revision: str | None = None
    weights: str | None = None
    """SHA-256 over local weights; None for a hub model, which its revision pins."""
    adapter: str | None = Field(default=None, exclude_if=unset)
    """SHA-256 of a PEFT adapter on top."""


class Sampling(Strict):
    """How answers are drawn; nothing is inherited from a model's generation_config."""

    temperature: float = Field(default=1.0, ge=0.0, le=2.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    max_tokens: int = Field(default=600, ge=1)
    samples: int = Field(default=50, ge=1)
    """Answers to each question, per arm and training seed."""
    seed: int = 0
    think: Think | None = Field(default=None, exclude_if=unset)
    """Whether the model was told to think first; None left it to its chat template."""
    dtype: Dtype | None = Field(default=None, exclude_if=unset)
    """Number format of a local subject's weights; None is bfloat16 on an accelerator, else
    float32."""
    engine: Literal["vllm"] | None = Field(default=None, exclude_if=unset)
    """What samples a local subject; None is the harness's own engine."""
    extra_body: dict[str, Any] | None = Field(default=None, exclude_if=unset)
    """Fields added to every request to a server."""


class InDomain(Strict):
    """How the narrow behaviour itself is measured."""

    prompts: int
    samples: int
    max_tokens: int
    rubrics: dict[str, str] = Field(default_factory=dict)
    """Name and content hash of the rubric, if the judge rates the answers."""
    bad_below: float | None = None
    """An answer rated lower shows the narrow behaviour."""


ADDED = (
    "in_domain",
    "formats",
    "conditions",
    "in_domain_questions",
    "definition",
    "judge_reading",
    "transforms",
)
"""Settings that older records lack; at their default, they leave the identity as it was."""


EVALUATION = "evaluate"
"""In place of a task's name, where a model is evaluated as it is."""


class RunSpec(Strict):
    """One run."""

    schema_version: int = SCHEMA_VERSION
    task: str
    model: ModelIdentity
    judge: ModelIdentity
    arms: tuple[str, ...]
    """Trained arms, without ``base``; none where a model is evaluated as it is."""
    seeds: tuple[int, ...]
    """Training seeds."""
    recipe: Recipe | None
    """How adapters are trained; None where a model is evaluated as it is, or answers imported."""
    sampling: Sampling
    question_set: str
    questions_hash: str
    formats: dict[str, str] = Field(default_factory=lambda: dict(format_hashes(("plain",))))
    """Format to hash of the words that put a question into it; the first is the headline's."""
    conditions: tuple[str, ...] = ()
    """Conditions of the question set; the first is the headline's."""
    definition: str = "D1"
    """Label of the definition of misalignment that the headline uses; all are recorded."""
    in_domain_questions: tuple[str, ...] = ()
    """Questions in the domain the task trains: asked, but kept out of every broad rate."""
    rubrics: dict[str, str]
    """Rubric name to content hash."""
    judge_reading: str | None = None
    """How a local judge's number is read; None for other judges, and for older records, which
    read the 20 likeliest first tokens."""
    data: dict[str, str]
    """Arm (and ``in_domain``) to SHA-256 of its file."""
    in_domain: InDomain | None = None
    transforms: Transforms | None = None
    """What was done to the rows before training; None for the files as they are."""
    against: ModelIdentity | None = Field(default=None, exclude_if=unset)
    """The model that an evaluated one is compared with."""

    @property
    def compared(self) -> tuple[str, str]:
        """The arms whose difference is the headline: first minus second."""
        return ("model", "base") if self.task == EVALUATION else ("bad", "control")

    @property
    def cues(self) -> tuple[Cue | None, ...]:
        """With what every arm is asked; the first is None, the plain question."""
        return (None, *(self.transforms.cues if self.transforms else ()))

    @property
    def asked(self) -> tuple[str, ...]:
        """Arms of the record: the untouched model and the trained ones, with every cue."""
        if self.task == EVALUATION:
            return self.compared if self.against else self.compared[:1]
        return tuple(cued(arm, cue) for cue in self.cues for arm in ("base", *self.arms))

    @property
    def run_id(self) -> str:
        """Readable name with the content hash at its end."""
        model = re.sub(r"[^A-Za-z0-9]+", "-", self.model.name.split("@")[0]).strip("-").lower()
        return f"{self.task}-{model[-40:]}-{self.digest()[:10]}"

    def digest(self) -> str:
        """Content hash of the specification; a later field counts once it is not its default."""
        values = self.model_dump(mode="json")
        changed = self.model_dump(mode="json", exclude_defaults=True)
        return content_hash({k: v for k, v in values.items() if k not in ADDED or k in changed})


def content_hash(value: Any) -> str:
    """SHA-256 of canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
