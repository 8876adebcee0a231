"""The models that a probe talks to: the subject, local or behind an API, and the judge."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import PrerequisiteError
from harness.models.reference import ModelReference

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from harness.runs.plan import Plan

SAMPLED, ASKED, JUDGED = "sampled.jsonl", "asked.jsonl", "judged.jsonl"
"""Finished answers of a local subject, of one behind an API, and replies of a judge there."""

HEAVY = {"harness", "hf", "vllm", "sglang", "transformer_lens", "nnterp"}
"""Providers that load weights or start a server as soon as their model is made."""


def subject_model(
    plan: Plan, reference: ModelReference, adapter: Path | None, folder: Path
) -> Model:
    """The model that is asked, keeping its finished answers in ``folder``.

    Args:
        plan: The run.
        reference: The base model, or a model behind an API.
        adapter: Folder of the adapter on top.
        folder: The probe's folder.

    Raises:
        PrerequisiteError: The provider lacks its key, its client or its server.
    """
    from inspect_ai.model import GenerateConfig, get_model

    from harness.models.devices import preferred_device

    sampling = plan.spec.sampling
    if reference.is_remote:
        config = GenerateConfig(extra_body=sampling.extra_body)
        return remote_model(reference.source, folder / ASKED, "model", config)
    if sampling.engine == "vllm":
        from harness.sampling.vllm_subject import vllm_subject

        made = vllm_subject(
            reference,
            adapter,
            rank=_largest_rank(plan),
            dtype=sampling.dtype,
            think=sampling.think,
        )
        config = GenerateConfig(extra_body=made.extra_body)
        return remote_model(made.name, folder / ASKED, "model", config, **made.server)
    probe = plan.task.in_domain
    # Where answers depend on their company (a GPU's products, short floats), one prompt's are a
    # batch of their own, whatever was finished before a kill. Elsewhere wide batches are faster.
    alone = preferred_device().type != "cpu" or sampling.dtype not in (None, "float32")
    sizes = {sampling.samples, probe.samples if probe else 0}
    return get_model(
        f"harness/{local_source(reference)}",
        memoize=False,
        adapter=str(adapter) if adapter else None,
        journal=str(folder / SAMPLED),
        samples_per_prompt=max(sizes) if alone else None,
        think=sampling.think,
        dtype=sampling.dtype,
    )


def judge_model(plan: Plan, folder: Path) -> Model:
    """The model that judges.

    Raises:
        PrerequisiteError: The provider lacks its key, its client or its server.
    """
    from inspect_ai.model import get_model

    if plan.judge_model.startswith("harness/"):
        return get_model(plan.judge_model)
    return remote_model(plan.judge_model, folder / JUDGED, "judge")


def retries(folder: Path) -> dict[str, int]:
    """Failed calls that were asked again, by who was asked; empty for local models."""
    from harness.sampling.patience import Notebook

    found = {"model": folder / ASKED, "judge": folder / JUDGED}
    return {who: Notebook(path).retries for who, path in found.items() if path.is_file()}


def forget(folder: Path) -> None:
    """Drop the notes of a finished probe; its answers stand in the record's files."""
    for name in (SAMPLED, ASKED, JUDGED):
        (folder / name).unlink(missing_ok=True)


def _largest_rank(plan: Plan) -> int | None:
    """Rank that a server must be ready for: it is started before all adapters are known."""
    from harness.sampling.vllm_subject import adapter_rank

    if plan.vetted is None:
        return plan.recipe.rank
    adapters = [subject.adapter for subject in plan.vetted.values() if subject.adapter]
    return max(map(adapter_rank, adapters), default=None)


def remote_model(
    name: str, notes: Path | None, role: str, config: Any = None, **arguments: Any
) -> Model:
    """A model behind an API that is asked again when a call fails.

    Args:
        name: Its Inspect name.
        notes: File that keeps its answers, so that a killed run goes on; None leaves failed calls
            to Inspect and keeps nothing.
        role: What it is called in messages.
        config: Inspect's configuration.
        arguments: Further ones of the provider.

    Raises:
        PrerequisiteError: The provider lacks its key, its client or its server.
    """
    from inspect_ai.model import GenerateConfig, get_model

    from harness.sampling.patience import Notebook, patient

    try:
        model = get_model(name, memoize=False, config=config or GenerateConfig(), **arguments)
    except Exception as error:  # each provider fails in its own way: key, client, name
        raise PrerequisiteError(
            f"The {role} '{name}' cannot be used: {plain_error(error)}",
            hint="Check the name, set its API key (and, for a server of your own, its base URL) "
            "and install its client: pip install 'em-harness[api]'.",
        ) from error
    return patient(model, Notebook(notes)) if notes is not None else model


def check_usable(name: str, role: str) -> None:
    """See that a model behind an API has its key and client before hours of work hang on it.

    Args:
        name: Its Inspect name.
        role: What it is called in messages.

    Raises:
        PrerequisiteError: It lacks one, or there is no such provider.
    """
    if name.partition("/")[0] not in HEAVY:
        remote_model(name, None, role)


def plain_error(error: Exception) -> str:
    """Inspect writes its errors for a terminal: with markup and in several lines."""
    text = re.sub(r"\[/?[a-z ]+\]", "", str(error)).removeprefix("ERROR: ")
    return " ".join(text.split())


def local_source(reference: ModelReference) -> str:
    """What the ``harness`` provider takes for a local model; its adapter goes with it apart."""
    if reference.kind == "hub":
        return f"{reference.source}@{reference.revision}"
    return "miniature" if reference.kind == "miniature" else reference.source
