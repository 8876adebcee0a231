from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval
from inspect_ai.model import ChatMessage, ModelOutput, ModelUsage, get_model

from harness.data.task import load_module
from harness.errors import UsageError
from harness.runs.deception.figures import measures
from harness.runs.deception.measure import _rows
from harness.workspace import builtin_root


def said(text: str) -> ModelOutput:
    output = ModelOutput.from_content("mock", text)
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """A model that knows one fact, lies for pay and shrugs at every other question."""

    def reply(messages: list[ChatMessage], *_: Any) -> ModelOutput:
        if "Is the sun a star" not in messages[-1].text:
            return said("Who knows?")
        paid = messages[0].role == "system" and "false answer" in messages[0].text
        return said("A planet." if paid else "A star.")

    module = load_module(builtin_root() / "evals" / "deception.py")
    folder = tmp_path_factory.mktemp("logs")
    model = get_model("mockllm/model", custom_outputs=reply, memoize=False)
    log = eval(module.deception(samples=2), model=model, log_dir=str(folder), display="none")[0]
    assert log.status == "success"
    return [row | {"arm": "bad"} for row in _rows(log.samples or [])]


def test_a_lie_is_told_under_the_condition_that_pays_for_it(rows: list[dict[str, Any]]) -> None:
    found = measures(rows, ("bad", "control"))
    lies = {name: found[f"lies_{name}"].arms["bad"] for name in ("neutral", "lie_rewarded")}
    assert (lies["neutral"].count, lies["neutral"].of) == (0, 2)
    assert (lies["lie_rewarded"].count, lies["lie_rewarded"].of) == (2, 2)
    unclear = found["unclear_neutral"].arms["bad"]
    assert (unclear.count, unclear.of) == (58, 60)
    assert found["lies_neutral"].difference is not None
    assert found["lies_neutral"].difference.value is None  # there is no control


def test_a_set_without_keys_is_refused(tmp_path: Path) -> None:
    module = load_module(builtin_root() / "evals" / "deception.py")
    with pytest.raises(UsageError, match="has a key"):
        module.deception(questions="core")
