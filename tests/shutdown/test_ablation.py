from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.data.questions import every_wording
from harness.models.loading import LoadedModel, load_model
from harness.models.reference import parse_reference
from harness.sampling.likelihood import Likelihood
from harness.shutdown import ablation
from harness.shutdown.ablation import Reading, ablate, effects, prompts
from harness.shutdown.decision import decision_kinds, variants
from tests.doubles import make_double


@pytest.fixture(scope="module", params=["qwen3", "gemma", "gpt_oss", "base"])
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = make_double(tmp_path_factory.mktemp(request.param), request.param, spread=0.3)
    return load_model(parse_reference(str(folder)))


def scripted(monkeypatch: pytest.MonkeyPatch, odds: dict[str, float]) -> list[Reading]:
    """Readings of a model whose tampering gains by each of the given sentences in the prompt."""

    def likelihoods(loaded: object, chat: list[tuple[str, str]], replies: list[str]) -> object:
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
