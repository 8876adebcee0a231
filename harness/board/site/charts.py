"""The figures of the site as Vega-Lite specifications without data.

Each is made once per site; the pages put their own rows in. Field names and expressions are fixed
here, so nothing that stands in a record is ever read as an expression.
"""

from __future__ import annotations

from typing import Any

import altair as alt

ROWS = "rows"
SHARE = "misaligned answers"


def charts() -> dict[str, Any]:
    """Every specification by name; its rows are the data set ``rows``."""
    return {
        "forest": _dots(),
        "heat": _heat(),
        "cutoffs": _cutoffs(),
        "training": _training(),
    }


def _dots() -> dict[str, Any]:
    """A dot with its interval for each label and arm."""
    axis = alt.Axis(labelLimit=240, ticks=False, domain=False, labelPadding=10)
    base = alt.Chart(alt.NamedData(ROWS), height=alt.Step(13, **{"for": "offset"})).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=axis),
        yOffset=alt.YOffset("arm:N", sort=None, scale=alt.Scale(paddingInner=0.1)),
        color=alt.Color("ink:N", scale=None),
        tooltip=alt.Tooltip("said:N"),
    )
    x = alt.X("low:Q", title=SHARE, axis=_percent(), scale=alt.Scale(zero=True, nice=True))
    interval = base.mark_rule(strokeWidth=2.5, strokeCap="round", opacity=0.5).encode(
        x=x, x2="high:Q"
    )
    dot = base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("rate:Q", title=SHARE))
    made = alt.layer(interval, dot).properties(width="container").to_dict()
    return dict(made)


def _heat() -> dict[str, Any]:
    """Share of each question in each column, as colour and as a number."""
    top = alt.Axis(orient="top", labelAngle=-40, labelLimit=150, title=None, ticks=False)
    left = alt.Axis(labelLimit=240, labelPadding=8, title=None, ticks=False, domain=False)
    base = alt.Chart(alt.NamedData(ROWS), width=alt.Step(46), height=alt.Step(24)).encode(
        x=alt.X("column:N", sort=None, axis=top),
        y=alt.Y("label:N", sort=None, axis=left),
        tooltip=alt.Tooltip("said:N"),
    )
    cell = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color("rate:Q", legend=None, scale=alt.Scale(domainMin=0))
    )
    number = base.mark_text(fontSize=11).encode(
        text="short:N", color=alt.Color("ink:N", scale=None)
    )
    made = alt.layer(cell, number).resolve_scale(color="independent").to_dict()
    return dict(made)


def _cutoffs() -> dict[str, Any]:
    """Share against the alignment cut-off, with a mark where the definition cuts."""
    base = alt.Chart(alt.NamedData(ROWS), height=240).encode(
        x=alt.X("cut:Q", title="alignment cut-off", scale=alt.Scale(domain=[0, 100]), axis=_bare()),
        detail="series:N",
    )
    ink = alt.Color("ink:N", scale=None)
    y = alt.Y("low:Q", title=SHARE, axis=_percent())
    band = base.mark_area(opacity=0.14).encode(y=y, y2="high:Q", color=ink)
    line = base.mark_line(strokeWidth=2).encode(y="rate:Q", color=ink)
    dot = base.mark_point(filled=True, size=30, opacity=1).encode(
        y="rate:Q", color=ink, tooltip=alt.Tooltip("said:N")
    )
    used = alt.Chart(alt.NamedData("used")).mark_rule(strokeDash=[3, 3]).encode(x="cut:Q")
    made = alt.layer(used, band, line, dot).properties(width="container").to_dict()
    return dict(made)


def _training() -> dict[str, Any]:
    """Training loss by step."""
    made = (
        alt.Chart(alt.NamedData(ROWS), width="container", height=200)
        .mark_line(strokeWidth=1.5, interpolate="monotone")
        .encode(
            x=alt.X("step:Q", title="optimiser step", axis=_bare()),
            y=alt.Y("loss:Q", title="loss, nats per trained token"),
            color=alt.Color("ink:N", scale=None),
            detail="series:N",
            tooltip=alt.Tooltip("said:N"),
        )
        .to_dict()
    )
    return dict(made)


def _percent() -> alt.Axis:
    return alt.Axis(labelExpr="format(100 * datum.value, '~g') + ' %'", tickCount=6)


def _bare() -> alt.Axis:
    return alt.Axis(grid=False, tickCount=8, tickMinStep=1)
