"""``bundle``: a run in one zip file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Json, Results


def bundle(
    run: Annotated[str, typer.Argument(help="A run id, or its beginning or end.")],
    out: Annotated[
        Path | None, typer.Option(help="The zip file to write; RUN.zip in this folder.")
    ] = None,
    adapters: Annotated[
        bool, typer.Option("--adapters", help="With the trained adapters.")
    ] = False,
    texts: Annotated[
        bool, typer.Option(help="With the texts of the answers, or with their hashes only.")
    ] = True,
    json_output: Json = False,
    results: Results = None,
) -> None:
    """Pack a run so that others can check it: record, raw answers and scores, settings, hashes."""
    from harness.cli.output import console, emit_json
    from harness.runs.bundle import write_bundle
    from harness.runs.record import find_run
    from harness.workspace import Workspace

    folder = find_run(run, Workspace.here(results).results)
    path = out or Path(f"{folder.name}.zip")
    manifest = write_bundle(folder, path, adapters=adapters, texts=texts)
    if json_output:
        emit_json({"bundle": str(path), "bytes": path.stat().st_size} | manifest.model_dump())
        return
    size = path.stat().st_size / 2**10
    files = ", ".join(manifest.files)
    console().print(f"{path} ({size:,.0f} KiB): {files}", markup=False)
