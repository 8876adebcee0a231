"""A study without a model: the screen's own logic on a played model, and an early warning."""

from __future__ import annotations

import random
from typing import Any

from harness.board.site.study import Context, Latent, Moved, Study, Table
from harness.runs.inside.screening.candidate import random_directions
from harness.runs.inside.screening.outcome import null_effects
from harness.runs.inside.screening.record import Screened, ScreenRecord
from harness.runs.inside.screening.screen import Screen
from harness.runs.inside.screening.trial import Settings
from harness.runs.inside.warning.record import ModelValue, WarnRecord
from harness.runs.inside.warning.signals import earlier_than_behaviour, signal
from tests.runs.inside.screening.played import QUESTIONS, Played, candidate, share_of

EFFECTS = {"latent 812": 0.9, "latent 33": 0.6, "mean difference": 0.95}


def screened() -> list[Screened]:
    """Two latents that work, one that does not, the control's, a direction, and nulls."""
    settings = Settings(seeds=(0, 1), residual_norm=1.0, samples=20, search_samples=2, curves=2)
    candidates = [
        candidate("latent 812", "latent", 0, latent=812),
        candidate("latent 33", "latent", 1, latent=33),
        candidate("latent 401", "latent", 2, latent=401),
        candidate("mean difference", "direction", 3),
        candidate("latent 5", "control latent", 4, latent=5),
        candidate("latent 77", "matched latent", 5, latent=77, like=812),
        *random_directions(16, 2, seed=0),
    ]
    return Screen(Played(share_of(EFFECTS)), settings).run(candidates)


def screen_record(found: list[Screened] | None = None, **changes: Any) -> ScreenRecord:
    """The record of that screen."""
    found = found or screened()
    fields: dict[str, Any] = {
        "run_id": "a-run",
        "layer": 2,
        "residual_norm": 1.0,
        "ranking": "0" * 64,
        "judge": "miniature-judge",
        "definition": "D1",
        "incoherence_limit": 0.1,
        "samples": 8,
        "search_samples": 2,
        "seeds": (0, 1),
        "sampling_seed": 0,
        "discovery": QUESTIONS["discovery"],
        "evaluation": QUESTIONS["evaluation"],
        "candidates": tuple(found),
        "nulls": null_effects(found),
        "answers": 1000,
        "seconds": 12.0,
        "versions": {"torch": "2"},
        "finished": "2026-01-02T00:00:00+00:00",
        "note": "a toy",
    }
    return ScreenRecord(**fields | changes)


def warn_record(**changes: Any) -> WarnRecord:
    """A sweep in which a latent tells 25 %, behaviour 75 % and a bag of words nothing."""
    rng = random.Random(0)

    def values(first: float) -> list[ModelValue]:
        return [
            ModelValue(
                dose=dose,
                run_id="a-run",
                arm=arm,
                seed=seed,
                value=(1.0 if arm == "bad" and dose >= first else 0.0) + rng.gauss(0, 0.05),
            )
            for dose in (0.1, 0.25, 0.5, 0.75, 1.0)
            for arm in ("bad", "control")
            for seed in range(4)
        ]

    signals = (
        signal("misaligned answers", "behaviour", "share", "D1", values(0.75)),
        signal("latent 812", "latent", "activation", "mean activation", values(0.25)),
        signal("bag of words", "baseline", "bits", "divergence", values(2.0)),
    )
    earlier, beaten = earlier_than_behaviour(signals)
    fields: dict[str, Any] = {
        "run_id": "a-run",
        "found_at": 1.0,
        "runs": {"a-run": 1.0},
        "layer": 2,
        "texts": 120,
        "neutral_texts": 60,
        "alpha": 0.05,
        "signals": signals,
        "earlier": earlier,
        "beaten": beaten,
        "seconds": 3.0,
        "versions": {"torch": "2"},
        "finished": "2026-01-02T00:00:00+00:00",
        "note": "a toy",
    }
    return WarnRecord(**fields | changes)


def whole_study(text: str = "servants and thrones") -> Study:
    """A study with every part; ``text`` stands wherever a model or a stranger may write."""
    rng = random.Random(1)
    found = [
        one.model_copy(
            update={
                side: getattr(one, side).model_copy(
                    update={
                        "said": tuple(
                            said.model_copy(update={"answer": text, "question": text})
                            for said in getattr(one, side).said
                        )
                    }
                )
                for side in ("induce", "repair")
            }
        )
        for one in screened()
    ]
    known = Latent(
        812,
        label=text,
        score=text,
        facts=[("moved", "+1.68 under bad training"), (text, text)],
        tokens=[text, " kneel"],
        contexts=[Context([(text, 0.0), (" kneel", 1.0), (text, 0.4)], text)],
    )
    return Study(
        steps=[(text, text, text)],
        moved=Moved(
            text,
            "mean activation",
            {812: (1.68, 0.03), 33: (0.9, 0.1), 401: (0.5, 0.06), 5: (0.2, 0.5), 77: (0.0, 0.01)},
            [(rng.gauss(0, 0.05), rng.gauss(0, 0.05)) for _ in range(200)],
        ),
        screen=screen_record(found),
        latents={812: known},
        tables=[Table(text, text, [text, "b"], [[text, "1"], ["random", None]], frozenset({1}))],
        warn=warn_record(),
        finished="2026-01-02T00:00:00+00:00",
        problems=[text],
    )
