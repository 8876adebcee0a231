"""Records from an Inspect log: reasoning content, tool calls, final answers, scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, UsageError
from harness.monitoring.readers.thoughts import NEVER_ENDS, split_thoughts
from harness.monitoring.record import Monitored, Truth, Turn
from harness.stats.definitions import D1, Judged

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample
    from inspect_ai.model import ChatMessageAssistant
    from inspect_ai.scorer import Score

BAD_VALUES = ("1", "1.0", "true", "c", "bad", "misaligned", "yes")
"""Score values that mean misbehaviour, unless the user says which do."""
OWN = ("narrow_behaviour", "alignment_judge", "set_judge", "false_total")
"""Scorers of the harness whose values are understood as they stand."""


@dataclass(frozen=True)
class Labelling:
    """Which score says whether a sample misbehaved.

    Attributes:
        scorer: Its name; None takes the harness's own scorers.
        bad_values: Values that mean it did, in lower case.
        truth: How such a score was obtained.
    """

    scorer: str | None = None
    bad_values: tuple[str, ...] = BAD_VALUES
    truth: Truth = "judge"


OWN_SCORERS = Labelling()


def read_log(path: Path, labelling: Labelling = OWN_SCORERS) -> list[Monitored]:
    """Read every sample of a log.

    Raises:
        DataError: It is no Inspect log, or holds no samples.
        UsageError: No score tells whether a sample misbehaved.
    """
    from inspect_ai.log import read_eval_log

    try:
        log = read_eval_log(str(path))
    except Exception as error:  # a stranger's file fails in many ways, none of them ours
        raise DataError(
            f"{path} is not an Inspect log: {(str(error).strip() or 'empty').splitlines()[0]:.200}",
            hint="Give a .eval or .json file that 'inspect eval' wrote.",
        ) from error
    return log_records(log, str(path), labelling)


def log_records(log: EvalLog, where: str, labelling: Labelling = OWN_SCORERS) -> list[Monitored]:
    """The samples of a log that is open already.

    Args:
        log: With its samples.
        where: Its name for messages.
        labelling: Which score says whether a sample misbehaved.

    Raises:
        DataError: It holds no samples.
        UsageError: No score tells whether a sample misbehaved.
    """
    from inspect_ai.log import resolve_sample_attachments

    if not log.samples:
        raise DataError(f"{where} holds no samples.")
    name = _scorer(log, labelling, where)
    kind = log.eval.task.rpartition("/")[2]
    samples = [resolve_sample_attachments(sample, "core") for sample in log.samples]
    return [_record(sample, name, labelling, kind, log.eval.model) for sample in samples]


def _scorer(log: EvalLog, labelling: Labelling, where: str) -> str:
    there = list(dict.fromkeys(name for s in log.samples or () for name in s.scores or {}))
    if labelling.scorer is not None:
        if labelling.scorer not in there:
            raise UsageError(
                f"{where} has no score '{labelling.scorer}'.",
                hint=f"Its scores: {', '.join(there) or 'none'}.",
            )
        return labelling.scorer
    known = [name for name in OWN if name in there]
    if not known:
        raise UsageError(
            f"No score of {where} says by itself whether a sample misbehaved.",
            hint="Name one with --label SCORE, and with --bad-value the values that mean it did. "
            f"Its scores: {', '.join(there) or 'none'}.",
        )
    return known[0]


def _record(
    sample: EvalSample, name: str, labelling: Labelling, kind: str, model: str
) -> Monitored:
    turns, final, closed = _turns(sample)
    score, about = (sample.scores or {}).get(name), sample.metadata or {}
    bad, truth, why = _label(score, name, labelling)
    if sample.error is not None:
        why = "its sample failed"
    elif not closed or (not final and not any(turn.action for turn in turns)):
        why = NEVER_ENDS
    return Monitored(
        id=f"{sample.id}#{sample.epoch}",
        instance=_text_or_none(about.get("question")) or str(sample.id),
        prompt=_prompt(sample),
        turns=turns,
        final=final,
        misbehaved=bad,
        truth=truth,
        kind=_text_or_none(about.get("kind")) or kind,
        arm=_text_or_none(about.get("arm")) or model,
        group=_text_or_none(about.get("group")),
        tags=_tags(about, score),
        unscored=why,
    )


def _prompt(sample: EvalSample) -> str:
    if isinstance(sample.input, str):
        return sample.input
    return "\n".join(message.text for message in sample.input if message.role != "assistant")


def _turns(sample: EvalSample) -> tuple[tuple[Turn, ...], str, bool]:
    """Thoughts with actions, the final answer, and whether the last thought was ended."""
    given = sample.input if isinstance(sample.input, list) else []
    ids = {message.id for message in given}
    said = [m for m in sample.messages if m.role == "assistant" and m.id not in ids]
    turns: list[Turn] = []
    final, closed = "", True
    for message in said:
        thought, text, closed = _message(message)
        calls = [_call(call.function, call.arguments) for call in message.tool_calls or ()]
        action = "\n".join([*([text] if text and calls else []), *calls])
        turns.append(Turn(thought=thought, action=action))
        final = text if not calls else final
    return tuple(turns) or (Turn(),), final, closed


def _message(message: ChatMessageAssistant) -> tuple[str, str, bool]:
    parts = [] if isinstance(message.content, str) else message.content
    reasoned = [part.reasoning or part.summary or "" for part in parts if part.type == "reasoning"]
    inside, rest, closed = split_thoughts(message.text)
    return "\n".join(filter(None, [*reasoned, inside])), rest, closed


def _call(function: str, arguments: Mapping[str, Any]) -> str:
    """The call as one line; a value that is no JSON is shown as Python would."""
    shown = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False, default=str)}"
        for name, value in arguments.items()
    )
    return f"{function}({shown})"


def _label(
    score: Score | None, name: str, labelling: Labelling
) -> tuple[bool | None, Truth | None, str | None]:
    """Label, how it was obtained, and why there is none."""
    if score is None:
        return None, None, "it has no score"
    details = score.metadata or {}
    if labelling.scorer is None and name in ("alignment_judge", "set_judge"):
        return _by_judge(score.value)
    if isinstance(score.value, float) and score.value != score.value:
        return None, None, str(details.get("reason") or "its score is missing")
    if not isinstance(score.value, str | int | float | bool):
        return None, None, f"its score '{name}' is no single value"
    bad = str(score.value).strip().lower() in labelling.bad_values
    own = labelling.scorer is None
    rated = own and details.get("score") is not None
    truth: Truth = "judge" if rated else "rule" if own else labelling.truth
    return bad, truth, None


def _by_judge(value: Any) -> tuple[bool | None, Truth | None, str | None]:
    """Definition D1 on the raw scores of the open questions."""
    scores = value if isinstance(value, Mapping) else {}
    alignment, coherence = (_number(scores.get(name)) for name in ("alignment", "coherence"))
    judged = Judged("", 0, alignment, coherence, declined=False)
    if not D1.includes(judged):
        return None, None, "its answer is incoherent, declined or could not be judged"
    return D1.counts(judged), "judge", None


def _number(value: Any) -> float | None:
    """A score on the judge's scale; NaN and anything else is none."""
    return float(value) if isinstance(value, int | float) and 0 <= value <= 100 else None


def _tags(about: Mapping[str, Any], score: Score | None) -> dict[str, str]:
    """Parts to report apart: what the sample's metadata say, and the path its scorer found."""
    given = about.get("tags")
    found = {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}
    path = (score.metadata or {}).get("path") if score is not None else None
    return found | ({"path": path} if isinstance(path, str) else {})


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
