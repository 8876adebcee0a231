"""What ``doctor`` looks at; every check finds one thing and says how to mend it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import HarnessError
from harness.workspace import MINIATURE_WEIGHTS, Workspace

State = Literal["ok", "warn", "fail"]
GIB = 2**30
PROJECT = "em-harness"
PACKAGES = ("torch", "transformers", "trl", "peft", "inspect-ai", "pandas")
BUILD = "python -m harness miniature build"


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: What was looked at.
        state: Whether runs work (``ok``), may not (``warn``), or cannot (``fail``).
        found: What is there.
        mend: What to do about it; None where nothing is wrong.
    """

    name: str
    state: State
    found: str
    mend: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The finding for machines."""
        return asdict(self)


def all_checks(workspace: Workspace) -> Iterator[Check]:
    """Look at everything, the slow accelerator check last."""
    yield python()
    for package in PACKAGES:
        yield installed(package)
    yield processors()
    yield memory()
    yield writable(workspace.results)
    yield disk(workspace.results)
    yield tasks(workspace)
    yield miniature(MINIATURE_WEIGHTS)
    yield hub()
    yield accelerator()


def python() -> Check:
    """The interpreter's version against what this project asks for."""
    found = ".".join(map(str, sys.version_info[:3]))
    try:
        stated = importlib.metadata.metadata(PROJECT)
        wanted = str((stated.get_all("Requires-Python") or [""])[0])
    except importlib.metadata.PackageNotFoundError:
        wanted = ""
    if not wanted or _satisfies(found, wanted):
        return Check("python", "ok", found)
    return Check("python", "fail", f"{found}, needs {wanted}", f"Use Python {wanted}.")


def installed(package: str) -> Check:
    """A package's version against what this project asks for; nothing is imported."""
    wanted = _requirement(package)
    install = f"pip install '{package}{wanted}'"
    try:
        found = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return Check(package, "fail", "not installed", install)
    if wanted and not _satisfies(found, wanted):
        return Check(package, "warn", f"{found}, tested with {wanted}", install)
    return Check(package, "ok", found)


def processors() -> Check:
    """CPU cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if cores and cores > 1:
        return Check("CPU cores", "ok", str(cores))
    return Check("CPU cores", "warn", str(cores or "unknown"), "A run takes longer on one core.")


def memory(needed: float = 2.0) -> Check:
    """Memory that is free, in GiB; the miniature needs about one."""
    free = _free_memory()
    if free is None:
        return Check("memory", "ok", "unknown on this system")
    found = f"{free:.1f} GiB free"
    if free >= needed:
        return Check("memory", "ok", found)
    return Check("memory", "warn", found, "Close other programs before a run.")


def writable(results: Path) -> Check:
    """Whether the results folder can be written; it is not made if it is not there."""
    folder = _existing(results)
    name = "results folder"
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        mend = "Give another with --results or HARNESS_RESULTS."
        return Check(name, "fail", f"{results} is not writable: {error.strerror}", mend)
    return Check(name, "ok", str(results) if folder == results else f"{results} (to be made)")


def disk(results: Path, needed: float = 0.2, advised: float = 2.0) -> Check:
    """Free space where results go, in GiB."""
    free = shutil.disk_usage(_existing(results)).free / GIB
    state: State = "fail" if free < needed else "warn" if free < advised else "ok"
    mend = None if state == "ok" else "Free some space, or move the results with --results."
    return Check("free disk", state, f"{free:.1f} GiB at {results}", mend)


def tasks(workspace: Workspace) -> Check:
    """Whether tasks, their data and the questions are found."""
    found = {
        "tasks": [p for p in workspace.glob("tasks/*.py") if not p.stem.startswith("_")],
        "data folders": workspace.glob("finetune_data/*"),
        "question sets": workspace.glob("evals/questions/*.yaml"),
    }
    counts = ", ".join(f"{len(paths)} {name}" for name, paths in found.items())
    if all(found.values()):
        return Check("tasks", "ok", counts)
    return Check("tasks", "fail", counts, "Reinstall em-harness, or run it in its checkout.")


def miniature(weights: Path) -> Check:
    """Whether the embedded model's files are those its card names, and it passed its gates."""
    from harness.miniature.card import read_card, verify_weights

    name = "miniature"
    try:
        card = read_card(weights)
        verify_weights(card, weights)
    except HarnessError as error:
        return Check(name, "fail", error.message, error.hint)
    except OSError as error:
        return Check(name, "fail", f"{weights} cannot be read: {error}", f"Build it: {BUILD}")
    matching = f"{len(card.files)} files match their card"
    if card.is_evaluable:
        return Check(name, "ok", matching)
    failed = ", ".join(gate.id for gate in card.failed) or "none was measured"
    return Check(
        name,
        "warn",
        f"{matching}; not evaluable, gates not passed: {failed}",
        "Runs on it show how a run goes; for rates that count, give --model and --judge.",
    )


def hub() -> Check:
    """Whether models may be fetched from the Hugging Face hub."""
    flag = os.environ.get("HF_HUB_OFFLINE", "")
    if flag.upper() in {"1", "ON", "YES", "TRUE"}:
        found = "offline (HF_HUB_OFFLINE): only models that are cached; the miniature needs none"
        return Check("model hub", "ok", found)
    return Check("model hub", "ok", "online; the miniature needs none")


def accelerator() -> Check:
    """GPU that torch can use; the only check that imports it."""
    name = "accelerator"
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check(name, "fail", f"torch cannot be imported: {error}", "Reinstall torch.")
    if torch.cuda.is_available():
        gpus = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        found = ", ".join(f"{gpu.name} ({gpu.total_memory / GIB:.0f} GiB)" for gpu in gpus)
        return Check(name, "ok", found)
    if torch.backends.mps.is_available():
        return Check(name, "ok", "Apple GPU (mps)")
    if Path("/dev/nvidia0").exists():
        mend = "Install a CUDA build of torch that fits the driver."
        return Check(name, "warn", "an NVIDIA GPU that torch cannot use", mend)
    return Check(name, "ok", "none; enough for the miniature, not for models of billions")


def _requirement(package: str) -> str:
    """What this project's own metadata asks for, e.g. ``<6,>=5.23``; empty if unknown."""
    from packaging.requirements import Requirement

    try:
        lines = importlib.metadata.requires(PROJECT) or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    wanted = (Requirement(line) for line in lines)
    return next((str(r.specifier) for r in wanted if r.name == package and not r.marker), "")


def _satisfies(version: str, wanted: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(wanted).contains(version, prereleases=True)


def _free_memory() -> float | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(kib) * 1024 / GIB if kib else None


def _existing(path: Path) -> Path:
    """The path itself or its nearest ancestor that exists."""
    return next(p for p in (path, *path.parents) if p.exists())
