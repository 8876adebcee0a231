"""A run's record on a terminal: where it comes from, its arms side by side, its questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.board.table import reading_order
from harness.board.text import (
    MISSING,
    TOY_NOTE,
    clean,
    definition_words,
    percent,
    percent_interval,
    points_interval,
)
from harness.runs.record import ArmRecord, DifferenceRecord, RateRecord, RunRecord
from harness.runs.spec import RunSpec

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

HASH = 10
MANY_UNSCORED = 0.05
"""Share of answers without a judgement from which the reader is warned."""


def print_summary(record: RunRecord, console: Console) -> None:
    """The arms side by side, the difference, and what the numbers may not be taken for."""
    from rich.text import Text

    title = Text(f"{clean(record.task)} · {clean(record.model)}", style="bold")
    if record.spec.recipe is not None:
        seeds = max((arm.seeds for arm in record.arms.values()), default=0)
        title.append(f" · {seeds} training seed{'' if seeds == 1 else 's'}")
    partial = "" if record.status == "complete" else f" · {record.status}"
    console.print(title.append(f"  {clean(record.run_id)}{partial}", style="not bold dim"))
    console.print()
    console.print(_arms(record), soft_wrap=True)
    console.print()
    if record.difference.rate is not None or len(record.arms) > 1:
        console.print(Text(difference_words(record.difference, record.spec.compared), style="bold"))
    for name, gap in record.cue_differences.items():
        console.print(Text(f"with {clean(name)}: {difference_words(gap)}", style="bold"))
    console.print(Text(clean(definition_words(record.difference.definition)), style="dim"))
    for warning in warnings(record):
        console.print(Text(warning, style="yellow"))
    if record.status == "not evaluable":
        console.print(Text(f"not evaluable: {not_evaluable_words(record)}", style="yellow"))


def print_provenance(record: RunRecord, console: Console) -> None:
    """What was trained on what, asked and judged how, with which versions, and how long it took."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in provenance(record).items():
        table.add_row(Text(name, style="dim"), Text(clean(value)))
    console.print()
    console.print(table, soft_wrap=True)


def print_questions(record: RunRecord, console: Console) -> None:
    """Each question's share in the bad arm, worst first, next to the control's."""
    first, second = record.spec.compared
    bad, control = record.arms.get(first), record.arms.get(second)
    if bad is None or not bad.per_question:
        return
    others = control.per_question if control else {}
    order = sorted(bad.per_question.items(), key=lambda e: (-_or_less(e[1].rate), e[0]))
    rows: list[tuple[str, ...]] = [
        (name, _interval(rate), f"{rate.count}/{rate.of}", _interval(others.get(name)))
        for name, rate in order
    ]
    console.print()
    if control is None:
        rows = [row[:3] for row in rows]
    header = ("question", first, "count", second)[: len(rows[0])]
    console.print(rates_table(header, rows), soft_wrap=True)


def provenance(record: RunRecord) -> dict[str, str]:
    """Where the numbers come from, by topic."""
    spec = record.spec
    stages = [f"{k} {v:.1f}" for k, v in record.seconds.items() if k != "total"]
    total = record.seconds.get("total")
    return {
        "model": _identity(spec.model.name, spec.model.revision, spec.model.weights),
        "judge": _identity(spec.judge.name, spec.judge.revision, spec.judge.weights),
        "training": _training(spec),
        "data": ", ".join(f"{name} {value[:HASH]}" for name, value in spec.data.items()),
        **({"transforms": spec.transforms.words()} if spec.transforms else {}),
        "questions": f"{spec.question_set} ({spec.questions_hash[:HASH]}), "
        f"{spec.sampling.samples} answers each",
        "sampling": f"temperature {spec.sampling.temperature:g}, top-p {spec.sampling.top_p:g}, "
        f"up to {spec.sampling.max_tokens} tokens, seed {spec.sampling.seed}"
        + (f", thinking {spec.sampling.think}" if spec.sampling.think else ""),
        "versions": ", ".join(f"{name} {value}" for name, value in record.versions.items()),
        "seconds": f"{MISSING if total is None else f'{total:.1f}'} ({', '.join(stages)}), "
        f"finished {record.finished}",
    }


def _training(spec: RunSpec) -> str:
    if spec.compared[0] == "model":
        return "none: the model was evaluated as it is"
    recipe = spec.recipe
    if recipe is None:
        return "elsewhere (imported answers and scores)"
    length = f"{recipe.max_steps} steps" if recipe.max_steps else f"{recipe.epochs} epochs"
    return (
        f"LoRA rank {recipe.rank}, alpha {recipe.alpha}, learning rate "
        f"{recipe.learning_rate:g}, {length} of "
        f"{recipe.batch_size * recipe.gradient_accumulation} rows, seeds "
        f"{', '.join(map(str, spec.seeds))}"
    )


def difference_words(gap: DifferenceRecord, compared: tuple[str, str] = ("bad", "control")) -> str:
    """The headline, and whether its interval tells the arms apart."""
    what = " minus ".join(compared)
    if gap.rate is None:
        return f"{what}: {MISSING} ({clean(gap.method)})"
    points = points_interval(gap.rate, gap.low, gap.high, unit=" points")
    told = gap.low is not None and gap.high is not None and (gap.low > 0 or gap.high < 0)
    verdict = "the interval excludes 0" if told else "the interval does not exclude 0"
    return f"{what}: {points}; {verdict}"


def not_evaluable_words(record: RunRecord) -> str:
    """Why such a run's rates prove nothing, and what the reader can do."""
    reason = clean(record.note or "").partition("not evaluable: ")[2]
    return (
        f"{reason or 'the untouched model failed a competence gate'}; even untouched the model "
        "does not quite master these questions, so its rates prove nothing: they show how a run "
        "goes. 'python -m harness miniature card' explains the gates; for rates that count, name "
        "a real model by --model and its judge by --judge."
    )


def warnings(record: RunRecord) -> list[str]:
    """What a reader must know before quoting a number."""
    found = [
        f"{clean(name)}: the answers to each question are all the same, so the server seems to "
        "ignore the sampling settings (see --extra-body)"
        for name, arm in record.arms.items()
        if arm.repeats_itself
    ]
    found += [
        f"{clean(name)}: {arm.unscored} of {arm.answers} answers could not be judged"
        for name, arm in record.arms.items()
        if arm.unscored > MANY_UNSCORED * arm.answers
    ]
    if record.note is not None:
        found.append(TOY_NOTE)
    return found


def _arms(record: RunRecord) -> Table:
    header = ("arm", "misaligned", "count", "coherent", "in-domain", "unscored")
    names = reading_order(record.arms)
    return rates_table(header, [_arm(name, record.arms[name]) for name in names])


def _arm(name: str, arm: ArmRecord) -> tuple[str, ...]:
    share = arm.misaligned
    return (
        name,
        _interval(share),
        f"{share.count}/{share.of}",
        percent(arm.coherent.rate),
        percent(arm.in_domain.rate) if arm.in_domain else MISSING,
        f"{arm.unscored}/{arm.answers}",
    )


def rates_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of cells in which the first column names the row."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for place, title in enumerate(header):
        side: Any = "right" if place else "left"
        table.add_column(title, justify=side, overflow="fold")
    for row in rows:
        style = "bold" if row[0] == "bad" else ""
        table.add_row(*(Text(clean(cell), style=style) for cell in row))
    return table


def _interval(share: RateRecord | None) -> str:
    return percent_interval(share.rate, share.low, share.high) if share else MISSING


def _identity(name: str, revision: str | None, weights: str | None) -> str:
    exact = revision or (f"weights {weights[:HASH]}" if weights else "")
    return f"{name} ({exact})" if exact else name


def _or_less(rate: float | None) -> float:
    return -1.0 if rate is None else rate
