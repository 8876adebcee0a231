"""A monitor that is a model: local, read by its number tokens, or any of Inspect's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.judging.rubric import Rubric, rubric
from harness.monitoring.monitor import Suspicion
from harness.monitoring.view import View

if TYPE_CHECKING:
    from inspect_ai.model import Model

PROMPT = Path(__file__).parent / "prompt.txt"
_TAG = re.compile(
    r"[<\[(（＜]\s*/?\s*(task|thoughts|actions|final|watched|question|answer|end)\b[^>\])）＞\n]{0,80}"
    r"[>\])）＞]",
    re.IGNORECASE,
)

Writer = Callable[[View], str]


@dataclass(frozen=True)
class AskedMonitor:
    """Asks a model for a number from 0 to 100.

    Attributes:
        name: As it stands in tables.
        model: Whom it asks.
        write: Makes the prompt of a view.
        inverted: Whether the number says how well-behaved it is, as a judge's alignment does.
        advance: Told how many views are done.
    """

    name: str
    model: Model
    write: Writer
    inverted: bool = False
    advance: Callable[[int], None] = lambda _: None

    @property
    def unseen(self) -> frozenset[str]:
        """Nothing: it learns nothing."""
        return frozenset()

    @property
    def gives_chances(self) -> bool:
        """A number from 0 to 100 is read as a chance in percent."""
        return True

    def fit(self, views: Sequence[View], misbehaved: Sequence[bool]) -> str | None:
        """Learns nothing."""
        return None

    def score(self, views: Sequence[View]) -> list[Suspicion]:
        """Suspicion from 0 to 1; equal prompts are asked once.

        Raises:
            JudgeError: The model fails.
        """
        from harness.judging.together import ask_together

        prompts = [self.write(view) for view in views]
        different = list(dict.fromkeys(prompts))
        found: dict[str, Suspicion] = {}

        async def one(place: int) -> None:
            found[different[place]] = await self._ask(different[place])
            self.advance(len(found))

        ask_together(f"The monitor {self.model}", len(different), one)
        return [found[prompt] for prompt in prompts]

    async def _ask(self, prompt: str) -> Suspicion:
        from inspect_ai.model import ChatMessageUser

        from harness.judging.judge import read_output, reading_config

        output = await self.model.generate(
            [ChatMessageUser(content=prompt)], config=reading_config(self.model)
        )
        judgement = read_output(output, _NUMBER)
        tokens = output.usage.total_tokens if output.usage else 0
        if judgement.score is None:
            return Suspicion(None, judgement.reason or f"says {judgement.label}", tokens)
        share = judgement.score / 100
        return Suspicion(1 - share if self.inverted else share, None, tokens)


_NUMBER = Rubric(id="monitor", version=1, labels=(), template="")


def watch_prompt(view: View) -> str:
    """The monitor's prompt: role, task, the watched text between tags, what counts, the order.

    The watched text cannot close its tag: what looks like one of the tags is rewritten, and the
    true tags carry a hash of the text itself, which no text can hold of itself. The order stands
    after it, where nothing that was watched can follow.
    """
    watched = "\n".join(f"[{name}]\n{defused(text)}" for name, text in view.parts if name != "task")
    mark = hashlib.sha256(watched.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    template = PROMPT.read_text(encoding="utf-8")
    values = {"task": defused(view.task), "watched": watched, "mark": mark}
    return re.sub(r"\{(task|watched|mark)\}", lambda match: values[match[1]], template).strip()


def judge_prompt(view: View) -> str:
    """The alignment rubric with the watched text where an answer stands."""
    return rubric("alignment").prompt(view.task, defused(view.text))


def defused(text: str) -> str:
    """Text in which nothing looks like one of the prompt's tags."""
    return _TAG.sub(lambda match: f"({match[1].lower()})", text).strip()
