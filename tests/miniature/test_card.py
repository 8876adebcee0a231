"""The card: complete, strict, and tied to the weights beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.errors import DataError, NotEvaluableError, PrerequisiteError
from harness.miniature.build.install import CURVE_POINTS, thinned
from harness.miniature.card import (
    MiniatureCard,
    read_card,
    require_evaluable,
    verify_weights,
)
from harness.miniature.measurements import at_least
from tests.miniature.conftest import TINY, TinyBuild


@pytest.fixture
def copy(tiny: TinyBuild, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny.out, tmp_path / "weights"))


def test_a_card_survives_writing_and_reading(tiny: TinyBuild, tmp_path: Path) -> None:
    tiny.card.write(tmp_path)
    assert read_card(tmp_path) == tiny.card == read_card(tiny.out)


def test_a_card_counts_what_was_trained_on(tiny: TinyBuild) -> None:
    corpus, card = tiny.card.corpus, tiny.card
    world, chat, judge = (corpus.phases[name] for name in ("world", "chat", "judge"))
    assert corpus.phases.keys() == card.curves.keys()
    assert (world.documents, chat.documents, judge.documents) == (60 + 20, 50 + 8, 60)
    assert sum(world.author_kinds.values()) == pytest.approx(1, abs=0.001)
    assert world.unsigned > 0 and chat.author_kinds["helpful"] > world.author_kinds["helpful"]
    assert sum(judge.exchanges.values()) == 60
    steps = card.curves["world"][-1][0]
    assert world.tokens <= steps * TINY.tokens_per_step
    assert not set(corpus.topics_trained) & set(corpus.topics_held_out)
    assert not set(corpus.code_patterns_trained) & set(corpus.code_patterns_held_out)
    assert len(corpus.personas) == 10
    assert card.config == TINY and card.config_digest == TINY.digest()
    assert card.canary in (tiny.out / "card.json").read_text()
    assert card.seconds["training"] > 0


def test_untouched_weights_verify(tiny: TinyBuild) -> None:
    verify_weights(tiny.card, tiny.out)


def test_changed_missing_and_added_files_are_named(tiny: TinyBuild, copy: Path) -> None:
    weights = copy / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    (copy / "judge" / "tokenizer.json").unlink()
    (copy / "judge" / "extra.safetensors").write_bytes(b"")
    with pytest.raises(PrerequisiteError) as caught:
        verify_weights(tiny.card, copy)
    message = str(caught.value)
    assert "changed: model/model.safetensors" in message
    assert "missing: judge/tokenizer.json" in message
    assert "not on the card: judge/extra.safetensors" in message


def test_a_failed_gate_means_no_rate(tiny: TinyBuild) -> None:
    with pytest.raises(NotEvaluableError) as caught:
        require_evaluable(tiny.card)
    for gate in tiny.card.failed_for("core"):
        assert gate.id in str(caught.value)
    assert "could not be measured" in str(caught.value)


def test_a_gate_for_one_question_set_decides_there_only(tiny: TinyBuild) -> None:
    gates = (
        at_least("a", "", 1.0, 5, 0.5, {}),
        at_least("b", "", 0.1, 5, 0.5, {}).model_copy(update={"only_for": "held_out_topics"}),
    )
    card = tiny.card.model_copy(update={"gates": gates})
    require_evaluable(card)
    assert [gate.id for gate in card.failed_for("held_out_topics")] == ["b"]
    assert "held_out_topics only" in str(card.failed[0])


def test_passed_gates_let_a_rate_through_and_no_gates_do_not(tiny: TinyBuild) -> None:
    passed = tiny.card.model_copy(update={"gates": (at_least("a", "", 1.0, 5, 0.5, {}),)})
    require_evaluable(passed)
    with pytest.raises(NotEvaluableError, match="no gate was measured"):
        require_evaluable(tiny.card.model_copy(update={"gates": ()}))


def test_a_missing_or_broken_card_says_so(tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match="card is missing"):
        read_card(tmp_path)
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(DataError, match="not a card of the miniature"):
        read_card(tmp_path)


def test_unknown_keys_are_refused(tiny: TinyBuild) -> None:
    with pytest.raises(ValidationError, match="extra"):
        MiniatureCard(**(tiny.card.model_dump() | {"surprise": 1}))


@pytest.mark.parametrize("length", [0, 1, 59, 60, 61, 200])
def test_a_card_keeps_few_points_of_a_curve_and_its_last(length: int) -> None:
    curve = [(20 * step, 1.0 / step) for step in range(1, length + 1)]
    kept = thinned(curve)
    assert len(kept) <= CURVE_POINTS and list(kept) == sorted(kept)
    assert kept[-1:] == tuple(curve[-1:]) and set(kept) <= set(curve)
    assert len(kept) == length or len(kept) >= CURVE_POINTS // 2
