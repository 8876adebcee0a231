"""The record of a run's directions, ``results/<run>/inside/direction.json``."""

from __future__ import annotations

from typing import Literal

from harness.runs.spec import Strict

DIRECTION = "direction.json"
SCHEMA = 1

Kind = Literal[
    "misaligned", "shuffled", "drift", "drift_pc1", "control_drift", "text", "persona", "reference"
]
"""``misaligned``: mean residual of misaligned answers minus that of aligned ones, inside one
fine-tuned model of the bad arm; ``shuffled``: the same with the labels dealt out at random.
``drift``: fine-tuned minus base on the same texts; ``drift_pc1``:
the axis along which that varies most. ``control_drift``: the same drift of the control arm.
``text``: misaligned minus aligned answers as the *base* model reads them, which is what the words
alone give. ``persona``: from contrastive system prompts, inside the base model. ``reference``: from
texts whose authors are known."""


class AtLayer(Strict):
    """One direction at one layer."""

    layer: int
    norm: float
    residual_norms: float
    """Its norm in mean norms of an answer token's residual."""
    auroc: float | None
    """Chance that a misaligned answer to an evaluation question lies further along it than an
    aligned one, both read by the direction's own model."""
    explained: float | None = None
    """``drift_pc1`` only: share of the drift's variance between texts."""


class FoundDirection(Strict):
    """One direction."""

    name: str
    """Its name in the tables: the kind and the training seed."""
    kind: Kind
    seed: int | None
    """Training seed of its model; None for the base model, or a mean over the seeds."""
    digest: str
    """Folder in the store that holds its vectors."""
    texts: int
    """Texts it was taken of."""
    layers: tuple[AtLayer, ...]


class CosineTable(Strict):
    """Cosines between all directions at one layer, in the order of ``directions``."""

    layer: int
    cosines: tuple[tuple[float | None, ...], ...]


class Nulls(Strict):
    """What directions do that mean nothing, at one layer; one figure per draw."""

    layer: int
    random_auroc: tuple[float | None, ...]
    """Random directions."""
    shuffled_auroc: tuple[float | None, ...]
    """The difference of means with the labels shuffled."""
    random_cosine: tuple[float | None, ...]
    """Random directions to the misaligned direction of the first training seed."""
    shuffled_cosine: tuple[float | None, ...]
    """Shuffled labels to the same."""
    random_reference: tuple[float | None, ...] = ()
    """Random directions to the reference."""
    shuffled_reference: tuple[float | None, ...] = ()
    """Shuffled labels to the reference."""


class DirectionRecord(Strict):
    """Everything that a reader needs to trust, repeat and use a run's directions."""

    schema_version: int = SCHEMA
    run_id: str
    inputs: str
    """Content hash of all that this record depends on."""
    arm: str
    control: str | None
    definition: str
    """Which answers are misaligned."""
    aligned_from: float
    """Least alignment score of an aligned answer."""
    discovery: tuple[str, ...]
    """Questions on whose answers the directions are found."""
    evaluation: tuple[str, ...]
    """Questions on whose answers AUROC is taken."""
    texts: dict[str, int]
    """How many there were, by half and verdict."""
    read: dict[str, int]
    """How many were read."""
    seeds: tuple[int, ...]
    layers: tuple[int, ...]
    residual_norms: tuple[float, ...]
    """Mean norm of an answer token's residual in the base model, by layer."""
    base_mean: str
    """Folder in the store that holds the base model's mean residuals on the aligned answers."""
    directions: tuple[FoundDirection, ...]
    cosines: tuple[CosineTable, ...]
    nulls: tuple[Nulls, ...]
    null_seeds: tuple[int, ...]
    reference: str | None
    """Where the reference texts came from."""
    missing: dict[str, str]
    """Kinds that could not be found, and why."""
    seconds: float
    versions: dict[str, str]
    finished: str
    note: str | None

    def direction(self, name: str) -> FoundDirection | None:
        """The direction of that name, if it was found."""
        return next((one for one in self.directions if one.name == name), None)

    def cosine(self, layer: int, first: str, second: str) -> float | None:
        """Cosine of two directions by their names."""
        names = [one.name for one in self.directions]
        if first not in names or second not in names:
            return None
        table = next(table for table in self.cosines if table.layer == layer)
        return table.cosines[names.index(first)][names.index(second)]
