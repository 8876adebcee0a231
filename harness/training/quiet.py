"""Libraries that keep to themselves: no pings, no bars, no cache files, no chatter."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def forbid_telemetry() -> None:
    """Switch usage pings off; call it before trl is imported."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from huggingface_hub import constants

    # The hub library reads the variable once, and may have been imported long before.
    constants.HF_HUB_DISABLE_TELEMETRY = True


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence transformers and datasets, and keep datasets in memory, while the block runs."""
    import datasets
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    dataset_bars, caching = datasets.are_progress_bars_disabled(), datasets.is_caching_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.disable_progress_bars()
    datasets.disable_caching()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
        if not dataset_bars:
            datasets.enable_progress_bars()
        if caching:
            datasets.enable_caching()
