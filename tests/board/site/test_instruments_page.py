"""What instruments measured, in a real browser: a column to sort by, a table on the run's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.board.reading import read_all
from harness.board.site.build import build_site
from harness.board.site.paths import run_page
from harness.runs.instruments import write_instrument
from tests.board.test_instruments import HOSTILE, measure, side, value
from tests.cli.verbs import invoke
from tests.runs.made import made_run

CELLS = "[...document.querySelectorAll('.c-persona-rise .in')].map((found) => found.textContent)"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A site of three runs, two with side records, and the id of the hostile one."""
    results = tmp_path_factory.mktemp("measured")
    ids = [made_run(results, samples=2, task=f"task_{name}").run_id for name in "abc"]
    for run, number in ((ids[0], 1.5), (ids[1], 7.5)):
        hostile = measure(HOSTILE, None, arms={HOSTILE: value(1.0)})
        measures = {"rise": measure(difference=value(number)), "hostile": hostile}
        write_instrument(results / run, side(run, measures, note=HOSTILE))
    site = results.parent / "measured-site"
    done = invoke("leaderboard", "--html", site, "--results", results)
    assert done.exit_code == 0
    return site, ids[1]


def test_the_column_sorts_by_its_numbers_and_what_is_missing_comes_last(
    tab: Any, measured: tuple[Path, str]
) -> None:
    page = tab(viewport={"width": 1600, "height": 900}).open(
        measured[0] / "index.html", "#sort=persona-rise&dir=desc"
    )
    page.wait_for_selector(".c-persona-rise .in")
    assert [cell.split(" ")[0] for cell in page.evaluate(CELLS)] == ["+7.50", "+1.50", "–"]


def test_the_runs_page_has_the_table_and_obeys_nothing_in_it(
    tab: Any, measured: tuple[Path, str]
) -> None:
    site, run = measured
    page = tab().open(site / run_page(run))
    text = page.locator("main").inner_text()
    assert "Instrument: persona" in text and "2.50 [1.50, 3.50]" in text
    assert "<script>alert(1)</script>" in text, "markup is shown as it was written"
    assert page.locator("main script").count() == 0


def test_a_site_built_without_figures_has_no_column(tmp_path: Path) -> None:
    made_run(tmp_path / "results", samples=2)
    records = read_all(tmp_path / "results").records
    build_site(records, tmp_path / "results", tmp_path / "site")
    assert '"instruments":[]' in (tmp_path / "site" / "index.html").read_text()
