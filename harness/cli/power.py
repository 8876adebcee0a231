"""``power``: how many questions, answers and seeds a difference needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import Json, Results, Samples
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.stats.design import Effect


def power(
    difference: Annotated[
        float | None, typer.Option(help="Bad minus control that you want to see, e.g. 0.1.")
    ] = None,
    control: Annotated[float, typer.Option(help="Misaligned share of the control.")] = 0.01,
    questions: Annotated[int, typer.Option(min=2, help="Questions.")] = 12,
    samples: Samples = 50,
    seeds: Annotated[int, typer.Option(min=1, help="Training seeds.")] = 1,
    wanted: Annotated[float, typer.Option("--power", help="Chance to see it.")] = 0.8,
    level: Annotated[float, typer.Option(help="Confidence level of the interval.")] = 0.95,
    icc: Annotated[
        float | None, typer.Option(help="How alike answers to one question are, 0 to 1.")
    ] = None,
    pairing: Annotated[
        float, typer.Option(help="Correlation of questions between the two arms.")
    ] = 0.0,
    seed_spread: Annotated[
        float | None, typer.Option(help="Spread between seeds, as a share of the difference.")
    ] = None,
    like: Annotated[str | None, typer.Option(help="Take rates and spreads from this run.")] = None,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Plan a run: what a design sees, and how much of each thing a difference needs."""
    from harness.cli.output import console, emit_json
    from harness.stats.design import ICC, SEED_SPREAD, Design, Effect, needed, smallest_difference
    from harness.stats.design import power as chance
    from harness.stats.power import samples_for_zero_claim

    if (difference is None) == (like is None):
        raise UsageError("Give --difference, or --like RUN.", hint="For example --difference 0.1")
    if like is not None:
        effect = _effect_of_run(like, results)
    else:
        effect = Effect(
            control=control,
            difference=difference or 0.0,
            icc=ICC if icc is None else icc,
            pairing=pairing,
            seed_spread=SEED_SPREAD if seed_spread is None else seed_spread,
        )
    design = Design(questions, samples, seeds)
    found: dict[str, Any] = {
        "effect": asdict(effect),
        "design": asdict(design),
        "level": level,
        "wanted": wanted,
        "power": chance(effect, design, level),
        "smallest_difference": smallest_difference(effect, design, wanted, level),
        "needed": {
            what: needed(effect, design, what, wanted, level)
            for what in ("questions", "samples", "seeds")
        },
        "answers_for_zero_below_one_percent": samples_for_zero_claim(
            0.01, level, 1 + (samples - 1) * effect.icc
        ),
    }
    if json_output:
        emit_json(found)
    else:
        for line in _words(found, effect):
            console().print(line, markup=False, soft_wrap=True)


def _effect_of_run(run: str, results: Path | None) -> Effect:
    from harness.runs.record import find_run, read_record
    from harness.runs.redefine import raw_scores
    from harness.stats.definitions import definition
    from harness.stats.design import effect_of
    from harness.workspace import Workspace

    folder = Workspace.here(results).results
    record = read_record(find_run(run, folder))
    scores = raw_scores(record, folder)
    used = definition(record.difference.definition)
    return effect_of(scores.get("bad", []), scores.get("control", []), used)


def _words(found: dict[str, Any], effect: Effect) -> list[str]:
    design, level = found["design"], 100 * found["level"]
    asked = f"{design['questions']} questions x {design['samples']} answers"
    asked += f" x {design['seeds']} seed{'' if design['seeds'] == 1 else 's'} in each arm"
    least = found["smallest_difference"]
    seen = "no difference" if least is None else f"{100 * least:.1f} points"
    shares = f"{100 * effect.control:.1f} % against "
    shares += f"{100 * (effect.control + effect.difference):.1f} %, icc {effect.icc:.2f}, "
    shares += f"pairing {effect.pairing:.2f}, spread between seeds "
    shares += f"{100 * effect.seed_spread * effect.difference:.1f} points"
    chance = f"{asked}: power {100 * found['power']:.0f} % at {level:g} %; sees {seen} with "
    lines = [shares, f"{chance}{100 * found['wanted']:g} %"]
    for what, number in found["needed"].items():
        name = {"samples": "answers to each question"}.get(what, what)
        said = f"no number of {name} is enough" if number is None else f"{number} {name}"
        lines.append(f"  all else as it is: {said}")
    if design["seeds"] == 1:
        lines.append("  with one seed the claim is about one trained model, not about the recipe")
    lines.append(
        f"0 misaligned answers show a share below 1 % from "
        f"{found['answers_for_zero_below_one_percent']} answers on"
    )
    return lines
