"""The error tree. Every error a user can cause or mend derives from ``HarnessError``.

::

    HarnessError            exit 1   a stage failed
      x UsageError          exit 2   the command line asked for something that does not exist
        - UnknownTaskError
        - ModelReferenceError
      x DataError           exit 1   a file is missing or malformed (file:line, what, how to mend)
      x PrerequisiteError   exit 3   something the command needs is not there
      x TrainError          exit 1
      x SampleError         exit 1
      x JudgeError          exit 1
      x RecordError         exit 1   a results folder cannot be read or is from a newer version
      x NotEvaluableError   exit 1   a competence gate failed: there is no rate to show

Exit code 130 (interrupted) belongs to ``KeyboardInterrupt`` and is set by the command line.
"""

from __future__ import annotations


class HarnessError(Exception):
    """Base of all errors that are shown as one message, without a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Store what went wrong and, if known, how to mend it.

        Args:
            message: What is wrong and where (``file:line`` when there is a file).
            hint: One sentence that says what to do about it.
        """
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Message and hint as shown to the user."""
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(HarnessError):
    """The command asks for something that does not exist or makes no sense."""

    exit_code = 2


class UnknownTaskError(UsageError):
    """No task of that name is found in the workspace or among the built-in ones."""


class ModelReferenceError(UsageError):
    """A model reference cannot be parsed or does not resolve to a model."""


class DataError(HarnessError):
    """A data, question or card file is missing or malformed."""


class PrerequisiteError(HarnessError):
    """Something the command needs (a judge, weights, disk space, a package) is not there."""

    exit_code = 3


class TrainError(HarnessError):
    """Fine-tuning failed: a bad loss mask, a loss that is not a number, a broken checkpoint."""


class SampleError(HarnessError):
    """Answers could not be sampled."""


class JudgeError(HarnessError):
    """Answers could not be judged."""


class RecordError(HarnessError):
    """A run record is missing, broken or from a newer version of the harness."""


class NotEvaluableError(HarnessError):
    """A competence gate failed, so no rate may be reported."""
