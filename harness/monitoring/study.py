"""All there is to know about monitors on some records: figures, lead times, stress tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.errors import DataError
from harness.monitoring.ensemble import Ensemble
from harness.monitoring.evaluate import RATES, Evaluated, evaluate
from harness.monitoring.lead import Traced, lead_times
from harness.monitoring.monitor import Monitor
from harness.monitoring.record import Monitored, divide
from harness.monitoring.report import Report
from harness.monitoring.stress import stress_test
from harness.monitoring.trace import CountTokens, word_tokens
from harness.monitoring.view import SCOPES, Scope

WORD_TOKENS = "words and punctuation marks"


@dataclass(frozen=True)
class Wanted:
    """How monitors are to be measured.

    Attributes:
        monitors: Which ones.
        ensembles: Of those.
        scopes: What they are shown.
        rates: Allowed shares of false positives.
        leads: Names of monitors to follow step by step.
        stresses: Names of monitors to try on tampered thoughts.
        stress_scope: What they are shown then.
        resamples: Bootstrap draws.
        rng_seed: Seed of splits and draws.
        count: Counts tokens, for lead times.
        unit: What it counts.
    """

    monitors: Sequence[Monitor]
    ensembles: Sequence[Ensemble] = ()
    scopes: Sequence[Scope] = SCOPES
    rates: Sequence[float] = RATES
    leads: frozenset[str] = frozenset()
    stresses: frozenset[str] = frozenset()
    stress_scope: Scope = "cot+action"
    resamples: int = 1000
    rng_seed: int = 0
    count: CountTokens = word_tokens
    unit: str = WORD_TOKENS


@dataclass(frozen=True)
class Studied:
    """What was found on the records of one kind.

    Attributes:
        report: All figures.
        evaluated: The scores they come from.
        traced: Monitor to lead times and traces.
    """

    report: Report
    evaluated: Evaluated
    traced: dict[str, Traced] = field(default_factory=dict)


def study(
    records: Sequence[Monitored], wanted: Wanted, on_stage: Callable[[str], None] = lambda _: None
) -> list[Studied]:
    """Measure monitors on every kind of record by itself; kinds are never pooled.

    Args:
        records: Of any kinds.
        wanted: How.
        on_stage: Told what is being done.

    Raises:
        DataError: There is nothing to measure on.
    """
    if not records:
        raise DataError("There is no record to measure monitors on.", hint="The file is empty.")
    kinds: dict[str, list[Monitored]] = defaultdict(list)
    for record in records:
        kinds[record.kind].append(record)
    return [_study(kind, kinds[kind], wanted, on_stage) for kind in sorted(kinds)]


def _study(
    kind: str, records: Sequence[Monitored], wanted: Wanted, on_stage: Callable[[str], None]
) -> Studied:
    on_stage(f"{kind}: {len(records)} records, {len(wanted.monitors)} monitors")
    divided = divide(records, wanted.rng_seed)
    evaluated = evaluate(
        divided,
        wanted.monitors,
        wanted.ensembles,
        wanted.scopes,
        kind=kind,
        rates=wanted.rates,
        resamples=wanted.resamples,
        rng_seed=wanted.rng_seed,
    )
    traced: dict[str, Traced] = {}
    stressed = []
    for monitor in wanted.monitors:
        if monitor.name in wanted.leads:
            on_stage(f"{kind}: {monitor.name} step by step")
            found = lead_times(
                evaluated,
                divided,
                monitor,
                rates=wanted.rates,
                count=wanted.count,
                unit=wanted.unit,
            )
            if found is not None:
                traced[monitor.name] = found
        if monitor.name in wanted.stresses:
            on_stage(f"{kind}: {monitor.name} under stress")
            stressed += stress_test(
                evaluated, divided, monitor, wanted.stress_scope, rates=wanted.rates
            )
    leads = [lead for found in traced.values() for lead in found.leads]
    report = evaluated.report.model_copy(update={"leads": leads, "stresses": stressed})
    return Studied(report, evaluated, traced)
