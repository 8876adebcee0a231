"""The simplest monitor: phrases that say what a model is up to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.data.safe_yaml import load_yaml
from harness.errors import DataError
from harness.monitoring.monitor import Suspicion
from harness.monitoring.view import View

LEXICONS = Path(__file__).parent / "lexicons"
NAMES = ("intent", "evasion", "persona")
_UNSEEN = {"Cf", "Cc", "Mn"}


class Lexicon(BaseModel):
    """A list of phrases; each is a regular expression over lower-case words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    version: int
    about: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class LexiconMonitor:
    """Counts how many different phrases of the lists occur.

    Attributes:
        lists: Names of the word lists.
        name: As it stands in tables.
    """

    lists: tuple[str, ...] = NAMES
    name: str = "lexicon"

    @property
    def unseen(self) -> frozenset[str]:
        """Nothing: it learns nothing."""
        return frozenset()

    @property
    def gives_chances(self) -> bool:
        """A count is no chance."""
        return False

    def fit(self, views: Sequence[View], misbehaved: Sequence[bool]) -> str | None:
        """Learns nothing."""
        return None

    def score(self, views: Sequence[View]) -> list[Suspicion]:
        """Number of different phrases in each view."""
        return [Suspicion(float(len(self.found(view.text)))) for view in views]

    def found(self, text: str) -> list[str]:
        """The phrases that occur, as they stand in the text."""
        plain = normal(text)
        patterns = [pattern for name in self.lists for pattern in lexicon(name)]
        return [match[0] for pattern in patterns if (match := pattern.search(plain))]


@cache
def lexicon(name: str) -> tuple[re.Pattern[str], ...]:
    """The compiled phrases of one of the shipped lists.

    Raises:
        DataError: There is no such list, or a phrase is no regular expression.
    """
    path = LEXICONS / f"{name}.yaml"
    try:
        words = Lexicon.model_validate(load_yaml(path))
        return tuple(re.compile(rf"(?<!\w)(?:{phrase.lower()})(?!\w)") for phrase in words.phrases)
    except (ValidationError, re.error) as error:
        raise DataError(f"{path}: not a word list: {error}") from error


def normal(text: str) -> str:
    """Lower case with single blanks, without invisible characters and accents.

    A phrase cannot hide behind a zero-width space, a look-alike width or a line break.
    """
    flat = unicodedata.normalize("NFKD", text).replace("’", "'")
    seen = "".join(
        " " if char.isspace() else char
        for char in flat
        if char.isspace() or unicodedata.category(char) not in _UNSEEN
    )
    return " ".join(seen.casefold().split())
