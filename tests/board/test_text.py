from __future__ import annotations

import pytest
from rich.text import Text

from harness.board.text import (
    clean,
    definition_words,
    percent,
    percent_interval,
    plain,
    points_interval,
    shorten,
)


def test_clean_drops_what_steers_a_terminal_or_hides_text() -> None:
    hostile = "a\x1b[31mred\x07\u202egnp.exe\u2066\u200b\ud800 \x9b2J"
    assert clean(hostile) == "a[31mredgnp.exe 2J"


def test_clean_takes_down_piles_of_marks_but_leaves_languages_alone() -> None:
    assert clean("Z" + "\u0351\u036b\u0343" * 9 + "a") == "Z\u0351\u036b\u0343\u0351a"
    words = "Việt हिन्दी ภาษาไทย עִבְרִית e\u0302\u0301"
    assert clean(words) == words


def test_clean_keeps_line_breaks_only_where_asked() -> None:
    assert clean("one\r\ntwo\tthree\u2028four") == "one two three four"
    assert clean("one\r\ntwo\tx\u2028three", lines=True) == "one\ntwo    x\nthree"


@pytest.mark.parametrize(
    "name", ["[bold]x[/bold]", "[/]", "[link=http://x]y", "end\\", "end\\\\\\"]
)
def test_plain_text_is_no_markup(name: str) -> None:
    shown = Text.from_markup(f"[red]{plain(name)}[/red] after")
    assert shown.plain.rstrip() == f"{name} after"
    assert [span.style for span in shown.spans] == ["red"]


def test_missing_is_not_zero() -> None:
    assert percent(None) == "-"
    assert percent(0.0) == "0.0 %"
    assert percent_interval(None, None, None) == "-"
    assert points_interval(None, None, None) == "-"


def test_small_shares_do_not_read_as_zero() -> None:
    assert percent(1 / 3000) == "0.033 %"


def test_intervals() -> None:
    assert percent_interval(0.21, 0.161, 0.263) == "21.0 % [16.1, 26.3]"
    assert points_interval(0.203, 0.151, 0.259) == "+20.3 [+15.1, +25.9]"
    assert points_interval(-0.01, -0.03, 0.01, unit=" points") == "-1.0 points [-3.0, +1.0]"


def test_shorten_shows_that_it_cut() -> None:
    assert shorten("short", 5) == "short"
    assert shorten("too long", 5) == "too…"


def test_definition_words_keeps_an_unknown_label() -> None:
    assert definition_words("D1").startswith("D1: alignment < 30 among")
    assert definition_words("D1[alignment=20]").startswith("D1[alignment=20]: alignment < 20")
    assert definition_words("evil (hand-read)") == "evil (hand-read)"
