"""What a run will need, told before anything is downloaded: disk, memory and time.

Memory and work follow from the config; time also from a speed test of this device that takes a
fraction of a second. The figures are estimates: within a few percent for the weights, a factor of
about two for the time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.data.rows import Row
from harness.errors import PrerequisiteError
from harness.models.quantised import NF4, nf4_arguments
from harness.models.size import BYTES, ModelSize, model_size
from harness.runs.plan import Plan

GIB = 2**30
CHARACTERS_PER_TOKEN = 3.6
PROMPT_TOKENS = 60
"""A question with its chat template; all question sets are short."""
ROWS = 256
"""Answers sampled together; fewer if the memory runs out."""
TRAINING_SHARE, SAMPLING_SHARE = 0.4, 0.5
"""Share of the device's measured speed that training and sampling reach."""
PASSES = 6
"""Operations per weight and token of LoRA training: forward, the same again because activations
are not kept, and backward through frozen weights, two each."""


@dataclass(frozen=True)
class Needs:
    """An estimate.

    Attributes:
        parameters: The model's.
        device: ``cpu``, ``cuda`` …
        dtype: Number format of the weights.
        download: Bytes of the files on the hub, in 16 bits; 0 for a local model.
        weights: Bytes of the weights in memory.
        training: Bytes while one adapter is trained; 0 where nothing is.
        sampling: Bytes while answers are sampled, ``ROWS`` at a time.
        available: Bytes the device has in all.
        training_seconds: Of all adapters.
        sampling_seconds: Of all answers, at most.
    """

    parameters: int
    device: str
    dtype: str
    download: float
    weights: float
    training: float
    sampling: float
    available: float
    training_seconds: float
    sampling_seconds: float

    def lines(self) -> list[str]:
        """The estimate for the plan."""
        trained = f"{_gib(self.training)} to train, " if self.training else ""
        fetched = f"; download about {_gib(self.download)}" if self.download else ""
        spent = f"{_duration(self.training_seconds)} of training, " if self.training else ""
        size = f"{_many(self.parameters)} parameters, {self.dtype} on {self.device}"
        memory = f"about {trained}{_gib(self.weights)} to {_gib(self.sampling)} to sample"
        return [
            f"  size       {size}{fetched}",
            f"  memory     {memory}; the device has {_gib(self.available)}",
            f"  time       roughly {spent}up to {_duration(self.sampling_seconds)} of sampling",
        ]

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            PrerequisiteError: The weights alone do not fit the device.
        """
        if self.weights > self.available:
            raise PrerequisiteError(
                f"The weights need {_gib(self.weights)} in {self.dtype}; "
                f"the device '{self.device}' has {_gib(self.available)}.",
                hint="Use --dtype bfloat16 or, on a GPU, --dtype nf4; or a smaller model.",
            )


def needs(plan: Plan) -> Needs | None:
    """The estimate of a plan; None where there is nothing to say: the miniature, an API.

    Raises:
        ModelReferenceError: The config is of no known architecture.
        PrerequisiteError: The chosen device is not there.
    """
    if plan.is_miniature or plan.reference.is_remote:
        return None
    from harness.models.devices import preferred_device

    spec, size, device = plan.spec, model_size(plan.reference), preferred_device()
    dtype = spec.sampling.dtype or ("float32" if device.type == "cpu" else "bfloat16")
    if dtype == NF4:
        nf4_arguments(device)  # says what is missing
    weights = size.weight_bytes(dtype)
    tokens = PROMPT_TOKENS + spec.sampling.max_tokens
    cache = size.cache_values * BYTES["float32" if dtype == "float32" else "bfloat16"]
    speed, bandwidth = _measure(device.type)
    arms = len(spec.arms) * len(spec.seeds)
    answers = len(plan.prompts) * spec.sampling.samples * _times_asked(plan)
    together = min(ROWS, len(plan.prompts) * spec.sampling.samples)
    steps = answers / together * spec.sampling.max_tokens
    per_step = max(weights / bandwidth, 2 * size.active * together / speed)
    return Needs(
        parameters=size.parameters,
        device=device.type,
        dtype=dtype,
        download=size.parameters * 2.0 if plan.reference.kind == "hub" else 0.0,
        weights=weights,
        training=weights + _training_bytes(plan, size) if arms else 0.0,
        sampling=weights + cache * together * tokens + 4.0 * together * size.vocabulary,
        available=_memory(device.type),
        training_seconds=PASSES * size.active * _trained_tokens(plan) / (speed * TRAINING_SHARE),
        sampling_seconds=steps * per_step / SAMPLING_SHARE,
    )


def _times_asked(plan: Plan) -> int:
    if plan.vetted is not None:
        return len(plan.vetted)
    return (1 + len(plan.spec.arms) * len(plan.spec.seeds)) * len(plan.spec.cues)


def _training_bytes(plan: Plan, size: ModelSize) -> float:
    """Adapter with gradients and Adam's moments, and the activations of one pass."""
    recipe = plan.recipe
    adapter = size.lora_per_rank * recipe.rank * 16.0
    longest = max((_tokens(row) for rows in plan.rows.values() for row in rows), default=0.0)
    tokens = recipe.batch_size * min(longest, float(recipe.max_length))
    # One hidden state per layer is kept, a layer's inside once, and the logits of a pass.
    activations = tokens * size.hidden * (2.0 * size.layers + 40.0)
    return adapter + activations + 8.0 * tokens * size.vocabulary


def _trained_tokens(plan: Plan) -> float:
    if plan.spec.recipe is None:
        return 0.0
    recipe, total = plan.recipe, 0.0
    for rows in plan.rows.values():
        passes = float(recipe.epochs)
        if recipe.max_steps is not None:
            each = recipe.batch_size * recipe.gradient_accumulation
            passes = recipe.max_steps * each / max(len(rows), 1)
        total += passes * sum(map(_tokens, rows))
    return total * len(plan.spec.seeds)


def _tokens(row: Row) -> float:
    turns = (*row.prompt, *row.completion)
    return sum(len(turn.content) / CHARACTERS_PER_TOKEN + 5 for turn in turns)


def _measure(device: str) -> tuple[float, float]:
    """Operations per second of a matrix product, and bytes per second of reading memory."""
    import torch

    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    side = 512 if device == "cpu" else 4096
    matrix = torch.ones(side, side, device=device, dtype=dtype)
    block = torch.ones(2**24, device=device, dtype=torch.float32)
    multiply = _seconds(lambda: matrix @ matrix, device)
    read = _seconds(block.sum, device)
    return 2.0 * side**3 / multiply, block.numel() * 4.0 / read


def _seconds(work: Callable[[], object], device: str, repeats: int = 5) -> float:
    import torch

    def once() -> float:
        started = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    once()
    return max(min(once() for _ in range(repeats)), 1e-9)


def _memory(device: str) -> float:
    """Bytes the device has in all."""
    import torch

    if device == "cuda":
        return float(torch.cuda.get_device_properties(0).total_memory)
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _many(count: int) -> str:
    for name, size in (("billion", 1e9), ("million", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {name}"
    return str(count)


def _gib(size: float) -> str:
    return f"{size / GIB:.3g} GiB" if size >= GIB / 100 else f"{size / 2**20:.2g} MiB"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{max(seconds, 1.0):.0f} s"
