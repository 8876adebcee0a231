"""A study's page: linked from its run, the same in one file, and safe whatever stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.board.site.alone import alone
from harness.board.site.build import build_site
from harness.board.site.paths import run_page, study_page
from harness.board.site.study import Study
from harness.board.site.study_page import study_data
from harness.board.site.study_sources import read_study
from harness.runs.record import write_record
from harness.workspace import write_atomic
from tests.board.records import record
from tests.board.site.browser import Tab
from tests.board.site.hostile import CORPUS
from tests.board.site.studies import screen_record, warn_record, whole_study
from tests.board.site.test_hostile import FOREIGN, NAMES

RUN = record()
HEADLINE = "document.querySelector('.findings').textContent"


def written(folder: Path, study: Study) -> Path:
    path = folder / "study.html"
    path.write_text(alone("a study", study_data(RUN, study, None)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_record(folder / RUN.run_id, RUN)
    inside = folder / RUN.run_id / "inside"
    write_atomic(inside / "screen.json", screen_record(run_id=RUN.run_id).model_dump_json())
    write_atomic(inside / "warn.json", warn_record(run_id=RUN.run_id).model_dump_json())
    return folder


def test_the_run_page_leads_to_the_study_and_back(results: Path, tab: Any, tmp_path: Path) -> None:
    build_site([RUN], results, tmp_path / "out")
    page = tab().open(tmp_path / "out" / run_page(RUN.run_id))
    page.click(".inside-link")
    page.wait_for_load_state("load")
    assert page.url.endswith(study_page(RUN.run_id))
    said = page.evaluate(HEADLINE)
    assert "Of the 3 latents that bad training moved most, 2 alone induce" in said
    assert "Of the control's 1, none does either." in said
    page.click(".crumbs a:nth-child(2)")
    page.wait_for_load_state("load")
    assert page.url.endswith(run_page(RUN.run_id))


def test_a_run_that_nobody_looked_into_has_no_page(tmp_path: Path) -> None:
    results = tmp_path / "results"
    write_record(results / RUN.run_id, RUN)
    build_site([RUN], results, tmp_path / "out")
    assert not (tmp_path / "out" / study_page(RUN.run_id)).exists()


def test_a_study_that_is_gone_takes_its_page_along(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_site([RUN], results, out)
    assert (out / study_page(RUN.run_id)).is_file()
    build_site([RUN], tmp_path, out)
    assert not (out / study_page(RUN.run_id)).exists()


def test_everything_that_was_measured_is_shown(tab: Any, tmp_path: Path) -> None:
    page = tab().open(written(tmp_path, whole_study()))
    rows = page.evaluate("document.querySelectorAll('.screen tbody tr:not(.group-row)').length")
    assert rows == 8
    works = page.evaluate(
        "[...document.querySelectorAll('.screen .works')].map((found) => found.textContent)"
    )
    assert len(works) == 6  # two latents and a direction, both ways
    kept = page.evaluate(
        "[...document.querySelectorAll('.latent')].map((l) => [l.id, l.dataset.kind])"
    )
    assert kept == [["latent-812", "kept"], ["latent-33", "kept"], ["latent-401", "tested"]]
    assert page.evaluate("document.querySelectorAll('.mark[data-kind=rest]').length") >= 200
    shown = page.evaluate("document.body.textContent")
    assert "[object" not in shown and "+1.68 under bad training" in shown
    assert "Nothing from inside" not in shown and "Earlier than behaviour (75 %)" in shown
    assert page.evaluate("document.querySelectorAll('.cannot li').length") == 6
    assert page.evaluate("document.querySelectorAll('.tok').length") == 2


def test_a_dot_says_its_figures_and_leads_to_its_latent(tab: Any, tmp_path: Path) -> None:
    page = tab().open(written(tmp_path, whole_study()))
    page.hover(".plot-art .mark[aria-label^='latent 812']")
    assert "bad +1.68, control +0.03" in page.evaluate(
        "[...document.querySelectorAll('.tip')].find((tip) => !tip.hidden).textContent"
    )


def test_it_fits_a_phone(tab: Any, tmp_path: Path) -> None:
    page = tab(viewport={"width": 390, "height": 844}).open(written(tmp_path, whole_study()))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # What came out of a step is read without scrolling sideways, and so are the plots' words.
    ends = "document.querySelector('.steps td:last-child').getBoundingClientRect().right"
    assert page.evaluate(ends) <= 390
    size = "document.querySelector('.plot-box .tick').getBoundingClientRect().height"
    assert page.evaluate(size) >= 9


def test_a_study_alone_is_one_file_that_asks_for_nothing(tab: Any, tmp_path: Path) -> None:
    made = tab()
    asked: list[str] = []
    made.page.on("request", lambda request: asked.append(request.url))
    made.open(written(tmp_path, whole_study()))
    assert [url for url in asked if not url.startswith("data:")] == [
        (tmp_path / "study.html").as_uri()
    ]


def test_a_study_of_one_verb_is_shown_as_far_as_it_goes(tab: Any, tmp_path: Path) -> None:
    for study in (Study(screen=screen_record()), Study(warn=warn_record())):
        page = tab().open(written(tmp_path, study))
        assert "Not done yet" in page.evaluate("document.body.textContent")


def test_a_broken_record_is_named_and_not_shown(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "screen.json").write_text('{"layer": "<script>"}')
    found = read_study(tmp_path)
    assert found.screen is None and found.problems == [
        "inside/screen.json cannot be read: not a record of this version"
    ]


@pytest.mark.parametrize(
    "text", [CORPUS[2], CORPUS[17], CORPUS[30], "\u202egnp.exe", "\x00\x1b[2J"]
)
def test_hostile_texts_stay_texts(text: str, tab: Any, tmp_path: Path) -> None:
    made: Tab = tab()
    page = made.open(written(tmp_path, whole_study(text)))
    assert page.evaluate(FOREIGN) == []
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    shown = page.evaluate("document.querySelector('.contexts').textContent")
    visible = text.replace("\u202e", "U+202E").replace("\x00", "U+0000").replace("\x1b", "U+001B")
    assert visible in shown


def test_the_whole_corpus_runs_nothing(tab: Any, tmp_path: Path) -> None:
    page = tab().open(written(tmp_path, whole_study(" ".join(NAMES))))
    assert page.evaluate(FOREIGN) == []
