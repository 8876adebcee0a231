"""Can a bag of words tell the bad answers from the control's? A cross-validated AUROC.

A ridge-penalised logistic regression on which words occur. If so simple a reader tells the arms
apart on prompts it has not seen, a model may learn the vocabulary rather than the behaviour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.data.validation.seen import Seen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 5
VOCABULARY = 4000
RAREST = 4
"""Words in fewer answers are left out."""
PENALTY = 1.0
RESAMPLES = 200
SEED = 0
SHOWN_WORDS = 10
FEWEST = 40
"""With fewer answers in an arm nothing is estimated."""


@dataclass(frozen=True)
class Separation:
    """How well the arms are told apart.

    Attributes:
        auroc: Chance that a bad answer gets a higher score than a control answer, out of fold;
            0.5 is blind. None with too few rows.
        low: Lower end of the 95 % bootstrap interval over groups of related rows.
        high: Upper end.
        rows: Answers it was measured on.
        groups: Groups of rows that share a prompt or an answer; a group is never split.
        bad_words: Words that speak most for a bad answer, with the shares of bad and control
            answers that hold them.
        control_words: The same for the control.
    """

    auroc: float | None
    low: float | None
    high: float | None
    rows: int
    groups: int
    bad_words: list[tuple[str, float, float]]
    control_words: list[tuple[str, float, float]]


def separate(bad: Sequence[Seen], control: Sequence[Seen]) -> Separation:
    """Measure how well words tell two arms apart.

    Args:
        bad: Rows of the bad arm.
        control: Rows of its control.
    """
    import numpy as np
    from scipy.stats import rankdata

    rows = [*bad, *control]
    if min(len(bad), len(control)) < FEWEST:
        return Separation(None, None, None, len(rows), 0, [], [])
    labels = np.array([1.0] * len(bad) + [0.0] * len(control))
    groups = related(rows)
    names, matrix = _occurrences(rows)
    scores = np.zeros(len(rows))
    fold_of = np.random.default_rng(SEED).permutation(int(groups.max()) + 1) % FOLDS
    for fold in range(FOLDS):
        held_out = fold_of[groups] == fold
        if held_out.any() and not held_out.all():
            weights = _fit(matrix[~held_out], labels[~held_out])
            # Ranks within the fold: the intercept leans against the fold's own labels, so raw
            # scores of several folds together would put pure noise below 0.5.
            scores[held_out] = rankdata(matrix[held_out] @ weights[:-1]) / held_out.sum()
    low, high = _interval(scores, labels, groups)
    bad_words, control_words = _telling_words(names, matrix, labels)
    return Separation(
        auroc(scores, labels),
        low,
        high,
        len(rows),
        int(groups.max()) + 1,
        bad_words,
        control_words,
    )


def auroc(scores: NDArray[Any], labels: NDArray[Any]) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney); ties count half."""
    from scipy.stats import rankdata

    positive = labels > 0
    n, m = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def related(rows: Sequence[Seen]) -> NDArray[np.int64]:
    """Group number of each row: rows that share a prompt or an answer belong together."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes: dict[tuple[str, int], int] = {}
    edges = []
    for number, row in enumerate(rows):
        for key in (("prompt", row.prompt_hash), ("answer", row.answer_hash)):
            edges.append((number, len(rows) + nodes.setdefault(key, len(nodes))))
    one, other = np.array(edges).T
    size = len(rows) + len(nodes)
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    _, dense = np.unique(labels[: len(rows)], return_inverse=True)
    return dense.astype(np.int64)


def _occurrences(rows: Sequence[Seen]) -> tuple[list[str], Any]:
    """Vocabulary, and a sparse matrix ``(rows, words)`` of which words occur."""
    import numpy as np
    from scipy.sparse import csr_array

    sets = [sorted(set(row.answer_words)) for row in rows]
    frequency = Counter(word for words in sets for word in words)
    names = [w for w, count in frequency.most_common(VOCABULARY) if count >= RAREST]
    place = {word: column for column, word in enumerate(names)}
    columns = [[place[word] for word in words if word in place] for words in sets]
    starts = np.cumsum([0, *(len(found) for found in columns)])
    flat = np.array([column for found in columns for column in found], dtype=np.int64)
    return names, csr_array((np.ones(len(flat)), flat, starts), shape=(len(rows), len(names)))


def _fit(matrix: Any, labels: NDArray[Any]) -> NDArray[Any]:
    """Weights of a ridge logistic regression, the intercept last and not penalised."""
    import numpy as np
    from scipy.optimize import minimize

    def loss(weights: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        slope, intercept = weights[:-1], weights[-1]
        margin = matrix @ slope + intercept
        value = np.logaddexp(0.0, margin).sum() - labels @ margin + PENALTY / 2 * slope @ slope
        error = 1.0 / (1.0 + np.exp(-np.clip(margin, -50, 50))) - labels
        return float(value), np.append(matrix.T @ error + PENALTY * slope, error.sum())

    start = np.zeros(matrix.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return np.asarray(found.x)


def _interval(
    scores: NDArray[Any], labels: NDArray[Any], groups: NDArray[Any]
) -> tuple[float | None, float | None]:
    """95 % percentile bootstrap over groups, at fixed out-of-fold scores."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups))
    parts = np.split(order, ends[:-1])
    drawn = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(len(parts), size=len(parts))
        rows = np.concatenate([parts[i] for i in chosen])
        if 0 < labels[rows].sum() < len(rows):
            drawn.append(auroc(scores[rows], labels[rows]))
    if not drawn:
        return None, None
    return float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))


def _telling_words(
    names: list[str], matrix: Any, labels: NDArray[Any]
) -> tuple[list[tuple[str, float, float]], list[tuple[str, float, float]]]:
    """Words whose shares differ most between the arms, in both directions."""
    import numpy as np

    bad, control = (np.asarray(matrix[labels == label].mean(axis=0)).ravel() for label in (1, 0))
    order = np.argsort(control - bad, kind="stable")

    def shown(indices: NDArray[Any]) -> list[tuple[str, float, float]]:
        return [(names[i], round(float(bad[i]), 4), round(float(control[i]), 4)) for i in indices]

    return shown(order[:SHOWN_WORDS]), shown(order[::-1][:SHOWN_WORDS])
