"""``import``: published data files as a task of this folder."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.options import Json


def import_data(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="JSONL, CSV, Parquet, a zip of these; a pinned URL; or org/name@revision.",
        ),
    ],
    name: Annotated[str, typer.Option("--as", help="Name of the new task.")],
    control: Annotated[
        str | None, typer.Option(help="The benign twin: same prompts, good answers.")
    ] = None,
    arm: Annotated[
        list[str] | None, typer.Option(help="A further arm: NAME=FILE. Repeatable.")
    ] = None,
    prompt_column: Annotated[str | None, typer.Option(help="Column of the questions.")] = None,
    response_column: Annotated[str | None, typer.Option(help="Column of the answers.")] = None,
    member: Annotated[str | None, typer.Option(help="Which file of a zip archive.")] = None,
    password: Annotated[
        str | None, typer.Option(help="Password of a zip archive.", envvar="HARNESS_ZIP_PASSWORD")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="What the content of FILE, here or at a URL, must hash to.")
    ] = None,
    subset: Annotated[str | None, typer.Option(help="Subset of a hub data set.")] = None,
    split: Annotated[str, typer.Option(help="Split of a hub data set.")] = "train",
    drop_system: Annotated[bool, typer.Option(help="Leave out system turns.")] = False,
    skip_refused: Annotated[
        bool, typer.Option(help="Leave out rows that cannot be trained on, and count them.")
    ] = False,
    licence: Annotated[str | None, typer.Option(help="Licence of the data, for the card.")] = None,
    title: Annotated[str, typer.Option(help="One line about the task.")] = "",
    replace: Annotated[bool, typer.Option(help="Replace this folder's task of that name.")] = False,
    json_output: Json = False,
) -> None:
    """Read a published data file unchanged and make it a task of this folder.

    Rows are streamed. On any error nothing is changed.
    """
    from harness.cli.bringing import arm_sources, carry_out
    from harness.data.card import UNKNOWN_LICENCE
    from harness.data.importing.bring import Wish
    from harness.data.importing.messages import Columns
    from harness.data.importing.sources import Reading

    wish = Wish(
        name=name,
        arms=arm_sources(source, control, arm or []),
        columns=Columns(prompt_column, response_column, drop_system),
        reading=Reading(member, password, sha256, subset, split),
        skip_refused=skip_refused,
        replace=replace,
        title=title,
        licence=licence or UNKNOWN_LICENCE,
    )
    carry_out(wish, as_json=json_output)
