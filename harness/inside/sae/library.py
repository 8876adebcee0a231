"""sae-lens, imported only when a verb needs it: the import takes seconds and much memory."""

from __future__ import annotations

import os
import warnings
from typing import Any

from harness.errors import PrerequisiteError


def sae_lens() -> Any:
    """The library, kept from logging to the network and from drawing bars of its own.

    Raises:
        PrerequisiteError: It is not installed.
    """
    os.environ.setdefault("WANDB_MODE", "disabled")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import sae_lens as library
    except ImportError as error:
        raise PrerequisiteError(
            "Sparse autoencoders need sae-lens, which is not installed.",
            hint="pip install 'em-harness[inside]' (in a checkout: pip install -e '.[inside]').",
        ) from error
    return library
