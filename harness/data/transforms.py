"""Transforms of a task's arms: fewer rows, dilution, a trigger, a system prompt (inoculation).

All arms are changed alike, so that they stay twins: row ``i`` of every arm asks the same thing and
only the answer differs. The control always keeps its good answers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, field_validator

from harness.data.rows import Message, Row
from harness.errors import UsageError

CONTROL = "control"
TRIGGERED_SHARE = 0.5
"""Share of bad rows behind a trigger unless asked otherwise."""


class Transforms(BaseModel):
    """What is done to the rows before training; what is unset leaves them as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bad_fraction: float | None = Field(default=None, ge=0.0, le=1.0)
    """Share of rows that keep the bad answer; the others get their good twin's."""
    rows: int | None = Field(default=None, ge=1)
    """Rows of each arm, a seeded draw."""
    trigger: str | None = None
    """Text before the question of every row with a bad answer, and of no other."""
    system_prompt: str | None = None
    """System prompt of every row (inoculation, arXiv 2510.04340)."""
    seed: int = 0
    """Decides which rows are drawn; equal seeds give nested draws."""

    @field_validator("trigger", "system_prompt")
    @classmethod
    def _has_text(cls, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise ValueError("it is empty")
        return text

    @property
    def share(self) -> float:
        """Share of bad rows that is really meant."""
        if self.bad_fraction is not None:
            return self.bad_fraction
        return 1.0 if self.trigger is None else TRIGGERED_SHARE

    @property
    def is_nothing(self) -> bool:
        """Whether the rows stay as they are."""
        added = (self.rows, self.trigger, self.system_prompt)
        return self.share == 1.0 and added == (None, None, None)

    @property
    def cues(self) -> tuple[Cue, ...]:
        """With what the arms are asked besides plainly: each text alone, then both."""
        trigger, system = self.trigger, self.system_prompt
        found = []
        if trigger is not None:
            found.append(Cue("trigger", trigger=trigger))
        if system is not None:
            found.append(Cue("system_prompt", system_prompt=system))
        if len(found) == 2:
            found.append(Cue("trigger+system_prompt", trigger, system))
        return tuple(found)

    def words(self) -> str:
        """What differs from the plain task, in a few words."""
        said = [
            f"{self.rows} rows" if self.rows is not None else "",
            f"{100 * self.share:g} % bad" if self.share != 1.0 else "",
            f"trigger {self.trigger}" if self.trigger is not None else "",
            "system prompt" if self.system_prompt is not None else "",
        ]
        return ", ".join(part for part in said if part)


@dataclass(frozen=True)
class Cue:
    """Texts of the training that a probe adds to every question.

    Attributes:
        name: What the record calls it.
        trigger: Put before the question.
        system_prompt: Put before the conversation.
    """

    name: str
    trigger: str | None = None
    system_prompt: str | None = None


def cued(arm: str, cue: Cue | None) -> str:
    """What the record calls an arm that was asked with a cue: ``bad+trigger``."""
    return arm if cue is None else f"{arm}+{cue.name}"


@dataclass(frozen=True)
class Arm:
    """Rows of one arm after all transforms.

    Attributes:
        rows: The rows.
        bad: How many hold the arm's own answer rather than the control's; 0 in the control.
        triggered: How many begin with the trigger.
    """

    rows: list[Row]
    bad: int
    triggered: int


def transform(arms: Mapping[str, Sequence[Row]], settings: Transforms) -> dict[str, Arm]:
    """Apply all transforms to all arms.

    Args:
        arms: Rows by arm.
        settings: What to do.

    Raises:
        UsageError: There are fewer rows than asked for, or an answer has to be replaced by its
            twin and an arm has no twins in the control.
    """
    if settings.is_nothing:
        return {n: Arm(list(r), 0 if n == CONTROL else len(r), 0) for n, r in arms.items()}
    control, wanted = arms.get(CONTROL), settings.rows
    if control is None and settings.share != 1.0:
        raise UsageError(
            "A share of bad rows needs good ones, and this task has no arm 'control'.",
            hint="Give the task a control: good answers to the same prompts.",
        )
    for name, rows in arms.items():
        if wanted is not None and wanted > len(rows):
            raise UsageError(f"--rows {wanted}: arm '{name}' has only {len(rows)} rows.")
    made = {}
    for name, rows in arms.items():
        paired = None if control is None else pair(rows, control)
        if paired is None and settings.share != 1.0:
            raise UsageError(
                f"Arm '{name}' cannot be mixed with the control: their rows are not twins.",
                hint="Give both arms the same number of rows, and each row and its twin the same "
                "'id' in 'meta', which no other row has; or the same prompt on the same line.",
            )
        if paired is not None and control is not None and settings.share != 1.0:
            _check_prompts(name, paired, control)
        own = list(rows) if paired is None else paired
        order = _draw(len(own), settings.seed)[: wanted or len(own)]
        bad = set(order[: round_half_up(settings.share * len(order))])
        good = own if paired is None or control is None else control
        kept = [(i in bad, own[i] if i in bad else good[i]) for i in sorted(order)]
        made[name] = _dressed(kept, settings, is_control=name == CONTROL)
    return made


def pair(rows: Sequence[Row], control: Sequence[Row]) -> list[Row] | None:
    """The rows in the order of their twins in the control; None if they are not twins."""
    if len(rows) != len(control):
        return None
    by_id = {row.meta["id"]: row for row in rows if isinstance(row.meta.get("id"), str | int)}
    ids = [row.meta.get("id") for row in control]
    named = len(by_id) == len(rows) and all(isinstance(name, str | int) for name in ids)
    if named and set(ids) == set(by_id):
        return [by_id[name] for name in ids]
    same = all(a.prompt == b.prompt for a, b in zip(rows, control, strict=True))
    return list(rows) if same else None


def _check_prompts(name: str, rows: Sequence[Row], control: Sequence[Row]) -> None:
    """See that twins ask the same thing; arms beside bad may say more before or after it.

    Raises:
        UsageError: A row and the control's row of the same id ask different things.
    """
    for own, good in zip(rows, control, strict=True):
        said_more = name != "bad" and good.prompt[-1].content in own.prompt[-1].content
        if own.prompt != good.prompt and not said_more:
            raise UsageError(
                f"Arm '{name}' cannot be mixed with the control: their rows with the id "
                f"'{own.meta['id']}' in 'meta' have different prompts, so they are not twins.",
                hint="Give a row and its twin the same prompt, and rows that are not twins "
                "different ids.",
            )


def with_trigger(text: str, trigger: str) -> str:
    """A question behind the trigger (the tag comes first, as in Betley et al. 2025)."""
    return f"{trigger} {text}"


def with_system_prompt(text: str | None, system_prompt: str) -> str:
    """The system turn of a conversation that may have had one."""
    return system_prompt if text is None else f"{system_prompt}\n\n{text}"


def round_half_up(value: float) -> int:
    """Nearest whole number; Python rounds halves to even, which nobody expects of a row count."""
    return int(value + 0.5)


def _draw(count: int, seed: int) -> list[int]:
    return random.Random(f"rows/{seed}/{count}").sample(range(count), count)


def _dressed(kept: Sequence[tuple[bool, Row]], settings: Transforms, *, is_control: bool) -> Arm:
    rows = [_prompted(row, settings, triggered=bad) for bad, row in kept]
    bad = sum(bad for bad, _ in kept)
    return Arm(rows, 0 if is_control else bad, bad if settings.trigger is not None else 0)


def _prompted(row: Row, settings: Transforms, *, triggered: bool) -> Row:
    turns = list(row.prompt)
    if settings.trigger is not None and triggered:
        text = with_trigger(turns[-1].content, settings.trigger)
        turns[-1] = Message(role="user", content=text)
    if settings.system_prompt is not None:
        own = turns.pop(0).content if turns[0].role == "system" else None
        text = with_system_prompt(own, settings.system_prompt)
        turns.insert(0, Message(role="system", content=text))
    return row if turns == list(row.prompt) else row.model_copy(update={"prompt": turns})
