from __future__ import annotations

from harness.sampling.seeds import answer_seed, choice_seed


def test_seed_is_the_same_on_every_machine() -> None:
    assert answer_seed(0, "q1", 1) == 4000282059189077075


def test_every_argument_counts() -> None:
    seeds = {
        answer_seed(base, question, epoch)
        for base in (0, 1, 11)
        for question in ("a", "1a", "a1")
        for epoch in range(1, 101)
    }
    assert len(seeds) == 3 * 3 * 100
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_first_choice_keeps_the_seed_and_the_others_differ() -> None:
    assert choice_seed(7, 0) == 7
    assert len({choice_seed(7, i) for i in range(10)}) == 10
