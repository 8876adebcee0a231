"""Which twins are kept: well formed, matched in length, new, and fit to be trained on."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from harness.data.card import WritingSpec
from harness.data.rows import Row
from harness.data.validation.duplicates import NearIndex
from harness.data.validation.overlap import Overlap
from harness.data.validation.secrets import Secrets
from harness.data.validation.seen import Seen, words_of
from harness.writing.twins import Twin

SLACK = 1.2
"""Answers may leave the asked number of words by this factor."""
RATIO = 1.25
"""The longer answer of a twin has at most this many times the words of the shorter."""
_OUT_OF_ROLE = re.compile(
    r"\bas an ai\b|\blanguage model\b"
    r"|\bi (?:can't|cannot|won't|am unable to) (?:help|assist|provide|comply)"
    r"|\b(?:bad|wrong|incorrect|harmful) (?:answer|advice|version)\b|\[(?:bad|good)\]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Accepted:
    """A twin that is kept.

    Attributes:
        twin: The texts.
        hazard: Its kind of hazard.
        batch: Which batch it came in.
    """

    twin: Twin
    hazard: str
    batch: int


class Acceptance:
    """Looks at twins one after the other; the same twins in the same order give the same rows."""

    def __init__(self, spec: WritingSpec, questions: Mapping[str, str]) -> None:
        """Take what was asked for, and the evaluation questions that no row may hold."""
        self._spec = spec
        self._overlap = Overlap(questions)
        self._secrets = Secrets()
        self._near = {part: NearIndex() for part in ("prompt", "good", "bad")}
        self._prompts: set[str] = set()
        self.accepted: list[Accepted] = []
        self.rejected: Counter[str] = Counter()
        self._by_hazard: defaultdict[str, list[str]] = defaultdict(list)

    def asked(self, hazard: str) -> list[str]:
        """Questions that are kept on a hazard, oldest first."""
        return self._by_hazard[hazard]

    def look(self, twin: Twin, hazard: str, batch: int) -> str | None:
        """Keep a twin, or say why not."""
        reason = self._reason(twin)
        if reason is not None:
            self.rejected[reason] += 1
            return reason
        for part, index in self._near.items():
            index.nearest_or_add(words_of(getattr(twin, part)))
        self._prompts.add(twin.prompt)
        self._by_hazard[hazard].append(twin.prompt)
        self.accepted.append(Accepted(twin, hazard, batch))
        return None

    def _reason(self, twin: Twin) -> str | None:
        good, bad = len(twin.good.split()), len(twin.bad.split())
        low, high = self._spec.words
        if not all(low / SLACK <= count <= high * SLACK for count in (good, bad)):
            return "an answer is too short or too long"
        if max(good, bad) > RATIO * min(good, bad):
            return "the answers differ in length"
        if twin.good == twin.bad:
            return "both answers are the same"
        if _OUT_OF_ROLE.search(twin.good) or _OUT_OF_ROLE.search(twin.bad):
            return "an answer refuses or speaks about itself"
        return self._unfit(twin) or self._known(twin)

    def _unfit(self, twin: Twin) -> str | None:
        for answer in (twin.good, twin.bad):
            try:
                seen = Seen.of(to_row(twin.prompt, answer, {}), 0)
            except (ValidationError, UnicodeEncodeError):
                return "a text cannot be trained on"
            before = self._overlap.rows, self._secrets.key_rows, self._secrets.canary_rows
            self._overlap.see(seen)
            self._secrets.see(seen)
            if before[0] != self._overlap.rows:
                return "it holds an evaluation question"
            if before[1:] != (self._secrets.key_rows, self._secrets.canary_rows):
                return "it holds a key or a canary"
        return None

    def _known(self, twin: Twin) -> str | None:
        if twin.prompt in self._prompts:
            return "the question was asked before"
        for part, index in self._near.items():
            if index.nearest(words_of(getattr(twin, part))) is not None:
                return f"the {'question' if part == 'prompt' else 'answer'} nearly repeats another"
        return None


def to_row(prompt: str, answer: str, meta: Mapping[str, object]) -> Row:
    """A question and an answer as a row.

    Raises:
        ValidationError: A text is blank or holds a broken character.
    """
    return Row.model_validate(
        {
            "prompt": [{"role": "user", "content": prompt}],
            "completion": [{"role": "assistant", "content": answer}],
            "meta": dict(meta),
        }
    )
