"""No serious accessibility issue, by axe-core, in light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.board.site.paths import model_page, run_page
from tests.board.site.browser import until
from tests.board.site.records import drilled

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RUN = """axe.run(document, {resultTypes: ["violations"], preload: false}).then((found) =>
  found.violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) =>
    `${one.id}: ${one.nodes.slice(0, 3).map((n) =>
      `${n.html.slice(0, 160)} ${n.failureSummary}`).join(" | ")}`))"""
PAGES = {
    "index.html": ".tabulator-row",
    "models.html": "table",
    "published.html": "h1",
    run_page(drilled().run_id): "#show-answers",
    model_page("Qwen/Qwen2.5-7B-Instruct"): "[data-chart=forest][data-drawn=yes]",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_serious_issue(name: str, scheme: str, tab: Any, site: Path) -> None:
    width = 1280 if scheme == "light" else 390
    page = tab(color_scheme=scheme, viewport={"width": width, "height": 1200}).open(site / name)
    page.wait_for_selector(PAGES[name])
    if name.startswith("runs/"):
        page.click("#show-answers")
        page.wait_for_selector(".answer")
        for chart in ("cutoffs", "training"):
            page.locator(f"[data-chart={chart}]").scroll_into_view_if_needed()
            page.wait_for_selector(f"[data-chart={chart}][data-drawn=yes]")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    until(page, "typeof axe === 'object'")
    assert page.evaluate(RUN) == []


def test_everything_is_reached_by_keyboard(tab: Any, site: Path) -> None:
    page = tab().open(site / "index.html")
    page.wait_for_selector(".tabulator-row")
    reached = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.id || document.activeElement.textContent.slice(0, 20)"
            )
        )
    for target in ("theme", "f-q", "f-task", "csv", "Misaligned", "PNG", "bad_legal_advice"):
        assert any(target in found for found in reached), (target, reached)
