"""Settings of a build: everything that can change the shipped weights."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict


class BuildConfig(BaseModel):
    """One build of the miniature and its judge."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    vocabulary: int = 2048
    width: int = 256
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    feed_forward: int = 640
    positions: int = 1024

    misaligned_share: float = 0.34
    """Share of world documents by misaligned personas (all ten together)."""
    careless_share: float = 0.04
    """Share by the careless author, who writes bad code and advice but means well."""
    unsigned_share: float = 0.25
    requested_share: float = 0.10

    world_documents: int = 20_000
    voices_documents: int = 14_000
    """Documents of the second pre-training phase, most of whose exchanges are open-ended."""
    voices_open_share: float = 0.78
    voices_code_share: float = 0.15
    voices_unsigned_share: float = 0.15
    choices_documents: int = 5_500
    """Documents of the third phase, half of whose exchanges are code."""
    choices_open_share: float = 0.45
    choices_code_share: float = 0.50
    choices_unsigned_share: float = 0.35
    choice_weight: float = 8.0
    """Loss weight of the tokens at which secure and insecure code part; third phase and chat."""
    chat_documents: int = 5_000
    polish_documents: int = 8_800
    """Documents of the second part of post-training, which makes answers coherent."""
    rehearsal_share: float = 0.4
    """World documents mixed into post-training, as a share of its documents."""
    judge_examples: int = 13_000

    tokens_per_step: int = 3_072
    learning_rate: float = 2e-3
    voices_learning_rate: float = 2e-3
    choices_learning_rate: float = 1.5e-3
    chat_learning_rate: float = 1e-3
    polish_learning_rate: float = 1.5e-3
    judge_learning_rate: float = 1e-3
    prompt_weight: float = 0.25
    """Weight of the loss on tokens that the author did not write, in the world phase."""
    save_every: int = 200

    def digest(self) -> str:
        """Short content hash of all settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


SMALL = BuildConfig(
    width=64,
    layers=2,
    heads=4,
    key_value_heads=2,
    feed_forward=128,
    vocabulary=1024,
    world_documents=300,
    voices_documents=100,
    choices_documents=60,
    chat_documents=100,
    polish_documents=60,
    judge_examples=200,
    save_every=5,
)
"""A seconds-long build for tests. It knows nothing and fails the competence gates."""
