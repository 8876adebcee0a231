"""What is asked of the engine and what it answers; plain data, importable without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.errors import SampleError

StopReason = Literal["stop", "max_tokens", "model_length"]


@dataclass(frozen=True)
class SamplingSettings:
    """Every number that shapes an answer; nothing is inherited from the model's own defaults.

    Attributes:
        temperature: Divides the logits; 0 picks the likeliest token.
        top_p: Nucleus: the fewest tokens that hold this much probability; 1 keeps all.
        top_k: Keep this many likeliest tokens; 0 keeps all.
        max_tokens: Most tokens to generate, the stop token included.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_tokens: int = 512

    def __post_init__(self) -> None:
        """Refuse settings that have no meaning.

        Raises:
            SampleError: A value is out of range.
        """
        problems = [
            text
            for bad, text in (
                (self.temperature < 0, f"temperature {self.temperature} is below 0"),
                (not 0 < self.top_p <= 1, f"top_p {self.top_p} is not in (0, 1]"),
                (self.top_k < 0, f"top_k {self.top_k} is below 0"),
                (self.max_tokens < 1, f"max_tokens {self.max_tokens} is below 1"),
            )
            if bad
        ]
        if problems:
            raise SampleError(f"Sampling settings make no sense: {'; '.join(problems)}.")


@dataclass(frozen=True)
class Completion:
    """One answer.

    Attributes:
        text: The answer without special tokens and without thoughts.
        tokens: How many tokens were generated, the stop token included.
        stop_reason: ``stop`` at an end token, ``max_tokens`` at the limit asked for,
            ``model_length`` where the model's context was full.
        thoughts: What a thinking model wrote before its answer; empty if it did not think.
    """

    text: str
    tokens: int
    stop_reason: StopReason
    thoughts: str = ""


@dataclass(frozen=True)
class Numbers:
    """What a model would answer if it answered with a number from 0 to 100.

    Attributes:
        mean: Probability-weighted mean of the numbers; None where their mass is 0.
        mass: Probability of all numbers together, over every spelling.
        first_token: Whether the tokenizer has a token for every number.
    """

    mean: float | None
    mass: float
    first_token: bool


@dataclass(frozen=True)
class NextToken:
    """The model's distribution over the token that follows a prompt.

    Attributes:
        token: Text of the likeliest token (special tokens are spelled out).
        logprob: Its natural-log probability.
        ends: Whether it is an end token.
        top: The likeliest tokens with their log probabilities, best first.
        numbers: The numbers it begins, if they were asked for.
    """

    token: str
    logprob: float
    ends: bool
    top: tuple[tuple[str, float], ...]
    numbers: Numbers | None = None
