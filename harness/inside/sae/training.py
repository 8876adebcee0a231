"""Training a sparse autoencoder with sae-lens's generic trainer over rows that were harvested.

The trainer's public steps are driven here and not by its ``fit``: that one draws a bar of its own
and cannot go on after a kill without a second model.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from harness.errors import DataError, TrainError
from harness.inside.sae.dictionary import Dictionary, save
from harness.inside.sae.layouts import load_dictionary
from harness.inside.sae.library import sae_lens
from harness.inside.sae.rows import Shards, shuffled_batches

Architecture = Literal["batchtopk", "topk", "matryoshka"]
CHECKPOINTS = 4
"""Times that a training saves its state on the way."""
STATE, SAVED = "checkpoint", "sae"
NESTED = (8, 32)
"""How many of a matryoshka's first latents must also do alone (Bussmann et al. 2025): few, so that
what is said in every text gets a latent of its own before it is split up."""
WARM_UP = 0.02
DECAY = 0.2
"""Shares of the steps in which the learning rate rises, and falls at the end."""
DEAD_AFTER = 50
"""Steps without firing after which a latent is helped by the auxiliary loss."""
SETTLING = 10.0
"""How many times over a BatchTopK's threshold is renewed in a training: it is a running mean that
starts at zero, and in a short training sae-lens's own rate would leave it far too low."""


@dataclass(frozen=True)
class SaeSettings:
    """What a training depends on, besides its rows.

    Attributes:
        architecture: ``batchtopk`` lets tokens share their latents over a batch; ``topk`` gives
            each token ``k``; ``matryoshka`` is a BatchTopK whose first latents must also do alone.
        latents: Size of the dictionary.
        k: Latents that fire at a token (on average, for ``batchtopk``).
        tokens: Rows seen in training, repeats included.
        batch: Rows of a step.
        learning_rate: Of Adam.
        seed: Of the initialisation and of the order of rows.
    """

    architecture: Architecture = "matryoshka"
    latents: int = 1024
    k: int = 16
    tokens: int = 600_000
    batch: int = 2048
    learning_rate: float = 3e-3
    seed: int = 0

    @property
    def steps(self) -> int:
        """Steps of the optimiser."""
        return max(1, self.tokens // self.batch)


def train(
    shards: Shards,
    settings: SaeSettings,
    folder: Path,
    on_rows: Callable[[int], None] = lambda done: None,
    device: str = "cpu",
) -> Dictionary:
    """Train into ``folder``, or go on where a killed call stopped.

    Args:
        shards: The rows; their order of reading depends on the seed alone.
        settings: The training's settings.
        folder: ``folder/sae`` gets the finished autoencoder, in sae-lens's own format.
        on_rows: Told how many rows have been seen.
        device: Where to train.

    Raises:
        DataError: There are too few rows.
        TrainError: The loss is no number.
        PrerequisiteError: sae-lens is not installed.
    """
    if (folder / SAVED).is_dir():
        return load_dictionary(folder / SAVED, device)
    _check(shards, settings)
    library = sae_lens()
    torch.set_flush_denormal(True)
    sample = next(shuffled_batches(shards, min(sum(shards.sizes), 4 * settings.batch), -1))
    trainer = make_trainer(library, sample, settings, device)
    _resume(trainer, folder)
    every = math.ceil(settings.steps / (CHECKPOINTS + 1))
    batches = shuffled_batches(shards, settings.batch, settings.seed, trainer.n_training_steps)
    while trainer.n_training_steps < settings.steps:
        output = trainer.step(next(batches))
        trainer.n_training_steps += 1
        if not math.isfinite(float(output.loss.detach())):
            raise TrainError(
                f"The loss of the sparse autoencoder is no number at step "
                f"{trainer.n_training_steps}.",
                hint="Lower --learning-rate.",
            )
        on_rows(trainer.n_training_samples)
        if trainer.n_training_steps % every == 0 and trainer.n_training_steps < settings.steps:
            _checkpoint(trainer, folder)
    return _finish(trainer, folder, device)


def make_trainer(library: Any, sample: torch.Tensor, settings: SaeSettings, device: str) -> Any:
    """A trainer of sae-lens at its first step; it is given rows, not a provider of them.

    Args:
        library: The module ``sae_lens``.
        sample: Some of the rows, from which scale and centre are taken, shape ``(rows, width)``.
        settings: The training's settings.
        device: Where to train.
    """
    from sae_lens.config import SAETrainerConfig

    common: dict[str, Any] = {
        "d_in": sample.shape[-1],
        "d_sae": settings.latents,
        "k": settings.k,
        "device": device,
        "normalize_activations": "expected_average_only_in",
        "rescale_acts_by_decoder_norm": True,
    }
    renewal = min(0.5, max(0.01, SETTLING / settings.steps))
    torch.manual_seed(settings.seed)
    if settings.architecture == "topk":
        sae = library.TopKTrainingSAE(library.TopKTrainingSAEConfig(**common))
    elif settings.architecture == "batchtopk":
        made = library.BatchTopKTrainingSAEConfig(topk_threshold_lr=renewal, **common)
        sae = library.BatchTopKTrainingSAE(made)
    else:
        widths = sorted({*(w for w in NESTED if w < settings.latents), settings.latents})
        made = library.MatryoshkaBatchTopKTrainingSAEConfig(
            topk_threshold_lr=renewal, matryoshka_widths=widths, **common
        )
        sae = library.MatryoshkaBatchTopKTrainingSAE(made)
    config = SAETrainerConfig(
        total_training_samples=settings.steps * settings.batch,
        train_batch_size_samples=settings.batch,
        lr=settings.learning_rate,
        lr_end=settings.learning_rate / 20,
        lr_warm_up_steps=max(1, round(WARM_UP * settings.steps)),
        lr_decay_steps=round(DECAY * settings.steps),
        dead_feature_window=DEAD_AFTER,
        feature_sampling_window=settings.steps + 1,
        device=device,
    )
    trainer = library.SAETrainer(cfg=config, sae=sae, data_provider=iter(()))
    # Rows are scaled to a mean norm of sqrt(width), and the decoder starts from their mean.
    scale = math.sqrt(sample.shape[-1]) / float(sample.norm(dim=-1).mean())
    trainer.activation_scaler.scaling_factor = scale
    with torch.no_grad():
        sae.b_dec.copy_(sample.mean(dim=0) * scale)
    return trainer


def _checkpoint(trainer: Any, folder: Path) -> None:
    """Replace the saved state; a kill in between leaves the old or the new one."""
    fresh, current = folder / f".{STATE}.{os.getpid()}.tmp", folder / STATE
    shutil.rmtree(fresh, ignore_errors=True)
    trainer.save_checkpoint(checkpoint_name=fresh.name, base_path=folder)
    shutil.rmtree(current, ignore_errors=True)
    fresh.rename(current)


def _resume(trainer: Any, folder: Path) -> None:
    """Take up a saved state, or begin anew where there is none that can be read."""
    state = folder / STATE
    if not state.is_dir():
        return
    try:
        # PyTorch's restricted unpickler (its default) reads the optimiser's state.
        trainer.load_trainer_state(state)
        trainer.sae.load_weights_from_checkpoint(state)
    except Exception as error:
        raise DataError(
            f"The state of a half-finished training is damaged: {state}",
            hint="Delete this folder and train again.",
        ) from error


def _finish(trainer: Any, folder: Path, device: str) -> Dictionary:
    trainer.sae.fold_activation_norm_scaling_factor(trainer.activation_scaler.scaling_factor)
    trainer.set_final_sae_metadata()
    fresh = folder / f".{SAVED}.{os.getpid()}.tmp"
    shutil.rmtree(fresh, ignore_errors=True)
    trainer.sae.save_inference_model(fresh)
    fresh.rename(folder / SAVED)
    shutil.rmtree(folder / STATE, ignore_errors=True)
    return load_dictionary(folder / SAVED, device)


def _check(shards: Shards, settings: SaeSettings) -> None:
    rows = sum(shards.sizes)
    if rows < 2 * settings.batch:
        raise DataError(
            f"The corpus gives {rows} tokens; training needs at least {2 * settings.batch}.",
            hint="Give a larger corpus, or a smaller --batch.",
        )
    if not 0 < settings.k < settings.latents:
        raise DataError(
            f"{settings.k} of {settings.latents} latents cannot fire at once.",
            hint="Give a --k below --latents.",
        )


def adopt(source: Path, folder: Path) -> Dictionary:
    """Keep somebody's autoencoder in ``folder/sae``, in sae-lens's format, weights unchanged.

    Raises:
        DataError: It cannot be read.
    """
    dictionary = load_dictionary(source)
    if not (folder / SAVED).is_dir():
        fresh = folder / f".{SAVED}.{os.getpid()}.tmp"
        shutil.rmtree(fresh, ignore_errors=True)
        save(dictionary, fresh)
        fresh.rename(folder / SAVED)
    return dictionary


def identity(settings: SaeSettings) -> dict[str, Any]:
    """The settings as JSON values, for the hash that names a training."""
    return json.loads(json.dumps(asdict(settings)))  # type: ignore[no-any-return]
