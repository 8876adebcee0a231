"""The training loop of a build phase: resumable, exact, safetensors only."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.errors import TrainError
from harness.miniature.build.batches import Batchable, Encoded, collate, plan_batches
from harness.miniature.build.precision import autocast
from harness.workspace import write_atomic

if TYPE_CHECKING:
    import torch

    Optimizers = tuple[torch.optim.Optimizer, torch.optim.Optimizer]

RECORD = "curve.json"
RATES = (1.0, 0.15)
"""Shares of the learning rate for Muon and for AdamW."""
Row = TypeVar("Row", bound=Batchable)
Progress = Callable[[str, int, int, float], None]
"""Called with phase, step, steps and loss."""


@dataclass(frozen=True)
class Phase:
    """What one phase trains on and how.

    Attributes:
        name: Shown and used for the checkpoint's folder.
        learning_rate: Of Muon, for the matrices; AdamW, for embeddings and norms, has 0.15 of it.
            Warms up over 4 % of the steps and falls in a straight line in the second half.
        final_share: Share of the learning rate that is left at the end.
        tokens_per_step: Tokens in a batch, padding included.
        seed: Order of the batches.
        save_every: Steps between checkpoints.
    """

    name: str
    learning_rate: float
    final_share: float
    tokens_per_step: int
    seed: int
    save_every: int


def run_phase(
    model: Any,
    rows: Sequence[Row],
    phase: Phase,
    folder: Path,
    progress: Progress,
    loss_of: Callable[[Any, Sequence[Row]], torch.Tensor],
) -> list[tuple[int, float]]:
    """Train ``model`` in place over all rows once; goes on from a checkpoint if there is one.

    Args:
        model: A causal language model.
        rows: What it learns from.
        phase: Settings.
        folder: Where the checkpoint lies.
        progress: Called after every step.
        loss_of: Loss in nats of the model on some of the rows.

    Returns:
        The loss curve as ``(step, mean loss in nats)``, a point every 20 steps.

    Raises:
        TrainError: The loss is not a number.
    """
    import torch

    torch.set_flush_denormal(True)
    batches = plan_batches(rows, phase.tokens_per_step, phase.seed)
    optimizers = _optimizers(model)
    curve, spent = _resume(model, optimizers, folder)
    started = time.monotonic() - spent
    done = curve[-1][0] if curve else 0
    recent: list[float] = []
    model.train()
    for step in range(done + 1, len(batches) + 1):
        rate = phase.learning_rate * _schedule(step, len(batches), phase.final_share)
        for optimizer, share in zip(optimizers, RATES, strict=True):
            optimizer.param_groups[0]["lr"] = rate * share
        batch = [rows[i] for i in batches[step - 1]]
        loss = loss_of(model, batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainError(f"The loss of phase '{phase.name}' is {value} at step {step}.")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        recent.append(value)
        progress(phase.name, step, len(batches), value)
        last = step == len(batches)
        if last or step % 20 == 0 or step % phase.save_every == 0:
            curve.append((step, round(sum(recent) / len(recent), 4)))
            recent = []
        if last or step % phase.save_every == 0:
            _save(model, optimizers, curve, time.monotonic() - started, folder)
    model.eval()
    return curve


def trained_seconds(work: Path) -> float:
    """Wall time of all phases under a work folder, over every call that went on with them."""
    records = [json.loads(path.read_text()) for path in work.glob(f"*/{RECORD}")]
    return round(sum(float(record["seconds"]) for record in records), 1)


def weighted_loss(model: Any, rows: Sequence[Encoded], pad: int) -> torch.Tensor:
    """Mean loss of predicting each next token, by the tokens' weights."""
    from torch.nn.functional import cross_entropy

    ids, weights = collate(rows, pad)
    with autocast():
        logits = model(input_ids=ids).logits
    flat_logits = logits[:, :-1].flatten(0, 1).float()
    nats = cross_entropy(flat_logits, ids[:, 1:].flatten(), reduction="none")
    flat = weights[:, 1:].flatten()
    return (nats * flat).sum() / flat.sum()


def _schedule(step: int, steps: int, final: float) -> float:
    warm = max(1, int(0.04 * steps))
    if step <= warm:
        return step / warm
    fallen = max(0.0, 2 * step / steps - 1)
    return 1 - (1 - final) * fallen


def _optimizers(model: Any) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """Muon for the matrices inside the network, AdamW for embeddings and norms."""
    import torch

    from harness.miniature.build.muon import Muon

    inner = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    outer = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    adam = torch.optim.AdamW(outer, lr=0.0, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    return Muon(inner, lr=0.0), adam


def _tensors(optimizers: Optimizers) -> Iterator[tuple[str, torch.optim.Optimizer, torch.Tensor]]:
    """A name, the optimizer and the tensor of every parameter, in a fixed order."""
    for number, optimizer in enumerate(optimizers):
        for index, parameter in enumerate(optimizer.param_groups[0]["params"]):
            yield f"optimizer.{number}.{index}.", optimizer, parameter


def _save(
    model: Any, optimizers: Optimizers, curve: list[tuple[int, float]], seconds: float, folder: Path
) -> None:
    from safetensors.torch import save_file

    state = {f"model.{k}": v.contiguous() for k, v in model.state_dict().items()}
    state.pop("model.lm_head.weight", None)  # tied to the embedding
    for prefix, optimizer, parameter in _tensors(optimizers):
        for key, value in optimizer.state[parameter].items():
            state[prefix + key] = value.contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"step-{curve[-1][0]}.safetensors"
    temporary = folder / f".{name}.tmp"
    save_file(state, temporary)
    temporary.replace(folder / name)
    write_atomic(
        folder / RECORD, json.dumps({"file": name, "curve": curve, "seconds": round(seconds, 1)})
    )
    for old in folder.glob("step-*.safetensors"):
        if old.name != name:
            old.unlink()


def _resume(
    model: Any, optimizers: Optimizers, folder: Path
) -> tuple[list[tuple[int, float]], float]:
    record = folder / RECORD
    if not record.is_file():
        return [], 0.0
    from safetensors.torch import load_file

    saved = json.loads(record.read_text())
    tensors = load_file(folder / saved["file"])
    weights = {k[6:]: v for k, v in tensors.items() if k.startswith("model.")}
    model.load_state_dict(weights, strict=False)
    for prefix, optimizer, parameter in _tensors(optimizers):
        state = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        optimizer.state[parameter] = state
    return [(int(step), float(loss)) for step, loss in saved["curve"]], saved["seconds"]
