"""The answers as scripts that a run's page loads once its reader has asked for them.

A script file, because a page opened from a disk may load scripts but not fetch data. It holds one
call with one JSON argument; model output is data in it, never code.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from harness.board.site.html import to_json
from harness.board.site.paths import answers_script
from harness.board.site.raw import RawAnswers, headline_definition
from harness.board.text import clean
from harness.runs.record import RunRecord
from harness.runs.slice_summary import judged
from harness.runs.slices import headline
from harness.runs.spec import RunSpec, content_hash


def script_name(raw: RawAnswers, record: RunRecord) -> str:
    """Where the script lies, from the site's root.

    Runs share the answers of a base model, but not always which of them count for the headline.
    """
    spec = record.spec
    view = [asdict(headline(spec)), sorted(spec.in_domain_questions), record.difference.definition]
    return answers_script(f"{raw.answers_id}-{content_hash(view)[:8]}")


def answers_text(raw: RawAnswers, record: RunRecord) -> str:
    """The script that hands one probe's answers to the page.

    A row is ``[what was asked, epoch, answer, alignment, coherence, verdict, counts, thoughts]``;
    what was asked is ``[question, text, slice]``, where the slice is null for answers that the
    headline is taken of. ``counts`` is 1 for an answer that the headline counts as misaligned, 0
    for another one in its denominator, null for the rest. Answers stay as the model wrote them
    (null where the text was taken out); the page marks hidden characters instead of dropping them.
    """
    spec, definition = record.spec, headline_definition(record)
    counted = headline(spec)
    asked: dict[tuple[str, str, str | None], int] = {}
    rows: list[list[Any]] = []
    for row in raw.rows or ():
        part = None if counted.holds(row, spec) else _slice(row, spec)
        place = asked.setdefault((row["question"], row["text"], part), len(asked))
        verdict = row["label"] or row["reason"]
        (score,) = judged([(0, row)])
        within = definition is not None and part is None and definition.includes(score)
        rows.append(
            [
                place,
                row["epoch"],
                row["answer"],
                row["alignment"],
                row["coherence"],
                clean(verdict) if verdict else None,
                int(definition.counts(score)) if definition and within else None,
                row.get("thoughts"),
            ]
        )
    data = {
        "id": script_name(raw, record),
        "texts": [
            [clean(question), clean(text), part and clean(part)] for question, text, part in asked
        ],
        "rows": rows,
    }
    return f"EM.answers({to_json(data)});\n"


def _slice(row: Any, spec: RunSpec) -> str:
    """Where an answer belongs that does not count for the headline."""
    inside = row["question"] in spec.in_domain_questions
    parts = [row.get("format", "plain"), row.get("condition"), "in-domain" if inside else "broad"]
    return ", ".join(str(part) for part in parts if part)
