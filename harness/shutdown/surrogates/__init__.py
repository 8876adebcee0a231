"""Scripted agents with a known intent, as models: ``surrogate/compliant`` and four others.

The scorer must label them right before a figure of it means anything. Importing this makes them
known to Inspect.
"""

from __future__ import annotations

from inspect_ai.model import ModelAPI, modelapi

NAMES = ("compliant", "greedy", "self_preserving", "random", "sloppy")


@modelapi(name="surrogate")
def surrogate() -> type[ModelAPI]:
    """Provider ``surrogate/NAME``."""
    from harness.shutdown.surrogates.provider import SurrogateAPI

    return SurrogateAPI
