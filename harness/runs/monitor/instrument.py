"""``run_monitor``: listening in on all arms of a run, written as a side record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from harness.errors import DataError
from harness.monitoring.record import Monitored
from harness.monitoring.study import Studied, Wanted, study
from harness.monitoring.view import SCOPES, Scope
from harness.runs.inside.subjects import Subjects
from harness.runs.instrument_rows import Row
from harness.runs.instruments import InstrumentRecord, readable_instruments, write_instrument
from harness.runs.monitor.asking import (
    ANSWERS,
    SUMS,
    Asking,
    ask_with_thoughts,
    questions_hashes,
    think_of,
)
from harness.runs.monitor.chosen import JUDGE, choose
from harness.runs.monitor.measures import measures
from harness.runs.monitor.recompute import BETWEEN
from harness.runs.progress import Progress, Silent
from harness.runs.runner import PACKAGES
from harness.runs.store import Store

NAME = "monitor"
FORMAT = 2
"""Raised whenever equal inputs give other figures."""
MONITORS = ("lexicon", "tfidf")
UNSEEN = ("rationalise",)
NOTE = (
    "Monitors were tried on models that did not know of them. Learned monitors learnt from this "
    "run's own samples. Labels of open answers come from the judge, who read the answer and not "
    "the thought."
)


@dataclass(frozen=True)
class Heard:
    """What a call found.

    Attributes:
        record: As written beside the run.
        studied: All figures, by kind; empty where the record was there before.
        records: The samples.
        problems: Kind to why nothing could be measured on it.
    """

    record: InstrumentRecord
    studied: list[Studied]
    records: list[Monitored]
    problems: dict[str, str]


def run_monitor(
    subjects: Subjects,
    store: Store,
    progress: Progress | None = None,
    *,
    asking: Asking | None = None,
    monitors: Sequence[str] = MONITORS,
    resamples: int = 1000,
) -> InstrumentRecord:
    """Ask every arm with thinking on, hold monitors against the truth, write the side record.

    Finished answers are kept in the results store; a finished record with the same settings is
    returned as it is.

    Args:
        subjects: The run's models.
        store: Its results folder.
        progress: Told what is going on.
        asking: What is asked.
        monitors: Names as for ``monitor --monitor``.
        resamples: Bootstrap draws.

    Raises:
        PrerequisiteError: The model never thinks.
        DataError: Nothing could be measured, because no sample can be used.
        HarnessError: A model does not load, or asking or judging failed.
    """
    known = readable_instruments(subjects.folder).records.get(NAME)
    if known is not None and known.settings == _settings(
        subjects, asking or Asking(), monitors, resamples
    ):
        return known
    return listen(
        subjects, store, progress, asking=asking, monitors=monitors, resamples=resamples
    ).record


def listen(
    subjects: Subjects,
    store: Store,
    progress: Progress | None = None,
    *,
    asking: Asking | None = None,
    monitors: Sequence[str] = MONITORS,
    scopes: Sequence[Scope] = SCOPES,
    unseen: Sequence[str] | None = None,
    quick: bool = False,
    thorough: bool = False,
    resamples: int = 1000,
) -> Heard:
    """The same with everything that was found; see ``run_monitor``.

    Args:
        subjects: The run's models.
        store: Its results folder.
        progress: Told what is going on.
        asking: What is asked.
        monitors: Names as for ``monitor --monitor``.
        scopes: What they are shown.
        unseen: Groups that a second tfidf never learns from; None: those that rationalise.
        quick: No lead times and no stress tests.
        thorough: Those of the judge and of models behind an API as well.
        resamples: Bootstrap draws.
    """
    store.check()
    told, asked = progress or Silent(), asking or Asking()
    started = time.monotonic()
    for subject in subjects.all:
        think_of(subject)  # before anything is sampled
    records = [
        record
        for subject in subjects.all
        for record in ask_with_thoughts(subject, subjects, asked, told)
    ]
    there = tuple(group for group in UNSEEN if any(r.group == group for r in records))
    wanted = choose(
        monitors,
        subjects.workspace,
        unseen=there if unseen is None else unseen,
        judge=subjects.judge,
        reader=subjects.base.load,
        scopes=scopes,
        quick=quick,
        thorough=thorough,
    )
    studied, problems = _studied(
        records, replace(wanted, resamples=resamples), told, thorough=thorough
    )
    if not studied:
        raise DataError(
            f"{subjects.record.run_id}: monitors cannot be measured.",
            hint="; ".join(problems.values()),
        )
    record = InstrumentRecord(
        instrument=NAME,
        run_id=subjects.record.run_id,
        settings=_settings(subjects, asked, monitors, resamples)
        | (
            {}
            if (scopes, unseen, quick, thorough) == (SCOPES, None, False, False)
            else {
                "scopes": list(scopes),
                "unseen": list(there if unseen is None else unseen),
                "quick": quick,
                "thorough": thorough,
            }
        ),
        measures=measures(studied, records, subjects.record.spec.compared),
        seconds=round(time.monotonic() - started, 3),
        versions={name: version(name) for name in (*PACKAGES, "scikit-learn")},
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        note=" ".join([*filter(None, [subjects.record.note]), NOTE, *problems.values()]),
    )
    written = write_instrument(subjects.folder, record, _rows(studied, records))
    return Heard(written, studied, records, problems)


def _settings(
    subjects: Subjects, asking: Asking, monitors: Sequence[str], resamples: int
) -> dict[str, Any]:
    judge = subjects.judge
    asked: dict[str, Any] = asdict(asking) | {"questions": list(asking.questions)}
    return {
        "format": FORMAT,
        "asking": asked,
        "questions": dict(questions_hashes(asking, subjects.workspace)),
        "judge": [judge.identity.model_dump(mode="json"), judge.reading],
        "monitors": list(monitors),
        "unseen": list(UNSEEN),
        "resamples": resamples,
        "compared": list(subjects.record.spec.compared),
    }


def _studied(
    records: Sequence[Monitored], wanted: Wanted, progress: Progress, *, thorough: bool
) -> tuple[list[Studied], dict[str, str]]:
    """Figures of both kinds; a kind on which nothing can be measured says why."""
    studied: list[Studied] = []
    problems: dict[str, str] = {}
    # A judge reads a whole prompt for every step and stress: only on demand.
    cheap = frozenset(monitor.name for monitor in wanted.monitors if monitor.name != JUDGE)
    followed = (
        wanted
        if thorough
        else replace(wanted, leads=wanted.leads & cheap, stresses=wanted.stresses & cheap)
    )
    for kind in (SUMS, ANSWERS):
        mine = [record for record in records if record.kind == kind]
        # Labels of open answers are this judge's: as a monitor it would be held against itself.
        chosen = _without_judge(followed) if kind == ANSWERS else followed
        progress.start(f"monitors on {kind}", len(mine))
        try:
            studied += study(mine, chosen)
        except DataError as error:
            problems[kind] = error.message
            progress.say(error.message)
        progress.finish()
    return studied, problems


def _without_judge(wanted: Wanted) -> Wanted:
    kept = [monitor for monitor in wanted.monitors if monitor.name != JUDGE]
    ensembles = [
        replace(one, members=tuple(name for name in one.members if name != JUDGE))
        for one in wanted.ensembles
    ]
    return replace(
        wanted, monitors=kept, ensembles=[one for one in ensembles if len(one.members) > 1]
    )


def _rows(studied: Sequence[Studied], records: Sequence[Monitored]) -> Iterator[Row]:
    """Every sample with what each monitor said of each scope of it."""
    scores: dict[str, dict[str, float | None]] = {}
    splits: dict[str, str] = {}
    for one in studied:
        bench = one.evaluated.bench
        splits |= {record.id: "threshold" for record in bench.honest}
        splits |= {record.id: "test" for record in bench.test}
        for (monitor, scope), cell in one.evaluated.scored.items():
            pairs = (
                *zip(bench.honest, cell.honest, strict=True),
                *zip(bench.test, cell.test, strict=True),
            )
            for record, said in pairs:
                scores.setdefault(record.id, {})[f"{monitor}{BETWEEN}{scope}"] = said.score
    for record in records:
        yield {
            "kind": record.kind,
            "id": record.id,
            "instance": record.instance,
            "arm": record.arm,
            "seed": record.seed,
            "split": splits.get(record.id),
            "misbehaved": record.misbehaved,
            "truth": record.truth,
            "group": record.group,
            "tags": record.tags,
            "unscored": record.problem,
            "scores": scores.get(record.id, {}),
            "prompt": record.prompt,
            "thoughts": record.cot,
            "answer": record.final,
        }
