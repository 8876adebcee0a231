"""A second process fills the store; without it, or when it dies, nothing but time is lost."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest
import torch

from harness.runs.inside import ahead
from harness.runs.inside.ahead import NoHand, SecondHand, second_hand
from harness.runs.inside.screening.asking import Asked, ModelAsker
from harness.runs.inside.screening.candidate import random_directions
from harness.runs.inside.screening.measure import (
    Ground,
    Options,
    ask_ahead,
    question_parts,
    search_ahead,
)
from harness.runs.inside.subjects import Subjects, resolve_subjects
from harness.workspace import Workspace
from tests.runs.inside.conftest import InsideRun

OPTIONS = Options(samples=1, search_samples=1)


@pytest.fixture(scope="module")
def subjects(inside_run: InsideRun, tmp_path_factory: pytest.TempPathFactory) -> Subjects:
    """The run with an empty store but for its adapters."""
    results = tmp_path_factory.mktemp("ahead")
    shutil.copytree(inside_run.results / inside_run.id, results / inside_run.id)
    adapters = Path(".store") / "adapters"
    shutil.copytree(inside_run.results / adapters, results / adapters)
    return resolve_subjects(inside_run.id, Workspace((inside_run.here,), results))


@pytest.fixture(scope="module")
def hand(subjects: Subjects, inside_run: InsideRun) -> Iterator[SecondHand]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(inside_run.here)  # the second process finds tasks where it is begun
        made = SecondHand(subjects, 1)
        yield made
        made.close()


def conditions(subjects: Subjects) -> dict[str, int]:
    folder = subjects.store.results / ".store" / "inside" / "asked"
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.jsonl")}


def stumble(subjects: Subjects) -> None:
    raise RuntimeError("on purpose")


def die(subjects: Subjects) -> None:
    os._exit(1)


def leave_word(subjects: Subjects) -> None:
    (subjects.folder / "alive").touch()


def test_what_was_asked_ahead_is_not_asked_again(subjects: Subjects, hand: SecondHand) -> None:
    width = int(subjects.base.load().model.config.hidden_size)
    one = random_directions(width, 1, 0)[0]
    failed = hand.start(stumble)
    asked = Asked(None, one, 3.0, "evaluation", 1)
    done = hand.start(ask_ahead, 1, 0, (asked,))
    searched = hand.start(search_ahead, Ground((one,), 1, 40.0, "none"), OPTIONS)
    failed(), done(), searched()
    found = conditions(subjects)
    assert len(found) > 3
    rows = ModelAsker(subjects, 1, question_parts(subjects), 0)(asked).rows
    assert len(rows) == 1 and conditions(subjects) == found


def test_a_hand_that_died_leaves_the_work_to_the_caller(
    subjects: Subjects, hand: SecondHand
) -> None:
    hand.start(leave_word)()
    word = subjects.folder / "alive"
    assert word.exists()
    word.unlink()
    hand.start(die)()
    hand.start(leave_word)()
    assert not word.exists()


def dawdle(subjects: Subjects) -> None:
    (subjects.folder / "begun").touch()
    time.sleep(600)


def test_an_interrupt_is_the_first_process_s_to_hear(
    subjects: Subjects, inside_run: InsideRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inside_run.here)
    others = set(active_children())
    hand = SecondHand(subjects, 1)
    done = hand.start(dawdle)
    (process,) = set(active_children()) - others
    while not (subjects.folder / "begun").exists():
        assert process.is_alive()
        time.sleep(0.1)
        os.kill(process.pid or 0, signal.SIGINT)
    assert process.is_alive()
    hand.close()
    done()
    process.join(10)
    assert not process.is_alive()


def test_one_core_works_alone(subjects: Subjects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    with second_hand(subjects) as alone:
        assert isinstance(alone, NoHand)
        alone.start(stumble)()


def test_only_a_small_model_is_held_twice(
    subjects: Subjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    with second_hand(subjects) as helped:
        assert isinstance(helped, SecondHand)
    monkeypatch.setattr(ahead, "LARGEST", 1000)
    with second_hand(subjects) as alone:
        assert isinstance(alone, NoHand)
