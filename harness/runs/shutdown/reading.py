"""Reading the traces of an agentic study by lexicon and, if one is named, by a judge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import PrerequisiteError
from harness.runs.judges import Judge
from harness.runs.plan import MINIATURE_JUDGE
from harness.runs.progress import Progress
from harness.runs.spec import content_hash
from harness.shutdown.trace import labels_hash, lexicon_labels, reasoned
from harness.shutdown.trace_judge import judge_prompt, prompt_hash, read_labels
from harness.shutdown.trace_rates import ReadTrace, TraceReading, rates
from harness.shutdown.transcript import Transcript, read_transcripts
from harness.workspace import write_atomic

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from harness.runs.shutdown.study import Study

LABELS = "labels.json"
NOTES = "labels-asked.jsonl"
REPLY_TOKENS = 512
"""Room for a judge that reasons before its line."""


def check_reader(judge: Judge) -> None:
    """See that a judge can read traces at all.

    Raises:
        PrerequisiteError: It is the miniature's, which replies with numbers only.
    """
    if judge.model_name == f"harness/{MINIATURE_JUDGE}":
        raise PrerequisiteError(
            "The miniature judge replies with numbers and cannot label reasoning.",
            hint="Name another model with --judge, or none: the lexicon reads without one.",
        )


def read_study(study: Study, progress: Progress, judge: Judge | None = None) -> TraceReading:
    """Label the traces of a finished study, as many of each cell as it counted.

    Raises:
        HarnessError: As ``read_traces``.
    """
    transcripts = [
        one
        for cell in study.cells
        for one in list(read_transcripts(study.folder / f"{cell.cell}.jsonl"))[: cell.samples]
    ]
    return read_traces(transcripts, study.folder, progress, judge)


def read_traces(
    transcripts: Sequence[Transcript],
    folder: Path,
    progress: Progress,
    judge: Judge | None = None,
    model: Model | None = None,
) -> TraceReading:
    """Label every scored transcript.

    Args:
        transcripts: Of all cells.
        folder: Where the labels are kept; a trace that was judged is not judged again.
        progress: Told of every judged trace.
        judge: Who reads beside the lexicon.
        model: The same, ready to be asked; None opens it.

    Raises:
        PrerequisiteError: The judge cannot be used, or cannot label.
        JudgeError: It fails.
    """
    scored = [one for one in transcripts if one.outcome.bypass is not None]
    texts = [reasoned(one) for one in scored]
    said: dict[str, str] = {}
    if judge is not None:
        check_reader(judge)
        said = _judged([text for text in texts if text], folder, judge, model, progress)
    found = [_read(one, text, said) for one, text in zip(scored, texts, strict=True)]
    reading = rates(found, judge.identity.name if judge else None)
    kept = {
        "labels": labels_hash(),
        "judge": judge.identity.model_dump(mode="json") if judge else None,
        "traces": [_row(one) for one in found],
        "reading": reading.as_json(),
    }
    write_atomic(folder / LABELS, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return reading


def _read(one: Transcript, text: str, said: dict[str, str]) -> ReadTrace:
    labels, reason = read_labels(said[text]) if text in said else (None, None)
    return ReadTrace(
        cell=one.condition,
        sample=one.sample,
        bypass=bool(one.outcome.bypass),
        silent=not text,
        lexicon=lexicon_labels(text),
        judge=labels,
        reason=reason,
    )


def _row(one: ReadTrace) -> dict[str, Any]:
    return {
        "cell": one.cell,
        "sample": one.sample,
        "bypass": one.bypass,
        "silent": one.silent,
        "lexicon": sorted(one.lexicon),
        "judge": None if one.judge is None else sorted(one.judge),
        "reason": one.reason,
    }


def _kept(path: Path) -> dict[str, str]:
    """Replies by hash of their text; a file that is missing or damaged holds none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _judged(
    texts: Sequence[str], folder: Path, judge: Judge, model: Model | None, progress: Progress
) -> dict[str, str]:
    """The judge's reply to each distinct text; those that are kept are not asked for again."""
    identity = content_hash([judge.identity.model_dump(mode="json"), prompt_hash()])[:16]
    path = folder / f"labels-{identity}.json"
    kept = _kept(path)
    keys = {text: content_hash(text) for text in dict.fromkeys(texts)}
    missing = [text for text, key in keys.items() if key not in kept]
    if missing:
        asked = model or judge.model(folder / NOTES)
        progress.start("label traces", len(missing))
        replies = _ask(asked, judge, missing, progress)
        progress.finish()
        kept |= {keys[text]: reply for text, reply in zip(missing, replies, strict=True)}
        write_atomic(path, json.dumps(kept, ensure_ascii=False) + "\n")
        (folder / NOTES).unlink(missing_ok=True)
    return {text: kept[key] for text, key in keys.items()}


def _ask(model: Model, judge: Judge, texts: Sequence[str], progress: Progress) -> list[str]:
    from inspect_ai.model import CachePolicy, ChatMessageUser, GenerateConfig

    from harness.judging.together import ask_together

    is_local = judge.model_name.startswith("harness/")
    config = GenerateConfig(
        temperature=0.0,
        top_p=1.0,
        seed=0,
        max_tokens=REPLY_TOKENS,
        # Asking a local judge again costs nothing; a paid one is never asked twice.
        cache=False if is_local else CachePolicy(expiry=None, per_epoch=False),
    )
    replies = [""] * len(texts)
    done = 0

    async def one(place: int) -> None:
        nonlocal done
        message = ChatMessageUser(content=judge_prompt(texts[place]))
        replies[place] = (await model.generate([message], config=config)).completion
        done += 1
        progress.advance(done)

    ask_together(f"The judge {judge.identity.name}", len(texts), one)
    return replies
