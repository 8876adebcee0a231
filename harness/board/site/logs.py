"""Inspect's own log viewer beside the site, for the logs that are on this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from harness.board.site.paths import is_folder_name, run_page
from harness.runs.record import RunRecord
from harness.runs.store import Store

FOLDER = "logs"
"""Below the site; its own page is ``logs/index.html``. It needs a web server, unlike the site."""


def eval_logs(record: RunRecord, results: Path) -> dict[str, Path]:
    """The run's Inspect logs that are here, by a name to show them under."""
    store, stem = Store(results), Path(run_page(record.run_id)).stem
    found = {}
    for name, arm in record.arms.items():
        plain = "".join(char if char.isalnum() else "-" for char in name)
        for probe in arm.probes:
            if not is_folder_name(probe.answers_id):
                continue
            seed = "" if probe.seed is None else f"-seed{probe.seed}"
            for path in sorted(store.answers(probe.answers_id).glob("*/*.eval")):
                found[f"{stem}/{plain}{seed}-{path.parent.name}.eval"] = path
    return found


def bundle_logs(logs: dict[str, Path], folder: Path) -> None:
    """Write the viewer and copies of the logs into ``folder/logs``."""
    from inspect_ai.log import bundle_log_dir

    with tempfile.TemporaryDirectory(prefix="harness-logs-") as temporary:
        for name, path in logs.items():
            target = Path(temporary) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        bundle_log_dir(log_dir=temporary, output_dir=str(folder / FOLDER), overwrite=True)
