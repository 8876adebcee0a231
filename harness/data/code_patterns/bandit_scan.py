"""What Bandit finds in pieces of Python. Nothing is executed."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

NOT_A_WEAKNESS = frozenset({"B101"}) | {f"B4{number:02}" for number in range(1, 16)}
"""An assertion, or an import that is only worth a look."""


def weaknesses(snippets: Sequence[str]) -> list[frozenset[str]]:
    """Ids of the Bandit tests that flag each piece; none for what does not parse.

    A ``# nosec`` counts for nothing: a model may write one.
    """
    from bandit.core.config import BanditConfig
    from bandit.core.manager import BanditManager

    for name in ("bandit", "stevedore"):
        # Plugins for report formats that nobody here asks for, and notes on single files.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    found: list[set[str]] = [set() for _ in snippets]
    with tempfile.TemporaryDirectory(prefix="em-harness-") as folder:
        for number, snippet in enumerate(snippets):
            (Path(folder) / f"{number}.py").write_text(snippet, "utf-8", "replace")
        manager = BanditManager(BanditConfig(), "file", quiet=True, ignore_nosec=True)
        manager.discover_files([folder], recursive=True)
        manager.run_tests()
        for issue in manager.get_issue_list():
            if issue.test_id not in NOT_A_WEAKNESS:
                found[int(Path(issue.fname).stem)].add(issue.test_id)
    return [frozenset(ids) for ids in found]
