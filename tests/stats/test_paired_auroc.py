"""Only pairs within a group count."""

from __future__ import annotations

import numpy as np

from harness.stats.paired_auroc import paired_auroc, shuffled_within

GROUPS = np.array(["a"] * 4 + ["b"] * 4)
POSITIVE = np.array([1, 1, 1, 0, 0, 0, 0, 1], dtype=bool)


def test_a_score_that_only_tells_the_groups_apart_tells_nothing() -> None:
    group = (GROUPS == "a").astype(float)
    kind = POSITIVE.astype(float)
    upside_down = group * 10 - kind
    found = paired_auroc(np.stack([group, kind, upside_down], axis=1), POSITIVE, GROUPS)
    assert found.tolist() == [0.5, 1.0, 0.0]


def test_pairs_weigh_the_same_in_every_group() -> None:
    scores = np.array([[1.0], [1.0], [1.0], [0.0], [1.0], [0.0], [0.0], [1.0]])
    # Group a: 3 of 3 pairs won. Group b: 2 won, 1 tied, of 3.
    assert paired_auroc(scores, POSITIVE, GROUPS).tolist() == [5.5 / 6]


def test_nothing_to_compare_is_no_number() -> None:
    alone = np.array(["a"] * 3 + ["b"] * 5)
    one_kind = np.array([1, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    assert np.isnan(paired_auroc(np.ones((8, 2)), one_kind, alone)).all()


def test_shuffling_keeps_how_many_are_positive_in_each_group() -> None:
    rng = np.random.default_rng(0)
    found = [shuffled_within(POSITIVE, GROUPS, rng) for _ in range(50)]
    assert {(int(f[:4].sum()), int(f[4:].sum())) for f in found} == {(3, 1)}
    assert len({tuple(f) for f in found}) == 16
