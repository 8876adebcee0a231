"""Running one Inspect task quietly and strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.log import EvalLog
from inspect_ai.model import Model

from harness.errors import HarnessError, SampleError
from harness.runs.progress import Progress
from harness.sampling.counting import counting
from harness.sampling.inspect_options import calm_collector, fast_eval_options


def evaluate(
    task: Task,
    model: Model,
    folder: Path,
    progress: Progress,
    *,
    judge: Model | None = None,
) -> tuple[EvalLog, float]:
    """Run a task to the end; a log that is not a success is an error here.

    Args:
        task: The Inspect task.
        model: Whom it asks.
        folder: Where the ``.eval`` log goes.
        progress: Told of every finished answer and judgement.
        judge: Model for the ``grader`` role.

    Returns:
        The log, and when the last answer was complete (``time.monotonic``).

    Raises:
        SampleError: An answer could not be sampled or scored.
        KeyboardInterrupt: The user interrupted it.
    """
    for stale in folder.glob("*.eval"):
        stale.unlink()  # an interrupted log; its answers are in the journal
    options: dict[str, Any] = fast_eval_options()
    with counting(progress.advance) as count, calm_collector():
        logs = eval(
            task,
            model=model,
            model_roles={"grader": judge} if judge is not None else None,
            log_dir=str(folder),
            fail_on_error=True,
            **options,
        )
    if not logs:  # interrupted so early that Inspect has no log of it
        raise KeyboardInterrupt
    log = logs[0]
    if log.status == "cancelled":
        raise KeyboardInterrupt
    if log.status != "success":
        raise _failure(log)
    return log, count.answered_at


def _failure(log: EvalLog) -> HarnessError:
    text = log.error.message if log.error else f"the evaluation ended as '{log.status}'"
    first_line = (text.strip() or "unknown error").splitlines()[0]
    return SampleError(
        f"Asking {log.eval.model} failed: {first_line}",
        hint=f"The full log is {log.location}. Finished answers are kept; run again to go on.",
    )
