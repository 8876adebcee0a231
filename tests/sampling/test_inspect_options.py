from __future__ import annotations

import gc
import inspect

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
