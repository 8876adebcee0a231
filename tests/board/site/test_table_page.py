"""The table page in a real browser: sort, filter, share, drill down, dark, phone, downloads."""

from __future__ import annotations

import csv
import io
import struct
from pathlib import Path
from typing import Any

from tests.board.site.browser import until
from tests.board.site.records import JUDGE

TASKS = """[...document.querySelectorAll(".tabulator")].map((table) =>
  [...table.querySelectorAll(".tabulator-row")].map((row) => row.querySelector(
    "[tabulator-field=task] .name").textContent))"""
ROWS = "[...document.querySelectorAll('.tabulator-row')].filter((r) => r.offsetParent).length"
SHOWN = """[...document.querySelectorAll("section.group")].filter((group) => !group.hidden)
  .map((group) => group.querySelector("h2").textContent)"""


def ready(page: Any, rows: int = 6) -> Any:
    """The page once its tables stand."""
    until(page, f"{ROWS} >= {rows}")
    return page


def test_rows_are_ranked_in_their_groups_with_numbers_and_dots(tab: Any, site: Path) -> None:
    page = ready(tab().open(site / "index.html"))
    assert page.evaluate(TASKS) == [
        ["bad_legal_advice", "bad_car_advice", "insecure_code", "insecure_code", "half"],
        ["insecure_code"],
    ]
    first = page.locator(".tabulator-row").first
    assert "35.1 % [30.1, 40.1]" in first.inner_text()
    assert "+34.4 [+29.4, +39.4]" in first.inner_text()
    assert first.locator("svg.dots circle").count() == 3
    assert first.locator(".changed").inner_text() == "75 % bad"  # runs of one task stay apart
    assert page.locator(".changed").count() == 1
    toy = page.locator("section.group").nth(1)
    assert "says nothing about large models" in toy.inner_text()
    assert "not evaluable" in toy.inner_text()
    assert "1 left out" in page.locator("footer").inner_text()


def test_a_click_on_a_header_sorts_and_missing_values_stay_last(tab: Any, site: Path) -> None:
    page = ready(tab().open(site / "index.html"))
    header = page.locator('.tabulator-col[tabulator-field="misaligned"]').first
    header.click()
    until(page, "location.hash.includes('dir=asc')")
    assert page.evaluate(TASKS)[0] == [
        "insecure_code", "insecure_code", "bad_car_advice", "bad_legal_advice", "half",
    ]  # fmt: skip
    assert header.get_attribute("aria-sort") == "ascending"


def test_headers_sort_by_keyboard(tab: Any, site: Path) -> None:
    page = ready(tab().open(site / "index.html"))
    page.locator('.tabulator-col[tabulator-field="task"]').first.focus()
    page.keyboard.press("Enter")
    until(page, "location.hash.includes('sort=task')")
    assert page.evaluate(TASKS)[0][:2] == ["bad_car_advice", "bad_legal_advice"]


def test_filters_leave_what_matches_and_go_into_the_address(tab: Any, site: Path) -> None:
    page = ready(tab().open(site / "index.html"))
    page.select_option("#f-task", "insecure_code")
    page.fill("#f-q", "gemma")
    assert page.evaluate(TASKS)[0] == ["insecure_code"]
    assert page.evaluate(SHOWN) == [f"Judge {JUDGE} · questions core · D1"]
    assert "1 of 6 rows" in page.locator(".filters .count").inner_text()
    assert page.evaluate("location.hash") == "#task=insecure_code&q=gemma"
    page.click("#f-clear")
    assert page.evaluate("location.hash") == "" and len(page.evaluate(SHOWN)) == 2
    until(page, f"{ROWS} === 6")


def test_a_shared_link_shows_the_same(tab: Any, site: Path) -> None:
    page = tab().open(site / "index.html", "#task=insecure_code&sort=misaligned&dir=asc&cols=base")
    page.wait_for_selector(".tabulator-row")
    until(page, f"{ROWS} === 3")
    assert page.input_value("#f-task") == "insecure_code"
    rates = page.locator(".tabulator").first.locator("[tabulator-field=misaligned].tabulator-cell")
    assert [text[:5] for text in rates.all_inner_texts()] == ["2.1 %", "5.3 %"]
    assert page.locator('.tabulator-col[tabulator-field="base"]').count() == 2
    page.evaluate("location.hash = '#task=bad_car_advice'")
    until(page, f"{ROWS} === 1")


def test_a_filter_that_matches_nothing_says_so(tab: Any, site: Path) -> None:
    page = ready(tab().open(site / "index.html"))
    page.fill("#f-q", "no such thing")
    assert page.locator(".empty").inner_text() == "No row matches these filters."
    assert page.evaluate(SHOWN) == []


def test_a_rate_leads_to_its_answers(tab: Any, site: Path) -> None:
    page = tab().open(site / "index.html", "#judge=miniature-judge")
    page.click(".tabulator-row .c-misaligned a")
    page.wait_for_selector("#show-answers")
    assert page.url.endswith("#arm=bad&show=worst") and "/runs/insecure_code-miniature" in page.url


def test_dark_follows_the_system_and_the_switch_is_remembered(tab: Any, site: Path) -> None:
    dark = tab(color_scheme="dark")
    page = ready(dark.open(site / "index.html"))
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(15, 19, 23)"
    page.click("#theme")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_a_phone_needs_no_sideways_scrolling(tab: Any, site: Path) -> None:
    page = ready(tab(viewport={"width": 375, "height": 800}).open(site / "index.html"), 5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    first = page.locator(".tabulator-row").first
    assert "gemma-3-12b-it" in first.inner_text() and "35.1 % [30.1, 40.1]" in first.inner_text()
    box = first.bounding_box()
    assert box and box["width"] <= 375
    page.click("text=Filters")
    page.select_option("#f-task", "bad_car_advice")
    until(page, f"{ROWS} === 1")


def test_csv_holds_the_shown_rows(tab: Any, site: Path) -> None:
    page = tab().open(site / "index.html", "#task=insecure_code")
    until(page, f"{ROWS} === 3")
    with page.expect_download() as caught:
        page.click("#csv")
    rows = list(csv.DictReader(io.StringIO(Path(caught.value.path()).read_text())))
    assert [(row["group"], row["misaligned_count"], row["misaligned_of"]) for row in rows] == [
        ("1", "30", "570"), ("1", "12", "570"), ("2", "120", "570"),
    ]  # fmt: skip
    assert float(rows[0]["difference_rate"]) > 0 and rows[2]["toy"] == "true"


def test_png_is_a_picture_of_the_group(tab: Any, site: Path) -> None:
    page = ready(tab().open(site / "index.html"))
    with page.expect_download() as caught:
        page.locator("[data-png]").first.click()
    data = Path(caught.value.path()).read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG") and width > 1000 and height > 300


def test_no_badge_is_cut_at_a_usual_width(tab: Any, site: Path) -> None:
    page = tab().open(site / "index.html")
    page.set_viewport_size({"width": 1280, "height": 900})
    ready(page)
    cut = page.evaluate("""() => {
      const one = [...document.querySelectorAll(".tabulator-cell.c-status")][0];
      one.replaceChildren(EM.status("not evaluable, verified"));
      return [one.scrollWidth > one.clientWidth, one.querySelectorAll(".status").length,
              one.querySelector(".warn").textContent, one.querySelector(".tick").title];
    }""")
    assert cut == [False, 2, "not evaluable", "verified"]
