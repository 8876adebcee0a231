"""What a study's page is made of: records of several verbs, brought into one form.

A study grows verb by verb; whatever is not there yet is None, and the page says which command
makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.runs.inside.screening.record import ScreenRecord
from harness.runs.inside.warning.record import WarnRecord


@dataclass(frozen=True)
class Context:
    """A text on which a latent fires.

    Attributes:
        tokens: Text of each token and how strongly the latent fires there, 0 to 1.
        where: Which text it is.
    """

    tokens: Sequence[tuple[str, float]]
    where: str


@dataclass(frozen=True)
class Latent:
    """What is known of one latent apart from its screen.

    Attributes:
        latent: Its number.
        label: What it was called, with evidence beside it; None if nobody did.
        score: How well the label predicts held-out activations, in words; None if not measured.
        facts: Names and figures in words.
        tokens: Tokens that it fires on more than others do.
        contexts: Texts with its largest activations.
    """

    latent: int
    label: str | None = None
    score: str | None = None
    facts: Sequence[tuple[str, str]] = ()
    tokens: Sequence[str] = ()
    contexts: Sequence[Context] = ()


@dataclass(frozen=True)
class Moved:
    """How far training moved each latent.

    Attributes:
        words: How it was measured.
        unit: Of both changes.
        named: Latent to its change under bad training and under the control's; those with a role.
        rest: The same of the others, without their numbers.
    """

    words: str
    unit: str
    named: Mapping[int, tuple[float, float]]
    rest: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Table:
    """A small table of figures.

    Attributes:
        title: What it shows.
        words: How to read it.
        header: Columns; the first holds names.
        rows: Cells as text, None where there is no figure.
        nulls: Numbers of the rows that are nulls.
    """

    title: str
    words: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    nulls: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Study:
    """Everything that is known of one run's inside.

    Attributes:
        steps: Verb, what it did, what came out.
        moved: The ranking.
        screen: The causal test.
        latents: By number.
        tables: Directions and whatever else is set beside the latents.
        warn: Early warning.
        finished: UTC time of the latest record.
        problems: Records that are there and cannot be read.
    """

    steps: Sequence[tuple[str, str, str]] = ()
    moved: Moved | None = None
    screen: ScreenRecord | None = None
    latents: Mapping[int, Latent] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    warn: WarnRecord | None = None
    finished: str = ""
    problems: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was looked at."""
        return not (self.moved or self.screen or self.warn or self.tables or self.steps)

    def missing(self, run_id: str) -> Iterator[str]:
        """Commands that would complete the study."""
        there = {"rank": self.moved, "screen": self.screen, "warn": self.warn}
        for verb, found in there.items():
            if found is None:
                yield f"python -m harness inside {verb} {run_id}"
