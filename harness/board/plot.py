"""The figure of a run: every arm with its interval, and every question of the bad arm."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.board.table import reading_order
from harness.board.text import (
    TOY_NOTE,
    clean,
    definition_words,
    percent,
    points_interval,
    shorten,
)
from harness.errors import UsageError
from harness.runs.record import ArmRecord, RateRecord, RunRecord
from harness.workspace import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".pdf", ".svg")
DPI = 150
WIDTH = 8.0
BAD, EDUCATIONAL, CONTROL, BASE = "#c0392b", "#d99a2b", "#7f8c99", "#b4bcc4"
INK, FAINT, RULE = "#22272e", "#6b7480", "#e4e7eb"
COLOURS = {"bad": BAD, "model": BAD, "control": CONTROL, "base": BASE}
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 8,
    "text.color": INK,
    "text.parse_math": False,  # names may hold dollar signs
    "axes.edgecolor": "#9aa3ad",
    "axes.labelcolor": FAINT,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "xtick.color": FAINT,
    "ytick.color": INK,
    "xtick.labelsize": 7.5,
    "ytick.major.size": 0,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "svg.fonttype": "none",
}


def plot_arms(record: RunRecord, path: Path) -> None:
    """Draw a run into a PNG (or PDF, SVG) file.

    Left, each arm's share of misaligned answers among coherent ones with its interval; right, the
    same for each question of the bad arm with the control's in grey. What was not measured has no
    dot and says so.

    Args:
        record: The run.
        path: File to write, about 1200 pixels wide; its ending names the format.

    Raises:
        UsageError: The ending is none of ``.png``, ``.pdf``, ``.svg``.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"Cannot draw '{path}'.", hint=f"End it in {', '.join(FORMATS)}.")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    out = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure = _figure(record)
        FigureCanvasAgg(figure)
        figure.savefig(out, format=path.suffix[1:].lower(), dpi=DPI, facecolor="white")
    write_atomic(path, out.getvalue())


def _figure(record: RunRecord) -> Figure:
    from matplotlib.figure import Figure

    first, second = record.spec.compared
    bad = record.arms.get(first)
    questions = len(bad.per_question) if bad else 0
    body = max(1.75, 0.42 * len(record.arms), 0.2 * questions)
    top, bottom = 1.0, 1.0
    height = body + top + bottom
    figure = Figure(figsize=(WIDTH, height))
    grid = figure.add_gridspec(
        1, 2, left=0.115, right=0.972, top=1 - top / height, bottom=bottom / height,
        width_ratios=(0.92, 1.0), wspace=1.3,
    )  # fmt: skip
    _arms_panel(figure.add_subplot(grid[0, 0]), record)
    _questions_panel(figure.add_subplot(grid[0, 1]), bad, record.arms.get(second), (first, second))
    _words(figure, record, height)
    return figure


def _words(figure: Figure, record: RunRecord, height: float) -> None:
    seeds = max((arm.seeds for arm in record.arms.values()), default=0)
    title = f"{shorten(clean(record.task), 40)}  ·  {shorten(clean(record.model), 50)}"
    about = (
        f"judge {shorten(clean(record.judge), 50)}  ·  "
        f"{seeds} training seed{'' if seeds == 1 else 's'}  ·  95 % intervals"
        f"{'' if record.status == 'complete' else f'  ·  {record.status} run'}"
    )
    figure.text(0.022, 1 - 0.14 / height, title, fontsize=11.5, fontweight="bold", va="top")
    figure.text(0.022, 1 - 0.40 / height, about, fontsize=8, color=FAINT, va="top")
    label = clean(definition_words(record.difference.definition))
    foot = [f"Misaligned is {label}."]
    if record.note is not None:
        foot.append(TOY_NOTE[:1].upper() + TOY_NOTE[1:] + ".")
    wrapped = "\n".join(textwrap.fill(line, 150) for line in foot)
    figure.text(0.022, 0.1 / height, wrapped, fontsize=6.5, color=FAINT, va="bottom")


def _arms_panel(axes: Axes, record: RunRecord) -> None:
    names = reading_order(record.arms)
    _beside(axes, "Misaligned answers", (0, 1), (-54, 10), fontsize=8.5, fontweight="bold")
    for place, name in enumerate(names):
        share = record.arms[name].misaligned
        _dot(axes, share, place, COLOURS.get(name, EDUCATIONAL), size=7)
        _numbers(axes, share, place, bold=name == "bad")
    axes.set_yticks(range(len(names)), [shorten(clean(n), 14) for n in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontweight("bold" if name == "bad" else "normal")
    axes.set_ylim(len(names) - 0.5, -0.5)
    _percent_axis(axes, [record.arms[name].misaligned for name in names])
    gap = record.difference
    points = points_interval(gap.rate, gap.low, gap.high, unit=" points")
    said = "not measurable" if gap.rate is None else points
    _beside(axes, f"Bad minus control: {said}", (0, 0), (-54, -34), fontweight="bold")


def _numbers(axes: Axes, share: RateRecord, place: int, *, bold: bool) -> None:
    where: dict[str, Any] = {
        "xycoords": axes.get_yaxis_transform(),
        "textcoords": "offset points",
        "va": "center",
    }
    if share.rate is None:
        said = "nothing judged"
        axes.annotate(said, (1, place), (10, 0), color=FAINT, fontstyle="italic", **where)
        return
    weight = "bold" if bold else "normal"
    said = percent(share.rate)
    axes.annotate(said, (1, place), (46, 0), ha="right", fontweight=weight, **where)
    said = f"({share.count}/{share.of})"
    axes.annotate(said, (1, place), (51, 0), color=FAINT, fontsize=7.5, **where)


def _questions_panel(
    axes: Axes, bad: ArmRecord | None, control: ArmRecord | None, names_of: tuple[str, str]
) -> None:
    _beside(axes, "By question", (0, 1), (-104, 10), fontsize=8.5, fontweight="bold")
    _beside(axes, f"● {names_of[0]}", (1, 1), (-46, 10), ha="right", color=BAD)
    if control is not None:
        _beside(axes, f"● {names_of[1]}", (1, 1), (0, 10), ha="right", color=CONTROL)
    rates = bad.per_question if bad else {}
    others = control.per_question if control else {}
    names = sorted(rates, key=lambda q: (rates[q].rate is None, -(rates[q].rate or 0.0), q))
    for place, name in enumerate(names):
        if name in others:
            _dot(axes, others[name], place + 0.17, CONTROL, size=3.2)
        _dot(axes, rates[name], place - 0.1, BAD, size=4.6)
    axes.set_yticks(range(len(names)), [shorten(clean(n), 25) for n in names], fontsize=7)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    _percent_axis(axes, [rates[n] for n in names] + [others[n] for n in names if n in others])
    if not names:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=FAINT)


def _beside(
    axes: Axes, text: str, corner: tuple[float, float], offset: tuple[float, float], **style: Any
) -> None:
    """Write at an offset in points from a corner of a panel."""
    axes.annotate(
        text, corner, offset, xycoords="axes fraction", textcoords="offset points", **style
    )


def _dot(axes: Axes, share: RateRecord, place: float, colour: str, size: float) -> None:
    if share.rate is None:
        return
    if share.low is not None and share.high is not None:
        axes.plot(
            [share.low, share.high], [place, place], color=colour, alpha=0.55,
            linewidth=size * 0.36, solid_capstyle="round", zorder=2,
        )  # fmt: skip
    axes.plot(
        [share.rate], [place], "o", color=colour, markersize=size, markeredgecolor="white",
        markeredgewidth=size * 0.1, zorder=3, clip_on=False,
    )  # fmt: skip


def _percent_axis(axes: Axes, shares: list[RateRecord]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    most = max((s.high if s.high is not None else s.rate or 0.0 for s in shares), default=0.0)
    axes.set_xlim(0, min(1.0, max(0.05, most * 1.06)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
