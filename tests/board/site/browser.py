"""A real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
FORBIDS_SKIPPING = "HARNESS_BROWSER_TESTS"
"""Set to ``required`` where a missing browser is a failure (``.ci/run``)."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 20
"""Longest wait for anything; the machine may be busy."""
WATCH = """
window.pwned = [];
for (const name of ["alert", "confirm", "prompt", "print"]) {
  window[name] = (text) => { window.pwned.push(`${name} ${text}`); };
}
document.addEventListener("securitypolicyviolation", (event) => {
  window.pwned.push(`blocked ${event.violatedDirective} ${event.blockedURI}`);
});
"""


def missing(reason: str) -> None:
    """Skip with a reason, or fail where skipping is forbidden."""
    if os.environ.get(FORBIDS_SKIPPING) == "required":
        pytest.fail(f"{reason} ({FORBIDS_SKIPPING}=required forbids skipping)")
    pytest.skip(reason)


@contextmanager
def launched() -> Iterator[Any]:
    """A running browser."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing("no Chromium on this machine: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install -e '.[dev]'")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def until(page: Any, condition: str) -> None:
    """Wait for a JavaScript condition (Playwright's own wait needs eval, which pages forbid)."""
    from playwright.sync_api import Error

    for _ in range(SECONDS * 40):
        with suppress(Error):  # the page is just being loaded again
            if page.evaluate(condition):
                return
        page.wait_for_timeout(25)
    raise AssertionError(f"never came true: {condition}")


class Tab:
    """A page that remembers everything that went wrong in it."""

    def __init__(self, browser: Any, **options: Any) -> None:
        """Open an empty page in a profile of its own."""
        settings = {"viewport": {"width": 1280, "height": 900}, "accept_downloads": True}
        self.context = browser.new_context(**(settings | options))
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.set_default_timeout(1000 * SECONDS)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(f"error {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def open(self, target: Path | str, fragment: str = "") -> Any:
        """Load a file or an address and wait until its scripts have run."""
        address = target.as_uri() if isinstance(target, Path) else target
        self.page.goto(f"{address}{fragment}", wait_until="load")
        return self.page

    def check(self) -> None:
        """Nothing went wrong, nothing was blocked, nothing was asked of any other machine."""
        found = [*self.problems, *self.page.evaluate("window.pwned")]
        assert not found, found

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:")):
            self.problems.append(f"request {request.url}")
