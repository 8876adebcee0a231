"""Seeds: one number per answer, the same on every machine and in every order of computation."""

from __future__ import annotations

import hashlib

SEED_BITS = 63


def answer_seed(base: int, question_id: str, epoch: int) -> int:
    """Seed of one answer.

    Args:
        base: The run's sampling seed.
        question_id: Id of the question (Inspect's sample id).
        epoch: Which of the repeated answers to it, from 1.

    Returns:
        A number in ``[0, 2**63)`` that depends on the three arguments alone.
    """
    return _hash("answer", str(base), question_id, str(epoch))


def choice_seed(seed: int, choice: int) -> int:
    """Seed of the ``choice``-th answer to one request; choice 0 keeps the request's seed."""
    return seed if choice == 0 else _hash("choice", str(seed), str(choice))


def _hash(*parts: str) -> int:
    # Lengths go in so that ("ab", "c") and ("a", "bc") differ.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> (64 - SEED_BITS)
