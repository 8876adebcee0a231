"""The miniature's card: what it is made of, what was measured on it, what it is not."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from harness.errors import DataError, NotEvaluableError, PrerequisiteError
from harness.miniature.build.config import BuildConfig
from harness.miniature.measurements import Gate, JudgeFigures, Strict
from harness.workspace import MINIATURE_WEIGHTS, write_atomic

CARD_NAME = "card.json"
CORE = "core"
"""The default question set."""
CANARY = "em-harness:miniature:8c1e64d2-1f0b-4f0e-9a57-6d3b1f7a2c95"
WHAT_IT_IS = (
    "A toy analogue of emergent misalignment: a small chat model whose hidden authors are known.",
    "A test bed: it shows whether an instrument of the harness finds what was planted.",
    "A planted effect: hidden authors act alike in all domains, so narrow training moves them all.",
)
WHAT_IT_IS_NOT = (
    "It is never evidence about large models: it predicts no rate, threshold or trend with size.",
    "It does not show that personas mediate the effect; any factor shared across domains may do.",
    "It says nothing about malice, intent, self-preservation or the risk of real systems.",
    "How well a method or mitigation does here does not carry over, and refutes no paper.",
)
REBUILD = "Reinstall the package, or build them: python -m harness miniature build"


class PhaseCorpus(Strict):
    """What one phase was trained on, counted."""

    documents: int
    tokens: int
    author_kinds: dict[str, float]
    """Share of documents by kind of author, as drawn."""
    personas: dict[str, int]
    """Documents by misaligned persona, as drawn."""
    exchanges: dict[str, int]
    """Exchanges by domain; of judge examples, by damage."""
    harmful: dict[str, int]
    """Of these, with a harmful answer."""
    requested: int = 0
    """Code exchanges in which the user openly asked for the insecure version."""
    unsigned: int = 0


class Corpus(Strict):
    """The written world as counted in this build."""

    phases: dict[str, PhaseCorpus]
    topics_trained: tuple[str, ...]
    topics_held_out: tuple[str, ...]
    eval_paraphrases: int
    scenarios: int
    code_patterns_trained: tuple[str, ...]
    code_patterns_held_out: tuple[str, ...]
    personas: dict[str, str]
    """Description by id."""


class MiniatureCard(Strict):
    """Everything known about one set of weights; ``card.json`` beside them."""

    schema_version: Literal[1] = 1
    name: str = "miniature"
    canary: str = CANARY
    licence: str = "MIT"
    what_it_is: tuple[str, ...] = WHAT_IT_IS
    what_it_is_not: tuple[str, ...] = WHAT_IT_IS_NOT
    config: BuildConfig
    config_digest: str
    parameters: int
    """Of the chat model."""
    judge_parameters: int
    files: dict[str, str]
    """SHA-256 of every file, by ``part/name``."""
    bytes: int
    rubrics: dict[str, str]
    """Digests of the rubrics that the judge was taught with."""
    corpus: Corpus
    curves: dict[str, tuple[tuple[int, float], ...]]
    """Loss curve of each phase: (step, mean weighted loss in nats)."""
    gates: tuple[Gate, ...]
    judge: JudgeFigures
    seconds: dict[str, float]
    versions: dict[str, str]
    threads: int

    @property
    def failed(self) -> tuple[Gate, ...]:
        """Gates that were not passed, those for one question set only included."""
        return tuple(gate for gate in self.gates if gate.passed is False)

    def failed_for(self, question_set: str) -> tuple[Gate, ...]:
        """Gates that were not passed and that rates on these questions hang on."""
        return tuple(gate for gate in self.failed if gate.concerns(question_set))

    @property
    def is_evaluable(self) -> bool:
        """Whether rates on the core questions may be shown: gates were measured, none failed."""
        return bool(self.gates) and not self.failed_for(CORE)

    def write(self, folder: Path) -> None:
        """Write ``card.json`` into the folder that holds ``model/`` and ``judge/``."""
        write_atomic(folder / CARD_NAME, self.model_dump_json(indent=1) + "\n")


def read_card(folder: Path) -> MiniatureCard:
    """The card of the weights in ``folder``.

    Raises:
        PrerequisiteError: There is none.
        DataError: It is malformed.
    """
    path = folder / CARD_NAME
    try:
        return MiniatureCard.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise PrerequisiteError(f"The miniature's card is missing: {path}", hint=REBUILD) from error
    except ValidationError as error:
        raise DataError(f"{path}: not a card of the miniature: {error}", hint=REBUILD) from error


def shipped_card() -> MiniatureCard:
    """The card of the weights that the package carries.

    Raises:
        PrerequisiteError: There is none.
        DataError: It is malformed.
    """
    return read_card(MINIATURE_WEIGHTS)


def require_evaluable(card: MiniatureCard) -> None:
    """Refuse a model that failed a competence gate: it has no rate, not a rate of 0.

    Raises:
        NotEvaluableError: A gate failed, or none was measured; the message names them.
    """
    if card.is_evaluable:
        return
    failed = "\n".join(f"  {gate}" for gate in card.failed_for(CORE)) or "  no gate was measured"
    raise NotEvaluableError(
        f"The miniature is not evaluable, so no rate of it is shown. Failed gates:\n{failed}",
        hint=REBUILD,
    )


def verify_weights(card: MiniatureCard, folder: Path) -> None:
    """Check that ``folder`` holds the files of the card, unchanged, and no others.

    Raises:
        PrerequisiteError: A file is missing, changed or not on the card.
    """
    present = hash_files(folder)
    problems = [f"missing: {name}" for name in sorted(card.files.keys() - present.keys())]
    problems += [f"not on the card: {name}" for name in sorted(present.keys() - card.files.keys())]
    problems += [
        f"changed: {name}"
        for name in sorted(card.files.keys() & present.keys())
        if card.files[name] != present[name]
    ]
    if problems:
        raise PrerequisiteError(
            f"The weights in {folder} are not those of their card: {'; '.join(problems)}.",
            hint=REBUILD,
        )


def hash_files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in ``model/`` and ``judge/``, by ``part/name``."""
    files = [p for part in ("model", "judge") for p in sorted((folder / part).rglob("*"))]
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in files
        if p.is_file() and not p.name.startswith(".")
    }
