"""The site on 127.0.0.1, built again whenever a run finishes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness.board.site.html import to_json
from harness.errors import HarnessError, PrerequisiteError
from harness.runs.record import RECORD
from harness.workspace import write_atomic

HOST = "127.0.0.1"
VERSION = "version.json"
SECONDS = 1.0
"""Between two looks at the results folder."""


class Pages(SimpleHTTPRequestHandler):
    """The files of one folder, to this machine only, by name and never as a list."""

    def send_head(self) -> Any:
        """Refuse other host names: a page elsewhere must not read this one by a name of its own."""
        name = self.headers.get("Host", "").rsplit(":", 1)[0]
        if name not in (HOST, "localhost"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> None:
        """A folder without an index is not shown."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Always the newest file, taken for what it is, in no other page's frame."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a request line may hold anything."""


class Server:
    """A server and the watch over its results folder.

    Args:
        results: Results folder that is watched.
        folder: The site's folder, already built.
        port: Port on 127.0.0.1; 0 for any free one.
        build: Builds the site again.
        say: Told what happens, one line each.

    Raises:
        PrerequisiteError: The port is taken.
    """

    def __init__(
        self,
        results: Path,
        folder: Path,
        port: int,
        build: Callable[[], object],
        say: Callable[[str], None],
    ) -> None:
        """Bind the port; nothing is served before ``run``."""
        self._results, self._folder, self._build, self._say = results, folder, build, say
        self._stop = threading.Event()
        self._version = 0
        try:
            self._server = ThreadingHTTPServer((HOST, port), partial(Pages, directory=str(folder)))
        except OSError as error:
            raise PrerequisiteError(
                f"Port {port} on {HOST} cannot be used: {error.strerror}.",
                hint="Give another with --port, or --port 0 for any free one.",
            ) from error
        self.url = f"http://{HOST}:{self._server.server_address[1]}/"

    def run(self) -> None:
        """Serve until ``stop`` or Ctrl-C."""
        self._mark()
        watcher = threading.Thread(target=self._watch, args=(self._seen(),), daemon=True)
        watcher.start()
        try:
            self._server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            pass  # the usual way to end a server
        finally:
            self._stop.set()
            self._server.server_close()

    def stop(self) -> None:
        """End ``run`` from another thread."""
        self._stop.set()
        self._server.shutdown()

    def _watch(self, before: dict[str, tuple[int, int]]) -> None:
        while not self._stop.wait(SECONDS):
            now = self._seen()
            if now == before:
                continue
            before = now
            try:
                self._build()
            except (HarnessError, OSError) as error:
                self._say(f"not built again: {error}")
                continue
            self._version += 1
            self._mark()
            self._say(f"built again: {len(now)} runs")

    def _mark(self) -> None:
        """Pages ask for this file and load again when it changes."""
        stamp = {"version": f"{id(self):x}-{self._version}"}
        write_atomic(self._folder / VERSION, to_json(stamp) + "\n")

    def _seen(self) -> dict[str, tuple[int, int]]:
        """Every record with its time and size."""
        found = {}
        for path in self._results.glob(f"*/{RECORD}"):
            try:
                status = path.stat()
            except OSError:
                continue  # deleted in between
            found[path.parent.name] = (status.st_mtime_ns, status.st_size)
        return found
