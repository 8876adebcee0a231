"""What Inspect finds through the ``inspect_ai`` entry point; importing this loads no torch."""

from __future__ import annotations

from inspect_ai.model import ModelAPI, modelapi


@modelapi(name="harness")
def harness() -> type[ModelAPI]:
    """Provider ``harness/REFERENCE`` for local models and adapters."""
    from harness.sampling.provider import HarnessAPI

    return HarnessAPI
