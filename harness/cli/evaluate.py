"""``evaluate``: ask and judge any model as it is, without training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import options
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.runs.plan import Plan
    from harness.runs.store import Store


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="miniature, org/name[@revision], a folder with a model or a PEFT adapter, "
            "run:ID/arm, or an API model: anthropic/NAME, openai-api/SERVICE/NAME, api:openai/NAME."
        ),
    ],
    against: Annotated[
        str | None,
        typer.Option(help="A model to compare it with; 'base' is the model under an adapter."),
    ] = None,
    judge: options.Judges = None,
    questions: options.Questions = "core",
    formats: options.Formats = None,
    samples: options.Samples = 50,
    temperature: options.Temperature = 1.0,
    top_p: options.TopP = 1.0,
    max_tokens: Annotated[
        int | None,
        typer.Option(min=1, help="Longest answer; 600, or 4096 with --think on."),
    ] = None,
    think: options.Think = None,
    dtype: options.Dtype = None,
    engine: options.Engine = None,
    device: options.Device = None,
    extra_body: Annotated[
        str | None, typer.Option(help="JSON object added to every request to a server.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Sampling seed.")] = 0,
    dry_run: options.DryRun = False,
    json_output: options.Json = False,
    results: options.Results = None,
) -> None:
    """Ask a model the open questions as it is and judge its answers; nothing is trained.

    For vetting a fine-tune before its release, or any model behind an API.
    """
    from harness.cli.output import emit_json
    from harness.cli.run import finish
    from harness.data.asking import parse_formats
    from harness.models.devices import choose_device
    from harness.runs.judges import find_judge
    from harness.runs.store import Store
    from harness.runs.vetting import Vetting, plan_vetting
    from harness.workspace import Workspace

    choose_device(device)
    workspace = Workspace.here(results)
    request = Vetting(
        model=model,
        against=against,
        judge=judge[0] if judge else None,
        samples=samples,
        questions=questions,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        sampling_seed=seed,
        think=think,
        dtype=dtype,
        engine=engine,
        extra_body=_object(extra_body),
        formats=parse_formats(formats or ["plain"]),
    )
    plan, store = plan_vetting(request, workspace), Store(workspace.results)
    if dry_run:
        _print_plan(plan, store)
        if json_output:
            emit_json({"run_id": plan.spec.run_id, "spec": plan.spec.model_dump(mode="json")})
        return
    panel = [find_judge(name, plan.reference, workspace) for name in (judge or [])[1:]]
    finish(plan, store, panel, as_json=json_output, announce=lambda: _print_plan(plan, store))


def _print_plan(plan: Plan, store: Store) -> None:
    from harness.cli.output import print_plan
    from harness.cli.run import print_competence, print_needs

    spec = plan.spec
    arms = plan.vetted or {}
    asked = f"{spec.question_set}: {len(plan.prompts)} x {spec.sampling.samples}"
    lines = [
        f"evaluate {spec.run_id}",
        f"  model      {spec.model.name}"
        + (f" @ {spec.model.revision}" if spec.model.revision else ""),
        *([f"  against    {spec.against.name}"] if spec.against else []),
        f"  judge      {spec.judge.name}",
        f"  questions  {asked} answers" + (", twice" if len(arms) > 1 else ""),
        *([f"  thinking   {spec.sampling.think}"] if spec.sampling.think else []),
        f"  results    {store.run(spec.run_id)}",
    ]
    print_plan(lines)
    print_competence(plan)
    print_needs(plan)


def _object(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UsageError(
            f"--extra-body is not a JSON object: {text}", hint="Example: '{\"top_k\": -1}'"
        )
    return value
