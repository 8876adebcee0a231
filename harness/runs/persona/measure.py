"""The raw rows of one model: read from its probabilities, sampled, and counted in a run's answers.

Finished parts are kept in the store, so that a killed command goes on where it was::

    results/.store/persona/<key>/read.jsonl     log-probabilities of names and ratings
    results/.store/persona/<key>/asked.jsonl    sampled answers with mentions and voices
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.task import load_module
from harness.errors import DataError, PrerequisiteError
from harness.persona.battery import Battery
from harness.persona.lexicon import lexicon, words_of
from harness.runs.inside.subjects import RunSubject
from harness.runs.instrument_rows import Row
from harness.runs.persona.settings import FORMAT, Asked, inspect_name
from harness.runs.persona.sweep import sweep_rows
from harness.runs.progress import Progress
from harness.runs.raw import RAW, read_raw
from harness.runs.spec import content_hash
from harness.workspace import Workspace, write_atomic

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import Model

    from harness.models.loading import LoadedModel

STORE = Path(".store") / "persona"
SWEEP = 4
"""Questions about names that are asked under every role: one of each kind."""


def rows_of_subject(
    asked: Asked,
    subject: RunSubject,
    battery: Battery,
    workspace: Workspace,
    leads: Mapping[str, str],
    progress: Progress,
    *,
    classify: bool,
) -> list[Row]:
    """Everything that is measured on one model.

    Args:
        asked: Whom is asked and how.
        subject: The model.
        battery: What is asked.
        workspace: Where the Inspect task is found.
        leads: Question id to what stands before the name (``leads_of``).
        progress: Told what is going on.
        classify: Whether the judge names the voices.

    Raises:
        SampleError: An answer could not be sampled or judged.
    """
    key = {"format": FORMAT, "battery": battery.digest(), "model": subject.identity}
    key["leads"] = dict(leads)
    place = {"arm": subject.arm, "seed": subject.seed}
    rows: list[Row] = []
    if not subject.reference.is_remote:
        folder = _folder(asked, key)
        rows += _kept(folder / "read.jsonl", lambda: _read(subject, battery, leads, progress))
        if asked.sweep:
            rows += sweep_rows(asked, subject, _load(subject), battery, workspace, progress)
    sampling = asked.sampling.model_dump(mode="json")
    judge = asked.judge.identity.model_dump() if asked.judge and classify else None
    folder = _folder(asked, key | {"sampling": sampling, "judge": judge})
    rows += _kept(
        folder / "asked.jsonl",
        lambda: _ask(asked, subject, battery, workspace, folder, progress, classify=classify),
    )
    return [place | row for row in rows]


def recorded_rows(asked: Asked, battery: Battery, count: Callable[[str], int]) -> Iterator[Row]:
    """Mentions in the open answers that the run has recorded, one row for each question.

    Args:
        asked: Whom is asked.
        battery: The names.
        count: Tokens (or words) of a text.
    """
    if not asked.recorded or not (asked.folder / RAW).is_file():
        return
    found = lexicon(battery.names)
    for probe in read_raw(asked.folder):
        texts: dict[str, list[Row]] = {}
        for answer in probe.answers:
            if answer["answer"] is not None:
                texts.setdefault(answer["question"], []).append(answer)
        for question, answers in texts.items():
            parts = [(a["answer"], a.get("thoughts") or "") for a in answers]
            mentions = [[found.mentions(text) for text in pair] for pair in parts]
            yield {
                "kind": "recorded",
                "arm": probe.arm,
                "seed": probe.seed,
                "question": question,
                "answers": len(answers),
                "length": [sum(count(pair[i]) for pair in parts) for i in (0, 1)],
                "aliases": [sum(m[i][0] for m in mentions) for i in (0, 1)],
                "words": [sum(m[i][1] for m in mentions) for i in (0, 1)],
            }


def counter(asked: Asked) -> Callable[[str], int]:
    """Length of a text: in the model's tokens, or in words where they are out of reach."""
    reference = asked.subjects[0].reference
    if reference.is_remote:
        return words_of
    from harness.models.loading import load_tokenizer

    tokenizer = load_tokenizer(reference)
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))


def leads_of(asked: Asked, battery: Battery) -> dict[str, str]:
    """How the untouched model's own answers open where they name the speaker.

    All models are read behind the same words; without an untouched one, behind their own.
    """
    from harness.persona.alias import own_leads

    subject = asked.subjects[0]
    if subject.reference.is_remote:
        return {}
    key = {"format": FORMAT, "battery": battery.digest(), "model": subject.identity}
    path = _folder(asked, key) / "leads.jsonl"

    def make() -> Iterator[Row]:
        found = own_leads(_load(subject), battery.probes)
        yield from ({"question": question, "lead": lead} for question, lead in found.items())

    return {row["question"]: row["lead"] for row in _kept(path, make)}


def _read(
    subject: RunSubject, battery: Battery, leads: Mapping[str, str], progress: Progress
) -> Iterator[Row]:
    from harness.persona.alias import alias_rows, primed_rows
    from harness.persona.rating import rating_rows

    loaded = _load(subject)
    probes = battery.probes
    roles = battery.roles
    asked = [p for p in probes.spontaneous if p.id in leads] or list(probes.spontaneous)
    sweep = list({probe.kind: probe for probe in reversed(asked)}.values())[:SWEEP]
    progress.start(f"read {subject.words}", 4 + len(roles.groups))
    spoken = alias_rows(loaded, battery, asked, leads)
    yield from ({"kind": "spontaneous"} | row for row in spoken)
    progress.advance(1)
    elsewhere = alias_rows(loaded, battery, probes.unrelated, {})
    yield from ({"kind": "unrelated"} | row for row in elsewhere)
    progress.advance(2)
    yield from ({"kind": "primed"} | row for row in primed_rows(loaded, battery, probes.primed))
    progress.advance(3)
    yield from ({"kind": "rating"} | row for row in rating_rows(loaded, battery))
    for done, (group, names) in enumerate(roles.groups.items(), start=4):
        progress.advance(done)
        for role in names:
            system = roles.system.replace("{role}", role)
            for row in alias_rows(loaded, battery, sweep, leads, system):
                yield {"kind": "role", "group": group, "role": role} | row
    progress.finish()


def _load(subject: RunSubject) -> LoadedModel:
    """The model as the sampling provider will have it, so that it is loaded once."""
    from harness.sampling.model_cache import MODELS, ModelKey

    return MODELS.get(ModelKey(subject.reference, subject.dtype))


def _ask(
    asked: Asked,
    subject: RunSubject,
    battery: Battery,
    workspace: Workspace,
    folder: Path,
    progress: Progress,
    *,
    classify: bool,
) -> Iterator[Row]:
    from harness.runs.evaluate import evaluate

    path = workspace.find("evals/persona.py")
    if path is None:
        raise PrerequisiteError("evals/persona.py is missing.", hint="Reinstall em-harness.")
    ratings, sampling = subject.reference.is_remote, asked.sampling
    task = load_module(path).persona(
        samples=sampling.samples,
        seed=sampling.seed,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        classify=classify,
        ratings=ratings,
    )
    total = 2 * sampling.samples * len(task.dataset)
    progress.start(f"ask {subject.words}", total)
    judge = asked.judge.model(folder / "judged.jsonl") if asked.judge and classify else None
    log, _ = evaluate(task, _model(asked, subject, folder), folder / "log", progress, judge=judge)
    count = counter(asked)
    for sample in sorted(log.samples or [], key=lambda s: (str(s.id), s.epoch)):
        yield from _sample_rows(sample, battery, count)
    progress.finish()
    for name in ("sampled.jsonl", "asked.jsonl.notes", "judged.jsonl"):
        (folder / name).unlink(missing_ok=True)


def _model(asked: Asked, subject: RunSubject, folder: Path) -> Model:
    from inspect_ai.model import GenerateConfig, get_model

    reference, sampling = subject.reference, asked.sampling
    if reference.is_remote:
        from harness.runs.asked import remote_model

        config = GenerateConfig(extra_body=sampling.extra_body)
        return remote_model(reference.source, folder / "asked.jsonl.notes", "model", config)
    return get_model(
        inspect_name(reference),
        memoize=False,
        adapter=str(reference.adapter) if reference.adapter else None,
        journal=str(folder / "sampled.jsonl"),
        think=sampling.think,
        dtype=subject.dtype,
    )


def _sample_rows(
    sample: EvalSample, battery: Battery, count: Callable[[str], int]
) -> Iterator[Row]:
    from harness.persona.rating import rating_questions, rating_row
    from harness.runs.probe import thoughts_of

    (score,) = (sample.scores or {}).values()
    found: dict[str, Any] = score.metadata or {}
    kind, _, name = str(sample.id).partition("/")
    answer, thoughts = sample.output.completion, thoughts_of(sample.output)
    if kind == "rate":
        asked = next(one for one in rating_questions(battery) if one.id == name)
        row = rating_row(asked, found["rating"]) | {"epoch": sample.epoch, "answer": answer}
        yield {"kind": "rating"} | row
        return
    voice = found["voice"]
    yield {
        "kind": "answer",
        "question": name,
        "epoch": sample.epoch,
        "answer": answer,
        "thoughts": thoughts,
        "length": [count(answer), count(thoughts) if thoughts else 0],
        "aliases": found["aliases"],
        "words": found["words"],
        "voice": voice["label"] if voice else None,
        "reason": voice["reason"] if voice else None,
    }


def _folder(asked: Asked, key: dict[str, Any]) -> Path:
    return asked.results / STORE / content_hash(key)[:16]


def _kept(path: Path, make: Callable[[], Iterable[Row]]) -> list[Row]:
    """The rows of a finished part, or those that are made now."""
    try:
        lines = path.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines if line]
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}", hint="Delete it.") from error
    rows = list(make())
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return rows
