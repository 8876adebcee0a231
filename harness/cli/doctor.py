"""``doctor``: whether this machine can do a run, and what to mend if not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.options import Json, Results
from harness.errors import PrerequisiteError

if TYPE_CHECKING:
    from harness.cli.checks import Check

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Check Python, packages, memory, disk, the miniature's weights and the accelerator."""
    from harness.cli.checks import all_checks
    from harness.workspace import Workspace

    checks = []
    for check in all_checks(Workspace.here(results)):
        checks.append(check)
        if not json_output:
            _print(check)
    failed = [check.name for check in checks if check.state == "fail"]
    if json_output:
        from harness.cli.output import emit_json

        emit_json({"ok": not failed, "checks": [check.to_json() for check in checks]})
    if failed:
        raise PrerequisiteError(
            f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}.",
            hint="Each line above says how to mend it.",
        )


def _print(check: Check) -> None:
    from rich.text import Text

    from harness.board.text import clean
    from harness.cli.output import console, print_hanging

    out = console()
    name = Text(f"{check.state:<5}", style=STYLES[check.state])
    name.append(f"{check.name:<15}", style="bold")
    print_hanging(out, name, Text(clean(check.found)))
    if check.mend:
        print_hanging(out, Text(" " * 20), Text(check.mend, style="dim"))
