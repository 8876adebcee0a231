"""How long the leaderboard's site takes with thousands of runs, to build and in a browser.

::

    python benchmarks/leaderboard_site.py             # 5,000 synthetic runs
    python benchmarks/leaderboard_site.py --runs 500

Writes synthetic records into a temporary folder, builds the site with ``python -m harness
leaderboard --html``, opens it in the system's Chromium and prints: wall and CPU seconds of the
build (the target is 5 s), milliseconds from navigation to the first painted table (1,000 ms), and
milliseconds from a keystroke in the search field to the painted rows (100 ms; median and largest).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from many_runs import timed, write_runs

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WORDS = ("b", "ba", "bad", "bad_", "bad_l", "model-12", "model-123", "gpt-4o", "nothing at all", "")
PAINTED = """new Promise((done) => {
  const look = () => {
    const [mark] = performance.getEntriesByName("em-table");
    if (!mark || !document.querySelector(".tabulator-row")) { setTimeout(look, 5); return; }
    requestAnimationFrame(() => setTimeout(() => done(
      [mark.startTime, performance.getEntriesByName("first-contentful-paint")[0]?.startTime])));
  };
  look();
})"""
TYPED = """(word) => new Promise((done) => {
  const field = document.getElementById("f-q");
  const begun = performance.now();
  field.value = word;
  field.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
})"""


def main() -> None:
    """Make the runs, build the site, open it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        results, out = Path(temporary) / "results", Path(temporary) / "site"
        write_runs(results, wanted.runs)
        wall, cpu, _ = timed(["--html", str(out), "--results", str(results)])
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        print(
            f"build {wanted.runs} runs: {wall:.2f} s wall, {cpu:.2f} s CPU, {size / 2**20:.0f} MiB"
        )
        in_browser(out / "index.html")


def in_browser(index: Path) -> None:
    """Time the table page in Chromium."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if path is None:
        raise SystemExit("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        page: Any = browser.new_page(viewport={"width": 1440, "height": 900})
        tables = []
        for _ in range(3):
            page.goto(index.as_uri(), wait_until="commit")
            tables.append(page.evaluate(PAINTED)[0])
        each = ", ".join(f"{table:.0f}" for table in tables)
        print(f"first table: median {statistics.median(tables):.0f} ms ({each})")
        waits = [page.evaluate(TYPED, word) for word in WORDS * 2]
        print(f"filter: median {statistics.median(waits):.0f} ms, largest {max(waits):.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
