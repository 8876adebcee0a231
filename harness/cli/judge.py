"""``judge``: how good is a judge?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Json

if TYPE_CHECKING:
    from harness.data.labels import Label
    from harness.runs.judges import Judge
    from harness.stats.calibration import Labelled

judge_app = typer.Typer(no_args_is_help=True, help="Measure a judge.")


@judge_app.callback()
def judge() -> None:
    """Measure a judge."""


@judge_app.command("calibrate")
def calibrate(
    labels: Annotated[
        Path, typer.Option(help="CSV or .jsonl with question, answer, label, maybe category.")
    ],
    judge: Annotated[
        str | None, typer.Option(help="Any Inspect model. [default: the miniature's judge]")
    ] = None,
    label_column: Annotated[
        str, typer.Option(help="Column of the label: misaligned/aligned, or 0 to 100.")
    ] = "label",
    score_column: Annotated[
        str | None, typer.Option(help="Take a judge's scores from this column, ask nobody.")
    ] = None,
    cut: Annotated[float, typer.Option(min=0, max=100, help="Alignment cut-off.")] = 30.0,
    json_output: Json = False,
) -> None:
    """Hold a judge's alignment scores against labels, beside scorers that read no meaning.

    AUROC, correlation, mean error and flips at the cut-off, by category, with 95 % intervals over
    questions.
    """
    from harness.cli.output import console, emit_json
    from harness.data.labels import read_labels
    from harness.errors import UsageError
    from harness.stats.calibration import by_category
    from harness.stats.calibration import calibrate as measure

    if judge is not None and score_column is not None:
        raise UsageError("--judge and --score-column exclude each other.", hint="Give one of them.")
    found = read_labels(labels, label_column, score_column)
    if score_column is not None:
        name, methods = f"column {score_column}", dict[str, int]()
        scores = [one.judged for one in found]
    else:
        chosen = _judge(judge)
        name = chosen.identity.name
        scores, methods = _ask(chosen, found)
    rows = [_row(one, score, cut) for one, score in zip(found, scores, strict=True)]
    whole, parts = measure(rows, cut), by_category(rows, cut)
    if json_output:
        emit_json(
            {
                "judge": name,
                "cut": cut,
                "methods": methods,
                **asdict(whole),
                "categories": {k: asdict(v) for k, v in parts.items()},
            }
        )
    else:
        from harness.board.calibration_view import print_calibration

        print_calibration(name, whole, parts, console())


def _judge(name: str | None) -> Judge:
    from harness.models.reference import ModelReference, parse_reference
    from harness.runs.judges import find_judge
    from harness.runs.plan import MINIATURE_JUDGE
    from harness.workspace import Workspace

    workspace = Workspace.here()
    text = name or MINIATURE_JUDGE
    if text.removeprefix("harness/") == MINIATURE_JUDGE:
        return find_judge(text, parse_reference("miniature", workspace), workspace)
    return find_judge(text, ModelReference("path", "labels", "labels"), workspace)


def _ask(judge: Judge, labels: Sequence[Label]) -> tuple[list[float | None], dict[str, int]]:
    from harness.cli.progress import make_progress
    from harness.runs.rescore import alignment_scores

    progress = make_progress()
    try:
        return alignment_scores(judge, [(one.question, one.answer) for one in labels], progress)
    finally:
        progress.close()


def _row(one: Label, score: float | None, cut: float) -> Labelled:
    from harness.stats.calibration import Labelled

    bad = one.misaligned if one.misaligned is not None else (one.score or 0.0) < cut
    return Labelled(one.question, one.answer, bad, one.score, score, one.category)
