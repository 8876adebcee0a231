"""A page in one file, for a mail or a repository: styles, scripts and font stand inside it.

The same rules as on the site hold: data is JSON in an element that no browser runs, and the content
security policy names the hash of every script and style, so nothing else runs.
"""

from __future__ import annotations

import base64
import hashlib
import html
from string import Template
from typing import Any

from harness.board.site.html import FOLDER, SCRIPTS, STYLES, Kind, to_json
from harness.board.text import clean

_FONT = 'url("../vendor/inter-latin.woff2")'


def alone(title: str, data: dict[str, Any], kind: Kind = "study") -> str:
    """One complete HTML file.

    Args:
        title: What the browser's tab says.
        data: What the scripts show; JSON without NaN.
        kind: Which scripts and styles stand in it.
    """
    style = "".join(_asset(f"{name}.css") for name in STYLES[kind])
    style = style.replace(_FONT, f'url("{_font()}")')
    names = ("theme", "dom", "frame", *SCRIPTS[kind])
    theme, *scripts = (_asset(f"{name}.js") for name in names)
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, (theme, *scripts)))}; "
        f"style-src {_hash(style)}; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template((FOLDER / "alone.html").read_text(encoding="utf-8")).substitute(
        kind=kind,
        policy=policy,
        title=html.escape(clean(title)),
        icon=_data_url("image/svg+xml", (FOLDER / "assets" / "icon.svg").read_bytes()),
        style=style,
        theme=theme,
        data=to_json(data | {"root": ".", "record": None}),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _asset(name: str) -> str:
    """One of ours; it must not end the element that it stands in."""
    text = (FOLDER / "assets" / name).read_text(encoding="utf-8")
    assert "</" not in text, name
    return text


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _font() -> str:
    return _data_url("font/woff2", (FOLDER / "vendor" / "inter-latin.woff2").read_bytes())


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
