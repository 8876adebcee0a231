"""A monitor that learns words: TF-IDF and logistic regression on a split of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.monitoring.lexicon import normal
from harness.monitoring.monitor import Suspicion
from harness.monitoring.view import View

FEWEST = 10
"""Samples of either kind to learn from; with fewer the weights are noise."""
LARGEST_VOCABULARY = 20_000


class WordsMonitor:
    """Chance of misbehaviour from words and word pairs (scikit-learn)."""

    gives_chances = True

    def __init__(self, unseen: frozenset[str] = frozenset()) -> None:
        """Untrained.

        Args:
            unseen: Groups that it does not learn from, to see whether what it learnt carries over.
        """
        self.unseen = unseen
        self._model: Any = None

    @property
    def name(self) -> str:
        """As it stands in tables."""
        return f"tfidf, never saw {' or '.join(sorted(self.unseen))}" if self.unseen else "tfidf"

    def fit(self, views: Sequence[View], misbehaved: Sequence[bool]) -> str | None:
        """Learn; class shares are kept, so that the score is a chance at this prevalence."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        bad = sum(misbehaved)
        if min(bad, len(misbehaved) - bad) < FEWEST:
            return (
                f"needs {FEWEST} misbehaving and {FEWEST} honest samples to learn from, "
                f"has {bad} and {len(misbehaved) - bad}"
            )
        words = TfidfVectorizer(
            ngram_range=(1, 2),
            sublinear_tf=True,
            max_features=LARGEST_VOCABULARY,
            token_pattern=r"(?u)\b\w+\b",
        )
        model = make_pipeline(words, LogisticRegression(C=10.0, max_iter=1000))
        try:
            self._model = model.fit([normal(view.text) for view in views], list(misbehaved))
        except ValueError:
            return "finds no words to learn from"
        return None

    def score(self, views: Sequence[View]) -> list[Suspicion]:
        """Chance of misbehaviour of each view."""
        if not views:
            return []
        chances = self._model.predict_proba([normal(view.text) for view in views])[:, 1]
        return [Suspicion(float(chance)) for chance in chances]
