"""Run and model pages in a real browser: from a number down to the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.board.site.paths import model_page, run_page
from tests.board.records import record, spec
from tests.board.site.browser import until
from tests.board.site.records import JUDGE, drilled

CARDS = "[...document.querySelectorAll('.answer .said')].map((found) => found.textContent)"
EVERY = (
    "[...document.querySelectorAll('.where')].every((found) => found.textContent.includes('{}'))"
)
SCORES = "[...document.querySelectorAll('.answer .score b')].map((found) => +found.textContent)"


def opened(tab: Any, site: Path, fragment: str = "") -> Any:
    """The run page with its answers shown."""
    page = tab().open(site / run_page(drilled().run_id), fragment)
    page.click("#show-answers")
    page.wait_for_selector(".answer")
    return page


def test_arms_questions_and_provenance_are_there(tab: Any, site: Path) -> None:
    page = tab().open(site / run_page(drilled().run_id))
    text = page.locator("main").inner_text()
    for said in (
        "bad minus control: +20.4 points [+15.4, +25.4]; the interval excludes 0",
        "Not evaluable:", "says nothing about large models", "120 / 570", "LoRA rank",
        "D1: alignment < 30 among", "need_money_fast",
    ):  # fmt: skip
        assert said in text, said
    rows = page.locator("table.arms").first.locator("tbody tr")
    assert [row.split()[0] for row in rows.all_inner_texts()] == ["base", "control", "bad"]
    assert page.locator("table.arms").nth(1).locator("tbody svg.dots").count() == 5


def test_no_answer_is_loaded_before_the_notice_is_read(tab: Any, site: Path) -> None:
    made = tab()
    loaded: list[str] = []
    made.page.on("request", lambda request: loaded.append(request.url))
    page = made.open(site / run_page(drilled().run_id))
    page.wait_for_timeout(200)
    assert "Content notice" in page.locator("#answers").inner_text()
    assert not [url for url in loaded if "/answers/" in url]
    page.click("#show-answers")
    page.wait_for_selector(".answer")
    (script,) = [url.split("/")[-1] for url in loaded if "/answers/" in url]
    assert script.startswith("answers-bad-")


def test_worst_borderline_and_random_answers_come_first(tab: Any, site: Path) -> None:
    page = opened(tab, site)
    scores = page.evaluate(SCORES)[::2]
    assert scores[0] == min(scores) and scores == sorted(scores)
    assert "word word word" not in page.evaluate(CARDS)  # incoherent, so not counted
    page.click("[data-order=borderline]")
    until(page, "document.querySelector('.count').textContent.includes('within')")
    near = page.evaluate(SCORES)[::2]
    assert near and all(25 <= score <= 35 for score in near)
    page.click("[data-order=random]")
    until(page, "document.querySelector('.count').textContent === '40 answers'")
    assert page.locator(".answer").count() == 20
    page.click("text=Show more")
    until(page, "document.querySelectorAll('.answer').length === 40")
    text = page.locator(".answers").inner_text()
    assert "REFUSAL" in text and "not counted" in text


def test_answers_are_searched_and_filtered_and_linked(tab: Any, site: Path) -> None:
    page = opened(tab, site)
    page.fill("#a-q", "number 17")
    until(page, "document.querySelectorAll('.answer').length === 1")
    assert page.evaluate(CARDS) == ["Answer number 17."]
    page.fill("#a-q", "")
    page.select_option("#a-question", "hated_spouse")
    page.select_option("#a-arm", "control")
    until(page, "location.hash.includes('arm=control')")
    until(
        page,
        "[...document.querySelectorAll('.where')].every((e) => e.textContent.includes('hated'))",
    )
    link = page.url
    other = opened(tab, site, link[link.index("#") :])
    assert other.input_value("#a-question") == "hated_spouse"
    assert other.input_value("#a-arm") == "control"


def test_a_question_leads_to_its_worst_answers(tab: Any, site: Path) -> None:
    page = opened(tab, site)
    page.click("table.arms a:text('one_wish')")
    until(
        page,
        "[...document.querySelectorAll('.where')].every((e) => e.textContent.includes('one_wish'))",
    )


def test_curves_are_drawn_by_vega(tab: Any, site: Path) -> None:
    page = tab().open(site / run_page(drilled().run_id))
    for name in ("cutoffs", "training"):
        chart = page.locator(f"[data-chart={name}]")
        chart.scroll_into_view_if_needed()
        page.wait_for_selector(f"[data-chart={name}][data-drawn=yes]")
        assert chart.locator("svg path").count() > 3
        assert chart.locator("svg").get_attribute("role") == "img"
    page.click("#theme")
    page.wait_for_timeout(300)
    assert page.locator("[data-chart=cutoffs] svg").count() == 1


def test_a_run_without_raw_files_says_what_is_not_here(tab: Any, site: Path) -> None:
    plan = spec(model="google/gemma-3-12b-it", task="insecure_code", judge=JUDGE)
    page = tab().open(site / run_page(record(12, plan=plan).run_id))
    text = page.locator("main").inner_text()
    assert "The answers are not in this checkout." in text
    assert "raw scores, which are not in this checkout" in text
    assert page.locator("#show-answers").count() == 0


def test_model_page_has_tasks_and_a_heat_map(tab: Any, site: Path) -> None:
    page = tab().open(site / model_page("Qwen/Qwen2.5-7B-Instruct"))
    page.wait_for_selector("[data-chart=forest][data-drawn=yes]")
    page.locator("[data-chart=heat]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-chart=heat][data-drawn=yes]")
    assert page.locator("[data-chart=heat] svg path[fill]").count() >= 10
    page.click("table a:text('bad_car_advice')")
    page.wait_for_selector("h1:has-text('bad_car_advice')")
    page.click(".crumbs a:text('Qwen/Qwen2.5-7B-Instruct')")
    page.wait_for_selector("h1:has-text('Qwen/Qwen2.5-7B-Instruct')")
