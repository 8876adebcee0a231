"""What a run's page shows beside the record itself: words, curves, and where the answers are.

The record stands on the page as it is; the page's scripts clean its strings and lay it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.board.record_view import (
    difference_words,
    not_evaluable_words,
    provenance,
    warnings,
)
from harness.board.site.answer_files import script_name
from harness.board.site.compact import definition_sentence, key_words, status, word
from harness.board.site.paths import model_page
from harness.board.site.raw import RawAnswers, cutoff_curve, headline_definition, losses
from harness.board.slices_view import describe
from harness.board.table import comparability, reading_order
from harness.board.text import TOY_NOTE
from harness.runs.record import RunRecord


def run_data(
    record: RunRecord, raw: Mapping[str, Sequence[RawAnswers]], results: Path
) -> dict[str, Any]:
    """The page's data, apart from the record.

    Args:
        record: The run.
        raw: Answers by arm, as far as they are on this machine.
        results: Results folder, for the training curves.
    """
    definition = headline_definition(record)
    return {
        "model_page": model_page(record.model),
        "status": status(record.status),
        "toy_note": TOY_NOTE if record.note else None,
        "not_evaluable": word(not_evaluable_words(record))
        if record.status == "not evaluable"
        else None,
        "warnings": [text for text in map(word, warnings(record)) if text != TOY_NOTE],
        "headline": difference_words(record.difference),
        "definition": definition_sentence(record.difference.definition),
        "definitions": [[name, definition_sentence(name)] for name in record.differences],
        "key": key_words(comparability(record)),
        "order": reading_order(record.arms),
        "slices": {
            name: [describe(part) for part in arm.slices] for name, arm in record.arms.items()
        },
        "provenance": [[name, word(text)] for name, text in provenance(record).items()],
        "cut": definition.cutoffs.alignment if definition else None,
        "curves": curves_of(record, raw),
        "losses": losses_of(record, results),
        "probes": {
            name: [
                [
                    probe.seed,
                    script_name(probe, record) if probe.rows is not None else None,
                    probe.problem,
                ]
                for probe in probes
            ]
            for name, probes in raw.items()
        },
    }


def curves_of(
    record: RunRecord, raw: Mapping[str, Sequence[RawAnswers]]
) -> dict[str, list[list[Any]]]:
    """The cut-off curve of every arm whose answers are all here."""
    found = {name: cutoff_curve(record, raw.get(name, ())) for name in record.arms}
    return {name: curve for name, curve in found.items() if curve}


def losses_of(record: RunRecord, results: Path) -> dict[str, list[list[Any]]]:
    """``[seed, curve]`` of every adapter of an arm whose training is here."""
    found = {
        name: [
            [adapter.seed, curve]
            for adapter in arm.adapters
            if (curve := losses(adapter.inputs, results))
        ]
        for name, arm in record.arms.items()
    }
    return {name: curves for name, curves in found.items() if curves}
