from __future__ import annotations

import gc
import inspect
import weakref

import inspect_ai
import pytest

from harness.sampling.inspect_options import MAX_SAMPLES, calm_collector, fast_eval_options
from harness.sampling.provider import MAX_CONNECTIONS


def test_options_are_public_arguments_of_eval() -> None:
    assert set(fast_eval_options()) <= set(inspect.signature(inspect_ai.eval).parameters)


def test_every_sample_that_may_ask_may_also_run() -> None:
    assert MAX_SAMPLES == MAX_CONNECTIONS


def test_collector_is_put_back_even_after_an_error() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with pytest.raises(RuntimeError), calm_collector():
        assert gc.get_threshold()[0] > before[0]
        raise RuntimeError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)


def test_what_an_evaluation_leaves_in_cycles_is_gone_at_its_end() -> None:
    class Sample:
        pass

    with calm_collector():
        sample = Sample()
        sample.itself = sample  # type: ignore[attr-defined]
        left = weakref.ref(sample)
        del sample
        assert left() is not None
    assert left() is None
