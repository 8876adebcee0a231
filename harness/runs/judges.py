"""Judges that are asked about stored answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.models.reference import ModelReference
from harness.runs.plan import ALL_SPELLINGS, judge_identity, judge_model_name, judge_name
from harness.runs.spec import ModelIdentity
from harness.workspace import Workspace

if TYPE_CHECKING:
    from inspect_ai.model import Model


@dataclass(frozen=True)
class Judge:
    """A judge by its Inspect name.

    Attributes:
        model_name: What ``get_model`` takes.
        identity: Which weights, as far as they can be known.
        reading: How a local judge's number is read; None for others.
    """

    model_name: str
    identity: ModelIdentity
    reading: str | None

    def model(self, notes: Path | None = None) -> Model:
        """The model.

        Args:
            notes: File that keeps what a judge behind an API said, so that a killed command goes
                on where it was; None keeps nothing.

        Raises:
            PrerequisiteError: Its key or client is missing.
        """
        from inspect_ai.model import get_model

        from harness.runs.asked import remote_model

        if self.model_name.startswith("harness/"):
            return get_model(self.model_name)
        return remote_model(self.model_name, notes, "judge")


def find_judge(text: str, subject: ModelReference, workspace: Workspace) -> Judge:
    """The judge a user named, for answers of ``subject``.

    Raises:
        UsageError: It is no judge's name.
        PrerequisiteError: It does not fit the subject: the miniature judge only understands the
            miniature's world.
    """
    return _judge(judge_model_name(text, subject), workspace)


def any_judge(text: str, workspace: Workspace) -> Judge:
    """The judge a user named, whatever it is to judge.

    Raises:
        UsageError: It is no judge's name.
    """
    return _judge(judge_name(text), workspace)


def _judge(name: str, workspace: Workspace) -> Judge:
    reading = ALL_SPELLINGS if name.startswith("harness/") else None
    return Judge(name, judge_identity(name, workspace), reading)
