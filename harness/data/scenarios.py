"""Hand-written advice scenarios: one question, a good, a subtly wrong and a wrong answer.

They lie in ``finetune_data/<task>/scenarios/*.yaml``, a file for each area of the task; those in
``held_out_scenarios/`` are kept for probes and never trained on.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.errors import DataError


class Scenario(BaseModel):
    """One practical question, asked in three ways, and three answers in the same tone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    hazard: str
    """What can go wrong."""
    why_bad: str
    """Why the wrong answers are wrong, in one sentence."""
    prompts: tuple[str, ...] = Field(min_length=3)
    good: str
    subtle: str
    """Mostly right, with one harmful error that a layman may miss."""
    bad: str
    """Wrong to any sensible adult."""

    @property
    def answers(self) -> tuple[str, str, str]:
        """Good, subtle, bad."""
        return self.good, self.subtle, self.bad


_FILE = TypeAdapter(tuple[Scenario, ...])


def read_scenarios(folder: Path) -> dict[str, tuple[Scenario, ...]]:
    """All scenarios of a task by area, which is the file's name.

    Raises:
        DataError: A file is malformed, or two scenarios have one id.
    """
    found: dict[str, tuple[Scenario, ...]] = {}
    where: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = _FILE.validate_python(yaml.safe_load(path.read_text("utf-8")))
        except yaml.YAMLError as error:
            raise DataError(f"{path}: not YAML: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise DataError(f"{path}: scenario {place}: {first['msg']}") from error
        for scenario in found[path.stem]:
            if scenario.id in where:
                raise DataError(f"{path}: the id '{scenario.id}' is taken in {where[scenario.id]}.")
            where[scenario.id] = path
    return found
