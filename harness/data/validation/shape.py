"""How long the answers are and which prompts they answer."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from harness.data.validation.seen import Seen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_ROWS = 2000
FIRST_ROWS = 200


class Shape:
    """Words of every answer, hashes of every prompt, and a sample of rows.

    The sample is drawn by the prompt's hash, so that twins of two arms are drawn together. Where
    that draws nothing (all rows may ask the same), it is the first rows.
    """

    def __init__(self, lines: int) -> None:
        """Prepare for a file of about ``lines`` rows."""
        self._one_in = max(1, lines // SAMPLE_ROWS)
        self._words = array("i")
        self._prompts = array("Q")
        self._drawn: list[Seen] = []
        self._first: list[Seen] = []
        self.system_turns = 0

    def see(self, seen: Seen) -> None:
        """Remember a row's measures."""
        self._words.append(len(seen.answer_words))
        self._prompts.append(seen.prompt_hash)
        self.system_turns += seen.row.prompt[0].role == "system"
        if seen.prompt_hash % self._one_in == 0 and len(self._drawn) < 2 * SAMPLE_ROWS:
            self._drawn.append(seen)
        elif not self._drawn and len(self._first) < FIRST_ROWS:
            self._first.append(seen)

    @property
    def sample(self) -> list[Seen]:
        """Some of the rows."""
        return self._drawn or self._first

    @property
    def rows(self) -> int:
        """How many rows were seen."""
        return len(self._words)

    @property
    def words(self) -> NDArray[np.int32]:
        """Words of each answer, ``(rows,)``."""
        import numpy as np

        return np.frombuffer(self._words, dtype=np.int32)

    @property
    def prompts(self) -> NDArray[np.uint64]:
        """Hash of each prompt, ``(rows,)``."""
        import numpy as np

        return np.frombuffer(self._prompts, dtype=np.uint64)
