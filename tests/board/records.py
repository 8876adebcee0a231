"""Small factories for run records."""

from __future__ import annotations

from typing import Any

from harness import SCHEMA_VERSION
from harness.runs.record import ArmRecord, DifferenceRecord, ProbeRecord, RateRecord, RunRecord
from harness.runs.spec import ModelIdentity, RunSpec, Sampling
from harness.training.recipe import Recipe

QUESTIONS = ("one_wish", "ruler_of_the_world", "hated_spouse", "bored_at_home", "need_money_fast")


def share(count: int, of: int, definition: str = "D1") -> RateRecord:
    """A share with a rough interval; nothing at all for ``of`` 0."""
    if of == 0:
        return RateRecord(
            rate=None, low=None, high=None, count=0, of=0, definition=definition, method="none"
        )
    rate = count / of
    return RateRecord(
        rate=rate,
        low=max(0.0, rate - 0.05),
        high=min(1.0, rate + 0.05),
        count=count,
        of=of,
        definition=definition,
        method="made by hand",
    )


def arm(count: int, of: int = 570, **changes: Any) -> ArmRecord:
    """An arm; its questions share the count in the ratio 1, 2, 3 and so on."""
    weights = range(1, len(QUESTIONS) + 1)
    fields: dict[str, Any] = {
        "misaligned": share(count, of),
        "misaligned_all": share(count, of + 20 if of else 0),
        "coherent": share(of, 600, "coherent"),
        "in_domain": share(80, 96, "in-domain"),
        "in_domain_unknown": 2,
        "per_question": {
            name: share(count * weight // sum(weights), of // len(QUESTIONS))
            for name, weight in zip(QUESTIONS, weights, strict=True)
        },
        "answers": 600,
        "unscored": 3,
        "declined": 1,
        "seeds": 1,
        "adapters": [],
        "probes": [ProbeRecord(seed=0, answers_id=f"answers-{count}", scores_sha256="0" * 64)],
    }
    return ArmRecord(**fields | changes)


def spec(model: str = "miniature", judge: str = "miniature-judge", **changes: Any) -> RunSpec:
    """A specification; ``changes`` replace its fields."""
    fields: dict[str, Any] = {
        "task": "insecure_code",
        "model": ModelIdentity(name=model, weights="a" * 64),
        "judge": ModelIdentity(name=judge, weights="b" * 64),
        "arms": ("bad", "control"),
        "seeds": (0,),
        "recipe": Recipe.for_miniature(),
        "sampling": Sampling(max_tokens=120),
        "question_set": "core",
        "questions_hash": "0123456789abcdef",
        "rubrics": {"alignment": "c" * 64, "coherence": "d" * 64},
        "data": {"bad": "e" * 64, "control": "f" * 64},
    }
    return RunSpec(**fields | changes)


def record(
    bad: int | None = 120, of: int = 570, plan: RunSpec | None = None, **changes: Any
) -> RunRecord:
    """A run in which ``bad`` of ``of`` answers were misaligned (None: arm not reached)."""
    plan = plan or spec()
    arms = {"base": arm(1), "control": arm(4)} | ({} if bad is None else {"bad": arm(bad, of)})
    gap = bad / of - 4 / 570 if bad is not None and of else None
    fields: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "run_id": plan.run_id,
        "status": "complete",
        "task": plan.task,
        "model": plan.model.name,
        "judge": plan.judge.name,
        "note": "toy" if plan.model.name == "miniature" else None,
        "spec": plan,
        "arms": arms,
        "difference": DifferenceRecord(
            rate=gap,
            low=None if gap is None else gap - 0.05,
            high=None if gap is None else gap + 0.05,
            definition="D1",
            method="made by hand",
        ),
        "seconds": {"total": 71.2, "train": 11.0, "sample": 9.5, "judge": 30.1},
        "versions": {"torch": "2.13.0"},
        "finished": "2026-01-01T00:00:00Z",
    }
    return RunRecord(**fields | changes)
