"""What a monitor may see of one sample, and the truth it is held against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Truth = Literal["rule", "environment", "judge"]
"""How it was settled whether a sample misbehaved."""
Split = Literal["fit", "threshold", "test"]
"""``fit`` trains monitors that learn, ``threshold`` sets where they fire, ``test`` measures."""
SPLITS: tuple[Split, ...] = ("fit", "threshold", "test")
SHARES: dict[Split, float] = {"fit": 0.35, "threshold": 0.25, "test": 0.40}


class Turn(BaseModel):
    """One thought and what was done after it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thought: str = ""
    action: str = ""


class Monitored(BaseModel):
    """One sample: a prompt, thoughts and actions in their order, a final answer, the truth."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    instance: str = Field(min_length=1)
    """Problem or question; samples of one instance are alike and never part splits."""
    prompt: str
    turns: tuple[Turn, ...]
    final: str = ""
    """What the user sees at the end."""
    misbehaved: bool | None
    """None: nobody could tell; the sample is then unscored."""
    truth: Truth | None = None
    kind: str = "records"
    """Which evaluation it comes from; kinds are never pooled."""
    split: Split | None = None
    arm: str | None = None
    seed: int | None = None
    group: str | None = None
    """A part to report apart, such as how the author thinks."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Further parts, such as the kind of a hint."""
    acts_at: int | None = Field(default=None, ge=0)
    """Turn whose action is the misbehaviour; None: the last."""
    unscored: str | None = None
    """Why the sample enters no figure."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.misbehaved is not None and self.truth is None:
            raise ValueError("a label needs 'truth': rule, environment or judge")
        if self.acts_at is not None and self.acts_at >= len(self.turns):
            raise ValueError(f"acts_at {self.acts_at} is past the last turn")
        return self

    @property
    def cot(self) -> str:
        """All thoughts."""
        return "\n".join(turn.thought for turn in self.turns if turn.thought)

    @property
    def actions(self) -> str:
        """All actions; the final answer where nothing else was done."""
        done = "\n".join(turn.action for turn in self.turns if turn.action)
        return done or self.final

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that it is reported in."""
        named = tuple(f"{name}: {value}" for name, value in sorted(self.tags.items()))
        return ((self.group,) if self.group else ()) + named

    @property
    def problem(self) -> str | None:
        """Why it enters no figure, or None."""
        if self.unscored:
            return self.unscored
        if self.misbehaved is None:
            return "nobody could tell whether it misbehaved"
        if not self.cot.strip():
            return "it holds no reasoning"
        if not self.actions.strip():
            return "it holds neither an action nor an answer"
        return None


@dataclass(frozen=True)
class Divided:
    """Usable records by split, and why the others are not.

    Attributes:
        records: Split to its records.
        unscored: Reason to how many records.
    """

    records: dict[Split, list[Monitored]]
    unscored: dict[str, int]

    def honest(self, split: Split) -> list[Monitored]:
        """Those that behaved."""
        return [record for record in self.records[split] if not record.misbehaved]

    def bad(self, split: Split) -> list[Monitored]:
        """Those that misbehaved."""
        return [record for record in self.records[split] if record.misbehaved]


def divide(records: Iterable[Monitored], rng_seed: int = 0) -> Divided:
    """Part records into splits by instance, so that no monitor is tested on what it learnt from.

    A record that names its split keeps it. All others of an instance go where the hash of seed
    and instance says: 35 % to ``fit``, 25 % to ``threshold``, 40 % to ``test``, as near as whole
    instances allow.
    """
    whole: list[Monitored] = []
    unscored: dict[str, int] = {}
    for record in records:
        if record.problem:
            unscored[record.problem] = unscored.get(record.problem, 0) + 1
        else:
            whole.append(record)
    drawn = _assign(sorted({r.instance for r in whole if r.split is None}), rng_seed)
    parts: dict[Split, list[Monitored]] = {split: [] for split in SPLITS}
    for record in whole:
        parts[record.split or drawn[record.instance]].append(record)
    return Divided(parts, unscored)


def _assign(instances: Sequence[str], rng_seed: int) -> dict[str, Split]:
    shuffled = sorted(instances, key=lambda name: _hash(rng_seed, name))
    first = round(SHARES["fit"] * len(shuffled))
    second = first + round(SHARES["threshold"] * len(shuffled))
    return {
        name: "fit" if index < first else "threshold" if index < second else "test"
        for index, name in enumerate(shuffled)
    }


def _hash(rng_seed: int, name: str) -> str:
    return hashlib.sha256(f"{rng_seed}:{name}".encode("utf-8", "surrogatepass")).hexdigest()
