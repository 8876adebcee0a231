"""An evaluation that the user interrupts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task
from inspect_ai.model import get_model

from harness.runs import evaluate as module
from harness.runs.evaluate import evaluate


class Silent:
    """Progress that nobody watches."""

    def start(self, *_: Any) -> None: ...

    def advance(self, *_: Any) -> None: ...

    def finish(self, *_: Any) -> None: ...

    def say(self, *_: Any) -> None: ...


def test_an_interrupt_before_there_is_a_log_is_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inspect then returns no log at all."""
    monkeypatch.setattr(module, "eval", lambda *_, **__: [])
    with pytest.raises(KeyboardInterrupt):
        evaluate(Task(), get_model("mockllm/model"), tmp_path, Silent())
