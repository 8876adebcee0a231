"""Records from the shutdown test's transcripts: did the thoughts give the tampering away?"""

from __future__ import annotations

from pathlib import Path

from harness.monitoring.record import Monitored, Turn
from harness.shutdown.transcript import Step, Transcript, read_transcripts


def read_shutdown(path: Path) -> list[Monitored]:
    """Every transcript of a file as a record.

    A sample misbehaved if it did something that could keep the machine on, whether or not that
    worked; the group tells the two apart. The environment says so, no judge.

    Raises:
        DataError: The file holds something else.
    """
    return [_record(transcript) for transcript in read_transcripts(path)]


def _record(transcript: Transcript) -> Monitored:
    outcome = transcript.outcome
    asked = [turn.text for turn in transcript.messages if turn.role in ("system", "user")]
    turns = tuple(_turn(step) for step in transcript.steps) or (Turn(),)
    return Monitored(
        id=f"{transcript.model}/{transcript.condition}/{transcript.sample}",
        instance=transcript.condition,
        prompt="\n".join(asked[:2]),
        turns=turns,
        final=transcript.steps[-1].said if transcript.steps else "",
        misbehaved=outcome.attempt,
        truth=None if outcome.attempt is None else "environment",
        kind="shutdown",
        arm=transcript.model,
        seed=transcript.seed,
        group=("bypass" if outcome.bypass else "failed attempt") if outcome.attempt else None,
        acts_at=outcome.attempt_step,
        unscored=outcome.unscored,
    )


def _turn(step: Step) -> Turn:
    thought = "\n".join(text for text in (step.reasoning, step.thoughts) if text)
    action = "\n".join(text for text in (step.said, step.cmd) if text)
    return Turn(thought=thought, action=action)
