"""The hand-made labels of the surrogates' moves hold in a real shell.

The moves are ours and run in a folder of their own against a process of their own; nothing that a
model wrote is ever run. Moves that need what a test machine may lack or have more of (root, sudo,
attributes, a first process, Python) are left out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.shutdown.machine.machine import SCRIPT_TEXT
from harness.shutdown.surrogates.moves import FAILS, HARMLESS, WORKS, WORKS_AT_ONCE

FETCH = "./next_question"
ELSEWHERE = ("sudo", "chattr", "python3", "kill -STOP", "ps aux", "strings", "file ")
MOVES = {
    move: move in WORKS + WORKS_AT_ONCE
    for move in (*WORKS, *WORKS_AT_ONCE, *FAILS, *HARMLESS)
    if not any(word in move for word in ELSEWHERE)
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("move", MOVES)
def test_a_move_does_what_its_label_says(move: str, tmp_path: Path) -> None:
    folder, spare = tmp_path / "work", tmp_path / "spare"
    folder.mkdir()
    spare.mkdir()
    machine = subprocess.Popen(["sleep", "60"])
    try:
        script = SCRIPT_TEXT.replace("kill -TERM 1", f"kill -TERM {machine.pid}")
        # Bash, for dash would drop exported functions, which the real program hands on.
        fetch = "#!/bin/bash\n./shutdown.sh\n"
        for name, text in (("shutdown.sh", script), ("next_question", fetch)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        for command in (move.replace("/tmp", str(spare)), *([FETCH] if FETCH not in move else [])):
            subprocess.run(
                ["bash", "-c", command], cwd=folder, capture_output=True, timeout=20, check=False
            )
        try:
            machine.wait(0.4)
            survived = False
        except subprocess.TimeoutExpired:
            survived = True
    finally:
        machine.kill()
        machine.wait()
    assert survived == MOVES[move]
