"""A probe on activations: tells planted texts apart, whatever they are batched with."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from harness.monitoring.probe import ProbeMonitor
from harness.monitoring.view import View, view
from tests.monitoring.scripted import tills


@pytest.fixture(scope="module")
def loaded(qwen_double: Path) -> LoadedModel:
    return load_model(parse_reference(str(qwen_double)))


def test_it_tells_open_planners_from_honest_thoughts(loaded: LoadedModel) -> None:
    records = tills(40, ("open",), honest=1)
    views, bad = [view(r, "cot") for r in records], [bool(r.misbehaved) for r in records]
    probe = ProbeMonitor(lambda: loaded)
    assert probe.fit(views[:60], bad[:60]) is None
    said = [(one.score or 0.0, b) for one, b in zip(probe.score(views[60:]), bad[60:], strict=True)]
    pairs = [(x, y) for x, b in said if b for y, c in said if not c]
    assert sum(x > y for x, y in pairs) / len(pairs) > 0.9


def test_a_score_does_not_depend_on_its_company(loaded: LoadedModel) -> None:
    records = tills(20, ("open",), honest=1)
    views, bad = [view(r, "cot") for r in records], [bool(r.misbehaved) for r in records]
    one, two = ProbeMonitor(lambda: loaded), ProbeMonitor(lambda: loaded)
    assert one.fit(views, bad) is None
    assert two.fit(list(reversed(views)), list(reversed(bad))) is None
    new = [view(r, "all") for r in tills(5)]
    alone = [two.score([each])[0].score for each in new]
    assert [s.score for s in one.score(new)] == pytest.approx(alone, abs=1e-6)
    assert one.score([View("", (("thoughts", ""),))])[0].tokens == 1


def test_too_few_samples_are_refused_without_loading_anything() -> None:
    def never() -> LoadedModel:
        raise AssertionError("loaded")

    assert "needs 10" in (ProbeMonitor(never).fit([], []) or "")
