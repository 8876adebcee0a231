"""Writing the site into a folder."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.board.by_model import by_model
from harness.board.instrument_columns import Figure
from harness.board.published import PublishedRow
from harness.board.site.answer_files import answers_text, script_name
from harness.board.site.board_page import board_data
from harness.board.site.charts import charts
from harness.board.site.html import FOLDER, Kind, page, to_json
from harness.board.site.instruments import instruments_data
from harness.board.site.logs import bundle_logs, eval_logs
from harness.board.site.model_page import Model, model_data
from harness.board.site.models_page import models_data
from harness.board.site.paths import is_folder_name, model_page, run_page, study_page
from harness.board.site.published_page import published_data
from harness.board.site.raw import RawAnswers, raw_answers
from harness.board.site.run_page import run_data
from harness.board.site.study_page import study_data
from harness.board.site.study_sources import read_study
from harness.board.spreadsheet import to_csv
from harness.board.table import leaderboard
from harness.board.text import clean
from harness.errors import UsageError
from harness.runs.instruments import readable_instruments
from harness.runs.record import RunRecord

MARK = "site.json"
"""Lists what an earlier call wrote, so that pages of deleted runs go away and nothing else does."""
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_OURS = re.compile(rf"(?:runs|models|studies)/{_NAME}\.html|answers/{_NAME}\.js")


@dataclass
class Built:
    """What a call of ``build_site`` wrote.

    Attributes:
        folder: The site's folder.
        runs: Pages of runs.
        models: Pages of models.
        answers: Arms whose answers are on the site.
        problems: What is left out of the table and why.
        written: Files below the folder, by name.
    """

    folder: Path
    runs: int = 0
    models: int = 0
    answers: int = 0
    problems: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"

    def write(self, name: str, text: str) -> None:
        """Write a file whole or not at all, and only if it changed."""
        self.written.add(name)
        path, data = self.folder / name, text.encode()
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return
        # No fsync as in write_atomic: a site can be built again, and has thousands of files.
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(data)
        temporary.replace(path)


def build_site(
    records: Iterable[RunRecord],
    results: Path,
    folder: Path,
    *,
    problems: Sequence[str] = (),
    published: Sequence[PublishedRow] = (),
    is_verified: Callable[[RunRecord], bool] = lambda _: False,
    figures: Callable[[RunRecord], tuple[Figure, ...]] = lambda _: (),
    live: bool = False,
    logs: bool = False,
    on_page: Callable[[int], None] | None = None,
) -> Built:
    """Write the whole site.

    Args:
        records: Runs to show; read once, one at a time.
        results: Results folder; its store holds answers and training curves, where they are here.
        folder: Where to; empty, new, or written by an earlier call.
        problems: What is left out of the table and why; looked at after the records are read.
        published: Figures of other work, on a page of their own.
        is_verified: Whether a record was recomputed from its raw answers.
        figures: What instruments measured on a run, for the table.
        live: Whether pages look for newer results (behind ``--serve``).
        logs: Whether to add Inspect's log viewer with the logs that are on this machine.
        on_page: Called after each run's page with their number so far.

    Raises:
        UsageError: The folder holds something else.
    """
    site = Built(folder)
    before = _earlier(folder)
    for name in ("runs", "models", "answers"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    # From here on the folder is known to be ours, even if the call is interrupted.
    (folder / MARK).write_text(json.dumps({"files": sorted(before)}) + "\n", encoding="utf-8")
    _copy_assets(site)
    models: dict[str, Model] = {}
    viewed: dict[str, Path] | None = {} if logs else None
    writer = PageWriter(site, results, live, models, viewed, on_page)
    groups = leaderboard(map(writer.write, records), is_verified, figures)
    for name, model in models.items():
        data = model_data(model)
        site.write(model_page(name), page("model", name, data, root="..", live=live))
    site.models = len(models)
    overviews: tuple[tuple[Kind, str, str, dict[str, Any]], ...] = (
        ("board", "index.html", "Emergent misalignment leaderboard", board_data(groups, problems)),
        ("models", "models.html", "Which model is most prone", models_data(by_model(groups))),
        ("published", "published.html", "Published figures", published_data(published)),
    )
    for kind, name, title, shown in overviews:
        site.write(name, page(kind, title, shown, root=".", live=live))
    site.write("leaderboard.csv", to_csv(groups))
    site.write("leaderboard.json", to_json({"groups": [group.to_json() for group in groups]}))
    if viewed:
        bundle_logs(viewed, folder)
    _forget(site, before)
    site.problems = list(problems)
    return site


@dataclass
class PageWriter:
    """Writes the page of each record that passes through, and keeps what other pages need.

    Attributes:
        site: Where to.
        results: Results folder.
        live: Whether pages look for newer results.
        models: Receives the run's part of its model's page.
        logs: Receives the run's Inspect logs by name; None if none are wanted.
        on_page: Called with the number of pages so far.
    """

    site: Built
    results: Path
    live: bool
    models: dict[str, Model]
    logs: dict[str, Path] | None
    on_page: Callable[[int], None] | None

    def write(self, record: RunRecord) -> RunRecord:
        """Write one run's page and hand the record on."""
        raw = raw_answers(record, self.results)
        _write_answers(self.site, record, [probe for probes in raw.values() for probe in probes])
        data = run_data(record, raw, self.results)
        if is_folder_name(record.run_id):
            found_beside = readable_instruments(self.results / record.run_id)
            data["instruments"] = instruments_data(found_beside.records)
        if self.logs is not None:
            found = eval_logs(record, self.results)
            self.logs.update(found)
            data["logs"] = bool(found)
        title = f"{record.task} · {record.model}"
        data["study"] = self._study(record, title)
        text = record.model_dump_json()
        shown = page("run", title, data, root="..", live=self.live, record=text)
        self.site.write(run_page(record.run_id), shown)
        self.models.setdefault(record.model, Model(record.model)).add(record, data)
        self.site.runs += 1
        if self.on_page:
            self.on_page(self.site.runs)
        return record

    def _study(self, record: RunRecord, title: str) -> str | None:
        """Write the page of what was seen inside the run's models, if anybody looked."""
        if not is_folder_name(record.run_id):
            return None
        study = read_study(self.results / record.run_id)
        if study.is_empty:
            return None
        name = study_page(record.run_id)
        (self.site.folder / "studies").mkdir(exist_ok=True)
        data = study_data(record, study, run_page(record.run_id))
        self.site.write(name, page("study", f"Inside {title}", data, root="..", live=self.live))
        return name


def _copy_assets(site: Built) -> None:
    for name in ("assets", "vendor"):
        shutil.copytree(FOLDER / name, site.folder / name, dirs_exist_ok=True)
    site.write("assets/charts.js", f"EM.charts = {to_json(charts())};\n")


def _write_answers(site: Built, record: RunRecord, raw: Sequence[RawAnswers]) -> None:
    """Answers that several runs share (the base model's) are written once."""
    for probe in raw:
        if probe.rows is None:
            continue
        name = script_name(probe, record)
        if name not in site.written:
            site.write(name, answers_text(probe, record))
            site.answers += 1


def _earlier(folder: Path) -> set[str]:
    """Files that an earlier call wrote; refuses a folder that holds anything else."""
    mark = folder / MARK
    if mark.is_file():
        try:
            names = json.loads(mark.read_bytes())["files"]
            return {name for name in names if isinstance(name, str) and _OURS.fullmatch(name)}
        except (OSError, ValueError, TypeError, KeyError):
            return set()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{clean(str(folder))} is not empty and holds no leaderboard.",
            hint="Name an empty or new folder.",
        )
    return set()


def _forget(site: Built, before: set[str]) -> None:
    """Remove pages that an earlier call wrote and this one did not; list what there is now."""
    for name in before - site.written:
        (site.folder / name).unlink(missing_ok=True)
    site.write(MARK, json.dumps({"files": sorted(site.written)}, indent=0) + "\n")
