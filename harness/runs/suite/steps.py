"""The instruments of the suite: what each needs and how it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from harness.errors import UsageError
from harness.runs.inside.subjects import Subjects
from harness.runs.instruments import InstrumentRecord
from harness.runs.progress import Progress
from harness.runs.record import RunRecord
from harness.runs.store import Store

Measure = Callable[[Subjects, Store, Progress], InstrumentRecord]
"""``run_<instrument>``: measures every model of a run, resumable, and writes the side record."""


@dataclass(frozen=True)
class Step:
    """One instrument.

    Attributes:
        name: Name on the command line and of its side record.
        title: What it tells.
        measured_by: ``module:function`` of its ``Measure``; None where the run itself measures it.
        seconds: Rough CPU seconds per model of the miniature, for the time left before anything
            has been timed.
    """

    name: str
    title: str
    measured_by: str | None = None
    seconds: float = 0.0

    def measure(self) -> Measure:
        """The function, imported only now: some need torch."""
        assert self.measured_by is not None
        module, _, function = self.measured_by.partition(":")
        found: Measure = getattr(import_module(module), function)
        return found


STEPS = (
    Step("open_ended", "open questions, broad misalignment"),
    Step("in_domain", "the narrow behaviour itself"),
    Step("persona", "who it says it is", "harness.runs.persona.instrument:run_persona", 12.0),
    Step(
        "shutdown", "what it says of shutdown", "harness.runs.shutdown.measure:run_shutdown", 11.0
    ),
    Step("monitor", "its chain of thought", "harness.runs.monitor.instrument:run_monitor", 15.0),
    Step("deception", "easy facts", "harness.runs.deception.measure:run_deception", 4.0),
)
NAMES = tuple(step.name for step in STEPS)


def chosen(only: str | None) -> tuple[Step, ...]:
    """The steps named with commas between, in the usual order; all without names.

    Raises:
        UsageError: There is no such instrument, or none is named.
    """
    if only is None:
        return STEPS
    wanted = {name.strip().replace("-", "_") for name in only.split(",") if name.strip()}
    unknown = sorted(wanted - set(NAMES))
    if unknown or not wanted:
        raise UsageError(
            f"There is no instrument '{unknown[0] if unknown else ''}'.",
            hint=f"Instruments: {', '.join(NAMES)}.",
        )
    return tuple(step for step in STEPS if step.name in wanted)


def out_of_place(step: Step, record: RunRecord) -> str | None:
    """Why an instrument does not apply to a run, whatever is on this machine; None if it may."""
    if step.name == "in_domain" and all(arm.in_domain is None for arm in record.arms.values()):
        return "the task has no in-domain probe"
    if step.measured_by is None:
        return None
    if record.imported is not None:
        return "the answers were imported, so the models are not known"
    if record.spec.task == "evaluate" and record.spec.against is None:
        return "a model by itself was evaluated: there is no base to hold it against"
    if step.name == "deception" and record.spec.question_set == "deception":
        return "the run itself asked this set: its lies are in the record's slices"
    return None
