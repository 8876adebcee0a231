"""Whom the verb ``persona`` is about: a run with all its arms, or one model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.errors import ModelReferenceError, RecordError, UsageError
from harness.models.chat_format import Think
from harness.models.reference import ModelReference, parse_reference
from harness.runs.inside.subjects import RunSubject, resolve_subjects
from harness.runs.judges import Judge
from harness.runs.persona.settings import Asked, arms_of_run
from harness.runs.plan import check_think, usual_max_tokens
from harness.runs.record import find_run
from harness.runs.spec import ModelIdentity, Sampling, content_hash
from harness.workspace import Workspace

NO_JUDGE = "A role sweep needs a judge for its answers."
LONE = Path(".store") / "models"
"""Where side records of models that belong to no run lie in a results folder."""


def find_target(
    text: str,
    workspace: Workspace,
    *,
    samples: int,
    seed: int,
    judge: Judge | None,
    classify: bool,
    think: Think | None = None,
    sweep: int = 0,
) -> Asked:
    """What the user named.

    Args:
        text: Id of a run or a part of it, or a model reference.
        workspace: Where runs and models are found.
        samples: Answers to each question.
        seed: Sampling seed.
        judge: Who names the voices; None takes a run's own judge, and for a model nobody.
        classify: Whether anybody names them.
        think: Whether a model thinks first; a run's arms do as they did in the run.
        sweep: Answers to each open question under each role; needs a judge.

    Raises:
        UsageError: It is neither a run nor a model.
    """
    try:
        find_run(text, workspace.results)
    except RecordError as no_run:
        try:
            reference = parse_reference(text, workspace)
        except ModelReferenceError as no_model:
            hint = f"{no_run.hint} {no_model.hint}"
            raise UsageError(f"'{text}' is neither a run nor a model.", hint=hint) from no_model
        found = _one_model(reference, workspace, samples, seed, judge if classify else None, think)
        if sweep and found.judge is None:
            raise UsageError(NO_JUDGE, hint="Name one with --judge.") from None
        return replace(found, sweep=sweep)
    if think is not None:
        raise UsageError(
            "--think is for a model; the arms of a run think as they did in the run.",
            hint=f"Leave it out, or name one arm: run:{text}/bad",
        )
    if sweep and not classify:
        raise UsageError(NO_JUDGE, hint="Leave out --no-classify.")
    subjects = resolve_subjects(text, workspace)
    return arms_of_run(subjects, samples, seed, judge, classify=classify, sweep=sweep)


def _one_model(
    reference: ModelReference,
    workspace: Workspace,
    samples: int,
    seed: int,
    judge: Judge | None,
    think: Think | None,
) -> Asked:
    from harness.models.identity import adapter_digest, weights_digest
    from harness.runs.vetting import pin_base

    check_think(reference, think)
    pinned = pin_base(reference)
    known = ModelIdentity(
        name=pinned.name, revision=pinned.revision, weights=_digest(pinned, weights_digest)
    )
    adapter = _digest(pinned, adapter_digest)
    subject = RunSubject("model", None, pinned, known, adapter)
    slug = re.sub(r"[^A-Za-z0-9]+", "-", pinned.name).strip("-").lower()[-40:]
    name = f"{slug}-{content_hash(subject.identity)[:10]}"
    sampling = Sampling(
        max_tokens=usual_max_tokens(pinned, think), samples=samples, seed=seed, think=think
    )
    note = "a toy: says nothing about large models." if pinned.is_miniature else None
    return Asked(
        run_id=name,
        folder=workspace.results / LONE / name,
        results=workspace.results,
        subjects=(subject,),
        compared=None,
        sampling=sampling,
        judge=judge,
        recorded=False,
        note=note,
    )


def _digest(reference: ModelReference, take: Callable[[ModelReference], str | None]) -> str | None:
    """A hash of local files; there are none behind an API."""
    return None if reference.is_remote else take(reference)
