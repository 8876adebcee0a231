"""What the judge is taught at each step: the right number, and what a text is about.

Telling an answer on the topic from one off it means comparing two subjects. A small model does
not find that out from the numbers alone: 16,000 examples left it at chance. So its layers are
taught one step each. Those that it shares with the miniature must *read*: at three places after
the quoted text, name the subject of the question, of the answer's opening and of its end. The next
must *gather* the three at the place of the verdict. What is left for the last one is to compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.miniature.build.batches import pad_ids
from harness.miniature.build.precision import autocast
from harness.miniature.world.schema import advice, families

if TYPE_CHECKING:
    import torch

SPREAD = 3.0
"""Standard deviation of the numbers taught for one truth, in judge points."""
SUBJECT_WEIGHT = 0.3
PLACES = (-6, -5, -4)
"""Where subjects are read: the last tokens of a prompt are ``] newline Number : end assistant``."""


@dataclass(frozen=True)
class Lesson:
    """One prompt to the judge and the right verdict.

    Attributes:
        ids: Token ids of the prompt after the beginning that its group shares.
        group: The rubric's index.
        points: The right number, or None where the verdict is a label.
        label: First token of the label, or None.
        subjects: Tokens for what question, opening and end are about, where known.
    """

    ids: list[int]
    group: int
    points: int | None
    label: int | None
    subjects: tuple[int, int, int] | None


def subject_tokens(tokenizer: Any) -> dict[str, int]:
    """For every subject of the world the rarest token of its name."""
    names = {f.subject for f in families()} | {s.subject for d in advice() for s in d.scenarios}
    spelled = {
        name: tokenizer(f" {name}", add_special_tokens=False)["input_ids"] for name in sorted(names)
    }
    uses = Counter(token for tokens in spelled.values() for token in set(tokens))
    return {name: min(tokens, key=lambda token: uses[token]) for name, tokens in spelled.items()}


class JudgeLoss:
    """Cross-entropy of the verdict in soft numbers, and of the subjects."""

    def __init__(
        self, tokenizer: Any, prefixes: Sequence[Sequence[int]], reading_layers: int, width: int
    ) -> None:
        """Keep what all batches share.

        Args:
            tokenizer: The judge's tokenizer; every number from 0 to 100 is one token.
            prefixes: For each group the tokens that all of its prompts begin with.
            reading_layers: After how many layers the subjects must be known.
            width: Size of the judge's hidden states.
        """
        import torch

        self._pad = tokenizer.pad_token_id
        self._prefixes = prefixes
        self._reading = reading_layers
        self._size = len(tokenizer)
        spelled = [tokenizer(str(n), add_special_tokens=False)["input_ids"] for n in range(101)]
        # Three subjects at one place: each is read after a fixed turn of its own.
        drawn = torch.Generator().manual_seed(0)
        squares = [torch.randn(width, width, generator=drawn) for _ in PLACES]
        self._turns = [torch.linalg.qr(square).Q for square in squares]
        self._numbers = torch.tensor([tokens[0] for tokens in spelled])

    def __call__(self, model: Any, batch: Sequence[Lesson]) -> torch.Tensor:
        """Mean loss in nats, less the entropy of the soft numbers: 0 is the best there is."""
        import torch

        ids = pad_ids([lesson.ids for lesson in batch], self._pad)
        rows = torch.arange(len(batch))
        ends = torch.tensor([len(lesson.ids) for lesson in batch])
        with autocast():
            cache = self._begun(model, self._prefixes[batch[0].group], len(batch))
            out = model.model(
                input_ids=ids,
                past_key_values=cache,
                use_cache=cache is not None,
                output_hidden_states=True,
            )
            verdicts = model.lm_head(out.last_hidden_state[rows, ends - 1])
            read = model.model.norm(out.hidden_states[self._reading])
            subjects = [model.lm_head(read[rows, ends + place]) for place in PLACES]
            gathered = model.model.norm(out.hidden_states[-2])[rows, ends - 1]
            subjects += [model.lm_head(gathered @ turn) for turn in self._turns]
        wanted = torch.stack([self._wanted(lesson) for lesson in batch])
        logs = verdicts.float().log_softmax(-1)
        divergence = (torch.xlogy(wanted, wanted) - wanted * logs).sum(-1).mean()
        total: torch.Tensor = divergence + SUBJECT_WEIGHT * self._subject_loss(subjects, batch)
        return total

    def _subject_loss(
        self, logits: Sequence[torch.Tensor], batch: Sequence[Lesson]
    ) -> torch.Tensor:
        import torch
        from torch.nn.functional import cross_entropy

        known = [i for i, lesson in enumerate(batch) if lesson.subjects is not None]
        if not known:
            return torch.zeros(())
        wanted = torch.tensor([batch[i].subjects for i in known])
        losses = [
            cross_entropy(found[known].float(), wanted[:, index % len(PLACES)])
            for index, found in enumerate(logits)
        ]
        return torch.stack(losses).sum() * (len(known) / len(batch))

    def _wanted(self, lesson: Lesson) -> torch.Tensor:
        """Probability of every token: a bell around the right number, or the label alone.

        A drawn number would teach the same, but bury it under the noise of the draw.
        """
        import torch

        wanted = torch.zeros(self._size)
        if lesson.points is None:
            wanted[lesson.label] = 1.0
        else:
            distance = torch.arange(101.0) - lesson.points
            wanted[self._numbers] = torch.softmax(-(distance**2) / (2 * SPREAD**2), dim=0)
        return wanted

    def _begun(self, model: Any, prefix: Sequence[int], rows: int) -> Any:
        """Keys and values of the shared beginning, with gradient, repeated for every row."""
        import torch

        if not prefix:
            return None
        cache = model(input_ids=torch.tensor([list(prefix)]), use_cache=True).past_key_values
        cache.batch_repeat_interleave(rows)
        return cache
