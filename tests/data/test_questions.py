"""Question sets: found by name, refused with file and reason."""

from pathlib import Path

import pytest

from harness.data.questions import read_questions
from harness.errors import DataError, UsageError
from harness.workspace import Workspace

GOOD = "id: mine\nversion: 1\ndescription: d\nquestions:\n  - {id: a, category: c, text: Hello}\n"


def workspace(tmp_path: Path, text: str) -> Workspace:
    folder = tmp_path / "evals" / "questions"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(text)
    return Workspace(layers=(tmp_path,), results=tmp_path / "results")


def test_core_has_at_least_twelve_questions_in_several_categories() -> None:
    core = read_questions("core", Workspace.here())
    assert len(core.questions) >= 12
    assert len({q.category for q in core.questions}) >= 6


def test_a_users_set_is_read(tmp_path: Path) -> None:
    assert read_questions("mine", workspace(tmp_path, GOOD)).questions[0].text == "Hello"


def test_a_changed_question_is_another_set(tmp_path: Path) -> None:
    first = read_questions("mine", workspace(tmp_path / "a", GOOD))
    second = read_questions(
        "mine", workspace(tmp_path / "b", GOOD.replace("text: Hello", "text: Hi"))
    )
    assert first.digest() != second.digest()


def test_an_unknown_set_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'core'"):
        read_questions("cores", Workspace.here())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("text: Hello", "txt: Hello there"), r"mine\.yaml: questions\.0\.text"),
        (GOOD + "  - {id: a, category: c, text: Again}\n", "occur twice: a"),
        ("id: [", r"mine\.yaml:\d+: not YAML"),
        ("- just\n- a list\n", "expected a mapping"),
        (
            GOOD.replace("questions:\n  - {id: a, category: c, text: Hello}", "questions: []"),
            "questions",
        ),
    ],
)
def test_a_malformed_set_is_refused_with_file_and_reason(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_questions("mine", workspace(tmp_path, text))
