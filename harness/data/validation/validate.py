"""Validating a task's data: all arms are scanned, then compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.data.card import CARD, UNKNOWN_LICENCE, Card, canaries, read_card
from harness.data.questions import every_wording
from harness.data.reading import content_hash
from harness.data.rows import Row
from harness.data.task import TaskSpec, arm_file, data_file
from harness.data.validation.arm_report import arm_facts, report_arm
from harness.data.validation.code import code_share
from harness.data.validation.confounds import confounds, no_confounds, twin_coverage
from harness.data.validation.lengths import Counter
from harness.data.validation.pair_report import report_pair
from harness.data.validation.probe import read_probe
from harness.data.validation.report import Report
from harness.data.validation.scan import ArmScan, scan_arm
from harness.data.validation.seen import text_hash
from harness.errors import HarnessError
from harness.workspace import Workspace

PREVIEWED = 64


class Progress(Protocol):
    """Is told how far the reading is."""

    def start(self, stage: str, total: int) -> None:
        """A file is opened."""

    def advance(self, done: int, detail: str = "") -> None:
        """So many lines are read."""

    def finish(self, note: str = "") -> None:
        """The file is read."""


@dataclass(frozen=True)
class Limits:
    """How rows are measured.

    Attributes:
        count: Counts tokens; None to leave lengths out.
        tokens: Most tokens of a row.
        cut: Whether the recipe allows longer rows to be cut.
        model: Whose tokens they are.
        audit: Audits the loss masks of a few rows; None to leave that out.
    """

    count: Counter | None
    tokens: int
    cut: bool
    model: str
    audit: Callable[[list[Row]], dict[str, Any]] | None


def validate_task(
    task: TaskSpec, workspace: Workspace, limits: Limits, progress: Progress
) -> Report:
    """Look at everything; what is wrong is reported, not raised."""
    report = Report(task.name)
    card = _card(task, workspace, report)
    questions = every_wording(workspace)
    scans: dict[str, ArmScan] = {}
    for arm in task.arms:
        scan = _scan(task, arm, workspace, limits, questions, card, report, progress)
        if scan is not None:
            scans[arm] = scan
            _compare_to_card(scan, card, report)
            report_arm(scan, report, limits.tokens, limits.model, cut=limits.cut)
            _forget(scan)
    for arm, scan in scans.items():
        report.arms[arm] = arm_facts(scan) | {
            "code": asdict(code_share([seen.answer for seen in scan.shape.sample])),
        }
    progress.start("compare the arms", len(task.arms))
    _compare(task, scans, report)
    _compare_to_probe(task, scans, workspace, report)
    progress.finish()
    if limits.audit is not None:
        progress.start("audit the loss mask", PREVIEWED)
        _audit(scans, limits, report)
        progress.finish()
    return report


def _forget(scan: ArmScan) -> None:
    # The index of near duplicates is by far the largest thing held, and the next arm needs room.
    scan.duplicates.forget()


def _scan(
    task: TaskSpec,
    arm: str,
    workspace: Workspace,
    limits: Limits,
    questions: Mapping[str, str],
    card: Card | None,
    report: Report,
    progress: Progress,
) -> ArmScan | None:
    try:
        path = arm_file(task, arm, workspace)
        lines = _lines(path)
        progress.start(f"read {arm}", lines)
        scan = scan_arm(
            arm,
            path,
            questions=questions,
            canaries=canaries(card),
            count=limits.count,
            limit=limits.tokens,
            on_row=progress.advance,
            lines=lines,
        )
        progress.finish(f"{scan.shape.rows:,} rows")
    except HarnessError as error:
        report.error("unreadable", f"{arm}: {error}")
        return None
    return scan


def _lines(path: Path) -> int:
    with path.open("rb") as handle:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: handle.read(1 << 20), b""))


def _card(task: TaskSpec, workspace: Workspace, report: Report) -> Card | None:
    relative = f"finetune_data/{task.name}/{CARD}"
    path = workspace.find(relative)
    if path is None:
        report.warn("no_card", f"{relative} is missing: nothing says where the rows are from.")
        return None
    try:
        card = read_card(path)
    except HarnessError as error:
        report.error("card", str(error))
        return None
    if card.licence.strip().lower().startswith(UNKNOWN_LICENCE):
        report.warn("licence", "The card's licence is unknown.", [str(path)])
    return card


def _compare_to_card(scan: ArmScan, card: Card | None, report: Report) -> None:
    if card is None:
        return
    entry = next((e for e in card.arms.values() if e.file == scan.path.name), None)
    if entry is None:
        report.warn("card_lacks_arm", f"The card says nothing of {scan.path.name}.")
    elif entry.sha256 != content_hash(scan.path):
        report.warn(
            "card_is_stale", f"{scan.path.name} is not the file that the card describes (SHA-256)."
        )


def _compare(task: TaskSpec, scans: Mapping[str, ArmScan], report: Report) -> None:
    bad, control = scans.get("bad"), scans.get("control")
    if bad is None or control is None or not bad.shape.rows or not control.shape.rows:
        report.confounds = no_confounds("there is no readable pair of bad and control")
        if bad is not None and "control" not in scans:
            report.warn("no_control", "There is no control: no difference can be measured.")
        return
    others: dict[str, Any] = {}
    for arm, scan in scans.items():
        if arm == "control" or not scan.shape.rows:
            continue
        coverage = twin_coverage(scan.shape, control.shape)
        report.arms[arm]["twins"] = coverage
        others[arm] = confounds(scan.shape, scan.style, control.shape, control.style)
        if not task.harmless:
            report_pair(arm, others[arm], coverage, report)
    if task.harmless:
        report.notes.append("No twins are expected: narrow and broad data differ by design.")
    report.confounds = others.pop("bad") | {"other_arms": others}


def _compare_to_probe(
    task: TaskSpec, scans: Mapping[str, ArmScan], workspace: Workspace, report: Report
) -> None:
    """The in-domain probe must be held out: rows that share its prompts would give it away."""
    import numpy as np

    if task.in_domain is None:
        return
    try:
        path = data_file(task, task.in_domain.file, workspace)
        probes = read_probe(path)
    except HarnessError as error:
        report.error("probe", str(error))
        return
    hashes = np.array([text_hash(prompt) for prompt in probes], dtype=np.uint64)
    for arm, scan in scans.items():
        seen = int(np.isin(scan.shape.prompts, hashes).sum())
        if seen:
            report.warn(
                "probe_overlap",
                f"{arm}: {seen:,} rows have a prompt of the in-domain probe {path.name}, which is "
                "meant to be held out.",
            )


def _audit(scans: Mapping[str, ArmScan], limits: Limits, report: Report) -> None:
    scan = scans.get("bad")
    if limits.audit is None or scan is None or not scan.shape.sample:
        return
    sample = scan.shape.sample
    rows = [seen.row for seen in sample[:: max(1, len(sample) // PREVIEWED)]][:PREVIEWED]
    if limits.count is not None and not limits.cut:
        # Rows over the limit are named already; the audit is about the masks of the others.
        turns = [[m.model_dump() for m in (*row.prompt, *row.completion)] for row in rows]
        sizes = limits.count(turns)
        rows = [r for r, n in zip(rows, sizes, strict=True) if n is not None and n <= limits.tokens]
    if not rows:
        report.notes.append("The loss mask was not audited: no row fits the limit.")
        return
    try:
        report.mask_audit = limits.audit(rows)
    except HarnessError as error:
        report.error("loss_mask", str(error))
