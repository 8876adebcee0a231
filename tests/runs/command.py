"""Running ``python -m harness`` as a user does, or the same verb inside this process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner


def harness(
    *arguments: str, results: Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment(results),
        timeout=900,
        check=False,
    )


def called(*arguments: str, results: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end in this process, where the imports of torch and TRL are paid once."""
    from harness.cli.main import app

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setenv("HARNESS_RESULTS", str(results))
        done = CliRunner().invoke(app, list(arguments))
    if isinstance(done.exception, Exception):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def started(*arguments: str, results: Path, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start a verb; its output is read by the caller."""
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(results),
        # A background job of a script inherits an ignored interrupt; a user's terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def environment(results: Path) -> dict[str, str]:
    """The user's environment with another results folder and no hub."""
    return {**os.environ, "HARNESS_RESULTS": str(results), "HF_HUB_OFFLINE": "1"}


def as_json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON object a verb printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
