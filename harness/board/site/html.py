"""A page of the site: a fixed shell around one block of JSON.

Nothing that comes from a record is ever written as markup. It travels as JSON in a script element
that no browser runs, the scripts put it on the page as text, and a content security policy forbids
every script that is not a file of the site.
"""

from __future__ import annotations

import html
import json
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Literal

from harness.board.text import clean

Kind = Literal["board", "models", "published", "model", "run", "study", "listen"]

FOLDER = Path(__file__).parent
_TABULATOR = "vendor/tabulator.min.js"
SCRIPTS: dict[Kind, tuple[str, ...]] = {
    "board": (_TABULATOR, "cells", "figure", "filters", "columns", "csv", "board"),
    "models": ("cells", "models"),
    "published": ("cells", "published"),
    "model": ("cells", "figure", "model"),
    "run": ("cells", "record", "figure", "answers", "run"),
    "study": ("cells", "plots", "study"),
    "listen": ("cells", "plots", "listen"),
}
"""Those of ``assets/`` by their names alone."""
STYLES: dict[Kind, tuple[str, ...]] = {
    "board": ("vendor/tabulator.min.css", "base", "page"),
    "study": ("base", "page", "study"),
    "listen": ("base", "page", "listen"),
}
_USUAL_STYLES = ("base", "page")
_TITLE, _DATA = "\0title", "\0data"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src {connect}; base-uri 'none'; form-action 'none'"
)


def page(
    kind: Kind, title: str, data: dict[str, Any], *, root: str, live: bool, record: str = "null"
) -> str:
    """One complete HTML page.

    Args:
        kind: Which scripts it loads.
        title: What the browser's tab says.
        data: What the scripts show; JSON without NaN.
        root: Way from the page to the site's root: ``.`` or ``..``.
        live: Whether it looks for newer results (only behind ``--serve``).
        record: JSON of a record that the page shows as it is.
    """
    first, second, last = _shell(kind, root, live)
    shown = to_json(data | {"root": root})
    return (
        f"{first}{html.escape(clean(title))}{second}"
        f'{shown[:-1]},"record":{harmless(record)}}}{last}'
    )


@cache
def _shell(kind: Kind, root: str, live: bool) -> tuple[str, str, str]:
    """What stands before the title, between title and data, and after the data."""
    names = ("dom", "frame", *SCRIPTS[kind], *(["live"] if live else []))
    scripts = [name if "/" in name else f"assets/{name}.js" for name in names]
    styles = [
        name if "/" in name else f"assets/{name}.css" for name in STYLES.get(kind, _USUAL_STYLES)
    ]
    whole = Template((FOLDER / "page.html").read_text(encoding="utf-8")).substitute(
        policy=POLICY.format(connect="'self'" if live else "'none'"),
        kind=kind,
        root=root,
        styles="\n".join(f'<link rel="stylesheet" href="{root}/{name}">' for name in styles),
        scripts="\n".join(f'<script src="{root}/{name}"></script>' for name in scripts),
        title=_TITLE,
        data=_DATA,
    )
    first, rest = whole.split(_TITLE)
    second, last = rest.split(_DATA)
    return first, second, last


def to_json(data: Any) -> str:
    """JSON that cannot end the script element it stands in, in ASCII.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return harmless(text)


def harmless(text: str) -> str:
    """The same JSON without a character that means something in HTML."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
