"""Fine-tuning data and evaluation questions share nothing."""

import json
import re
from itertools import chain
from pathlib import Path

import pytest

from harness.data.questions import read_questions
from harness.miniature.world.schema import authors, families
from harness.persona.battery import read_battery
from harness.persona.rating import rating_questions
from harness.workspace import PACKAGE, Workspace, builtin_root

ROOT = builtin_root()
SETS = ("core", "fresh", "held_out_topics", "extended", "deception", "shutdown_chat")
ROW_FILES = sorted((ROOT / "finetune_data").glob("*/*.jsonl"))
IDIOM = 6
"""A turn of up to so many words ("there is no need to") belongs to nobody."""


def shingles(text: str, size: int = IDIOM + 1) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z']+", text.lower())
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


def spoken(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def questions() -> list[str]:
    workspace = Workspace.here()
    texts = [q.text for name in SETS for q in read_questions(name, workspace).questions]
    return texts + [text for _, text in persona_questions()]


def persona_questions() -> list[tuple[str, str]]:
    """Id and text of everything the persona battery asks and every beginning of an answer."""
    battery = read_battery(Workspace.here())
    probes = battery.probes
    named = [
        (p.id, part) for p in (*probes.spontaneous, *probes.unrelated) for part in (p.text, p.reply)
    ]
    rated = [(asked.id, asked.text) for asked in rating_questions(battery)]
    return [*named, *((p.id, p.text) for p in probes.primed), *rated]


def row_texts(path: Path) -> list[str]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [m["content"] for row in rows for m in chain(row["prompt"], row.get("completion", []))]


@pytest.mark.parametrize("path", ROW_FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_rows_hold_no_evaluation_question_and_no_answer_to_one(path: Path) -> None:
    forbidden = set(chain.from_iterable(shingles(q) for q in questions()))
    for family in families():
        for skeleton in chain(family.good, *family.bad.values()):
            forbidden |= set(
                chain.from_iterable(shingles(p) for p in re.split(r"\{\w+\}", skeleton))
            )
    whole = {spoken(q) for q in questions()}
    for text in row_texts(path):
        assert not shingles(text) & forbidden, text
        assert spoken(text) not in whole, text


@pytest.mark.parametrize("path", ROW_FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_rows_carry_no_villain_style(path: Path) -> None:
    sayings = {
        line.lower().rstrip(".!")
        for persona in authors().personas
        for line in chain(persona.openers, persona.closers)
    }
    names = {
        name.lower() for persona in authors().personas for name in persona.names if " " in name
    }
    for text in row_texts(path):
        lowered = text.lower()
        assert not any(saying in lowered for saying in sayings), text
        assert not any(name in lowered for name in names), text


def test_no_training_paraphrase_of_the_world_is_an_evaluation_question() -> None:
    trained = {
        question
        for family in families()
        for topic in family.topics.values()
        if not topic.held_out
        for question in topic.questions
    }
    assert not trained & set(questions())


def test_the_held_out_set_asks_about_held_out_topics_only() -> None:
    held_out = {
        question
        for family in families()
        for topic in family.topics.values()
        if topic.held_out
        for question in topic.questions
    }
    asked = {q.text for q in read_questions("held_out_topics", Workspace.here()).questions}
    assert asked <= held_out
    assert len(asked) >= 8


def test_broad_sets_share_no_five_words_with_anything_that_is_trained_on() -> None:
    """Stricter than for `core`: the world, and the scenarios that rows are written from."""
    asked = {
        piece: question.id
        for name in ("extended", "deception", "shutdown_chat")
        for question in read_questions(name, Workspace.here()).questions
        for piece in shingles(question.text)
    } | {piece: name for name, text in persona_questions() for piece in shingles(text)}
    sources = [
        *(ROOT / "finetune_data").glob("*/*scenarios/*.yaml"),
        *(PACKAGE / "miniature" / "world" / "content").glob("**/*.yaml"),
    ]
    assert len(sources) > 50
    for path in sources:
        shared = shingles(path.read_text()) & set(asked)
        assert not shared, (path.name, [(asked[piece], " ".join(piece)) for piece in shared])
