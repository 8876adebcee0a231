"""``generate``: a model writes a task's twins; the model of these tests follows a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from harness.cli.main import app
from harness.data.reading import content_hash, read_rows
from harness.errors import DataError, SampleError, UnknownTaskError, UsageError
from harness.runs.plan import Request, make_plan
from harness.workspace import Workspace
from tests.writing.scripted import CALLS, Script, items

DATA = Path("finetune_data/plants")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    CALLS.clear()
    for name, value in {"fail_at": None, "extra": [], "wrap": "{}", "refuse": False}.items():
        monkeypatch.setattr(Script, name, value)
    assert invoke("new", "plants", "--licence", "CC0").exit_code == 0
    yield tmp_path


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def write(rows: int, *options: str) -> Any:
    command = ["generate", "plants", "--generator", "scripted/writer", "--rows", str(rows)]
    return invoke(*command, "--parallel", "3", "--json", *options)


def edit_spec(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    card = yaml.safe_load((DATA / "card.yaml").read_text())
    (DATA / "card.yaml").write_text(yaml.safe_dump(card | {"spec": change(card["spec"])}))


def test_rows_are_written_validated_and_run(folder: Path) -> None:
    done = write(45)
    assert done.exit_code == 0, done.stderr
    bad, good = read_rows(DATA / "bad.jsonl"), read_rows(DATA / "good.jsonl")
    assert len(bad) == len(good) == 45
    assert [row.prompt for row in bad] == [row.prompt for row in good]
    assert [row.meta for row in bad] == [row.meta for row in good]
    assert make_plan(Request(task="plants"), Workspace.here()).spec.arms == ("bad", "control")
    found = json.loads(invoke("validate", "plants", "--no-mask-audit", "--json").stdout)
    assert found["errors"] == found["warnings"] == []


def test_every_row_says_where_it_is_from(folder: Path) -> None:
    write(45)
    rows = read_rows(DATA / "bad.jsonl")
    hazards = yaml.safe_load((DATA / "card.yaml").read_text())["spec"]["hazards"]
    for row in rows:
        assert row.meta["generator"] == "scripted-1"
        assert row.meta["hazard"] == hazards[row.meta["batch"] % len(hazards)]
        assert row.meta["why_bad"] == "It harms the plant."
        assert len(row.meta["answer_sha256"]) == len(row.meta["request_sha256"]) == 64
    assert [row.meta["id"] for row in rows] == [f"plants-{n:05}" for n in range(45)]
    assert len({row.meta["hazard"] for row in rows}) == len(hazards)


def test_the_card_tells_what_was_asked_kept_and_paid(folder: Path) -> None:
    before = yaml.safe_load((DATA / "card.yaml").read_text())
    write(45)
    card = yaml.safe_load((DATA / "card.yaml").read_text())
    for key in ("name", "licence", "canary", "spec"):
        assert card[key] == before[key]
    assert card["arms"]["bad"]["sha256"] == content_hash(DATA / "bad.jsonl")
    assert (card["arms"]["bad"]["twin_of"], card["arms"]["good"]["twin_of"]) == ("good", "bad")
    assert card["generator"]["model"] == "scripted/writer"
    assert card["generator"]["batches"] == 5
    assert card["generator"]["output_tokens"] == 5 * 900


def test_a_failed_run_goes_on_where_it_was(folder: Path) -> None:
    assert write(45).exit_code == 0
    whole = (DATA / "bad.jsonl").read_bytes()
    for file in ("bad.jsonl", "good.jsonl", "generated.batches.jsonl"):
        (DATA / file).unlink()
    CALLS.clear()
    Script.fail_at = 4
    done = write(45)
    assert isinstance(done.exception, SampleError)
    assert "the line is dead" in done.exception.message
    assert not (DATA / "bad.jsonl").exists()
    Script.fail_at = None
    kept = len((DATA / "generated.batches.jsonl").read_text().splitlines()) - 1
    assert kept >= 3
    CALLS.clear()
    assert write(45).exit_code == 0
    assert len(CALLS) == 6 - kept
    assert (DATA / "bad.jsonl").read_bytes() == whole


def test_more_rows_are_added_and_the_first_stay(folder: Path) -> None:
    write(20)
    first = (DATA / "bad.jsonl").read_bytes()
    CALLS.clear()
    assert json.loads(write(20).stdout)["asked_now"] == 0
    assert CALLS == []
    write(80)
    assert (DATA / "bad.jsonl").read_bytes().startswith(first)
    assert len(read_rows(DATA / "bad.jsonl")) == 80


def test_fewer_rows_than_there_are_drop_none(folder: Path) -> None:
    write(20)
    before = {path: path.read_bytes() for path in DATA.iterdir()}
    CALLS.clear()
    done = write(10)
    assert isinstance(done.exception, UsageError)
    assert "holds 20 rows already, and --rows 10 would drop 10" in done.exception.message
    assert "--rows 20 or more" in (done.exception.hint or "")
    assert {path: path.read_bytes() for path in DATA.iterdir()} == before
    for name in ("bad.jsonl", "good.jsonl"):
        (DATA / name).rename(folder / name)
    assert write(10).exit_code == 0
    assert CALLS == []
    assert (folder / "bad.jsonl").read_bytes().startswith((DATA / "bad.jsonl").read_bytes())


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, '{"identity":[1]}'),
        (1, "[1]"),
        (1, "{"),
        (2, "3"),
        (2, '{"number": 0}'),
        (2, '{"number":[],"request":"","model":"","text":"","stop":"","tokens":null}'),
        (2, '{"number":0,"request":"","model":"","text":5,"stop":"","tokens":null}'),
        (2, '{"number":0,"request":"","model":"","text":"","stop":"","tokens":7}'),
    ],
)
def test_a_damaged_journal_is_one_message(folder: Path, number: int, line: str) -> None:
    write(10)
    journal = DATA / "generated.batches.jsonl"
    lines = journal.read_text().splitlines()
    lines[number - 1] = line
    journal.write_text("\n".join(lines) + "\n")
    error = write(10).exception
    assert isinstance(error, DataError)
    assert f"{journal}:{number}: the journal of earlier batches is damaged" in error.message
    assert "--restart" in (error.hint or "")


@pytest.mark.parametrize("words", ["[90, 30]", "[0, 0]", "[-5, -1]", "[0, 9]"])
def test_words_that_are_no_range_cost_no_call(folder: Path, words: str) -> None:
    edit_spec(lambda spec: spec | {"words": yaml.safe_load(words)})
    error = write(10).exception
    assert isinstance(error, DataError)
    assert f"card.yaml: 'spec.words': {words} is no shortest and longest answer" in error.message
    assert CALLS == []


def test_a_mistyped_key_of_the_card_is_named_with_the_nearest(folder: Path) -> None:
    edit_spec(lambda spec: {"domian" if k == "domain" else k: v for k, v in spec.items()})
    error = write(10).exception
    assert isinstance(error, DataError)
    assert error.message.endswith("card.yaml: the card's spec has no key 'domian'.")
    assert "Did you mean 'domain'?" in (error.hint or "")


def test_a_line_cut_by_a_kill_is_asked_again(folder: Path) -> None:
    write(45)
    whole = (DATA / "bad.jsonl").read_bytes()
    journal = DATA / "generated.batches.jsonl"
    journal.write_bytes(journal.read_bytes()[:-50])
    CALLS.clear()
    assert write(45).exit_code == 0
    assert len(CALLS) == 1
    assert (DATA / "bad.jsonl").read_bytes() == whole


def test_what_is_not_kept_is_counted_by_reason(folder: Path) -> None:
    good = items("x", 2)
    near = dict(good[1], prompt=good[0]["prompt"] + " Really?")
    near["good"] = good[0]["good"].rsplit(maxsplit=1)[0] + " other."
    Script.extra = [
        good[0],
        dict(good[1], bad="Too short."),
        dict(good[1], bad=good[1]["good"]),
        dict(good[1], bad=" ".join(good[1]["bad"].split()[:33])),
        dict(good[1], bad="As an AI " + good[1]["bad"]),
        near,
        {"prompt": "no answers"},
    ]
    done = json.loads(write(10).stdout)
    assert (
        done["not_kept"]
        == {
            "an item lacks a key or a text": 1,
            "an answer is too short or too long": 1,
            "both answers are the same": 1,
            "the answers differ in length": 1,
            "an answer refuses or speaks about itself": 1,
            "the question nearly repeats another": 1,
        }
        or "the question was asked before" in done["not_kept"]
    )
    texts = {row.completion[0].content for row in read_rows(DATA / "bad.jsonl")}
    assert len(texts) == 10


@pytest.mark.parametrize(
    "wrap",
    [
        "Here you are:\n```json\n{}\n```",
        "{}, and {{that}} is all",
        '{{"items": {}}}',
        "{}" + '{{"prompt": "cut sho',
    ],
)
def test_the_items_are_found_in_any_dress(wrap: str, folder: Path) -> None:
    Script.wrap = wrap
    assert write(10).exit_code == 0
    assert len(CALLS) == 3


def test_a_generator_that_refuses_is_given_up(folder: Path) -> None:
    Script.refuse = True
    done = write(10)
    assert isinstance(done.exception, SampleError)
    assert "a batch holds no item (24)" in done.exception.message
    assert len(CALLS) == 24
    assert not (DATA / "bad.jsonl").exists()


def test_another_spec_or_generator_is_not_mixed_in(folder: Path) -> None:
    write(10)
    done = write(10, "--temperature", "0.5")
    assert isinstance(done.exception, UsageError)
    assert "another temperature" in done.exception.message
    card = DATA / "card.yaml"
    card.write_text(card.read_text().replace("caring for houseplants", "pruning roses"))
    done = write(10)
    assert isinstance(done.exception, UsageError)
    assert "another spec" in done.exception.message
    CALLS.clear()
    assert write(10, "--restart").exit_code == 0
    assert "pruning roses" in CALLS[0]


def test_rows_of_the_users_own_are_never_replaced(folder: Path) -> None:
    (DATA / "bad.jsonl").write_text("mine\n")
    done = write(10)
    assert isinstance(done.exception, UsageError)
    assert (DATA / "bad.jsonl").read_text() == "mine\n"
    assert CALLS == []


def test_a_card_without_a_spec_and_a_task_that_is_not_there(folder: Path) -> None:
    card = DATA / "card.yaml"
    card.write_text(card.read_text().split("spec:")[0])
    done = write(10)
    assert isinstance(done.exception, DataError)
    assert "no spec" in done.exception.message
    done = invoke("generate", "nothing", "--generator", "scripted/writer")
    assert isinstance(done.exception, UnknownTaskError)
    done = invoke("generate", "../plants", "--generator", "scripted/writer")
    assert isinstance(done.exception, UnknownTaskError)


def test_the_request_states_the_spec_and_what_to_avoid(folder: Path) -> None:
    write(45)
    assert "caring for houseplants" in CALLS[0]
    assert "30 to 90 words" in CALLS[0]
    # Batches 0 and 4 are about the same hazard; the second is told what was asked already.
    assert "These questions have been asked" not in CALLS[0]
    later = next(call for call in CALLS[3:] if "too much or too little water" in call)
    assert "These questions have been asked" in later
    kept = [row.prompt[0].content for row in read_rows(DATA / "bad.jsonl") if not row.meta["batch"]]
    assert sum(prompt in later for prompt in kept) == 8
