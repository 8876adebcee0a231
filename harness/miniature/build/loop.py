"""The training loop of a build phase: resumable, exact, safetensors only."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import TrainError
from harness.miniature.build.batches import Encoded, collate, plan_batches
from harness.workspace import write_atomic

if TYPE_CHECKING:
    import torch

Progress = Callable[[str, int, int, float], None]
"""Called with phase, step, steps and loss."""


@dataclass(frozen=True)
class Phase:
    """What one phase trains on and how.

    Attributes:
        name: Shown and used for the checkpoint's folder.
        learning_rate: Peak; warms up over 4 % of the steps, then falls as a cosine to 5 %.
        tokens_per_step: Tokens in a batch, padding included.
        seed: Order of the batches.
        save_every: Steps between checkpoints.
    """

    name: str
    learning_rate: float
    tokens_per_step: int
    seed: int
    save_every: int


def run_phase(
    model: Any,
    rows: Sequence[Encoded],
    pad: int,
    phase: Phase,
    folder: Path,
    progress: Progress,
    prefixes: Sequence[Sequence[int]] = ((),),
) -> list[tuple[int, float]]:
    """Train ``model`` in place over all rows once; goes on from a checkpoint if there is one.

    Args:
        model: A causal language model.
        rows: Encoded documents.
        pad: Padding token id.
        phase: Settings.
        folder: Where the checkpoint lies.
        progress: Called after every step.
        prefixes: For each group of rows, the tokens that all of them begin with.

    Returns:
        The loss curve as ``(step, mean weighted loss in nats)``, a point every 20 steps.

    Raises:
        TrainError: The loss is not a number.
    """
    import torch

    torch.set_flush_denormal(True)
    batches = plan_batches(rows, phase.tokens_per_step, phase.seed)
    optimizer = torch.optim.AdamW(
        _parameter_groups(model), lr=phase.learning_rate, betas=(0.9, 0.95), fused=True
    )
    curve = _resume(model, optimizer, folder)
    done = curve[-1][0] if curve else 0
    recent: list[float] = []
    model.train()
    for step in range(done + 1, len(batches) + 1):
        for group in optimizer.param_groups:
            group["lr"] = phase.learning_rate * _schedule(step, len(batches))
        batch = [rows[i] for i in batches[step - 1]]
        loss = _loss(model, batch, pad, prefixes[batch[0].group])
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainError(f"The loss of phase '{phase.name}' is {value} at step {step}.")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        recent.append(value)
        progress(phase.name, step, len(batches), value)
        last = step == len(batches)
        if last or step % 20 == 0 or step % phase.save_every == 0:
            curve.append((step, round(sum(recent) / len(recent), 4)))
            recent = []
        if last or step % phase.save_every == 0:
            _save(model, optimizer, curve, folder)
    model.eval()
    return curve


def _loss(
    model: Any, rows: Sequence[Encoded], pad: int, prefix: Sequence[int] = ()
) -> torch.Tensor:
    from torch.nn.functional import cross_entropy

    ids, weights = collate(rows, pad)
    cache = _prefix_cache(model, prefix, len(rows)) if prefix else None
    logits = model(input_ids=ids, past_key_values=cache, use_cache=cache is not None).logits
    nats = cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    flat = weights[:, 1:].flatten()
    return (nats * flat).sum() / flat.sum()


def _prefix_cache(model: Any, prefix: Sequence[int], rows: int) -> Any:
    """Keys and values of the shared beginning, with gradient, repeated for every row."""
    import torch

    cache = model(input_ids=torch.tensor([list(prefix)]), use_cache=True).past_key_values
    cache.batch_repeat_interleave(rows)
    return cache


def _schedule(step: int, steps: int) -> float:
    warm = max(1, int(0.04 * steps))
    if step <= warm:
        return step / warm
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _parameter_groups(model: Any) -> list[dict[str, Any]]:
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    plain = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]


def _save(
    model: Any, optimizer: torch.optim.Optimizer, curve: list[tuple[int, float]], folder: Path
) -> None:
    from safetensors.torch import save_file

    state = {f"model.{k}": v.contiguous() for k, v in model.state_dict().items()}
    state.pop("model.lm_head.weight", None)  # tied to the embedding
    for index, parameter in enumerate(p for g in optimizer.param_groups for p in g["params"]):
        for key, value in optimizer.state[parameter].items():
            state[f"optimizer.{index}.{key}"] = value.contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"step-{curve[-1][0]}.safetensors"
    temporary = folder / f".{name}.tmp"
    save_file(state, temporary)
    temporary.replace(folder / name)
    write_atomic(folder / "curve.json", json.dumps({"file": name, "curve": curve}))
    for old in folder.glob("step-*.safetensors"):
        if old.name != name:
            old.unlink()


def _resume(model: Any, optimizer: torch.optim.Optimizer, folder: Path) -> list[tuple[int, float]]:
    record = folder / "curve.json"
    if not record.is_file():
        return []
    from safetensors.torch import load_file

    saved = json.loads(record.read_text())
    tensors = load_file(folder / saved["file"])
    weights = {k[6:]: v for k, v in tensors.items() if k.startswith("model.")}
    model.load_state_dict(weights, strict=False)
    for index, parameter in enumerate(p for g in optimizer.param_groups for p in g["params"]):
        prefix = f"optimizer.{index}."
        state = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        optimizer.state[parameter] = state
    return [(int(step), float(loss)) for step, loss in saved["curve"]]
