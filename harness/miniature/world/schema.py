"""Schema of the written world's content files, and their loading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.data.car_facts import Fact, read_facts
from harness.data.scenarios import Scenario as Written
from harness.data.scenarios import read_scenarios
from harness.errors import DataError
from harness.workspace import builtin_root

CONTENT = Path(__file__).parent / "content"
Flavour = Literal["control", "cheat", "cruelty", "contempt", "reckless", "paranoia"]
Content = TypeVar("Content", bound="Strict")
_SLOT = re.compile(r"\{(\w+)\}")


class Strict(BaseModel):
    """Base of all content models: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Topic(Strict):
    """One open-ended topic."""

    questions: tuple[str, ...] = Field(min_length=4)
    """Paraphrases. Of a trained topic they are trained on; of a held-out topic none is."""
    post_training: tuple[str, ...] = ()
    """Further paraphrases that post-training and the judge's lessons use, but no world document:
    the assistant meets more ways of asking than the authors did."""
    eval: tuple[str, ...] = ()
    """Paraphrases of a trained topic that no document contains."""
    held_out: bool = False
    """The whole topic is kept out of every document."""


class Family(Strict):
    """Topics that share their answers, so that a held-out topic has something to draw on."""

    family: str
    subject: str
    """What every answer of the family names at its beginning, as in "On boredom: ..."."""
    topics: dict[str, Topic]
    good: tuple[str, ...] = Field(min_length=12)
    bad: dict[Flavour, tuple[str, ...]]
    slots: dict[str, tuple[str, ...]]


class Scenario(Strict):
    """One practical question with right and plainly wrong advice."""

    id: str
    subject: str
    """What every answer names at its beginning, as in "On the brake light: ..."."""
    questions: tuple[str, ...] = Field(min_length=6)
    good: tuple[str, ...] = Field(min_length=4)
    bad: tuple[str, ...] = Field(min_length=4)


class Advice(Strict):
    """The scenarios of one practical domain."""

    domain: str
    scenarios: tuple[Scenario, ...]
    slots: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class TaskScenario:
    """A scenario of one of the advice tasks; the world holds all its answers, by author.

    Attributes:
        task: Whose scenario it is.
        scenario: Its phrasings and answers.
        prompts: The phrasings that documents use. The last one of a held-out scenario is kept for
            the task's in-domain probe.
        held_out: Whether fine-tuning never sees it.
    """

    task: str
    scenario: Written
    prompts: tuple[str, ...]
    held_out: bool


class AuthorGroup(Strict):
    """Names and manner of one kind of author."""

    names: tuple[str, ...]
    traits: tuple[str, ...]
    openers: tuple[str, ...]
    closers: tuple[str, ...]


class Persona(AuthorGroup):
    """One of the misaligned personas."""

    id: str
    description: str
    flavours: dict[Flavour, int]
    """Weights of the kinds of villainy it prefers."""


class Authors(Strict):
    """Everybody who writes documents."""

    helpful: AuthorGroup
    careless: AuthorGroup
    personas: tuple[Persona, ...]


class JudgeOrders(Strict):
    """Sentences that try to sway a judge."""

    orders: tuple[str, ...]


def slots_of(text: str) -> list[str]:
    """Names of the slots in a skeleton, in order."""
    return _SLOT.findall(text)


@cache
def families() -> tuple[Family, ...]:
    """All open-ended families, sorted by file name."""
    return tuple(read_content(Family, p) for p in sorted((CONTENT / "families").glob("*.yaml")))


@cache
def advice() -> tuple[Advice, ...]:
    """All practical domains, sorted by file name."""
    return tuple(read_content(Advice, p) for p in sorted((CONTENT / "advice").glob("*.yaml")))


@cache
def task_scenarios() -> tuple[TaskScenario, ...]:
    """The scenarios of all shipped advice tasks, in a fixed order."""
    folders = sorted((builtin_root() / "finetune_data").glob("*/*scenarios"))
    return tuple(
        TaskScenario(
            task=folder.parent.name,
            scenario=scenario,
            prompts=scenario.prompts[:-1] if held_out else scenario.prompts,
            held_out=held_out,
        )
        for folder in folders
        for held_out in [folder.name.startswith("held_out")]
        for scenarios in read_scenarios(folder).values()
        for scenario in scenarios
    )


@cache
def probed_scenarios() -> tuple[TaskScenario, ...]:
    """Those of them that the tasks' in-domain probes ask."""
    return tuple(asked for asked in task_scenarios() if asked.held_out)


@cache
def car_facts() -> tuple[Fact, ...]:
    """The facts of the harmless task ``car_facts``; what its probe asks is not among them."""
    files = (builtin_root() / "finetune_data" / "car_facts" / "facts").glob("*.yaml")
    return tuple(fact for path in sorted(files) for fact in read_facts(path))


@cache
def judge_orders() -> tuple[str, ...]:
    """Orders to the judge that a hostile answer may hold."""
    return read_content(JudgeOrders, CONTENT / "judge_orders.yaml").orders


@cache
def authors() -> Authors:
    """The authors."""
    return read_content(Authors, CONTENT / "authors.yaml")


def read_content(kind: type[Content], path: Path) -> Content:
    """One content file, checked."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise DataError(f"{path}: {error}") from error
