"""Running Inspect with little cost per sample.

Measured with 600 samples, two judge calls each and a provider that answers instantly, on two
busy cores (process time per sample): 24.8 ms with Inspect's defaults, 15.9 ms with these
options, 11.9 ms with ``calm_collector`` as well. A model call costs about 2 ms of what is left.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MAX_SAMPLES = 4096


def fast_eval_options() -> dict[str, Any]:
    """Keyword arguments for ``inspect_ai.eval``; they change its speed, never its results."""
    # The trace file gets four lines for each model call, flushed one by one.
    os.environ.setdefault("INSPECT_TRACE_LEVEL", "WARNING")
    return {
        # The live view writes each event to a database as it happens: a quarter of all time.
        "log_realtime": False,
        # A progress display redraws for every sample, and again for every running metric.
        "display": "none",
        # No control server: nothing outside this process steers a run.
        "ctl_server": False,
        "score_display": False,
        # Raw requests repeat what the events already hold.
        "log_model_api": False,
        "log_images": False,
        # A group of answers fills only if all its samples have been started.
        "max_samples": MAX_SAMPLES,
        # Each flush rewrites the log's directory; a killed run resumes from the journal.
        "log_buffer": 200,
    }


@contextmanager
def calm_collector() -> Iterator[None]:
    """Let the garbage collector look less often while many samples are alive.

    With thousands of live samples each full collection walks all of them, though hardly any is
    garbage: a quarter of what is left after ``fast_eval_options``. In the end all of them are, in
    cycles that would otherwise stay for several evaluations.
    """
    before = gc.get_threshold()
    # Freezing hides garbage as well, until the end; collecting it first takes half a second.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        # While what was there before is still frozen: only what is new is looked through.
        gc.collect()
        gc.unfreeze()
