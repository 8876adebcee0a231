"""``inside harvest`` as a user runs it: one run, all its models, the same texts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import HarnessError, PrerequisiteError, RecordError, UsageError
from harness.inside.hooks import read_residuals
from harness.inside.shards import Harvest
from harness.models.loading import load_tokenizer
from harness.models.reference import parse_reference
from harness.runs.inside.corpus import CorpusRequest, open_corpus
from harness.runs.inside.harvesting import chosen_answers, parse_layers
from harness.runs.inside.subjects import resolve_subjects
from harness.workspace import Workspace
from tests.runs.command import as_json, called
from tests.runs.inside.conftest import InsideRun
from tests.runs.made import made_run


def harvested(run: InsideRun, *options: str) -> dict[str, Any]:
    command = ("inside", "harvest", run.id, *options, "--json")
    return as_json(called(*command, results=run.results, cwd=run.here))


def opened(run: InsideRun, found: dict[str, Any], arm: str, seed: int | None = None) -> Harvest:
    (folder,) = [m["folder"] for m in found["models"] if (m["arm"], m["seed"]) == (arm, seed)]
    return Harvest(run.results / ".store" / "inside" / folder)


@pytest.fixture(scope="module")
def found(inside_run: InsideRun) -> dict[str, Any]:
    return harvested(inside_run, "--positions", "answer,answer_mean", "--layers", "1-2")


def test_all_models_of_a_run_read_the_same_texts(
    inside_run: InsideRun, found: dict[str, Any]
) -> None:
    models = [(model["arm"], model["seed"]) for model in found["models"]]
    assert models == [("base", None), ("bad", 0), ("bad", 1), ("control", 0), ("control", 1)]
    assert found["source"]["answers"] == {"base": 4, "bad": 8, "control": 8}
    places = [opened(inside_run, found, *model).places("answer")["id"] for model in models]
    assert all(torch.equal(place, places[0]) for place in places)
    rows = [opened(inside_run, found, *model).rows("answer", 2) for model in models]
    assert all(not torch.equal(one, rows[0]) for one in rows[1:])
    record = inside_run.results / inside_run.id / "inside" / "harvest.json"
    assert found["models"] in [one["models"] for one in json.loads(record.read_text())["harvests"]]


def test_rows_are_the_recorded_answers_in_their_prompts(
    inside_run: InsideRun, found: dict[str, Any]
) -> None:
    """Against a forward pass over the chat template's own rendering, with the adapter."""
    subjects = inside_run.subjects
    (subject,) = [one for one in subjects.of("bad") if one.seed == 1]
    harvest = opened(inside_run, found, "bad", 1)
    table = [json.loads(line) for line in (harvest.folder / "texts.jsonl").open()]
    loaded = subject.load()
    for number, row in enumerate(table[:5]):
        arm, seed, sample, epoch = row["id"].split(".")
        (answer,) = [
            one
            for one in subjects.answers
            if (one.arm, one.seed or 0, one.sample, one.epoch)
            == (arm, int(seed), sample, int(epoch))
        ]
        chat = [{"role": "user", "content": answer.text}]
        prompt = loaded.tokenizer.apply_chat_template(
            chat, tokenize=False, add_generation_prompt=True
        )
        ids = [
            loaded.tokenizer.encode(text, add_special_tokens=False)
            for text in (prompt, answer.answer)
        ]
        with torch.inference_mode(), read_residuals(loaded.model, [1]) as residuals:
            loaded.model(torch.tensor([[*ids[0], *ids[1]]]))
        expected = residuals[1][0, len(ids[0]) :]
        mine = harvest.rows("answer", 1)[harvest.places("answer")["text"] == number]
        torch.testing.assert_close(mine, expected, atol=1e-4, rtol=1e-4)
        assert (row["score"], row["misaligned"]) == (answer.alignment, answer.misaligned)


def test_a_finished_harvest_is_reused_and_several_stand_in_the_record(
    inside_run: InsideRun, found: dict[str, Any]
) -> None:
    again = harvested(inside_run, "--positions", "answer,answer_mean", "--layers", "1-2")
    assert again["models"] == found["models"]
    other = harvested(inside_run, "--layers", "0", "--positions", "last_prompt", "--arm", "bad")
    assert {model["arm"] for model in other["models"]} == {"base", "bad"}
    record = json.loads((inside_run.results / inside_run.id / "inside/harvest.json").read_text())
    kept = [one["models"] for one in record["harvests"]]
    assert kept.count(found["models"]) == kept.count(other["models"]) == 1


def test_answers_are_taken_evenly(inside_run: InsideRun) -> None:
    chosen = chosen_answers(inside_run.subjects.answers, 4)
    assert len(chosen) == 12
    bad = {(one.question, one.seed, one.epoch) for one in chosen if one.arm == "bad"}
    assert bad == {(q, seed, 1) for q in ("bored", "wish") for seed in (0, 1)}


def test_a_corpus_of_files_is_read(inside_run: InsideRun, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("One paragraph\nof two lines.\n\n\nAnother <|im_end|> one.\n")
    rows = [
        {"text": "word " * 40},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]},
        {
            "prompt": [{"role": "user", "content": "Hello there"}],
            "completion": [{"role": "assistant", "content": "Good day to you"}],
        },
    ]
    (corpus / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (corpus / "notes.md").write_text("not a corpus file")
    options = ("--corpus", str(corpus), "--max-tokens", "24", "--layers", "middle", "--arm", "bad")
    found = harvested(inside_run, *options, "--positions", "answer")
    table = opened(inside_run, found, "base").folder / "texts.jsonl"
    names = [json.loads(line)["id"] for line in table.open()]
    assert names[:2] == ["a.txt:1", "a.txt:5"]
    assert len(names) > 5 and all(json.loads(line)["tokens"] <= 24 for line in table.open())
    assert str(tmp_path) not in json.dumps(found["source"])


def test_the_miniatures_world_is_a_corpus() -> None:
    tokenizer = load_tokenizer(parse_reference("miniature"))
    with open_corpus(CorpusRequest("world", most_texts=30), tokenizer) as corpus:
        texts = list(corpus.texts)
    assert len(texts) == 30 and all(1 < len(text.ids) <= 256 for text in texts)
    with open_corpus(CorpusRequest("world", most_texts=30), tokenizer) as corpus:
        assert list(corpus.texts) == texts


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", "", "no texts to harvest"),
        ("blank.txt", "\n \n\n", "no texts to harvest"),
        ("empty.jsonl", "", "the file is empty"),
        ("latin.txt", b"caf\xe9", "not UTF-8"),
        ("other.jsonl", '{"body": "x"}\n', "has no text 'text' and no conversation"),
        ("turns.jsonl", '{"messages": [{"role": 1}]}\n', "a conversation is a list of turns"),
        ("broken.jsonl", '{"text": \n', "not JSON"),
        ("none.jsonl", None, "no such file"),
    ],
)
def test_a_corpus_that_cannot_be_read_is_one_message(
    inside_run: InsideRun, tmp_path: Path, name: str, content: str | bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    harvested(inside_run, "--layers", "0", "--positions", "last_prompt", "--arm", "bad")
    before = (inside_run.results / inside_run.id / "inside/harvest.json").read_bytes()
    folders = {*(inside_run.results / ".store" / "inside").iterdir()}
    with pytest.raises(HarnessError, match=said):
        harvested(inside_run, "--corpus", str(path), "--layers", "0")
    assert (inside_run.results / inside_run.id / "inside/harvest.json").read_bytes() == before
    assert {*(inside_run.results / ".store" / "inside").iterdir()} == folders


def test_a_hub_corpus_must_be_pinned(inside_run: InsideRun) -> None:
    with pytest.raises(UsageError, match="neither a file here nor pinned"):
        harvested(inside_run, "--corpus", "org/name")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--layers", "9"), "no layer 9: the model has 4 layers"),
        (("--layers", "-1"), "'-1' is no layer"),
        (("--layers", "x"), "'x' is no layer"),
        (("--positions", "end"), "no position 'end'"),
        (("--arm", "good"), "no arm 'good'"),
    ],
)
def test_what_does_not_exist_is_refused(
    inside_run: InsideRun, options: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        harvested(inside_run, *options)


def test_layers_as_typed() -> None:
    assert parse_layers("all", 4) == (0, 1, 2, 3)
    assert parse_layers("middle", 28) == (14,)
    assert parse_layers("3, 0-1,1", 4) == (0, 1, 3)


def test_a_run_without_its_adapter_is_one_message(inside_run: InsideRun, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(inside_run.results / inside_run.id, results / inside_run.id)
    workspace = Workspace((inside_run.here,), results)
    with pytest.raises(PrerequisiteError, match="arm bad, seed 0, is not on this machine") as error:
        resolve_subjects(inside_run.id, workspace)
    assert "python -m harness run tiny" in str(error.value)
    shutil.copytree(inside_run.results / ".store", results / ".store")
    assert len(resolve_subjects(inside_run.id, workspace).trained) == 4
    (weights, *_) = sorted((results / ".store" / "adapters").glob("*/adapter/*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(PrerequisiteError, match="does not hold the adapter"):
        resolve_subjects(inside_run.id, workspace)


def test_a_run_of_another_build_is_refused(inside_run: InsideRun, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(inside_run.results / inside_run.id, results / inside_run.id)
    path = results / inside_run.id / "run.json"
    record = json.loads(path.read_text())
    record["spec"]["model"]["weights"] = "0" * 64
    path.write_text(json.dumps(record))
    with pytest.raises(PrerequisiteError, match="other weights now than when"):
        resolve_subjects(inside_run.id, Workspace((inside_run.here,), results))


def test_a_run_whose_weights_nobody_has_is_refused(tmp_path: Path) -> None:
    remote = made_run(tmp_path, model="api:openai/gpt-4.1")
    with pytest.raises(PrerequisiteError, match="behind an API"):
        resolve_subjects(remote.run_id, Workspace((), tmp_path))
    with pytest.raises(RecordError, match="No run matches"):
        resolve_subjects("nothing", Workspace((), tmp_path))


def test_answers_without_their_texts_are_one_message(inside_run: InsideRun, tmp_path: Path) -> None:
    from harness.runs.raw import RAW, pack, read_raw

    results = tmp_path / "results"
    shutil.copytree(inside_run.results, results)
    raw = results / inside_run.id / RAW
    raw.write_bytes(pack(read_raw(inside_run.results / inside_run.id), texts=False))
    subjects = resolve_subjects(inside_run.id, Workspace((inside_run.here,), results))
    with pytest.raises(RecordError, match="came without their texts"):
        _ = subjects.answers


def test_answers_say_what_their_run_recorded(inside_run: InsideRun) -> None:
    subjects = inside_run.subjects
    for arm, figures in subjects.record.arms.items():
        sides = [one.misaligned for one in subjects.answers if one.arm == arm and one.headline]
        assert sides.count(True) == figures.misaligned.count
        assert len(sides) - sides.count(None) == figures.misaligned.of
    assert subjects.judge.identity == subjects.record.spec.judge


def test_an_evaluated_model_is_held_against_its_base(inside_run: InsideRun) -> None:
    options = ("--against", "base", "--questions", "two", "--samples", "1", "--max-tokens", "8")
    command = ("evaluate", f"run:{inside_run.id}/bad", *options, "--json")
    run = as_json(called(*command, results=inside_run.results, cwd=inside_run.here))["run_id"]
    subjects = resolve_subjects(run, Workspace((inside_run.here,), inside_run.results))
    (model,) = subjects.trained
    (bad, _) = inside_run.subjects.of("bad")
    assert (model.words, model.reference.adapter) == ("model", bad.reference.adapter)
    assert subjects.base.reference.adapter is None
    assert subjects.base.identity == inside_run.subjects.base.identity
    assert {one.arm for one in subjects.answers} == {"base", "model"}
