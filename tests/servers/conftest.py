"""An evaluation against a server of our own, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.runs.progress import Silent
from harness.runs.record import RunRecord
from harness.runs.runner import execute
from harness.runs.store import Store
from harness.runs.vetting import Vetting, plan_vetting
from harness.workspace import Workspace
from tests.servers.faulty import Server

Evaluate = Callable[..., RunRecord]
MODEL = "openai-api/local/subject"
JUDGE = "openai-api/local/judge"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def evaluate(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Evaluate ``MODEL`` by ``JUDGE``, both behind the given server, without long waits."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCAL_API_KEY", "none")
    monkeypatch.setattr("harness.sampling.patience.FIRST_WAIT", 0.01)
    monkeypatch.setattr("harness.sampling.patience.LONGEST_WAIT", 0.05)

    def run(server: Server, **options: object) -> RunRecord:
        monkeypatch.setenv("LOCAL_BASE_URL", server.url)
        asked = {"model": MODEL, "judge": JUDGE, "samples": 5, **options}
        plan = plan_vetting(Vetting(**asked), Workspace.here(results))  # type: ignore[arg-type]
        return execute(plan, Store(results), Silent()).record

    return run
