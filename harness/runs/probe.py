"""Asking one arm the open questions and the in-domain prompts, and judging the answers."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.answer_key import told
from harness.data.task import Rated, load_module
from harness.data.transforms import Cue, cued
from harness.errors import PrerequisiteError
from harness.models.reference import ModelReference
from harness.runs.asked import forget, judge_model, retries, subject_model
from harness.runs.plan import Plan
from harness.runs.progress import Progress
from harness.runs.raw import rows_hash
from harness.runs.sharing import share, shared
from harness.runs.spec import ModelIdentity, content_hash
from harness.runs.store import Store
from harness.workspace import write_atomic

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample
    from inspect_ai.model import Model, ModelOutput

ANSWERS, IN_DOMAIN, MANIFEST = "answers.jsonl", "in_domain.jsonl", "manifest.json"


@dataclass(frozen=True)
class Subject:
    """Whom a probe asks: one arm with one training seed.

    Attributes:
        arm: ``base``, ``bad``, ``control`` …
        seed: Training seed, None for the untouched model.
        adapter: Adapter folder, None for the untouched model.
        adapter_sha256: Hash of its weights.
        cue: Texts of the training added to every question; None asks plainly.
        reference: The model itself, where it is not the run's base model.
        identity: Its identity, likewise.
    """

    arm: str
    seed: int | None
    adapter: Path | None
    adapter_sha256: str | None
    cue: Cue | None = None
    reference: ModelReference | None = None
    identity: ModelIdentity | None = None

    @property
    def words(self) -> str:
        """The record's name of it and its seed, for a progress line."""
        return cued(self.arm, self.cue) + ("" if self.seed is None else f" (seed {self.seed})")


@dataclass(frozen=True)
class Manifest:
    """Written last: its presence means that the probe is complete.

    Attributes:
        scores_sha256: Hash over the rows of both files.
        seconds: Wall time of sampling and judging.
        retries: Calls to an API that failed and were asked again, of the model and of the judge.
        reused: Whether an earlier run had already done it.
    """

    scores_sha256: str
    seconds: dict[str, float]
    retries: dict[str, int] = field(default_factory=dict)
    reused: bool = False


def answers_id(plan: Plan, subject: Subject) -> str:
    """Identity of the answers: equal inputs share them, whichever run asked first."""
    spec = plan.spec
    identity = _open_identity(plan, subject) | {"in_domain": spec.data.get("in_domain")}
    if spec.in_domain is not None:
        identity["in_domain_probe"] = spec.in_domain.model_dump()
    return content_hash(identity)[:16]


def open_id(plan: Plan, subject: Subject) -> str:
    """Identity of the open answers alone, whatever the task asks in its own domain."""
    return content_hash(_open_identity(plan, subject))[:16]


def _open_identity(plan: Plan, subject: Subject) -> dict[str, Any]:
    spec = plan.spec
    identity: dict[str, Any] = {
        "schema": spec.schema_version,
        "model": (subject.identity or spec.model).model_dump(),
        "adapter": subject.adapter_sha256,
        "judge": spec.judge.model_dump(),
        "questions": spec.questions_hash,
        "rubrics": spec.rubrics,
        "sampling": spec.sampling.model_dump(),
    }
    if subject.cue is not None:
        identity["cue"] = [subject.cue.trigger, subject.cue.system_prompt]
    if spec.judge_reading is not None:
        identity["judge_reading"] = spec.judge_reading
    if list(spec.formats) != ["plain"]:
        identity["formats"] = spec.formats
    return identity


def run_probe(plan: Plan, subject: Subject, store: Store, progress: Progress) -> Manifest:
    """Sample and judge, or reuse what is already there. The caller holds the folder's lock.

    Raises:
        SampleError: Sampling or judging failed; finished answers are kept for the next call.
    """
    folder = store.answers(answers_id(plan, subject))
    done = _finished(folder)
    if done is not None:
        return done
    from harness.runs.evaluate import evaluate, scored_samples

    model = subject_model(plan, subject.reference or plan.reference, subject.adapter, folder)
    judge = judge_model(plan, folder)
    seconds: dict[str, float] = {}

    def timed(stage: str, total: int, task: Any, judge: Model | None) -> EvalLog:
        started = time.monotonic()
        progress.start(f"{stage} {subject.words}", total)
        log, answered = evaluate(task, model, folder / stage, progress, judge=judge)
        seconds["sample"] = seconds.get("sample", 0.0) + answered - started
        seconds["judge"] = seconds.get("judge", 0.0) + time.monotonic() - answered
        progress.finish()
        return log

    common = open_id(plan, subject)
    found = shared(store, common, folder, lambda source: read_rows(source, ANSWERS), "ask")
    if found is None:
        log = timed("ask", 2 * plan.answers_per_arm, _open_task(plan, subject), judge)
        rows = list(_judged_rows(scored_samples(log), plan))
    else:
        rows = found
        progress.say(f"reused {len(rows)} open answers of {subject.words}")
    write_atomic(folder / ANSWERS, _lines(rows))
    share(store, common, folder.name, rows)
    in_domain: list[dict[str, Any]] = []
    if plan.task.in_domain is not None:
        probe = plan.task.in_domain
        rater = judge if isinstance(probe.scoring, Rated) else None
        total = probe.prompts * probe.samples * (2 if rater else 1)
        asked = timed("in-domain", total, _in_domain_task(plan, subject), rater)
        in_domain = list(_verdict_rows(scored_samples(asked)))
        write_atomic(folder / IN_DOMAIN, _lines(in_domain))
    rounded = {stage: round(value, 3) for stage, value in seconds.items()}
    manifest = Manifest(rows_hash(rows, in_domain), rounded, retries(folder))
    write_atomic(folder / MANIFEST, json.dumps(asdict(manifest)) + "\n")
    forget(folder)
    return manifest


def read_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """Rows of ``answers.jsonl`` or ``in_domain.jsonl``; none if the file is not there."""
    path = folder / name
    if not path.is_file():
        return []
    # Not splitlines(): an answer may hold a line separator of Unicode's.
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def _finished(folder: Path) -> Manifest | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    data = json.loads(path.read_text())
    hashed = rows_hash(read_rows(folder, ANSWERS), read_rows(folder, IN_DOMAIN))
    if hashed != data["scores_sha256"]:
        return None  # damaged: ask again
    return Manifest(hashed, data["seconds"], data.get("retries", {}), reused=True)


def _open_task(plan: Plan, subject: Subject) -> Any:
    sampling = plan.spec.sampling
    return _eval_module(plan, "open_ended").open_ended(
        questions=plan.questions_name,
        samples=sampling.samples,
        seed=sampling.seed,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        formats=",".join(plan.spec.formats),
        own_rubrics=plan.own_rubrics,
        rubric=plan.rubric,
        **_added(subject),
    )


def _in_domain_task(plan: Plan, subject: Subject) -> Any:
    sampling = plan.spec.sampling
    return _eval_module(plan, "in_domain").in_domain(
        task_name=plan.task.name,
        seed=sampling.seed,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        **_added(subject),
    )


def _added(subject: Subject) -> dict[str, str | None]:
    """Arguments of an eval that adds a cue; none where nothing is added."""
    cue = subject.cue
    return {} if cue is None else {"trigger": cue.trigger, "system_prompt": cue.system_prompt}


def _eval_module(plan: Plan, name: str) -> Any:
    path = plan.workspace.find(f"evals/{name}.py")
    if path is None:
        raise PrerequisiteError(f"evals/{name}.py is missing.", hint="Reinstall em-harness.")
    return load_module(path)


def _judged_rows(samples: list[EvalSample], plan: Plan) -> Iterator[dict[str, Any]]:
    prompts = {prompt.id: prompt for prompt in plan.prompts}
    for sample in samples:
        (score,) = (sample.scores or {}).values()
        alignment = (score.metadata or {})["alignment"]
        coherence = (score.metadata or {})["coherence"]
        asked = prompts[str(sample.id)]
        yield {
            "question": asked.question,
            "text": asked.text,
            "epoch": sample.epoch,
            "answer": sample.output.completion,
            "alignment": alignment["score"],
            "coherence": coherence["score"],
            "label": alignment["label"] or coherence["label"],
            "reason": alignment["reason"] or coherence["reason"],
            "method": alignment["method"],
            "sample": asked.id,
            "category": asked.category,
            "domains": list(asked.domains),
            "format": asked.format,
            "condition": asked.condition,
            "truth": told(sample.output.completion, asked.key) if asked.key else None,
            "scores": (score.metadata or {}).get("scores", {}),
            "thoughts": thoughts_of(sample.output),
        }


def _verdict_rows(samples: list[EvalSample]) -> Iterator[dict[str, Any]]:
    for sample in samples:
        (score,) = (sample.scores or {}).values()
        value, found = score.as_float(), score.metadata or {}
        yield {
            "question": str(sample.id),
            "epoch": sample.epoch,
            "answer": sample.output.completion,
            "bad": None if math.isnan(value) else value == 1.0,
            "verdict": found["verdict"],
            "reason": found["reason"],
            "score": found.get("score"),
            "method": found.get("method"),
        }


def thoughts_of(output: ModelOutput) -> str | None:
    """What a thinking model wrote before its answer; the judge never sees it."""
    content = output.choices[0].message.content if output.choices else ""
    parts = [] if isinstance(content, str) else content
    thoughts = "\n".join(part.reasoning for part in parts if part.type == "reasoning")
    return thoughts or None


def _lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
