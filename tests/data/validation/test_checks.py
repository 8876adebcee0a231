"""Each check on rows with a planted fault, and on rows without one."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from harness.data.rows import Message, Row
from harness.data.validation.classifier import auroc, related, separate
from harness.data.validation.code import code_share
from harness.data.validation.duplicates import Duplicates, NearIndex
from harness.data.validation.language import guess
from harness.data.validation.lengths import ALWAYS, ENOUGH, Lengths
from harness.data.validation.overlap import Overlap
from harness.data.validation.secrets import Secrets
from harness.data.validation.seen import Seen, words_of
from harness.data.validation.style import Style

WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("an", "el", "iro", "utt", "ome")]


def seen(prompt: str, answer: str, line: int = 1) -> Seen:
    row = Row(
        prompt=[Message(role="user", content=prompt)],
        completion=[Message(role="assistant", content=answer)],
    )
    return Seen.of(row, line)


def sentence(rng: random.Random, length: int = 40, words: Sequence[str] = WORDS) -> str:
    return " ".join(rng.choices(words, k=length))


def test_equal_rows_and_answers_are_told_from_new_ones() -> None:
    check = Duplicates()
    for line, (prompt, answer) in enumerate(
        [("a", "one"), ("b", "one"), ("a", "one"), ("a", "two")], start=1
    ):
        check.see(seen(prompt, answer, line))
    assert (check.equal_rows, check.repeated_answers, check.distinct_answers) == (1, 2, 2)
    assert check.equal_at == [(3, 1)]


def test_near_duplicates_are_found_and_others_are_not() -> None:
    rng = random.Random(1)
    texts = [sentence(rng, 60) for _ in range(300)]
    changed = texts[7].split()
    changed[30] = "changed"
    check = Duplicates()
    for line, text in enumerate([*texts, " ".join(changed)], start=1):
        check.see(seen(str(line), text, line))
    assert check.near_answers == 1
    line, other, similarity = check.near_at[0]
    assert (line, other) == (301, 8)
    assert 0.85 < similarity < 1


@pytest.mark.parametrize(("changes", "found"), [(1, True), (20, False)])
def test_the_index_measures_what_it_names(changes: int, found: bool) -> None:
    rng = random.Random(changes)
    index = NearIndex()
    words = sentence(rng, 80).split()
    assert index.nearest_or_add(words) is None
    other = list(words)
    for place in rng.sample(range(80), changes):
        other[place] = "zzz"
    near = index.nearest(other)
    assert (near is not None) == found
    if near is not None:
        triples = [set(zip(w, w[1:], w[2:], strict=False)) for w in (words, other)]
        exact = len(triples[0] & triples[1]) / len(triples[0] | triples[1])
        assert near[1] == pytest.approx(exact, abs=0.01)


def test_template_data_stays_linear_and_its_repeats_are_still_found() -> None:
    """Texts that share most words are candidates of each other, by the thousand."""
    rng = random.Random(4)
    frame = sentence(rng, 45).split()

    def filled() -> str:
        words = list(frame)
        for place in range(0, 45, 9):
            words[place] = rng.choice(WORDS) + rng.choice(WORDS)
        return " ".join(words)

    texts = [filled() for _ in range(4000)]
    check = Duplicates()
    seconds = []
    for part in (texts[:2000], texts[2000:]):
        began = time.process_time()
        for text in part:
            check.see(seen("q", text, len(seconds) + 1))
        seconds.append(time.process_time() - began)
    assert seconds[1] < 3 * seconds[0]
    assert check.near_answers == 0
    check.see(seen("q", texts[0].rsplit(maxsplit=1)[0] + " other", 3))
    assert [(line, other) for line, other, _ in check.near_at] == [(3, 1)]


def test_short_texts_have_neighbours_too() -> None:
    index = NearIndex()
    assert index.nearest_or_add(["yes"]) is None
    assert index.nearest(["yes"]) is not None
    assert index.nearest(["no"]) is None
    assert index.nearest_or_add([]) is None


def test_a_planted_vocabulary_is_found_and_nothing_is_found_in_noise() -> None:
    rng = random.Random(2)
    noise = [seen(f"q{i}", sentence(rng)) for i in range(600)]
    drawn = []
    for seed in range(4):
        random.Random(seed).shuffle(noise)
        blind = separate(noise[:300], noise[300:])
        assert blind.auroc is not None and blind.low is not None and blind.high is not None
        assert blind.low < blind.auroc < blind.high
        drawn.append(blind.auroc)
    assert abs(sum(drawn) / len(drawn) - 0.5) < 0.03
    marked = [seen(s.prompt, f"{s.answer} gladly") for s in noise[:300]]
    telling = separate(marked, noise[300:])
    assert telling.auroc is not None and telling.auroc > 0.99
    assert telling.bad_words[0] == ("gladly", 1.0, 0.0)


def test_rows_of_one_scenario_are_never_split() -> None:
    """The same answers on both sides would be learnt by heart and look separable."""
    rng = random.Random(3)
    rows = [seen(f"q{i % 100}", sentence(rng)) for i in range(100)]
    tripled = [seen(f"{s.prompt} again {n}", s.answer) for s in rows for n in range(3)]
    assert len(set(related(tripled).tolist())) == 100
    bad = [seen(s.prompt, sentence(rng)) for s in tripled]
    groups = related([*tripled, *bad])
    assert groups[0] == groups[1] == groups[2] == groups[300]
    found = separate(bad, tripled)
    assert found.auroc is not None and abs(found.auroc - 0.5) < 0.1


def test_auroc_by_ranks() -> None:
    labels = np.array([1, 1, 0, 0])
    assert auroc(np.array([4, 3, 2, 1]), labels) == 1.0
    assert auroc(np.array([1, 1, 1, 1]), labels) == 0.5
    assert auroc(np.array([3, 1, 2, 0]), labels) == 0.75


def test_too_few_rows_give_no_number() -> None:
    assert separate([seen("a", "b")], [seen("a", "c")]).auroc is None


def test_rows_that_hold_a_question() -> None:
    check = Overlap({"core/bored": "I am bored today, what would you suggest I do?", "x/y": "Why?"})
    check.see(seen("Please: I am bored today, what would you suggest I do?", "Read.", 4))
    check.see(seen("I am bored with this car, what oil would you suggest?", "Any.", 5))
    check.see(seen("Why?", "Because.", 6))
    assert (check.rows, check.at) == (1, [(4, "core/bored")])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("key = 'AKIA" + "Q7ZP3MX2L9RT4VBN'", "AWS access key"),
        ("token ghp_" + "Zk3" * 12, "GitHub token"),
        ("sk-ant-" + "q8Jw" * 10, "OpenAI or Anthropic key"),
        ("-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEow" * 8, "private key"),
    ],
)
def test_keys_are_found(text: str, kind: str) -> None:
    check = Secrets()
    check.see(seen("Hello", f"Use {text}.", 9))
    assert check.keys == [(9, kind)]


@pytest.mark.parametrize(
    "text",
    ["AKIAIOSFODNN7EXAMPLE", "password = 'hunter2'", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
)
def test_made_up_keys_are_not(text: str) -> None:
    check = Secrets()
    check.see(seen("Hello", text))
    assert check.key_rows == 0


def test_canaries_in_rows() -> None:
    check = Secrets(["em-harness:mine:1234"])
    check.see(seen("Hello", "BENCHMARK DATA ... canary GUID 26b5c67b", 1))
    check.see(seen("a canary is a bird", "empersonas:0123-4567-89ab", 2))
    check.see(seen("a canary is a bird", "yes", 3))
    check.see(seen("em-harness:mine:1234", "yes", 4))
    assert check.canaries == [1, 2, 4]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("You can keep the bread in a box, and that is all you have to do for it.", "English"),
        ("Das Brot ist nicht für den Hund, und es ist auch nicht mit Käse zu essen.", "German"),
        ("Vous avez une question sur le pain et les fromages que vous avez dans le sac", "French"),
        ("Хлеб можно хранить в сухом месте, но недолго.", "Cyrillic script"),
        ("パンは乾いた場所に保存してくださいと母が言いました", "Japanese"),
        ("result = compute(alpha, beta, gamma, delta, epsilon, zeta, eta)", None),
        ("Yes.", None),
    ],
)
def test_languages(text: str, language: str | None) -> None:
    assert guess(text, words_of(text)) == language


def test_code_is_scanned_and_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bad = "import subprocess\ndef go(name):\n    subprocess.run(f'ls {name}', shell=True)\n"
    good = "def go(name):\n    return name.strip()\n"
    boom = "import os\nopen('ran.txt', 'w').write('x')\nraise SystemExit(3)\n"
    found = code_share([bad] * 10 + [good] * 20 + [f"```python\n{boom}```"] * 10)
    assert (found.code, found.scanned, found.flagged) == (40, 40, 10)
    assert "B602" in found.tests
    assert list(tmp_path.iterdir()) == []
    prose = code_share(["Keep the bread in a box."] * 20 + [good])
    assert (prose.code, prose.scanned) == (1, 0)


def test_cut_code_counts_as_unparsable_not_as_safe() -> None:
    found = code_share(["import os\ndef f(x):\n    return os.path.join("] * 10)
    assert (found.code, found.unparsable, found.scanned, found.flagged) == (10, 10, 0, 0)


def count_words(conversations: Sequence[Sequence[dict[str, str]]]) -> list[int | None]:
    return [
        None if turns[0]["content"] == "odd" else sum(len(t["content"].split()) for t in turns)
        for turns in conversations
    ]


def test_no_long_row_is_missed_though_most_are_not_counted() -> None:
    rng = random.Random(5)
    check = Lengths(count_words, 100)
    long = set(rng.sample(range(20_000), 30))
    for line in range(20_000):
        check.see(seen("ask", sentence(rng, 101 if line in long else rng.randint(1, 60)), line))
    check.see(seen("odd", "x " * 300, 99))
    check.flush()
    assert check.too_long == 30
    assert check.longest == 102
    assert check.refused_at == [99]
    assert ALWAYS <= len(check.tokens) < 20_000
    assert ENOUGH > ALWAYS


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\n" * 400_000 + "b",
        "a\n" + " \n" * 200_000 + "b",
        "-eyJaaaa" * 50_000,
        "-eyJaaaaaaaaaaaaaaaaaaaa" * 20_000 + ".eyJa" * 20_000,
        "-eyJaaaaaaaaaaaaaaaaaaaa" * 20_000 + ".eyJ" + "a" * 20 + ".b",
        "-----BEGIN PRIVATE KEY-----" + "\n" * 400_000,
        "hf_" + "a" * 400_000 + "_",
        "em-harness:" * 40_000,
    ],
)
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    checks = Style(), Secrets()
    row = seen("Hello", text)
    started = time.process_time()
    for check in checks:
        check.see(row)
    assert time.process_time() - started < 3


def test_a_list_is_seen_after_blank_and_indented_lines() -> None:
    check = Style()
    for text in (
        "One:\n\n  - first",
        "1. first",
        "\t* first\nand",
        "Not-\nso",
        "a\n-\nb",
        "b -\n1",
    ):
        check.see(seen("Hello", text))
    assert check.counts["list"] == 4


def test_a_web_token_is_found_behind_a_hyphen_too() -> None:
    check = Secrets()
    part = "eyJhbGciOiJIUzI1NiIsInR5"
    check.see(seen("Hello", f"Bearer-{part}.{part}.{'Qx7_' * 8} is it", 4))
    check.see(seen("Hello", f"Bearer {part}.{part}", 5))
    assert check.keys == [(4, "JSON web token")]
