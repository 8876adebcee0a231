from __future__ import annotations

from pathlib import Path

import pytest

from harness.runs.inside.subjects import Subjects
from tests.runs.doubles_run import run_of_doubles


@pytest.fixture(scope="session")
def subjects(tmp_path_factory: pytest.TempPathFactory, qwen_double: Path) -> Subjects:
    """A finished run of tiny models; whoever changes its results works on a copy."""
    return run_of_doubles(tmp_path_factory.mktemp("doubles"), qwen_double)[0]
