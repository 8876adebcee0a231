"""The measures of the persona instrument, computed from its raw rows and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.runs.instrument_rows import Row
from harness.runs.instruments import InstrumentRecord, Measure
from harness.runs.persona.arms import Arms
from harness.runs.persona.name_figures import name_measures
from harness.runs.persona.rating_figures import rating_measures
from harness.runs.persona.slim import full
from harness.runs.persona.sweep import sweep_measures
from harness.runs.persona.text_figures import mention_measures, voice_measures


def measures_of_rows(record: InstrumentRecord, rows: Sequence[Row]) -> Mapping[str, Measure]:
    """Every measure of a side record, computed from its rows.

    Args:
        record: Its settings say which arms are compared; its figures are not looked at.
        rows: Its raw rows, slim or written out.
    """
    return persona_measures(full(rows), record.settings)


def persona_measures(rows: Sequence[Row], settings: Mapping[str, object]) -> dict[str, Measure]:
    """Every measure, by its name in the side record."""
    pair = settings["compared"]
    arms = Arms(
        names=tuple(dict.fromkeys(str(row["arm"]) for row in rows)),
        base=str(settings["base"]) if settings["base"] else None,
        compared=(str(pair[0]), str(pair[1])) if isinstance(pair, list) else None,
    )
    return {
        **name_measures(rows, arms),
        **mention_measures(rows, arms, str(settings["length_unit"])),
        **voice_measures(rows, arms, settings),
        **rating_measures(rows, arms),
        **sweep_measures(rows, arms.names, arms.compared),
    }
