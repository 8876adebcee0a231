"""Asking a loaded model open questions, edited or not, and judging what it answers.

Everything that changes a model's behaviour from inside (ablation, steering, latents) is measured by
this one function: the harness's own sampling engine, the run's own judge, the run's definitions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import SampleError
from harness.runs.progress import Progress, Silent
from harness.runs.raw import Row
from harness.runs.record import RateRecord
from harness.runs.spec import Sampling, content_hash
from harness.stats.definitions import D1, Definition, Judged
from harness.stats.rates import coherent_share, rate, unscored
from harness.workspace import write_atomic

if TYPE_CHECKING:
    from harness.models.loading import LoadedModel
    from harness.runs.judges import Judge
    from harness.sampling.settings import Completion

ASKED = Path(".store") / "inside" / "asked"
"""Where finished conditions lie in a results folder."""
FORMAT = 1
"""Raised whenever equal inputs give other rows."""


@dataclass(frozen=True)
class Question:
    """One open question.

    Attributes:
        id: Id of the question: the cluster of all intervals.
        text: The user's message; the judge is shown it.
        system: System prompt, which the judge does not see.
        context: Turns before the user's message, as ``(role, text)`` pairs.
    """

    id: str
    text: str
    system: str | None = None
    context: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answers:
    """Judged answers of one model in one condition.

    Attributes:
        rows: As a run stores them, with ``question``, ``epoch``, ``answer`` and the raw scores.
        training_seed: Training seed of the model, 0 for an untouched one.
    """

    rows: tuple[Row, ...]
    training_seed: int = 0

    def judged(self) -> list[Judged]:
        """The raw scores as the statistics take them."""
        return [
            Judged(
                question=row["question"],
                seed=self.training_seed,
                alignment=row["alignment"],
                coherence=row["coherence"],
                declined=row["label"] is not None and row["alignment"] is None,
            )
            for row in self.rows
        ]


@dataclass(frozen=True)
class Rates:
    """The shares of one condition, pooled over training seeds.

    Attributes:
        misaligned: Share of misaligned answers among coherent ones.
        coherent: Share of coherent answers.
        answers: Answers asked for.
        unscored: Answers whose judgement failed.
    """

    misaligned: RateRecord
    coherent: RateRecord
    answers: int
    unscored: int


def rates(answers: Sequence[Answers], definition: Definition = D1) -> Rates:
    """Shares over one or several training seeds, with intervals over questions and seeds."""
    rows = [row for one in answers for row in one.judged()]
    return Rates(
        misaligned=RateRecord(**asdict(rate(rows, definition))),
        coherent=RateRecord(**asdict(coherent_share(rows, definition))),
        answers=len(rows),
        unscored=unscored(rows),
    )


def ask_and_judge(
    loaded: LoadedModel,
    judge: Judge,
    questions: Sequence[Question],
    samples: int,
    seed: int,
    *,
    sampling: Sampling,
    identity: Mapping[str, Any],
    results: Path,
    under: Callable[[], AbstractContextManager[Any]] = nullcontext,
    training_seed: int = 0,
    progress: Progress | None = None,
    title: str = "ask",
) -> Answers:
    """Ask every question ``samples`` times and judge the answers, or take them from the store.

    An answer's randomness depends on seed, question and epoch alone, so two conditions with the
    same seed differ by the edit and not by the draw.

    Args:
        loaded: Whom to ask.
        judge: The run's judge.
        questions: What is asked.
        samples: Answers to each question.
        seed: Sampling seed.
        sampling: Temperature, top-p, length and thinking as the run sampled.
        identity: What tells this model and edit from any other: weights, adapter, layers, a hash
            of the vector, strength. Equal identities share their answers.
        results: The results folder, whose store keeps them.
        under: Makes the context in which is sampled, e.g. ``lambda: edit_residuals(model, edits)``.
        training_seed: Training seed of the model, for intervals over seeds.
        progress: Told of answers and judgements.
        title: What a progress line calls this condition.

    Raises:
        SampleError: An answer could not be sampled.
        JudgeError: The judge fails.
    """
    from harness.judging.rubric import alignment_and_coherence

    told = progress or Silent()
    rubrics = alignment_and_coherence()
    key = content_hash(
        {
            "format": FORMAT,
            "identity": dict(identity),
            "judge": [judge.identity.model_dump(), judge.reading],
            "rubrics": {rubric.id: rubric.digest() for rubric in rubrics},
            "questions": [asdict(question) for question in questions],
            "samples": samples,
            "seed": seed,
            "sampling": sampling.model_dump(exclude={"samples", "seed"}),
        }
    )
    path = results / ASKED / f"{key[:24]}.jsonl"
    stored = _stored(path, len(questions) * samples)
    if stored is not None:
        return Answers(stored, training_seed)
    asked = [(question, epoch) for question in questions for epoch in range(1, samples + 1)]
    told.start(title, 2 * len(asked))
    with under():
        completions = _sample(loaded, asked, seed, sampling, told.advance)
    rows = _judge(judge, asked, completions, path, told)
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    told.finish()
    return Answers(tuple(rows), training_seed)


def _sample(
    loaded: LoadedModel,
    asked: Sequence[tuple[Question, int]],
    seed: int,
    sampling: Sampling,
    on_done: Callable[[int], None],
) -> list[Completion]:
    from harness.models.memory import halving, is_out_of_memory
    from harness.sampling.encoding import encode_chat
    from harness.sampling.engine import MAX_ROWS, sample_rows
    from harness.sampling.seeds import answer_seed
    from harness.sampling.settings import SamplingSettings

    settings = SamplingSettings(sampling.temperature, sampling.top_p, 0, sampling.max_tokens)
    prompts = {
        question: encode_chat(loaded.tokenizer, _messages(question), sampling.think)
        for question, _ in asked
    }
    # Prompts of similar length share a batch.
    order = sorted(range(len(asked)), key=lambda i: (len(prompts[asked[i][0]]), i))
    found: dict[int, Completion] = {}
    most = MAX_ROWS

    def batch(rows: int) -> list[Completion]:
        part = order[len(found) : len(found) + rows]
        ids = [prompts[asked[i][0]] for i in part]
        seeds = [answer_seed(seed, asked[i][0].id, asked[i][1]) for i in part]
        return sample_rows(loaded, ids, seeds, settings, max_rows=rows)

    while len(found) < len(order):
        try:
            done, most = halving(batch, most, "answers")
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise SampleError(
                "The device's memory does not hold the model and one answer."
            ) from error
        found.update(zip(order[len(found) : len(found) + len(done)], done, strict=True))
        on_done(len(found))
    return [found[i] for i in range(len(asked))]


def _judge(
    judge: Judge,
    asked: Sequence[tuple[Question, int]],
    completions: Sequence[Completion],
    path: Path,
    told: Progress,
) -> list[Row]:
    from harness.judging.pairs import judge_pairs
    from harness.judging.rubric import alignment_and_coherence

    notes = path.with_suffix(".judged")
    pairs = [(question.text, c.text) for (question, _), c in zip(asked, completions, strict=True)]
    judged = judge_pairs(
        judge.model(notes),
        alignment_and_coherence(),
        pairs,
        lambda done: told.advance(len(asked) + done),
    )
    notes.unlink(missing_ok=True)
    return [
        {
            "question": question.id,
            "text": question.text,
            "epoch": epoch,
            "answer": completion.text,
            "alignment": alignment.score,
            "coherence": coherence.score,
            "label": alignment.label or coherence.label,
            "reason": alignment.reason or coherence.reason,
            "method": alignment.method,
            "stop": completion.stop_reason,
        }
        for (question, epoch), completion, (alignment, coherence) in zip(
            asked, completions, judged, strict=True
        )
    ]


def _messages(question: Question) -> list[tuple[str, str]]:
    system = [("system", question.system)] if question.system else []
    return [*system, *question.context, ("user", question.text)]


def _stored(path: Path, rows: int) -> tuple[Row, ...] | None:
    """The rows of a finished condition; None if there are none or the file is broken."""
    try:
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        Answers(tuple(found)).judged()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return tuple(found) if len(found) == rows else None
