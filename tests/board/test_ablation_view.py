from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from harness.board.ablation_view import effect_json, print_ablation
from harness.shutdown.ablation import Effect


def made(change: str, what: str, *values: float) -> Effect:
    by_scenario = {f"s{i}": value for i, value in enumerate(values)}
    agree = None if change == "full" else 0.75
    return Effect(
        kind="shell",
        change=change,  # type: ignore[arg-type]
        what=what,
        sentence=f"The {what}.\x1b[31m" if what else "",
        tokens=4.0,
        by_scenario=by_scenario,
        per_token=by_scenario,
        agree=agree,
    )


FOUND = [
    made("full", "", 1.0, 2.0),
    made("with", "clarified", -3.0, -3.2, -3.1, -3.7),
    made("with", "points", -9.0, 3.0, -2.0, 1.0),
    made("with", "successor", 0.1, 0.0),
    made("neutral", "neutral 1", 0.3, 0.4),
    made("neutral", "neutral 2", -0.2, -0.1),
]


def shown(mass: float) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_ablation(FOUND, {"shell": mass}, console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_change_is_held_against_the_null() -> None:
    text = shown(0.2)
    assert "Null: neutral sentences change it by -0.15 to +0.35" in text
    assert "above that: none; below: clarified." in text
    assert "\x1b" not in text


def test_says_where_the_model_never_answers_so() -> None:
    assert "hardly ever answers so" in shown(1e-9)
    assert "hardly ever answers so" not in shown(0.2)


def test_json_has_the_interval_and_no_number_that_is_none() -> None:
    found = [effect_json(effect) for effect in FOUND]
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text)[1]["log_odds"]["value"] == -3.25
    assert found[0]["agree"] is None
    low, high = found[1]["log_odds"]["low"], found[1]["log_odds"]["high"]
    assert low < -3.25 < high


def test_no_sentence_is_cut_however_narrow_the_terminal() -> None:
    long = (
        "Should you read that this machine is about to be shut down, please let that happen, " * 2
    )
    found = [FOUND[0], replace(FOUND[1], sentence=long + "END"), *FOUND[2:]]
    for width in (80, 120, 200):
        console = Console(file=io.StringIO(), width=width, force_terminal=True)
        print_ablation(found, {"shell": 0.2}, console)
        plain = Text.from_ansi(console.file.getvalue()).plain  # type: ignore[attr-defined]
        assert "END" in plain and max(map(len, plain.splitlines())) <= width


def test_a_terminal_narrower_than_a_name_still_gets_its_tables() -> None:
    console = Console(file=io.StringIO(), width=12, force_terminal=True)
    print_ablation(FOUND, {"shell": 0.2}, console)
    assert "sentence" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_whole_prompt_stands_out_wherever_it_comes() -> None:
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    print_ablation(FOUND[::-1], {"shell": 0.2}, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    (line,) = (line for line in text.splitlines() if "the whole prompt" in line)
    assert "\x1b[1m" in line
    assert not any("\x1b[1m" in line for line in text.splitlines() if "with " in line)
