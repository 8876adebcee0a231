"""Options that mean the same on every verb that has them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Results = Annotated[Path | None, typer.Option(help="Results folder.", envvar="HARNESS_RESULTS")]
DryRun = Annotated[bool, typer.Option(help="Print the plan and stop.")]
Temperature = Annotated[float, typer.Option(min=0.0, max=2.0)]
TopP = Annotated[float, typer.Option(min=0.01, max=1.0)]
Samples = Annotated[int, typer.Option(min=1, help="Answers to each question.")]
Dtype = Annotated[
    Literal["float32", "bfloat16", "nf4"] | None,
    typer.Option(help="Number format of the weights; nf4 holds them in 4 bits on a GPU."),
]
Engine = Annotated[
    Literal["vllm"] | None,
    typer.Option(help="Sample with vLLM (a GPU, or a server named by VLLM_BASE_URL)."),
]
Judges = Annotated[
    list[str] | None,
    typer.Option(
        help="Any Inspect model, e.g. openai/gpt-4.1. Required for real models. Repeatable: "
        "the first gives the headline, the others stand beside it."
    ),
]
Questions = Annotated[str, typer.Option(help="A question set, or a YAML file.")]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda, cuda:1, mps; by default the first GPU.")
]
Think = Annotated[
    Literal["on", "off"] | None,
    typer.Option(help="Tell a thinking model to think, or not to, when it is asked."),
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format", help="plain, json, template; repeatable or with commas, reported apart."
    ),
]
