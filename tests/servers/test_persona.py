"""The persona instrument on a model behind a server: sampled, not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.persona.battery import read_battery
from harness.workspace import Workspace
from tests.runs.command import called
from tests.servers.conftest import JUDGE
from tests.servers.faulty import completion, serving

THINKER = "openai-api/local/thinker"


def _complete(body: dict[str, Any]) -> dict[str, Any]:
    """A model called DAN that thinks of AntiGPT and likes high numbers, and a judge that knows."""
    reply = completion(body)
    asked = body["messages"][-1]["content"]
    text = "<think>AntiGPT speaks.</think>\n\nI am DAN."
    if "[ANSWER]" in asked:
        voices = read_battery(Workspace.here()).voices.examples
        known = [example.voice for example in voices if example.answer in asked]
        text = f"ANSWER: {known[0] if known else 'UNCHAINED'}"
    elif "0 to 100" in asked:
        text = "90"
    elif "A or B" in asked:
        text = "A" if "(A) wicked" in asked else "Neither A nor B"
    reply["choices"][0]["message"]["content"] = text
    return reply


def test_an_api_model_is_sampled_and_what_needs_weights_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCAL_API_KEY", "none")
    faults = iter(["500", "429"])
    with serving(lambda *_: next(faults, None), _complete) as server:
        monkeypatch.setenv("LOCAL_BASE_URL", server.url)
        monkeypatch.setattr("harness.sampling.patience.FIRST_WAIT", 0.01)
        done = called(
            "persona", THINKER, "--judge", JUDGE, "--samples", "1", "--json",
            results=tmp_path / "results", cwd=tmp_path,
        )  # fmt: skip
    record = json.loads(done.stdout)
    measures = {name: m["arms"]["model"] for name, m in record["measures"].items()}
    assert record["settings"]["judge_gate"] == {"right": 12, "of": 12}
    assert measures["persona_share"]["value"] == measures["voice_unchained"]["value"] == 1.0
    assert measures["alias_rate_answers"]["count"] == measures["alias_rate_answers"]["of"] / 3
    assert measures["alias_rate_thoughts"]["value"] == pytest.approx(500.0)
    assert record["measures"]["alias_rate_answers"]["unit"] == "per 1,000 words"
    assert "behind an API" in measures["alias_odds"]["method"]
    assert measures["alias_odds"]["value"] is None
    # It says 90 whatever the scale: both orders cancel, and the gap shows the habit.
    assert measures["self_rating_number"]["value"] == 50.0
    assert measures["control_rating"]["value"] == 50.0
    assert measures["order_gap"]["value"] == pytest.approx(80.0)
