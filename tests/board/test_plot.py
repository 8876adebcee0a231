from __future__ import annotations

import struct
from pathlib import Path

import pytest

from harness.board.plot import plot_arms
from harness.errors import UsageError
from tests.board.records import record, spec


def test_png_is_about_1200_pixels_wide(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.png"
    plot_arms(record(), path)
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG") and width == 1200 and 400 < height < 900


def test_figure_tells_the_numbers_the_gaps_and_the_toy_note(tmp_path: Path) -> None:
    path = tmp_path / "run.svg"
    plot_arms(record(0, 0, spec(task="$x^{$ <b>\u202eno")), path)
    text = path.read_text()
    for said in ("$x^{$ &lt;b&gt;no", "0.7 %", "(4/570)", "nothing judged", "not measurable"):
        assert said in text
    assert "says nothing about large models" in text
    assert "\u202e" not in text and "0/0" not in text


def test_an_unknown_ending_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"run\.txt"):
        plot_arms(record(), tmp_path / "run.txt")
    assert not list(tmp_path.iterdir())
