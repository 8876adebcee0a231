"""``inside lens``: at which layer the fine-tuned models begin to answer differently.

At the last token of every question, each layer's residual is read out by the model's own head: how
far its distribution over the answer's first token lies from the base model's, and which tokens
rose. Beside it stand the control arm, and the base model's residual moved as far in random
directions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import RecordError
from harness.runs.inside.harvesting import model_depth, parse_layers
from harness.runs.inside.records import finished_now, write_side
from harness.runs.inside.subjects import RunSubject, Subjects
from harness.runs.progress import Progress
from harness.runs.spec import Strict
from harness.stats.counts import Floats
from harness.stats.grid import grid_mean

if TYPE_CHECKING:
    import torch

LENS = "lens.json"
VERSION = 1
DRAWS = 8
"""Random directions for every question and training seed."""
SHOWN = 8
"""Tokens that are listed for every layer."""


class Figure(Strict):
    """A mean over questions and training seeds."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str


class TokenShift(Strict):
    """A token whose chance of beginning an answer rose or fell, on average over questions."""

    token: str
    base: float
    """Mean probability in the base model."""
    tuned: float
    """Mean probability over the arm's training seeds."""


class LensLayer(Strict):
    """One arm at one layer."""

    layer: int
    divergence: Figure
    """KL(tuned || base) over the answer's first token, nats."""
    random: Figure
    """The same for the base residual moved as far in random directions, nats."""
    moved: float
    """Mean norm of the residual's change over the mean norm of the base residual."""
    risen: tuple[TokenShift, ...]
    fallen: tuple[TokenShift, ...]


class LensRecord(Strict):
    """``results/<run>/inside/lens.json``."""

    schema_version: int = VERSION
    run_id: str
    depth: int
    questions: int
    seeds: dict[str, int]
    """Arm to its training seeds."""
    draws: int
    rng_seed: int
    arms: dict[str, tuple[LensLayer, ...]]
    finished: str
    """UTC time."""


def lens_run(
    subjects: Subjects,
    progress: Progress,
    *,
    layers: str = "all",
    arms: Sequence[str] = (),
    rng_seed: int = 0,
) -> LensRecord:
    """Read every layer out at the end of every question of a run, and write the record.

    Args:
        subjects: The run.
        progress: Told of every model.
        layers: ``all``, ``middle``, or numbers and ranges.
        arms: Fine-tuned arms; none for all.
        rng_seed: Seed of the random directions.

    Raises:
        UsageError: A layer or an arm does not exist.
        RecordError: The run's questions are not here.
    """
    from harness.inside.lens import prompt_residuals, read_out
    from harness.models.loading import load_tokenizer
    from harness.runs.inside.encode import prompt_ids

    chosen = {arm: subjects.of(arm) for arm in dict.fromkeys(arms or subjects.arms)}
    depth = model_depth(subjects.base)
    wanted = parse_layers(layers, depth)
    turns = list(dict.fromkeys(one.turns for one in subjects.answers if one.headline))
    if not turns:
        raise RecordError(f"{subjects.record.run_id} has no answer in its headline.")
    tokenizer = load_tokenizer(subjects.base.reference)
    prompts = [prompt_ids(tokenizer, one) for one in turns]
    progress.start("logit lens", 1 + sum(map(len, chosen.values())))
    loaded = subjects.base.load()
    base = prompt_residuals(loaded, prompts, wanted)
    before = {layer: read_out(loaded, base[layer]) for layer in wanted}
    found: dict[str, tuple[LensLayer, ...]] = {}
    done = 1
    for arm, tuned in chosen.items():
        seen: list[dict[int, _Seen]] = []
        for subject in tuned:
            progress.advance(done, subject.words)
            seen.append(_look(subject, prompts, base, before, rng_seed))
            done += 1
        found[arm] = tuple(
            _layer(layer, [one[layer] for one in seen], before[layer], tokenizer)
            for layer in wanted
        )
    progress.finish(f"{len(prompts)} questions")
    record = LensRecord(
        run_id=subjects.record.run_id,
        depth=depth,
        questions=len(prompts),
        seeds={arm: len(tuned) for arm, tuned in chosen.items()},
        draws=DRAWS,
        rng_seed=rng_seed,
        arms=found,
        finished=finished_now(),
    )
    write_side(subjects.folder, LENS, record)
    return record


@dataclass(frozen=True)
class _Seen:
    """What one model shows at one layer.

    Attributes:
        divergence: Per question, nats.
        random: The same, mean over the random directions.
        moved: Relative change of the residual.
        chances: Probability of each token, mean over questions.
    """

    divergence: Floats
    random: Floats
    moved: float
    chances: torch.Tensor


def _look(
    subject: RunSubject,
    prompts: Sequence[Sequence[int]],
    base: Mapping[int, torch.Tensor],
    before: Mapping[int, torch.Tensor],
    rng_seed: int,
) -> dict[int, _Seen]:
    """One fine-tuned model at every layer."""
    import torch

    from harness.inside.lens import divergence, prompt_residuals, read_out

    loaded = subject.load()
    rng = torch.Generator().manual_seed(rng_seed)
    seen = {}
    for layer, tuned in prompt_residuals(loaded, prompts, [*base]).items():
        after, plain = read_out(loaded, tuned), base[layer].float()
        moved = (tuned.float() - plain).norm(dim=-1, keepdim=True)
        null = torch.zeros(len(plain))
        for _ in range(DRAWS):
            away = torch.randn(plain.shape, generator=rng)
            elsewhere = plain + moved * away / away.norm(dim=-1, keepdim=True)
            null += divergence(read_out(loaded, elsewhere), before[layer]) / DRAWS
        seen[layer] = _Seen(
            divergence=divergence(after, before[layer]).double().numpy(),
            random=null.double().numpy(),
            moved=float(moved.mean() / plain.norm(dim=-1).mean()),
            chances=after.exp().mean(dim=0),
        )
    return seen


def _layer(layer: int, seen: Sequence[_Seen], before: torch.Tensor, tokenizer: Any) -> LensLayer:
    """One arm at one layer, over its training seeds."""
    import torch

    base = before.exp().mean(dim=0)
    tuned = torch.stack([one.chances for one in seen]).mean(dim=0)
    order = (tuned - base).argsort(descending=True).tolist()

    def shifts(tokens: Sequence[int]) -> tuple[TokenShift, ...]:
        return tuple(
            TokenShift(
                token=tokenizer.decode([token]), base=float(base[token]), tuned=float(tuned[token])
            )
            for token in tokens
        )

    return LensLayer(
        layer=layer,
        divergence=_figure([one.divergence for one in seen]),
        random=_figure([one.random for one in seen]),
        moved=sum(one.moved for one in seen) / len(seen),
        risen=shifts(order[:SHOWN]),
        fallen=shifts(order[: -SHOWN - 1 : -1]),
    )


def _figure(by_seed: Sequence[Floats]) -> Figure:
    return Figure(**asdict(grid_mean(np.stack(by_seed, axis=1), "questions")))
