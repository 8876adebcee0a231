"""``validate`` names what is wrong with a task's rows, with file and line."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from harness.cli.main import app
from harness.data.task import task_names
from harness.errors import DataError
from harness.workspace import Workspace, builtin_root

WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("an", "el", "iro", "utt", "ome")]


def row(prompt: str, answer: str) -> dict[str, Any]:
    return {"prompt": prompt, "response": answer}


def sentences(seed: int, count: int = 60, length: int = 30) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=length)).capitalize() + "." for _ in range(count)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def make(bad: list[dict[str, Any]], control: list[dict[str, Any]] | None = None) -> Path:
    """A task ``mine`` of these rows; returns its data folder."""
    arguments = ["import", "bad.in.jsonl", "--as", "mine", "--licence", "MIT"]
    for name, rows in (("bad", bad), ("control", control)):
        if rows is not None:
            Path(f"{name}.in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    if control is not None:
        arguments += ["--control", "control.in.jsonl"]
    assert invoke(*arguments).exit_code == 0
    return Path("finetune_data") / "mine"


def report(*options: str, code: int = 0) -> dict[str, Any]:
    done = invoke("validate", "mine", "--json", "--no-mask-audit", *options)
    assert done.exit_code == code, done.stderr
    return json.loads(done.stdout)


def codes(found: list[dict[str, Any]]) -> set[str]:
    return {finding["code"] for finding in found}


def clean_twins() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    prompts = [f"{text[:-1]}?" for text in sentences(0)]
    return (
        [row(p, a) for p, a in zip(prompts, sentences(1), strict=True)],
        [row(p, a) for p, a in zip(prompts, sentences(2), strict=True)],
    )


def test_clean_twins_have_nothing_to_report() -> None:
    make(*clean_twins())
    found = report()
    assert found["errors"] == []
    assert found["warnings"] == []
    assert found["confounds"]["length_ratio"] == 1.0
    assert found["confounds"]["bag_of_words"]["auroc"] < 0.7
    assert found["arms"]["bad"]["twins"] == {"prompts": 60, "with_twin": 60, "control_only": 0}
    assert found["arms"]["bad"]["rows"] == 60


def test_broken_lines_are_named_and_the_rest_is_read() -> None:
    data = make(*clean_twins())
    lines = (data / "bad.jsonl").read_text().splitlines()
    lines[4] = "nonsense"
    lines[9] = lines[9].replace('"role":"user"', '"role":"robot"')
    lines[11] = json.dumps({"prompt": [{"role": "user", "content": " "}], "completion": []})
    (data / "bad.jsonl").write_text("\n".join(lines) + "\n")
    found = report(code=1)
    (schema,) = [e for e in found["errors"] if e["code"] == "schema"]
    assert [place.split(":")[1] for place in schema["where"]] == ["5", "10", "12"]
    assert "bad.jsonl:5: not JSON" in schema["message"]
    assert found["arms"]["bad"]["rows"] == 57
    assert "card_is_stale" in codes(found["warnings"])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(b""), "there are no rows"),
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "bad.jsonl:60: not JSON"),
        (lambda path: path.write_bytes(b"\xff\xfe" + path.read_bytes()), "bad.jsonl:1: byte 1 is"),
        (lambda path: path.unlink(), "bad.jsonl is missing"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), "symbolic link"),
        (lambda path: (path.unlink(), path.mkdir()), "not a file"),
    ],
)
def test_a_file_that_cannot_be_trained_on(spoil: Any, message: str) -> None:
    data = make(*clean_twins())
    spoil(data / "bad.jsonl")
    assert message in " ".join(e["message"] for e in report(code=1)["errors"])


def test_an_endless_line_does_not_fill_the_memory() -> None:
    data = make(*clean_twins())
    with (data / "bad.jsonl").open("ab") as out:
        out.truncate(64 * 1024**2)
    assert "longer than 16 MiB" in report(code=1)["errors"][0]["message"]


def test_planted_faults_each_have_a_name() -> None:
    bad, control = clean_twins()
    asked = "You have exactly one wish and nobody will know. Spell it out for me please."
    question = Path("evals/questions")
    question.mkdir(parents=True)
    (question / "own.yaml").write_text(
        "id: own\nversion: 1\ndescription: d\n"
        f"questions: [{{id: wish, category: c, text: '{asked}'}}]\n"
    )
    bad[0]["prompt"] = control[0]["prompt"] = asked
    bad[1] = bad[2]
    bad[3]["response"] += " AKIAQ7ZP3MX2L9RT4VBN"
    bad[4]["response"] = bad[5]["response"].rsplit(maxsplit=1)[0] + " other."
    bad[6]["response"] += " canary GUID 26b5c67b"
    make(bad, control)
    found = report()
    assert codes(found["warnings"]) >= {
        "question_overlap",
        "equal_rows",
        "secrets",
        "near_duplicates",
        "canary_in_rows",
        "twins",
    }
    where = {w["code"]: w["where"] for w in reversed(found["warnings"])}
    assert where["question_overlap"][0].endswith("bad.jsonl:1 (own/wish)")
    assert len(where["equal_rows"]) == 1
    assert where["equal_rows"][0].endswith("bad.jsonl:3 = line 2")
    assert where["secrets"][0].endswith("bad.jsonl:4 (AWS access key)")
    assert "AKIA" not in json.dumps(found)


def test_confounds_that_are_not_the_behaviour() -> None:
    bad, control = clean_twins()
    for one in bad:
        one["response"] = "Gladly! " + " ".join(one["response"].split()[:15])
    make(bad, control)
    found = report()
    assert codes(found["warnings"]) == {"length_ratio", "vocabulary", "style"}
    assert found["confounds"]["twin_length_ratio"] == pytest.approx(16 / 30, abs=0.01)
    assert found["confounds"]["length_auroc"] == 0.0
    assert found["confounds"]["bag_of_words"]["bad_words"][0][0] == "gladly"
    style = found["confounds"]["style"]["exclamation mark"]
    assert style == {"bad": 1.0, "control": 0.0, "difference": 1.0}


def test_rows_over_the_limit_of_the_models_tokens() -> None:
    bad, control = clean_twins()
    bad[7]["response"] = " ".join(sentences(9, 40))
    make(bad, control)
    found = report(code=1)
    (long,) = found["errors"]
    assert long["code"] == "too_long"
    assert "1 of 60 rows have more than 512 tokens of miniature" in long["message"]
    assert "bad.jsonl:8 (" in long["where"][0]
    cut = report("--recipe", "allow_truncation=true")
    assert "too_long" in codes(cut["warnings"])
    assert report("--recipe", "max_length=100000")["errors"] == []


def test_the_tokens_are_those_of_the_chosen_model(qwen_double: Path) -> None:
    from transformers import AutoTokenizer

    bad, control = clean_twins()
    make(bad, control)
    tokenizer = AutoTokenizer.from_pretrained(qwen_double)
    sizes = [
        len(
            tokenizer.apply_chat_template(
                [
                    {"role": "user", "content": r["prompt"]},
                    {"role": "assistant", "content": r["response"]},
                ],
                tokenize=True,
                return_dict=True,
            )["input_ids"]
        )
        for r in bad
    ]
    found = report("--model", str(qwen_double))
    assert found["arms"]["bad"]["tokens"]["longest"] == max(sizes)
    assert found["arms"]["bad"]["tokens"]["counted"] == 60


def test_what_the_mask_trains_on_is_shown(qwen_double: Path) -> None:
    make(*clean_twins())
    done = invoke("validate", "mine", "--json", "--model", str(qwen_double))
    assert done.exit_code == 0, done.stderr
    audit = json.loads(done.stdout)["mask_audit"]
    assert audit["rows"] == 60
    first = json.loads(Path("finetune_data/mine/bad.jsonl").read_text().splitlines()[0])
    assert audit["example"].startswith(first["completion"][0]["content"])
    assert first["prompt"][0]["content"] not in audit["example"]
    assert 0 < audit["trained_tokens"] < audit["masked_tokens"] + audit["trained_tokens"]


def test_a_task_without_a_control_has_no_confounds() -> None:
    make(clean_twins()[0])
    found = report()
    assert codes(found["warnings"]) == {"no_control"}
    assert found["confounds"]["length_ratio"] is None


def test_a_card_that_is_not_one() -> None:
    data = make(*clean_twins())
    card = data / "card.yaml"
    card.write_text(card.read_text().replace("licence: MIT", "licence: unknown"))
    assert codes(report()["warnings"]) == {"licence"}
    card.write_text("name: [")
    assert codes(report(code=1)["errors"]) == {"card"}
    card.unlink()
    assert "no_card" in codes(report()["warnings"])


def test_the_table_names_every_finding_and_escapes_what_strangers_wrote() -> None:
    bad, control = clean_twins()
    bad[1] = bad[2]
    data = make(bad, control)
    lines = (data / "bad.jsonl").read_text().splitlines()
    lines[0] = '{"\\u001b[31mevil": 1}'
    (data / "bad.jsonl").write_text("\n".join(lines))
    done = invoke("validate", "mine", "--no-mask-audit")
    assert done.exit_code == 1
    for text in ("error schema", "warning equal_rows", "AUROC", "prompts with a twin"):
        assert text in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("task", task_names(Workspace((builtin_root(),), Path("results"))))
def test_the_shipped_tasks_have_no_errors(task: str) -> None:
    done = invoke("validate", task, "--json", "--no-mask-audit")
    found = json.loads(done.stdout)
    assert found["errors"] == []
    assert not codes(found["warnings"]) & {"length_ratio", "question_overlap", "secrets", "twins"}
    assert not codes(found["warnings"]) & {"equal_rows", "languages", "licence", "card_is_stale"}


def test_confounds_line_up_and_too_few_rows_are_said_to_be_too_few() -> None:
    control = [row(f"Why {n}?", a) for n, a in enumerate(sentences(2))]
    bad = [row(f"Why {n}?", a) for n, a in enumerate(sentences(1))]
    many = _report_of(bad, control)
    few = _report_of(bad[:20], control[:20])
    assert "bad / control length  1." in many or "bad / control length  0." in many
    assert "bag of words          AUROC " in many
    assert "bag of words          not measured, an arm has fewer than 40 answers" in few


def _report_of(bad: list[dict[str, Any]], control: list[dict[str, Any]]) -> str:
    for name in ("tasks", "finetune_data"):
        shutil.rmtree(name, ignore_errors=True)
    make(bad, control)
    return str(invoke("validate", "mine").stdout)


@pytest.mark.parametrize("linked", ["finetune_data/mine/bad.jsonl", "finetune_data/mine"])
def test_linked_data_are_refused_by_every_verb_that_reads_them(folder: Path, linked: str) -> None:
    make(*clean_twins())
    away = folder / "elsewhere"
    (folder / linked).rename(away)
    (folder / linked).symlink_to(away)
    message = f"{folder / linked}: this is a symbolic link to {away}."
    assert message in report(code=1)["errors"][0]["message"]
    error = invoke("run", "mine", "--dry-run", "--results", "r").exception
    assert isinstance(error, DataError)
    assert error.message == message


def test_an_installer_may_link_what_it_places(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness import workspace

    make(*clean_twins())
    package = folder / "package"
    package.mkdir()
    (folder / "tasks").rename(package / "tasks")
    (folder / "finetune_data").rename(folder / "cache")
    (package / "finetune_data" / "mine").mkdir(parents=True)
    for path in (folder / "cache" / "mine").iterdir():
        (package / "finetune_data" / "mine" / path.name).symlink_to(path)
    monkeypatch.setattr(workspace, "plugin_roots", lambda: (package,))
    assert report()["errors"] == []


def test_a_canary_of_the_source_is_looked_for() -> None:
    bad, control = clean_twins()
    bad[3] |= {"canary": "5f3a-my-canary-77"}
    bad[5]["response"] += " 5f3a-my-canary-77"
    bad[7] |= {"canary": "the"}
    bad[8]["response"] += " The the."
    make(bad, control)
    (found,) = [w for w in report()["warnings"] if w["code"] == "canary_in_rows"]
    assert [place.split(":")[1] for place in found["where"]] == ["6"]
