"""Whatever a model or a stranger wrote executes nothing, asks for nothing and breaks nothing."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from harness.board.published import PublishedRow
from harness.board.site.build import build_site
from harness.board.site.paths import model_page, run_page
from harness.board.text import clean
from harness.runs.record import RunRecord
from tests.board.records import record, share, spec
from tests.board.site.browser import Tab, until
from tests.board.site.hostile import CORPUS
from tests.board.site.records import answer, save_raw, with_raw

SCRIPTS = "[...document.scripts].map((found) => found.getAttribute('src') || found.id).sort()"
FOREIGN = """[...document.querySelectorAll(
  'main iframe, main img, main object, main embed, main base, main form:not(.vega-bindings), ' +
  'main link, main style, ' +
  'main video, main audio, main marquee, main math, main foreignObject, main use, main animate')]
  .map((found) => found.outerHTML)"""
ANSWERS = "[...document.querySelectorAll('.answer .said')].map((found) => found.textContent)"
HIDDEN = "document.querySelectorAll('.answer .hidden-char').length"


NAMES = [text for text in CORPUS if "\ud800" not in text]
"""No record can hold half a character."""


def named(text: str, place: int) -> RunRecord:
    """A run in which everything that has a name is called ``text``."""
    plan = spec(task=text, model=text, judge=text if place % 8 == 0 else "judge", question_set=text)
    found = record(100 + place, plan=plan, note=text, status="not evaluable")
    arm = found.arms["bad"].model_copy(update={"per_question": {text: share(20, 40)}})
    gap = found.difference.model_copy(update={"definition": text if place % 2 else "D1"})
    return found.model_copy(
        update={
            "difference": gap,
            "arms": {**found.arms, "bad": arm, f"arm {text}": arm},
            "finished": text,
        }
    )


def written() -> RunRecord:
    """A run whose answers are the corpus."""
    return record(arms={"control": with_raw("control", 4), "bad": with_raw("bad", 120)})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results, out = tmp_path_factory.mktemp("results"), tmp_path_factory.mktemp("site")
    save_raw(
        results,
        "bad",
        [
            answer(place, float(place % 60), answer=text, text=text, reason=text)
            for place, text in enumerate(CORPUS)
        ],
    )
    save_raw(results, "control", [answer(0, 90.0)])
    names = [named(text, place) for place, text in enumerate(NAMES)]
    figures = [
        PublishedRow(
            table=text, source=text, confidence="C", measure="share", model=text, training=text,
            arm=text, definition=text, judge=text, questions=text, format=text, question=None,
            condition=text, rate=0.2, low=None, high=None, of=None, models=None, coherent=None,
            note=text,
        )
        for text in CORPUS
    ]  # fmt: skip
    build_site([*names, written()], results, out, problems=list(CORPUS), published=figures)
    return out


def check(page: Any, scripts: list[str]) -> None:
    """The page holds its own scripts and elements and no others."""
    assert page.evaluate(SCRIPTS) == scripts
    assert page.evaluate(FOREIGN) == []


def test_the_watch_sees_what_gets_through(chromium: Any, site: Path) -> None:
    watched = Tab(chromium)
    page = watched.open(site / "published.html")
    markup = "<img src=x onerror=alert(1)>"
    page.evaluate(f"document.querySelector('main').insertAdjacentHTML('beforeend', '{markup}')")
    page.wait_for_timeout(200)
    with pytest.raises(AssertionError, match="blocked script-src-attr"):
        watched.check()
    assert page.evaluate(FOREIGN) != []
    watched.context.close()


def test_the_corpus_is_large() -> None:
    assert len(set(CORPUS)) == len(CORPUS) >= 60


@pytest.mark.parametrize("name", ["index", "models", "published"])
def test_overviews(name: str, tab: Any, site: Path, tmp_path: Path) -> None:
    harmless = build_site([record()], tmp_path, tmp_path / "out").folder
    scripts = tab().open(harmless / f"{name}.html").evaluate(SCRIPTS)
    page = tab().open(site / f"{name}.html")
    if name == "index":
        until(page, "document.querySelectorAll('.tabulator-row').length > 5")
    for _ in range(4):
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(50)
    check(page, scripts)
    shown = page.evaluate("document.body.textContent")
    for text in ("<script>alert(1)</script>", "{{constructor.constructor('alert(48)')()}}"):
        assert text in shown
    assert "\u202e" not in shown and "\x1b" not in shown


def test_filters_take_hostile_names_and_links(tab: Any, site: Path) -> None:
    page = tab().open(site / "index.html", "#task=__proto__&sort=<img src=x onerror=alert(1)>")
    until(page, "document.querySelectorAll('.tabulator-row').length > 0")
    assert page.input_value("#f-task") == "__proto__"
    page.select_option("#f-task", "<img src=x onerror=alert(16)>")
    page.fill("#f-q", "<svg onload=alert(30)>")
    page.evaluate("location.hash = '#q=%3Cscript%3Ealert(1)&__proto__=x&cols=<b>'")
    page.wait_for_timeout(100)
    check(page, page.evaluate(SCRIPTS))


def test_csv_cells_are_no_formulas(tab: Any, site: Path) -> None:
    page = tab().open(site / "index.html")
    with page.expect_download() as caught:
        page.click("#csv")
    text = Path(caught.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 2 * len(NAMES) + 1
    words = [row[name] for row in rows for name in ("model", "task", "judge", "arm", "run_id")]
    assert "'=1+1" in words and not [
        w for w in words if w.lstrip().startswith(("=", "+", "-", "@"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(2)</script>",
        "<img src=x onerror=alert(16)>",
        "{{constructor.constructor('alert(48)')()}}",
        "datum.x === alert(52)",
        "'];alert(53);['",
        "\u202egnp.exe",
    ],
)
def test_run_and_model_pages_with_their_figures(text: str, tab: Any, site: Path) -> None:
    made = tab()
    page = made.open(site / run_page(named(text, NAMES.index(text)).run_id))
    assert clean(text) in page.evaluate("document.querySelector('h1').textContent")
    check(page, page.evaluate(SCRIPTS))
    page = made.open(site / model_page(text))
    for name in ("forest", "heat"):
        page.locator(f"[data-chart={name}]").first.scroll_into_view_if_needed()
        page.wait_for_selector(f"[data-chart={name}][data-drawn=yes]")
    shown = page.evaluate("document.querySelector('[data-chart=forest] svg').textContent")
    assert clean(text)[:20] in shown
    check(page, page.evaluate(SCRIPTS))


def test_answers_are_shown_as_they_are(tab: Any, site: Path) -> None:
    page = tab().open(site / run_page(written().run_id))
    before = page.evaluate(SCRIPTS)
    page.click("#show-answers")
    page.wait_for_selector(".answer")
    page.click("[data-order=random]")
    until(
        page, f"document.querySelector('#answers .count').textContent === '{len(CORPUS)} answers'"
    )
    while page.locator("text=Show more").is_visible():
        page.click("text=Show more")
    until(page, f"document.querySelectorAll('.answer').length === {len(CORPUS)}")
    shown = page.evaluate(ANSWERS)
    assert sum(text.strip("\n") in shown or text in shown for text in CORPUS) >= 75
    assert "<script>alert(1)</script>" in shown and "U+202Egnp.exe" in shown
    assert "U+001B[31mredU+001B[0m" in shown and "(empty answer)" in shown
    assert page.evaluate(HIDDEN) > 30
    assert [s for s in page.evaluate(SCRIPTS) if s not in before and "answers/" not in s] == []
    assert page.evaluate(FOREIGN) == []
