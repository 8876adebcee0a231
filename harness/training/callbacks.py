"""What the trainer calls while it trains: progress, the watch on the loss, sealing checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from harness.errors import TrainError
from harness.training.checkpoints import seal

Progress = Callable[[int, int, float | None], None]
"""Called after every optimiser step with the step, the number of steps, and the loss."""


class Watch(TrainerCallback):  # type: ignore[misc]
    """Report each step, stop at a loss that is not a number, seal finished checkpoints."""

    def __init__(self, inputs: str, on_progress: Progress | None) -> None:
        """Remember whose checkpoints these are and whom to tell."""
        self.inputs = inputs
        self.on_progress = on_progress

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tell the number of steps before the first, slow one."""
        if self.on_progress:
            self.on_progress(state.global_step, state.max_steps, None)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Check and report the loss; the trainer logs before it saves, so no bad state is kept."""
        if not logs or "loss" not in logs:
            return
        for name, key in (("loss", "loss"), ("gradient norm", "grad_norm")):
            value = float(logs.get(key, 0.0))
            if not math.isfinite(value):
                raise TrainError(
                    f"The {name} is {value} at step {state.global_step} of {state.max_steps}.",
                    hint="Lower learning_rate, raise warmup_steps, or use dtype float32.",
                )
        if self.on_progress:
            self.on_progress(state.global_step, state.max_steps, float(logs["loss"]))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Save no checkpoint after the last step: the adapter itself is written then."""
        if state.global_step >= state.max_steps:
            control.should_save = False
        return control

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Seal the checkpoint that has just been written."""
        seal(Path(args.output_dir) / f"checkpoint-{state.global_step}", self.inputs)
