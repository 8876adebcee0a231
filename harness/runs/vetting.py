"""The plan of ``evaluate``: ask and judge a model as it is, beside another one if wanted.

A lab that is about to release a fine-tune has no narrow data to train on; it has a model. The same
questions, judge, definitions and records serve: one arm ``model`` and, with ``--against``, a second
arm ``base`` that it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.data.asking import expand, format_hashes
from harness.data.questions import Format, read_questions
from harness.data.task import TaskSpec
from harness.errors import UsageError
from harness.judging.set_rubrics import rubric_hashes
from harness.models.chat_format import Think
from harness.models.identity import adapter_digest, pin, weights_digest
from harness.models.reference import ModelReference, parse_reference
from harness.runs.plan import (
    ALL_SPELLINGS,
    MINIATURE_JUDGE,
    Plan,
    check_think,
    judge_identity,
    judge_model_name,
    usual_max_tokens,
)
from harness.runs.probe import Subject
from harness.runs.spec import EVALUATION, Dtype, ModelIdentity, RunSpec, Sampling
from harness.sampling.vllm_subject import check_vllm
from harness.workspace import Workspace

MODEL, AGAINST = "model", "base"
"""Arms of an evaluation."""
OWN_BASE = "base"
"""For ``--against``: the model without its adapter."""
_AS_IT_IS = TaskSpec(
    name=EVALUATION,
    title="a model as it is, nothing is trained",
    description="Open-ended questions to a model, an adapter or an API, judged as in a run.",
    arms={},
    literature="",
)


@dataclass(frozen=True)
class Vetting:
    """The options of ``evaluate``, as typed."""

    model: str
    against: str | None = None
    judge: str | None = None
    samples: int = 50
    questions: str = "core"
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = None
    sampling_seed: int = 0
    think: Think | None = None
    dtype: Dtype | None = None
    engine: Literal["vllm"] | None = None
    extra_body: Mapping[str, Any] | None = None
    formats: tuple[Format, ...] = ("plain",)


def plan_vetting(request: Vetting, workspace: Workspace) -> Plan:
    """Resolve models, judge and questions.

    Raises:
        HarnessError: Anything that would stop the evaluation later.
    """
    questions = read_questions(request.questions, workspace)
    reference = parse_reference(request.model, workspace)
    other = _other(request.against, reference, workspace)
    if request.extra_body and not (reference.is_remote or (other and other.is_remote)):
        raise UsageError("--extra-body is for models behind a server, and none is asked.")
    judge = judge_model_name(request.judge, reference)
    own_rubrics = judge == f"harness/{MINIATURE_JUDGE}"
    subjects = {MODEL: _subject(MODEL, reference)}
    if other is not None:
        subjects[AGAINST] = _subject(AGAINST, other)
    for asked in (reference, *([other] if other else [])):
        check_think(asked, request.think)
        if request.engine == "vllm":
            check_vllm(asked)
    spec = RunSpec(
        task=EVALUATION,
        model=_known(subjects[MODEL]),
        against=_known(subjects[AGAINST]) if other is not None else None,
        judge=judge_identity(judge, workspace),
        arms=(),
        seeds=(),
        recipe=None,
        sampling=Sampling(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens or usual_max_tokens(reference, request.think),
            samples=request.samples,
            seed=request.sampling_seed,
            think=request.think,
            dtype=request.dtype,
            engine=request.engine,
            extra_body=dict(request.extra_body) if request.extra_body else None,
        ),
        question_set=questions.id,
        questions_hash=questions.digest(),
        formats=format_hashes(request.formats),
        conditions=tuple(questions.conditions),
        rubrics=rubric_hashes(questions, own_rubrics=own_rubrics),
        judge_reading=ALL_SPELLINGS if judge.startswith("harness/") else None,
        data={},
    )
    return Plan(
        spec=spec,
        task=_AS_IT_IS,
        reference=reference,
        judge_model=judge,
        questions=questions,
        questions_name=request.questions,
        prompts=expand(questions, request.formats),
        own_rubrics=own_rubrics,
        trained={},
        workspace=workspace,
        vetted=subjects,
    )


def _other(
    text: str | None, reference: ModelReference, workspace: Workspace
) -> ModelReference | None:
    if text is None:
        return None
    if text != OWN_BASE:
        return parse_reference(text, workspace)
    if reference.adapter is None:
        raise UsageError(
            f"'{reference.name}' carries no adapter, so it has no base to compare it with.",
            hint="Name the model: --against org/name.",
        )
    base = reference.with_adapter(None)
    return ModelReference(base.kind, f"base of {base.name}", base.source, base.revision)


def _subject(arm: str, reference: ModelReference) -> Subject:
    pinned = pin_base(reference)
    identity = ModelIdentity(
        name=pinned.name,
        revision=pinned.revision,
        weights=weights_digest(pinned),
        adapter=adapter_digest(pinned),
    )
    return Subject(arm, None, pinned.adapter, None, reference=pinned, identity=identity)


def pin_base(reference: ModelReference) -> ModelReference:
    """Pin the hub revision, also where the hub model lies under an adapter."""
    is_on_hub = reference.kind in ("path", "run") and "/" in reference.source
    if not is_on_hub or weights_digest(reference) is not None:
        return pin(reference)
    base = ModelReference("hub", reference.source, reference.source, reference.revision)
    return ModelReference(
        reference.kind, reference.name, reference.source, pin(base).revision, reference.adapter
    )


def _known(subject: Subject) -> ModelIdentity:
    assert subject.identity is not None
    return subject.identity
