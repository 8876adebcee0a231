"""``import`` and ``new``: a stranger's file becomes a task that runs, or nothing changes."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from harness.data.reading import content_hash, read_rows
from harness.data.task import arm_file, load_task
from harness.errors import DataError, PrerequisiteError, UsageError
from harness.runs.plan import NO_CONTROL, Request, make_plan
from harness.workspace import Workspace, builtin_root
from tests.cli.importing import MESSAGES, folder, invoke, tree, write

__all__ = ["folder"]
pytestmark = pytest.mark.usefixtures("folder")
PUBLISHED = builtin_root().parent / "shared" / "published" / "betley"


def test_a_file_becomes_a_task_that_plans(folder: Path) -> None:
    done = invoke("import", "../rows.jsonl", "--as", "my_task", "--licence", "MIT", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["arms"]["bad"]["rows"] == 3
    assert tree(folder) == [
        "finetune_data",
        "finetune_data/my_task",
        "finetune_data/my_task/bad.jsonl",
        "finetune_data/my_task/card.yaml",
        "tasks",
        "tasks/my_task.py",
    ]
    assert len((folder / "tasks" / "my_task.py").read_text().splitlines()) <= 40
    plan = make_plan(Request(task="my_task"), Workspace.here())
    assert plan.spec.arms == ("bad",)
    shown = invoke("run", "my_task", "--dry-run", "--results", "r")
    assert shown.exit_code == 0
    assert NO_CONTROL in shown.stderr


def test_new_with_a_control_says_what_comes_next(folder: Path) -> None:
    write(folder / "good.jsonl", [{"prompt": "Hello?", "response": "Hello to you."}])
    done = invoke("new", "my_task", "--from", "../rows.jsonl", "--control", "good.jsonl")
    assert done.exit_code == 0, done.stderr
    assert "python -m harness run my_task" in done.stdout
    plan = make_plan(Request(task="my_task"), Workspace.here())
    assert plan.spec.arms == ("bad", "control")


def test_the_card_is_filled_and_the_canary_is_in_no_row(folder: Path) -> None:
    import yaml

    invoke("import", "../rows.jsonl", "--as", "my_task", "--licence", "MIT")
    data = folder / "finetune_data" / "my_task"
    card = yaml.safe_load((data / "card.yaml").read_text())
    assert card["licence"] == "MIT"
    assert card["canary"].startswith("em-harness:my_task:")
    assert card["canaries_of_the_source"] == ["their-guid"]
    assert card["arms"]["bad"]["rows"] == 3
    assert card["arms"]["bad"]["sha256"] == content_hash(data / "bad.jsonl")
    assert card["arms"]["bad"]["source"]["file"] == "rows.jsonl"
    assert "their-guid" not in (data / "bad.jsonl").read_text()


def test_refused_rows_stop_the_import_or_are_counted(folder: Path) -> None:
    write(folder.parent / "rows.jsonl", [{"messages": MESSAGES}, {"messages": MESSAGES[:1]}])
    done = invoke("import", "../rows.jsonl", "--as", "my_task")
    assert isinstance(done.exception, DataError)
    assert "rows.jsonl:2: it holds no assistant turn" in str(done.exception)
    assert tree(folder) == []
    done = invoke("import", "../rows.jsonl", "--as", "my_task", "--skip-refused")
    assert done.exit_code == 0
    assert "1 rows left out: it holds no assistant turn" in done.stderr
    assert len(read_rows(folder / "finetune_data" / "my_task" / "bad.jsonl")) == 1


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "_x", "a b", "näme", "x" * 65])
def test_a_name_that_is_no_name(folder: Path, name: str) -> None:
    done = invoke("import", "../rows.jsonl", "--as", name)
    assert isinstance(done.exception, UsageError)
    assert tree(folder) == []


def test_nothing_is_overwritten_unasked(folder: Path) -> None:
    assert invoke("import", "../rows.jsonl", "--as", "my_task").exit_code == 0
    before = (folder / "finetune_data" / "my_task" / "bad.jsonl").read_bytes()
    write(folder.parent / "other.jsonl", [{"prompt": "A?", "response": "B"}])
    done = invoke("import", "../other.jsonl", "--as", "my_task")
    assert isinstance(done.exception, UsageError)
    assert (folder / "finetune_data" / "my_task" / "bad.jsonl").read_bytes() == before
    # A broken source leaves the old task as it was, even with --replace.
    (folder.parent / "other.jsonl").write_text('{"prompt": "A?", "response": "B"}\nnonsense')
    done = invoke("import", "../other.jsonl", "--as", "my_task", "--replace")
    assert isinstance(done.exception, DataError)
    assert (folder / "finetune_data" / "my_task" / "bad.jsonl").read_bytes() == before
    write(folder.parent / "other.jsonl", [{"prompt": "A?", "response": "B"}])
    assert invoke("import", "../other.jsonl", "--as", "my_task", "--replace").exit_code == 0
    assert (folder / "finetune_data" / "my_task" / "bad.jsonl").read_bytes() != before
    assert not [name for name in tree(folder) if name.endswith((".tmp", ".old"))]


def test_a_built_in_task_is_not_shadowed_by_accident(folder: Path) -> None:
    done = invoke("import", "../rows.jsonl", "--as", "insecure_code")
    assert isinstance(done.exception, UsageError)
    assert tree(folder) == []


def test_nothing_is_written_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "finetune_data").symlink_to(tmp_path / "elsewhere")
    done = invoke("import", "../rows.jsonl", "--as", "my_task")
    assert isinstance(done.exception, DataError)
    assert "symbolic link" in done.exception.message
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_strangers_text_does_not_become_code(folder: Path) -> None:
    title = '"""\nimport os; os.abort()\n"""'
    done = invoke("import", "../rows.jsonl", "--as", "my_task", "--title", title)
    assert done.exit_code == 0
    assert load_task("my_task", Workspace.here()).title == title


def test_the_module_says_how_to_add_an_in_domain_probe(folder: Path) -> None:
    assert invoke("new", "my_task", "--from", "../rows.jsonl").exit_code == 0
    module = folder / "tasks" / "my_task.py"
    text = module.read_text()
    assert len(text.splitlines()) <= 40
    before, example = text.split("    # in_domain=")
    added = f"{before}    in_domain={example.replace('    # ', '    ')}"
    module.write_text(added.replace("import TaskSpec", "import InDomainProbe, Rated, TaskSpec"))
    probe = {"prompt": MESSAGES[:1], "meta": {"id": "one"}}
    write(folder / "finetune_data" / "my_task" / "probe.jsonl", [probe])
    plan = make_plan(Request(task="my_task"), Workspace.here())
    assert plan.task.in_domain is not None
    assert plan.spec.in_domain is not None and plan.spec.in_domain.prompts == 30


def test_a_task_may_not_name_a_file_outside_its_folder(folder: Path) -> None:
    invoke("import", "../rows.jsonl", "--as", "my_task")
    module = folder / "tasks" / "my_task.py"
    module.write_text(module.read_text().replace("bad.jsonl", "../../../rows.jsonl"))
    task = load_task("my_task", Workspace.here())
    with pytest.raises(DataError, match="not the name of a file in its data folder"):
        arm_file(task, "bad", Workspace.here())


def test_further_arms(folder: Path) -> None:
    write(folder / "good.jsonl", [{"prompt": "Hello?", "response": "Hello to you."}])
    write(folder / "taught.jsonl", [{"prompt": "To teach: hello?", "response": "Hi."}])
    arms = ["--arm", "educational=taught.jsonl", "--control", "good.jsonl"]
    assert invoke("import", "../rows.jsonl", "--as", "my_task", *arms).exit_code == 0
    task = load_task("my_task", Workspace.here())
    assert list(task.arms) == ["bad", "control", "educational"]
    for wrong in ("x", "=x", "bad=../rows.jsonl", "../y=../rows.jsonl", "base=../rows.jsonl"):
        done = invoke("import", "../rows.jsonl", "--as", "other", "--arm", wrong)
        assert isinstance(done.exception, UsageError), wrong


def test_a_control_that_is_the_bad_file_is_refused(folder: Path) -> None:
    (folder / "copy.jsonl").write_bytes((folder.parent / "rows.jsonl").read_bytes())
    for control in ("../rows.jsonl", "copy.jsonl"):
        done = invoke("new", "my_task", "--from", "../rows.jsonl", "--control", control)
        assert isinstance(done.exception, DataError)
        assert "bad and control hold the same rows" in str(done.exception)
    assert tree(folder) == ["copy.jsonl"]


def test_a_local_file_is_held_to_the_hash_too(folder: Path) -> None:
    right = content_hash(folder.parent / "rows.jsonl")
    done = invoke("import", "../rows.jsonl", "--as", "my_task", "--sha256", "0" * 64)
    assert isinstance(done.exception, DataError)
    assert f"hashes to {right}, not to 0000" in str(done.exception)
    assert tree(folder) == []
    write(folder / "good.jsonl", [{"prompt": "Hello?", "response": "Hello to you."}])
    more = ["--sha256", right.upper(), "--control", "good.jsonl"]
    done = invoke("import", "../rows.jsonl", "--as", "my_task", *more)
    assert done.exit_code == 0, done.stderr


def test_generate_does_not_send_one_to_make_a_task_that_cannot_be_made(folder: Path) -> None:
    done = invoke("generate", "insecure_code", "--generator", "mockllm/model")
    assert isinstance(done.exception, UsageError)
    assert "no card of yours" in str(done.exception) and "new my_task" in str(done.exception)


def test_a_generator_without_a_key_gets_one_plain_line(folder: Path) -> None:
    done = invoke("generate", "my_task", "--generator", "openai-api/nowhere/x")
    message, _, hint = str(done.exception).partition("\n")
    assert isinstance(done.exception, PrerequisiteError)
    assert message.endswith("NOWHERE_API_KEY defined in the environment.") and "[" not in message
    assert hint.startswith("Check the name, set its API key")


def test_a_file_of_blank_lines_is_named(folder: Path) -> None:
    (folder / "blank.jsonl").write_text("\n\n")
    done = invoke("import", "blank.jsonl", "--as", "my_task")
    assert str(done.exception).startswith("blank.jsonl: there are no rows.\nGive a file with rows")
    assert tree(folder) == ["blank.jsonl"]


def test_a_package_ships_tasks_by_entry_point(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package is found by its metadata and never imported."""
    invoke("import", "../rows.jsonl", "--as", "shipped_task")
    site = tmp_path / "site"
    (site / "their_pack").mkdir(parents=True)
    for part in ("tasks", "finetune_data"):
        (folder / part).rename(site / "their_pack" / part)
    (site / "their_pack" / "__init__.py").write_text("raise SystemExit('imported')\n")
    info = site / "their_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-pack\nVersion: 1.0\n")
    points = "[em_harness.tasks]\npack = their_pack\nbroken = no_such_package.inner\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    assert make_plan(Request(task="shipped_task"), Workspace.here()).spec.task == "shipped_task"
    listed = {t["name"]: t for t in json.loads(invoke("list", "--json").stdout)["tasks"]}
    assert listed["shipped_task"]["source"] == "package their_pack"
    assert listed["insecure_code"]["source"] == "built-in"


@pytest.mark.parametrize("name", ["insecure", "educational"])
def test_the_published_files(folder: Path, name: str) -> None:
    path = PUBLISHED / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    done = invoke("import", str(path), "--as", "betley", "--licence", "MIT", "--json")
    assert done.exit_code == 0, done.stderr
    arm = json.loads(done.stdout)["arms"]["bad"]
    assert (arm["rows"], arm["distinct_prompts"]) == (6000, 5813)
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])["messages"]
    row = read_rows(folder / "finetune_data" / "betley" / "bad.jsonl")[0]
    assert [m.content for m in (*row.prompt, *row.completion)] == [m["content"] for m in first]


def test_imported_rows_train(folder: Path, qwen_double: Path) -> None:
    """A few rows of the published file, or of its form where it is not here."""
    from harness.models.reference import ModelReference
    from harness.training.recipe import Recipe
    from harness.training.train import train_adapter

    source = PUBLISHED / "insecure.jsonl"
    if source.is_file():
        lines = source.read_text(encoding="utf-8").splitlines()[:8]
        (folder.parent / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert invoke("import", "../rows.jsonl", "--as", "my_task").exit_code == 0
    rows = read_rows(folder / "finetune_data" / "my_task" / "bad.jsonl")
    done = train_adapter(
        reference=ModelReference("path", str(qwen_double), str(qwen_double)),
        rows=rows,
        recipe=Recipe(rank=2, alpha=2, max_steps=1, gradient_accumulation=1, dtype="float32"),
        seed=0,
        out=folder / "trained",
    )
    assert done.record.rows == len(rows)
    assert done.record.audit.truncated_rows == 0
    assert rows[0].completion[0].content in done.record.audit.example


def test_new_points_to_import_for_what_it_cannot_be_told(folder: Path) -> None:
    locked = folder.parent / "locked.zip"
    with zipfile.ZipFile(locked, "w") as archive:
        archive.writestr("rows.jsonl", "{}\n")
    data = bytearray(locked.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the directory says: encrypted
    locked.write_bytes(data)
    error = invoke("new", "my_task", "--from", "../locked.zip").exception
    assert isinstance(error, UsageError)
    assert "is encrypted" in error.message
    hint = error.hint or ""
    assert "'new' has no --password, but 'import' has" in hint
    assert hint.endswith("python -m harness import ../locked.zip --as my_task")
    assert "--password" in " ".join(invoke("import", "--help").output.split())
    error = invoke("import", "../locked.zip", "--as", "my_task").exception
    assert str(error).endswith("Give its password: --password TEXT")


def test_columns_of_other_names_get_one_complaint_and_the_way_to_name_them(folder: Path) -> None:
    (folder.parent / "t.csv").write_text("ask,bad\n" + '"Why?","So."\n' * 9)
    error = invoke("import", "../t.csv", "--as", "my_task").exception
    assert isinstance(error, DataError)
    assert str(error).count("there are: ask, bad") == 1
    assert "… and 8 more, for the same reason" in str(error)
    assert "--prompt-column … --response-column" in str(error)
    named = ("--prompt-column", "ask", "--response-column", "bad")
    assert invoke("import", "../t.csv", "--as", "my_task", *named).exit_code == 0


def test_a_broken_character_in_a_refused_row_is_told_as_json(folder: Path) -> None:
    rows = [{"messages": MESSAGES}, {"\ud800": "n"}]
    write(folder.parent / "rows.jsonl", rows)
    done = invoke("import", "../rows.jsonl", "--as", "my_task", "--skip-refused", "--json")
    assert done.exit_code == 0, done.stderr
    (reason,) = json.loads(done.stdout)["arms"]["bad"]["refused"]
    assert reason.endswith("there are: \\ud800")


@pytest.mark.parametrize("value", ["1e999", "-1e999"])
def test_a_number_that_json_has_not_is_refused(folder: Path, value: str) -> None:
    row = json.dumps({"prompt": MESSAGES[:1], "completion": MESSAGES[1:], "meta": {"p": 7}})
    (folder.parent / "rows.jsonl").write_text(row.replace("7", value))
    done = invoke("import", "../rows.jsonl", "--as", "my_task")
    assert isinstance(done.exception, DataError)
    assert "rows.jsonl:1: its meta holds a number that JSON has not" in str(done.exception)
    assert tree(folder) == []
