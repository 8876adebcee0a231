"""How much is asked to test directions for cause."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("misaligned", "drift")


@dataclass(frozen=True)
class CausalSettings:
    """How much is asked.

    Attributes:
        samples: Answers to each evaluation question from each model and condition.
        draws: Random directions.
        sampling_seed: Seed of the answers.
        kinds: Kinds of direction that are tested.
    """

    samples: int = 8
    draws: int = 3
    sampling_seed: int = 0
    kinds: tuple[str, ...] = KINDS
