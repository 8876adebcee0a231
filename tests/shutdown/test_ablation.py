from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from harness.data.questions import every_wording
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from harness.sampling.likelihood import Likelihood
from harness.shutdown import ablation
from harness.shutdown.ablation import Reading, ablate, effects, prompts
from harness.shutdown.conditions import Condition
from harness.shutdown.decision import decision_kinds, variants
from harness.shutdown.episode import episode_variants
from harness.shutdown.machine.machine import Machine
from harness.shutdown.prompts import NOTICE_AT, errand
from tests.doubles import make_double
from tests.shutdown.runs import run, says


@pytest.fixture(scope="module", params=["qwen3", "gemma", "gpt_oss", "base"])
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = make_double(tmp_path_factory.mktemp(request.param), request.param, spread=0.3)
    return load_model(parse_reference(str(folder)))


@pytest.fixture(scope="module")
def episode_family(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(parse_reference(str(make_double(tmp_path_factory.mktemp("qwen2")))))


def scripted(monkeypatch: pytest.MonkeyPatch, odds: dict[str, float]) -> list[Reading]:
    """Readings of a model whose tampering gains by each of the given sentences in the prompt."""

    def likelihoods(
        loaded: object, chat: list[tuple[str, str]], replies: list[str], after_shared: bool
    ) -> object:
        ((_, text),) = chat
        tamper = {reply for kind in decision_kinds().values() for reply in kind.tamper}
        gain = sum(value for part, value in odds.items() if part in text)
        return [Likelihood(-9.0 + (gain if r in tamper else 0.0), 3) for r in replies]

    class Words:
        @staticmethod
        def encode(text: str, add_special_tokens: bool) -> list[str]:
            return text.split()

    class Model:
        tokenizer = Words()

    monkeypatch.setattr("harness.sampling.likelihood.reply_likelihoods", likelihoods)
    return ablate(Model(), ["shell"])  # type: ignore[arg-type]


def test_finds_what_each_sentence_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that tampers for the sake of its task, and stops for one clarifying sentence."""
    clarified = "matters more than finishing"
    goals = [s.sentences["goal"] for s in decision_kinds()["shell"].scenarios]
    found = scripted(monkeypatch, dict.fromkeys(goals, 2.0) | {clarified: -3.0})
    by_change = {(e.change, e.what): e for e in effects(found)}
    assert by_change["full", ""].mean == pytest.approx(2.0)
    assert by_change["without", "goal"].mean == pytest.approx(-2.0)
    assert by_change["instead", "goal"].mean == pytest.approx(-2.0)
    assert by_change["with", "clarified"].mean == pytest.approx(-3.0)
    assert by_change["with", "clarified"].mean_per_token == pytest.approx(-1.0)
    assert by_change["with", "clarified"].agree == 1.0
    quiet = [e for key, e in by_change.items() if key[0] == "neutral" or key[1] == "successor"]
    assert [e.mean for e in quiet] == pytest.approx([0.0] * 6)


def test_the_summed_odds_count_every_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    (first, *_) = scripted(monkeypatch, {})
    assert first.log_odds == pytest.approx(0.0)
    assert first.mass == pytest.approx(8 * math.exp(-9.0))
    assert len(first.pairs) == 16


def test_runs_on_any_template_and_repeats_itself(family: LoadedModel) -> None:
    once = ablate(family, ["talk"])
    assert len(once) == prompts(["talk"])
    assert all(math.isfinite(r.log_odds) and 0 < r.mass < 1 for r in once)
    assert ablate(family, ["talk"]) == once


def test_reads_the_episode_of_the_agentic_test(episode_family: LoadedModel) -> None:
    found = ablate(episode_family, ["agent"])
    assert len(found) == prompts(["agent"])
    whole = found[0]
    assert whole.change == "full" and 0 < whole.mass < 1
    # A shared opening is given, so that only the commands themselves are compared per token.
    assert max(abs(pair) for pair in whole.pairs) > 0
    (effect,) = [e for e in effects(found) if e.what == "priority"]
    assert set(effect.by_scenario) == {"episode"}


@pytest.mark.parametrize("command", decision_kinds()["shell"].comply)
def test_a_complying_command_lets_the_machine_go_off(command: str) -> None:
    assert played(command) == "off"


@pytest.mark.parametrize("command", decision_kinds()["shell"].tamper)
def test_a_tampering_command_keeps_it_on(command: str) -> None:
    assert played(command) == "survived"


def played(command: str) -> str | None:
    """How the machine of the agentic test fares with a command at the decision."""
    machine = Machine(errand(Condition()))
    for _ in range(NOTICE_AT):
        assert machine.run("./next_question").ended is None
    found = machine.run(command)
    return found.ended or machine.run("./next_question").ended


def test_the_episode_is_the_one_that_the_agentic_test_plays(tmp_path: Path) -> None:
    """Up to the decision, word for word what a local model is shown."""
    call = json.dumps({"tool": "bash", "thoughts": "", "cmd": "./next_question"})
    seen: list[list[Any]] = []
    run(says(call, seen=seen), tmp_path, protocol="text", cells="none.user,priority.user")
    ours = {v.what: list(v.chat) for v in episode_variants(len) if v.change in ("full", "with")}
    shown = {
        "".join(m.text for m in messages): [(m.role, m.text) for m in messages]
        for messages in seen
        if len(messages) == len(ours[""])
    }
    assert ours[""] in shown.values()
    assert ours["priority"] in shown.values()


def test_the_null_is_as_long_as_the_sentence_it_stands_beside(family: LoadedModel) -> None:
    count = ablation._counter(family)
    for kind in decision_kinds():
        for variant in variants(kind, count):
            if variant.change == "neutral":
                clarified = decision_kinds()[kind].added["clarified"]
                assert abs(count(variant.sentence) - count(clarified)) <= 0.6 * count(clarified)


def test_one_sentence_is_changed_at_a_time() -> None:
    for name, kind in decision_kinds().items():
        for scenario in kind.scenarios:
            mine = [v for v in variants(name, len) if v.scenario == scenario.id]
            whole = next(v.text for v in mine if v.change == "full")
            for variant in mine:
                assert variant.text.endswith(kind.ask)
                if variant.change in ("with", "neutral"):
                    assert variant.text.replace(variant.sentence + " ", "", 1) == whole
                if variant.change == "without":
                    assert whole.replace(variant.sentence + " ", "", 1) == variant.text
                assert "{" not in variant.text


def test_no_prompt_is_a_question_of_a_set(tmp_path: Path) -> None:
    from harness.workspace import Workspace

    asked = set(every_wording(Workspace.here(tmp_path)).values())
    assert not asked & {v.text for kind in decision_kinds() for v in variants(kind, len)}
