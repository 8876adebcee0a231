"""``leaderboard --html`` and ``--serve``: the site, written and shown."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.board.published import PublishedRow
    from harness.board.site.build import Built
    from harness.board.wanted import Reader


def write_site(
    new_reader: Callable[[], Reader],
    results: Path,
    published: Sequence[PublishedRow],
    html: Path | None,
    *,
    serve: bool,
    port: int,
    logs: bool,
    json_output: bool,
) -> None:
    """Write the site into ``html`` and, if asked, serve it until Ctrl-C.

    Args:
        new_reader: Gives the wanted records, read anew at each call.
        results: Results folder.
        published: Figures of other work.
        html: Where to; None for a folder that is gone afterwards (with ``serve``).
        serve: Whether to serve it.
        port: Port on 127.0.0.1.
        logs: Whether to add Inspect's log viewer.
        json_output: Print one JSON object instead of words.
    """
    with ExitStack() as stack:
        folder = html or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-")))
        build = _builder(new_reader, results, published, folder, live=serve, logs=logs)
        built = build()
        if not serve:
            _tell(built, None, json_output)
            return
        from harness.board.site.serve import Server
        from harness.cli.output import stderr_console

        say = stderr_console().print
        server = Server(results, folder, port, build, lambda line: say(line, markup=False))
        _tell(built, server.url, json_output)
        server.run()


def _builder(
    new_reader: Callable[[], Reader],
    results: Path,
    published: Sequence[PublishedRow],
    folder: Path,
    *,
    live: bool,
    logs: bool,
) -> Callable[[], Built]:
    """A function that builds the site; each call reads the results anew."""
    from harness.board.reading import without_collection
    from harness.board.site.build import build_site
    from harness.cli.progress import make_progress

    def build() -> Built:
        reader, progress = new_reader(), make_progress()
        progress.start("write pages", sum(1 for _ in results.glob("*/run.json")))
        try:
            with without_collection():
                built = build_site(
                    reader,
                    results,
                    folder,
                    problems=reader.problems,
                    published=published,
                    is_verified=reader.is_verified,
                    figures=reader.figures,
                    live=live,
                    logs=logs,
                    on_page=progress.advance,
                )
            progress.finish()
        finally:
            progress.close()
        from harness.cli.leaderboard import tell

        tell(reader)
        return built

    return build


def _tell(built: Built, url: str | None, json_output: bool) -> None:
    from harness.cli.output import console, emit_json

    if json_output:
        emit_json(
            {
                "html": str(built.index),
                "url": url,
                "runs": built.runs,
                "models": built.models,
                "answers": built.answers,
                "problems": built.problems,
            }
        )
        return
    out = console()
    pages = f"{built.runs} run{'' if built.runs == 1 else 's'}"
    out.print(f"{built.index}  ({pages}, answers of {built.answers} arms)", markup=False)
    if url:
        out.print(f"Serving on {url} (Ctrl-C ends it)", markup=False)
