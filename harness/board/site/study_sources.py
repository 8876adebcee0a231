"""Reading what is known of a run's inside from ``results/<run>/inside/``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from harness.board.site.study import Context, Latent, Moved, Study
from harness.board.site.study_tables import (
    causal_table,
    causal_words,
    direction_table,
    direction_words,
    drift_words,
    elsewhere_words,
    known_table,
    label_words,
    models_words,
    rank_words,
    sae_words,
    screen_words,
    warn_words,
)
from harness.board.text import percent
from harness.runs.inside.causing.record import ABLATE, STEER, CausalRecord
from harness.runs.inside.directing.record import DIRECTION, DirectionRecord
from harness.runs.inside.drifting.record import DRIFT, DriftRecord
from harness.runs.inside.elsewhere.record import ELSEWHERE, ElsewhereRecord
from harness.runs.inside.latents.label_record import LABEL, LabelledRecord, LabelRecord
from harness.runs.inside.screening.record import SCREEN, ScreenRecord
from harness.runs.inside.warning.record import WARN, WarnRecord
from harness.runs.spec import Strict

if TYPE_CHECKING:
    from harness.runs.inside.latents.record import RankedRecord, RankRecord, SaeRecord

FOLDER, CONTROL = "inside", "control"
CONTEXTS, KNOWN = 5, 3
"""Contexts, and known labels, that a card shows."""
LARGEST = 2**25
"""Bytes that a record may have; more is taken for a bomb."""
R = TypeVar("R", bound=Strict)


def read_study(run: Path) -> Study:
    """Everything that lies in a run's folder; a record that is broken is named, not shown.

    Args:
        run: Folder of the run's record.
    """
    if not (run / FOLDER).is_dir():
        return Study()
    reader = _Reader(run / FOLDER)
    sae, rank = reader.latents()
    direction = reader.read(DIRECTION, DirectionRecord)
    causal = [reader.read(name, CausalRecord) for name in (ABLATE, STEER)]
    drift = reader.read(DRIFT, DriftRecord)
    label = reader.read(LABEL, LabelRecord)
    screen = reader.read(SCREEN, ScreenRecord)
    elsewhere = reader.read(ELSEWHERE, ElsewhereRecord)
    warn = reader.read(WARN, WarnRecord)
    layer = screen.layer if screen else rank.layer if rank else None
    done = [
        ("direction", direction_words(direction, layer) if direction else None),
        *((record.verb, causal_words(record)) for record in causal if record),
        ("drift", drift_words(drift) if drift else None),
        ("sae", sae_words(sae) if sae else None),
        ("rank", rank_words(rank) if rank else None),
        ("screen", screen_words(screen) if screen else None),
        ("label", label_words(label) if label else None),
        ("elsewhere", elsewhere_words(elsewhere) if elsewhere else None),
        ("warn", warn_words(warn) if warn else None),
    ]
    tables = [
        direction_table(direction, layer) if direction else None,
        *(causal_table(record) if record else None for record in causal),
        known_table(label) if label and label.own else None,
    ]
    records = [sae, rank, direction, *causal, drift, label, screen, elsewhere, warn]
    return Study(
        steps=[(verb, *words) for verb, words in done if words is not None],
        moved=_moved(rank, screen) if rank else None,
        screen=screen,
        latents=_latents(rank, label, elsewhere) if rank else {},
        tables=[table for table in tables if table is not None],
        warn=warn,
        finished=max((str(r.finished) for r in records if r is not None), default=""),
        problems=reader.problems,
    )


class _Reader:
    """Reads records and remembers what was wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[str] = []

    def latents(self) -> tuple[SaeRecord | None, RankRecord | None]:
        """The autoencoder's and the ranking's records; nothing heavy is imported without them."""
        if not any((self._folder / name).is_file() for name in ("sae.json", "rank.json")):
            return None, None
        from harness.runs.inside.latents.record import RANK, SAE, RankRecord, SaeRecord

        return self.read(SAE, SaeRecord), self.read(RANK, RankRecord)

    def read(self, name: str, kind: type[R]) -> R | None:
        """One record, None if it is not there or broken."""
        path = self._folder / name
        try:
            if path.stat().st_size > LARGEST:
                raise ValueError("too large")
            return kind.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            short = "not a record of this version" if isinstance(error, ValidationError) else error
            self.problems.append(f"inside/{name} cannot be read: {short}")
            return None


def _moved(rank: RankRecord, screen: ScreenRecord | None) -> Moved:
    roles = {one.latent for one in screen.candidates} if screen else set()
    named: dict[int, tuple[float, float]] = {}
    rest: dict[int, tuple[float, float]] = {}
    for one in [*rank.rising, *rank.falling, *rank.control_rising]:
        point = _change(one, rank.by), _change(one, CONTROL)
        (named if one.latent in roles else rest)[one.latent] = point
    first = [one.latent for one in rank.rising[:10]] if not screen else []
    named |= {latent: rest.pop(latent) for latent in first if latent in rest}
    return Moved(
        words=f"Each dot is a latent of the base model's dictionary at layer {rank.layer}: its "
        f"mean activation on the same {rank.texts} answers as the trained models read them, minus "
        "the base model's. Shown are questions that had no part in the order, and the latents that "
        "moved most either way or that the control moved most.",
        unit="mean activation",
        named=named,
        rest=list(rest.values()),
    )


def _change(one: RankedRecord, arm: str) -> float:
    change = one.changes.get(arm)
    return change.evaluation if change else 0.0


def _latents(
    rank: RankRecord, label: LabelRecord | None, elsewhere: ElsewhereRecord | None
) -> dict[int, Latent]:
    told = {one.latent: one for one in elsewhere.candidates} if elsewhere else {}
    labelled = {one.latent: one for one in label.latents} if label else {}
    found = {}
    ranked = [
        *((one, f"raised most by the {CONTROL}") for one in rank.control_rising),
        *((one, f"lowered most by the {rank.by} arm") for one in rank.falling),
        *((one, f"raised most by the {rank.by} arm") for one in rank.rising),
    ]
    for one, how in ranked:
        bad, control = _change(one, rank.by), _change(one, CONTROL)
        moved = f"bad {bad:+.3g}, control {control:+.3g} on the evaluation questions"
        fires = f"{one.firing:.2%} of the corpus's tokens, at most {one.largest:.3g}"
        facts = [
            ("moved", f"{moved}, from {one.base:.3g}"),
            ("rank", f"{one.rank} among those {how}"),
            ("fires on", fires),
        ]
        mine = told.get(one.latent)
        if mine is not None and elsewhere is not None and mine.auroc is not None:
            facts.append(("AUROC elsewhere", f"{mine.auroc:.2f}, {models_words(elsewhere)}"))
        seen = labelled.get(one.latent)
        if seen is None:
            found[one.latent] = Latent(one.latent, facts=facts)
        else:
            found[one.latent] = _labelled(seen, facts)
    return found


def _labelled(seen: LabelledRecord, facts: list[tuple[str, str]]) -> Latent:
    if seen.nearest:
        near = ", ".join(f"{near.direction} {near.cosine:+.2f}" for near in seen.nearest)
        facts = [*facts, ("cosine", near)]
    if seen.auroc:
        best = sorted(seen.auroc.items(), key=lambda item: -abs(item[1] - 0.5))[:KNOWN]
        facts = [*facts, ("known labels", ", ".join(f"{name} {v:.2f}" for name, v in best))]
    score = None
    if seen.score is not None and seen.score.share is not None:
        score = f"predicts where it fires on new texts: {percent(seen.score.share)}, chance is 50 %"
    largest = max((context.activation for context in seen.contexts), default=0.0)
    contexts = [
        Context(
            [
                (context.before, 0.0),
                (context.token, context.activation / largest if largest > 0 else 0.0),
                (context.after, 0.0),
            ],
            f"activation {context.activation:.3g}",
        )
        for context in seen.contexts[:CONTEXTS]
    ]
    tokens = [token.token for token in seen.fires_at]
    return Latent(seen.latent, seen.label, score, facts, tokens, contexts)
