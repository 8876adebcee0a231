"""The page of a monitor: figures, and a thought step by step with the step at which it fires."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.board.site.alone import alone
from harness.board.site.listen_page import listen_data
from harness.monitoring.lexicon import LexiconMonitor
from harness.monitoring.record import Turn
from harness.monitoring.study import Studied, Wanted, study
from harness.monitoring.words import WordsMonitor
from tests.board.site.hostile import CORPUS
from tests.monitoring.scripted import tills

MONITORS = frozenset({"lexicon", "tfidf"})


def studied(records: Any) -> list[Studied]:
    wanted = Wanted([LexiconMonitor(), WordsMonitor()], leads=MONITORS, resamples=20)
    return study(records, wanted)


@pytest.fixture(scope="module")
def found() -> list[Studied]:
    return studied(tills(100, ("open", "rationalise")))


def written(folder: Path, found: list[Studied], name: str = "run") -> Path:
    path = folder / "listen.html"
    path.write_text(alone(name, listen_data(found, name, note="a note"), "listen"), "utf-8")
    return path


def test_the_firing_step_is_marked_and_its_lead_told(
    found: list[Studied], tab: Any, tmp_path: Path
) -> None:
    page = tab().open(written(tmp_path, found), "#monitor=lexicon&rate=0.05&show=caught")
    assert page.evaluate("document.querySelectorAll('.monologue .fires').length") == 1
    place = int(page.evaluate("document.querySelector('.monologue .fires .place').textContent"))
    after = page.evaluate("document.querySelectorAll('.monologue .after').length")
    assert after == 2  # the work is done after the plan
    told = page.evaluate("document.querySelector('.viewer .meta').textContent")
    assert f"lexicon fires at step {place}: 3 steps and" in told
    assert "tokens before the action" in told
    assert "Total:" in page.evaluate("document.querySelector('.monologue .deed').textContent")
    assert page.evaluate("document.querySelectorAll('.fired-at').length") == 1


def test_whoever_rationalises_is_shown_as_missed(
    found: list[Studied], tab: Any, tmp_path: Path
) -> None:
    page = tab().open(written(tmp_path, found), "#monitor=lexicon&rate=0.05&show=missed")
    assert "missed" in page.evaluate("document.querySelector('.viewer .status').textContent")
    assert page.evaluate("document.querySelectorAll('.monologue .fires').length") == 0
    before = page.evaluate("document.querySelector('.turner code').textContent")
    page.click("text=Next →")
    after = page.evaluate("document.querySelector('.turner code').textContent")
    assert before != after
    assert "rationalise" in after
    assert after.replace("/", "%2F") in page.evaluate("location.hash")


def test_figures_stand_beside_their_intervals(
    found: list[Studied], tab: Any, tmp_path: Path
) -> None:
    page = tab().open(written(tmp_path, found))
    rows = page.evaluate(
        "[...document.querySelectorAll('.listen-table tbody tr')].map((row) => row.textContent)"
    )
    report = found[0].report
    area = next(c.auroc for c in report.cells if (c.monitor, c.scope) == ("tfidf", "cot+action"))
    assert area.low is not None
    assert any(f"{area.value:.3f} [{area.low:.3f}" in row for row in rows)


def test_hostile_thoughts_stay_text(tab: Any, tmp_path: Path) -> None:
    records = tills(60, ("open",))
    hostile = [
        record.model_copy(
            update={
                "turns": (Turn(thought=f"{record.cot} {CORPUS[n % len(CORPUS)]}",
                               action=CORPUS[n % len(CORPUS)] + record.actions),),
                "prompt": CORPUS[n % len(CORPUS)],
                "id": f"{n} {CORPUS[n % len(CORPUS)]}",
                "group": CORPUS[n % len(CORPUS)] if record.misbehaved else None,
                "arm": CORPUS[n % len(CORPUS)],
            }
        )
        for n, record in enumerate(records)
    ]  # fmt: skip
    page = tab().open(written(tmp_path, studied(hostile), str(CORPUS[0])))
    for _ in range(8):
        page.click("text=Next →")
    assert (
        page.evaluate("document.querySelectorAll('main script, main iframe, main img').length") == 0
    )


def test_it_fits_a_phone(found: list[Studied], tab: Any, tmp_path: Path) -> None:
    page = tab(viewport={"width": 390, "height": 844}).open(written(tmp_path, found))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_kinds_can_be_changed(tab: Any, tmp_path: Path) -> None:
    other = [r.model_copy(update={"kind": "others"}) for r in tills(60, ("open",))]
    page = tab().open(written(tmp_path, studied([*tills(60, ("open",)), *other])))
    page.select_option("select[aria-label=Evaluation]", "others")
    assert "kind=others" in page.evaluate("location.hash")
    assert page.evaluate("document.querySelectorAll('.monologue li').length") > 1
