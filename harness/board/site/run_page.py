"""What a run's page shows: provenance, arms side by side, questions, curves, where answers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.board.record_view import difference_words, provenance
from harness.board.site.answer_files import script_name
from harness.board.site.compact import gap, key_words, share, status
from harness.board.site.paths import model_page
from harness.board.site.raw import RawAnswers, cutoff_curve, headline_definition, losses
from harness.board.site.slices import rubrics, slice_rows
from harness.board.table import comparability, reading_order
from harness.board.text import TOY_NOTE, clean, definition_words
from harness.runs.record import RunRecord
from harness.stats.definitions import DEFINITIONS

"""Arms that stand first; the others follow, the bad one last."""


def run_data(
    record: RunRecord, raw: Mapping[str, Sequence[RawAnswers]], results: Path
) -> dict[str, Any]:
    """The page's data.

    Args:
        record: The run.
        raw: Answers by arm, as far as they are on this machine.
        results: Results folder, for the training curves.
    """
    cut = headline_definition(record).cutoffs
    return {
        "run": clean(record.run_id),
        "task": clean(record.task),
        "model": clean(record.model),
        "model_page": model_page(record.model),
        "status": status(record.status),
        "note": clean(record.note) if record.note else None,
        "toy_note": TOY_NOTE if record.note else None,
        "headline": difference_words(record.difference),
        "difference": gap(record.difference),
        "method": clean(record.difference.method),
        "definition": clean(definition_words(record.difference.definition)),
        "key": key_words(comparability(record)),
        "arms": [_arm(record, name, raw.get(name, ()), results) for name in order(record)],
        "definitions": _definitions(record),
        "slices": slice_rows(record),
        "rubrics": rubrics(record),
        "imported": [
            [clean(arm), clean(file.name), file.sha256, file.rows]
            for arm, file in (record.imported or {}).items()
        ],
        "questions": _questions(record),
        "provenance": [[name, clean(text)] for name, text in provenance(record).items()],
        "spec": clean_tree(record.spec.model_dump(mode="json")),
        "cuts": {"alignment": cut.alignment, "coherence": cut.coherence},
        "finished": clean(record.finished),
    }


def order(record: RunRecord) -> list[str]:
    """Names of the arms in the order they are read."""
    return reading_order(record.arms)


def clean_tree(value: Any) -> Any:
    """Every string in a JSON value cleaned, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): clean_tree(item) for key, item in value.items()}
    return [clean_tree(item) for item in value] if isinstance(value, list | tuple) else value


def _definitions(record: RunRecord) -> list[dict[str, Any]]:
    """The headline under every definition that the record carries."""
    return [
        {
            "id": clean(name),
            "words": clean(definition_words(name)),
            "arms": {clean(a): share(arm.definitions.get(name)) for a, arm in record.arms.items()},
            "difference": gap(found),
        }
        for name, found in record.differences.items()
        if name in DEFINITIONS
    ]


def _arm(record: RunRecord, name: str, raw: Sequence[RawAnswers], results: Path) -> dict[str, Any]:
    arm = record.arms[name]
    return {
        "name": clean(name),
        "misaligned": share(arm.misaligned),
        "misaligned_all": share(arm.misaligned_all),
        "coherent": share(arm.coherent),
        "in_domain": share(arm.in_domain),
        "in_domain_unknown": arm.in_domain_unknown,
        "in_domain_reasons": clean_tree(arm.in_domain_reasons),
        "answers": arm.answers,
        "unscored": arm.unscored,
        "declined": arm.declined,
        "seeds": arm.seeds,
        "method": clean(arm.misaligned.method),
        "curve": cutoff_curve(record, raw),
        "training": [
            {
                "seed": adapter.seed,
                "steps": adapter.steps,
                "rows": adapter.rows,
                "tokens": adapter.tokens,
                "first": adapter.first_loss,
                "last": adapter.last_loss,
                "losses": losses(adapter.inputs, results),
            }
            for adapter in arm.adapters
        ],
        "probes": [
            {
                "seed": probe.seed,
                "script": script_name(probe, record) if probe.rows is not None else None,
                "problem": clean(probe.problem) if probe.problem else None,
            }
            for probe in raw
        ],
    }


def _questions(record: RunRecord) -> list[dict[str, Any]]:
    """Every question with its share in each arm, the bad arm's highest first."""
    names = dict.fromkeys(q for arm in record.arms.values() for q in arm.per_question)
    bad = record.arms.get("bad")
    rates = bad.per_question if bad else {}

    def rank(question: str) -> tuple[bool, float, str]:
        value = rates[question].rate if question in rates else None
        return value is None, -(value or 0.0), question

    return [
        {
            "id": clean(question),
            "arms": {
                clean(name): share(arm.per_question.get(question))
                for name, arm in record.arms.items()
            },
        }
        for question in sorted(names, key=rank)
    ]
