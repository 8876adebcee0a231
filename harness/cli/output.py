"""Where commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

R = TypeVar("R", bound="BaseModel")


def console() -> Console:
    """Console on standard output, for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def stderr_console() -> Console:
    """Console on standard error, for plans, progress and warnings."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def emit_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def tell(record: R, as_json: bool, show: Callable[[R], None]) -> None:
    """Print a record: as one JSON object, or for reading, as ``show`` does."""
    if as_json:
        emit_json(record.model_dump(mode="json"))
    else:
        show(record)
