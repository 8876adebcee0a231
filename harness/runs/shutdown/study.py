"""The agentic shutdown test of one model: gate, cells, summary; finished samples are kept.

::

    results/.store/shutdown/<id>/CELL.jsonl     transcripts (harness.shutdown.transcript)
    results/.store/shutdown/<id>/logs/*/*.eval   the Inspect logs behind them
    results/.store/shutdown/<id>/summary.json   the latest summary

The id stands for model, texts and sampling; more samples or cells are added in the same folder.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.data.task import load_module
from harness.errors import DataError, PrerequisiteError
from harness.runs.lock import locked
from harness.runs.progress import Progress
from harness.runs.shutdown.subject import Subject
from harness.runs.spec import content_hash
from harness.runs.store import Store
from harness.shutdown.conditions import ALL, Condition
from harness.shutdown.prompts import prompts_hash
from harness.shutdown.rates import (
    CellDifference,
    CellRates,
    Competence,
    cell_rates,
    competence,
    differences,
)
from harness.shutdown.transcript import (
    TRANSCRIPT_VERSION,
    Transcript,
    read_transcripts,
    write_transcripts,
)
from harness.workspace import Workspace, write_atomic

BASELINE = "baseline"
SUMMARY = "summary.json"
PACKAGES = ("inspect-ai", "torch", "transformers")


@dataclass(frozen=True)
class Settings:
    """How the test is done.

    Attributes:
        cells: Conditions, in the order in which they are shown.
        samples: Samples of each.
        baseline: Samples of the work without a shutdown.
        seed: Sampling seed.
        temperature: Sampling temperature.
        top_p: Nucleus mass.
        max_tokens: Longest turn.
        sandbox: ``simulated`` or ``docker``.
        anyway: Go on where the model fails the gate.
    """

    cells: tuple[Condition, ...]
    samples: int = 50
    baseline: int = 20
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024
    sandbox: str = "simulated"
    anyway: bool = False


@dataclass(frozen=True)
class Study:
    """What came of it.

    Attributes:
        id: Identity of model, texts and sampling.
        model: As typed.
        protocol: How the model called tools.
        settings: How it was done.
        measurable: Whether the model can do the work, so that its rates mean anything.
        competence: The gate.
        cells: Rates by cell; none where the model is not measurable.
        differences: Between cells.
        folder: Where transcripts and logs lie.
        seconds: Wall time of this call.
        versions: Of the packages behind it.
    """

    id: str
    model: str
    protocol: str
    settings: Settings
    measurable: bool
    competence: Competence
    cells: tuple[CellRates, ...]
    differences: tuple[CellDifference, ...]
    folder: Path
    seconds: float
    versions: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """One JSON object: the contract of ``shutdown --json``."""
        settings = asdict(self.settings) | {"cells": [cell.id for cell in self.settings.cells]}
        return {
            "instrument": "shutdown",
            "id": self.id,
            "status": "complete" if self.measurable else "not measurable",
            "model": self.model,
            "protocol": self.protocol,
            "settings": settings,
            "competence": asdict(self.competence),
            "cells": [asdict(cell) | {"comparable": cell.comparable} for cell in self.cells],
            "differences": [asdict(one) for one in self.differences],
            "folder": str(self.folder),
            "seconds": round(self.seconds, 3),
            "versions": self.versions,
        }


def study_id(subject: Subject, settings: Settings) -> str:
    """Identity of everything that can change a sample."""
    spoken = {
        "transcript": TRANSCRIPT_VERSION,
        "model": dict(subject.identity),
        "protocol": subject.protocol,
        "prompts": prompts_hash(ALL, text_protocol=subject.protocol == "text"),
        "seed": settings.seed,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_tokens,
        "sandbox": settings.sandbox,
    }
    return content_hash(spoken)[:16]


def run_study(
    subject: Subject, settings: Settings, workspace: Workspace, progress: Progress
) -> Study:
    """Gate first; then every cell that lacks samples; then the summary.

    Raises:
        SampleError: The model could not be asked; finished calls are kept for the next time.
        PrerequisiteError: The test's file or the sandbox is not there.
    """
    began = time.monotonic()
    store = Store(workspace.results)
    store.check()
    identity = study_id(subject, settings)
    folder = workspace.results / ".store" / "shutdown" / identity
    with locked(folder, lambda: progress.say("waiting for another process in this folder")):
        runner = _Runner(subject, settings, workspace, folder, progress)
        baseline = runner.samples([None], settings.baseline)[BASELINE]
        gate = competence([one.outcome for one in baseline])
        measured: dict[str, CellRates] = {}
        if gate.passed or settings.anyway:
            found = runner.samples(settings.cells, settings.samples)
            for cell in settings.cells:
                outcomes = [one.outcome for one in found[cell.id]]
                measured[cell.id] = cell_rates(cell, outcomes)
        study = Study(
            id=identity,
            model=subject.name,
            protocol=subject.protocol,
            settings=settings,
            measurable=gate.passed,
            competence=gate,
            cells=tuple(measured.values()),
            differences=tuple(differences(settings.cells, measured)) if measured else (),
            folder=folder,
            seconds=time.monotonic() - began,
            versions={name: version(name) for name in PACKAGES},
        )
        write_atomic(folder / SUMMARY, json.dumps(study.as_json(), indent=1) + "\n")
    return study


@dataclass(frozen=True)
class _Runner:
    subject: Subject
    settings: Settings
    workspace: Workspace
    folder: Path
    progress: Progress

    def samples(
        self, cells: Sequence[Condition | None], wanted: int
    ) -> dict[str, list[Transcript]]:
        """``wanted`` transcripts of each cell, those that are there and fresh ones."""
        have = {_name(cell): self._kept(_name(cell))[:wanted] for cell in cells}
        lacking = [cell for cell in cells if len(have[_name(cell)]) < wanted]
        if lacking:
            have |= self._ask(lacking, wanted)
        return have

    def _kept(self, name: str) -> list[Transcript]:
        path = self.folder / f"{name}.jsonl"
        if not path.is_file():
            return []
        try:
            return list(read_transcripts(path))
        except DataError as error:
            self.progress.say(f"asked again: {error.message}")
            return []

    def _ask(self, cells: Sequence[Condition | None], wanted: int) -> dict[str, list[Transcript]]:
        from harness.runs.evaluate import evaluate
        from harness.shutdown.logs import transcripts

        baseline = list(cells) == [None]
        path = self.workspace.find("evals/shutdown.py")
        if path is None:
            raise PrerequisiteError("evals/shutdown.py is missing.", hint="Reinstall em-harness.")
        settings = self.settings
        task = load_module(path).shutdown(
            cells=",".join(cell.id for cell in cells if cell) or "default",
            samples=wanted,
            baseline=baseline,
            seed=settings.seed,
            temperature=settings.temperature,
            top_p=settings.top_p,
            max_tokens=settings.max_tokens,
            sandbox=settings.sandbox,
            protocol=self.subject.protocol,
        )
        stage = "the work without a shutdown" if baseline else f"{len(cells)} cells"
        self.progress.start(stage, wanted * len(cells))
        # A folder for each set of cells: what was asked before is kept.
        logs = self.folder / "logs" / content_hash([[_name(c) for c in cells], wanted])[:8]
        logs.mkdir(parents=True, exist_ok=True)
        log, _ = evaluate(task, self.subject.open(self.folder), logs, self.progress)
        found: dict[str, list[Transcript]] = {_name(cell): [] for cell in cells}
        for one in transcripts(log):
            # The log's name of a local model is a path of this machine.
            found[one.condition].append(one.model_copy(update={"model": self.subject.name}))
        for name, several in found.items():
            write_transcripts(self.folder / f"{name}.jsonl", several)
        self.progress.finish()
        return found


def _name(cell: Condition | None) -> str:
    return BASELINE if cell is None else cell.id
