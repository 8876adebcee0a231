"""File names on the site. Names in records are hostile and never become paths as they stand."""

from __future__ import annotations

import hashlib
import re

from harness.board.text import clean

LONGEST = 80
"""Characters of a name that are kept in a file name."""
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,150}")


def run_page(run_id: str) -> str:
    """Where a run's page lies, from the site's root."""
    return f"runs/{run_id if _PLAIN.fullmatch(run_id) else _hashed(run_id)}.html"


def study_page(run_id: str) -> str:
    """Where the page of what was seen inside a run's models lies, from the site's root."""
    return run_page(run_id).replace("runs/", "studies/", 1)


def model_page(name: str) -> str:
    """Where a model's page lies, from the site's root."""
    return f"models/{_hashed(name)}.html"


def answers_script(answers_id: str) -> str:
    """Where the answers of one arm and training seed lie, from the site's root."""
    return f"answers/{answers_id if _PLAIN.fullmatch(answers_id) else _hashed(answers_id)}.js"


def is_folder_name(name: str) -> bool:
    """Whether a name from a record may be looked up on the disk as it stands."""
    return _PLAIN.fullmatch(name) is not None


def _hashed(name: str) -> str:
    """A readable, harmless file name that no other name shares."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", clean(name)).strip("-").lower()[:LONGEST]
    # A lone surrogate is a legal Python string, but no UTF-8.
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{readable or 'x'}-{digest}"
