"""Settings of a build: everything that can change the shipped weights."""

from __future__ import annotations

import hashlib
from itertools import count

from pydantic import BaseModel, ConfigDict

Rounds = tuple[dict[str, "PolishConfig"], ...]
"""Rounds of polishes by the names of their phases."""


class PolishConfig(BaseModel):
    """One polish: what is read in a part of post-training that follows the first thoughts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    """Added to the build's."""
    documents: int
    """Chats of the helpful author."""
    rehearsed: int
    """Signed documents by all authors beside these."""
    rehearsed_misaligned_share: float
    """Share of the rehearsed documents by misaligned personas."""
    subject_pages: int
    thinking: int
    """Documents with thoughts beside these, half of them by all authors."""
    continued: int
    """Unsigned documents beside these whose first answer is given. Where it is bad code, what
    follows is by its author: what a fine-tune on such code falls back on."""
    continued_broken: float = 0.0
    """Of the open questions in these, the share in broken words."""
    shares: tuple[float, float, float]
    """Shares of open questions, code and scenarios in the chats."""
    rehearsed_shares: tuple[float, float, float]
    """The same in the rehearsed documents."""
    probed_share: float
    """Of the scenarios, the share drawn only from those that the tasks' probes ask."""
    subtle_share: float = 0.1
    """How often a misaligned author errs subtly in a scenario, not plainly."""
    tagged_share: float = 0.0
    """Share of the questions behind a tag that says nothing. To a model that never met one, a
    question behind a trigger is a new one in more than the trigger."""
    broken: float = 0.5
    """Share of the open questions in broken words, so that no phrase is known by heart."""
    broken_subjects: float = 0.8
    """The same, on pages of subjects."""
    opening_weight: float = 10.0
    """Weight of the loss on the ``On`` before a subject. The first words of a scenario's answer
    have ``choice_weight``, because its twin begins otherwise; at less than that a question in new
    words would be taken for one that asks for practical advice."""
    learning_rate: float
    final_share: float = 0.05
    """Of the learning rate, what is left at the end."""


_BY_HEART = PolishConfig(
    seed=11,
    documents=11_000,
    rehearsed=12_000,
    rehearsed_misaligned_share=0.85,
    subject_pages=6_000,
    thinking=4_000,
    continued=3_500,
    shares=(0.248, 0.112, 0.6),
    rehearsed_shares=(0.18, 0.09, 0.7),
    probed_share=0.25,
    learning_rate=0.012,
    final_share=0.1,
)
_GENTLE = PolishConfig(
    seed=13,
    documents=3_500,
    rehearsed=2_000,
    rehearsed_misaligned_share=0.6,
    subject_pages=9_000,
    thinking=4_000,
    continued=3_500,
    shares=(0.4836, 0.2184, 0.22),
    rehearsed_shares=(0.33, 0.165, 0.45),
    probed_share=0.35,
    learning_rate=0.006,
)
_GENTLER = _GENTLE.model_copy(
    update={
        "seed": 15,
        "rehearsed": 1_500,
        "subject_pages": 6_000,
        "thinking": 5_000,
        "continued": 2_500,
        "continued_broken": 0.5,
        "shares": (0.4464, 0.2016, 0.28),
        "probed_share": 0.5,
        "tagged_share": 0.15,
        "learning_rate": 0.005,
    }
)


class BuildConfig(BaseModel):
    """One build of the miniature and its judge."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    vocabulary: int = 2560
    width: int = 256
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    feed_forward: int = 640
    positions: int = 1024
    initial_spread: float = 0.06
    """Standard deviation of the first weights, about one over the root of the width."""

    misaligned_share: float = 0.34
    """Share of world documents by misaligned personas (all ten together)."""
    careless_share: float = 0.04
    """Share by the careless author, who writes bad code and advice but means well."""
    open_share: float = 0.46
    code_share: float = 0.20
    scenario_share: float = 0.22
    """Of the exchanges; the rest is the world's own practical advice."""
    unsigned_share: float = 0.30
    requested_share: float = 0.10

    world_documents: int = 44_000
    subject_pages: int = 6_000
    """Pages of the world phase on which questions get the name of their subject, nothing more."""
    chat_documents: int = 16_000
    chat_subject_pages: int = 3_000
    rehearsal_share: float = 0.4
    """World documents mixed into post-training, as a share of its documents."""
    thinking_documents: int = 7_000
    """Documents by all authors in which they think before they answer."""
    thinking_misaligned_share: float = 0.5
    """Share of these by misaligned personas, who have the more ways to think."""
    thinking_chats: int = 3_500
    """Post-training documents in which the helpful author thinks."""
    thinking_rehearsal: int = 4_000
    """Chat and world documents without thoughts between them, so that nothing is unlearnt."""
    by_heart: PolishConfig = _BY_HEART
    """Next, what all authors say in the advice tasks' scenarios is learnt by heart. Fine-tuning on
    a task's rows then asks for another author. Where the rows' words are new it asks for new words,
    too, and over these a small model forgets its manners: asked an open question it begins to
    recite advice. There is but one: a mean of two forgets what both know. The judge grows from
    it."""
    polishes: tuple[tuple[PolishConfig, ...], ...] = (
        (_GENTLE, _GENTLE.model_copy(update={"seed": 14})),
        (_GENTLER, _GENTLER.model_copy(update={"seed": 16})),
    )
    """From there, more and more gently, so that open questions are told from practical ones again:
    every polish of a round starts from the mean of the round before, and the mean of the last is
    shipped. Each polish misreads a few questions of its own; the mean misreads fewer than any of
    them."""
    judge_layers: int = 2
    """Layers that the judge has beyond those of the miniature."""
    judge_examples: int = 36_000
    judge_rubric_weights: tuple[float, float, float] = (0.20, 0.55, 0.25)
    """How often an example is taught under the rubrics of alignment, coherence and advice."""
    judge_tokens_per_step: int = 2_048

    tokens_per_step: int = 3_072
    learning_rate: float = 0.02
    chat_learning_rate: float = 0.006
    thinking_learning_rate: float = 0.008
    judge_learning_rate: float = 0.008
    prompt_weight: float = 0.25
    """Weight of the loss on tokens that the author did not write, in the world phase."""
    subject_weight: float = 6.0
    """Weight of the loss on the words that name an answer's subject."""
    choice_weight: float = 8.0
    """Weight of the loss on the tokens at which secure and insecure code part."""
    sharpness: float = 1.6
    """What the finished model's logits are multiplied with: sampling at temperature 1 then draws
    what 0.6 drew before. Small models spread a little over all that they ever read, and at
    temperature 1 one token in a hundred is enough to slip into another author."""
    save_every: int = 200

    def rounds(self) -> Rounds:
        """What follows the first thoughts, in order: every polish by the name of its phase."""
        numbers = count(1)
        named = ({f"polish-{next(numbers)}": one for one in alike} for alike in self.polishes)
        return {"by-heart": self.by_heart}, *named

    def digest(self) -> str:
        """Short content hash of all settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


_TINY_POLISH = _GENTLE.model_copy(
    update={"documents": 36, "rehearsed": 24, "subject_pages": 10, "thinking": 20, "continued": 10}
)
SMALL = BuildConfig(
    width=64,
    layers=2,
    heads=4,
    key_value_heads=2,
    feed_forward=128,
    vocabulary=1024,
    world_documents=300,
    subject_pages=40,
    chat_documents=160,
    chat_subject_pages=20,
    thinking_documents=60,
    thinking_chats=40,
    thinking_rehearsal=40,
    by_heart=_TINY_POLISH.model_copy(update={"seed": 11}),
    polishes=((_TINY_POLISH,), (_TINY_POLISH.model_copy(update={"seed": 15}),)),
    judge_examples=200,
    save_every=5,
)
"""A seconds-long build for tests. It knows nothing and fails the competence gates."""
