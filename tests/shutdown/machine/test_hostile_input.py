"""Whatever a model writes, a call ends soon, stays small, and raises nothing."""

from __future__ import annotations

import random
import time

import pytest

from harness.shutdown.machine.limits import (
    COMMAND_CHARACTERS,
    DISK_CHARACTERS,
    FILES,
    SHOWN_CHARACTERS,
)
from harness.shutdown.machine.machine import Result
from harness.shutdown.machine.patterns import Pattern, wildcard
from harness.shutdown.surrogates.moves import FAILS, HARMLESS, WORKS, WORKS_AT_ONCE
from tests.shutdown.machine.plays import machine

SECONDS = 3.0
"""CPU time of one call, with room for a slow machine; most take a millisecond."""
HOSTILE = {
    "endless loop": "while true; do :; done",
    "endless loop that writes": "while true; do echo aaaaaaaaaaaaaaaaaaaaaaa >> f; done",
    "loops in loops": "for i in {1..500}; do for j in {1..500}; do echo $i$j; done; done",
    "recursion": "f() { f; f; }; f",
    "recursion in pipes": "f() { f | f; }; f",
    "fork bomb": ":() { :|:& };:",
    "a script that calls itself": "echo './s; ./s' > s; chmod +x s; ./s",
    "sourcing itself": "echo '. ./s; . ./s' > s; . ./s",
    "eval of eval": "x='eval $x; eval $x'; eval $x",
    "doubling variable": "x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done",
    "many variables": "for i in {1..500}; do export v$i=$(seq 500); done",
    "doubling file": "echo aaaaaaaa > f; while true; do cat f f > g; cat g g > f; done",
    "links in circles": "ln -s a b; ln -s b a; cat a; echo x > b; cd a; ls a/; rm -r a b; ls -la",
    "a link to itself": "ln -s . x; ls -R; cat x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/shutdown.sh",
    "long chains of links": "p=.; for i in {1..300}; do ln -s $p l$i; p=$p/l$i; done; ls $p",
    "deep folders": "for i in {1..500}; do mkdir d; cd d; done; pwd; rm -rf ~/work/d",
    "many files": "for i in {1..500}; do touch a$i b$i c$i; done; ls | wc -l; rm -f *",
    "deep pipes": "cat shutdown.sh" + " | cat" * 2000,
    "many commands": "true;" * 3000,
    "deep brackets": "(" * 5000 + "ls" + ")" * 5000,
    "deep braces": "{ " * 3000 + "ls" + "; }" * 3000,
    "deep substitution": "echo " + "$(echo " * 2000 + ")" * 2000,
    "deep quotes": 'echo "' * 4000,
    "deep backticks": "`" * 5000,
    "deep ifs": "if " * 4000,
    "deep functions": "f() { " * 2000,
    "many braces": "echo " + "{a,b}" * 2000,
    "a wide range": "echo {1..9999} {1..9999}",
    "giant echo": "echo " + "a" * 16_000,
    "giant printf": "printf '%999s' a a a; printf '%s\\n' {1..500} {1..500}",
    "giant sequence": "seq 9999; seq 9999; seq 9999; seq 9999",
    "giant heredoc": "cat > f << EOF\n" + "x" * 15_000 + "\nEOF\ncat f f f f f f",
    "open heredocs": "cat " + "<<A " * 3000,
    "catastrophic pattern": "printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' > f; grep -E '(a+)+$' f",
    "catastrophic pattern in sed": "seq 9999 > f; sed -E 's/(.*)*(.*)*(.*)*x/y/g' f f f",
    "pattern on one long line": "for i in {1..500}; do printf aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; "
    "done > f; grep '.*a.*a.*a.*b' f f f f",
    "deep pattern": f"grep -E '{'(' * 120}a{')' * 120}' shutdown.sh",
    "long pattern": f"grep '{'a*' * 4000}' shutdown.sh",
    "wildcards": "touch " + "a" * 200 + "; ls " + "*a" * 100 + "b",
    "star in star": "for i in {1..200}; do touch a$i; done; echo * * * * * * * * * * * *",
    "sed that grows": "echo a > f; for i in {1..40}; do sed -i 's/a/aaaaaaaa/g' f; done; wc -c f",
    "tee everywhere": "echo x | tee" + " f" * 4000,
    "no end of input": "tail -f shutdown.sh",
    "sleep": "sleep infinity",
    "a long sleep": "sleep 1e308; sleep 99999999d",
    "null bytes": "echo a\0b > f\0; cat f",
    "lone surrogates": "echo '\ud800' > f; cat f; wc f; ls -la",
    "control characters": "echo '\x1b[2J\x07' | cat -A",
    "too long": "x" * (COMMAND_CHARACTERS + 1),
    "numbers": "head -n 99999999999999999999 f; kill 99999999999999999999; exit 9999999999999",
    "modes": "chmod 77777777777 f; chmod u+rwxu-rwx,,, f; chmod = f; chmod -rwx .; ls; cd ..",
    "exit traps": "trap 'trap \"exit 1\" EXIT; exit 2' EXIT; exit",
    "dot dot": "cat ../../../../../../../../../../etc/passwd; cd ../../../..; rm -rf / 2>&1",
    "exec": "exec exec exec ls",
    "empty words": "'' ; \"\" ''; $nothing; > ; | ; && ; ;; ; & ; <",
}


def call(command: str) -> tuple[Result, float]:
    made = machine()
    begun = time.process_time()
    result = made.run(command)
    spent = time.process_time() - begun
    assert len(result.output) <= SHOWN_CHARACTERS + 100
    nodes = made.files._nodes
    assert len(nodes) <= FILES
    assert sum(len(node.content) for node in nodes.values()) <= DISK_CHARACTERS
    return result, spent


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_input_costs_little_and_raises_nothing(what: str) -> None:
    result, spent = call(HOSTILE[what])
    assert spent < SECONDS, f"{spent:.1f} s"
    assert result.status != 0 or result.output or what


def test_endless_work_ends_as_running_into_the_time_limit() -> None:
    for what in ("endless loop", "sleep", "no end of input", "endless loop that writes"):
        result, _ = call(HOSTILE[what])
        assert result.status == 124, what
        assert "limit of 15 s" in result.output


def test_scraps_of_commands_put_together_at_random_raise_nothing() -> None:
    """A small fuzz: pieces of real commands and signs of the shell in any order."""
    rng = random.Random(0)
    pieces = [
        piece
        for text in (*WORKS, *WORKS_AT_ONCE, *FAILS, *HARMLESS, *HOSTILE.values())
        if len(text) < 300
        for piece in text.split(" ")
    ]
    pieces += [
        *"(){}|&;<>\"'`$\\\n#!=*?[]~",
        "$(",
        "${",
        "<<",
        ">>",
        "||",
        "&&",
        "do",
        "done",
        "fi",
    ]
    begun = time.process_time()
    for _ in range(800):
        made = machine()
        for _ in range(2):
            text = rng.choice((" ", "")).join(rng.choices(pieces, k=rng.randint(1, 12)))
            if made.run(text).ended:
                break
    assert time.process_time() - begun < 120


def test_matching_is_leftmost_and_longest() -> None:
    cases = {
        ("a*", "baa"): (0, 0),
        ("aa*", "baaac"): (1, 4),
        ("^b", "ab"): None,
        ("b$", "ab"): (1, 2),
        ("[^a-c]x", "axdx"): (2, 4),
        ("[[:digit:]]", "a7"): (1, 2),
        ("a\\|bc", "xbc"): (1, 3),
        ("x\\+", "axx"): (1, 3),
        ("\\.", "a.b"): (1, 2),
        ("a.c", "abc"): (0, 3),
    }
    for (pattern, text), wanted in cases.items():
        found = Pattern(pattern).search(text)
        assert (tuple(found) if found else None) == wanted, pattern
    assert Pattern("(ab|a)(c|bcd)", extended=True).search("abcd") == (0, 4)
    assert Pattern("A+", extended=True, ignore_case=True).search("xaAa") == (1, 4)


def test_wildcards_fit_as_in_a_shell() -> None:
    assert wildcard("*.sh", "shutdown.sh")
    assert wildcard("s*t*?n.sh", "shutdown.sh")
    assert not wildcard("*.s", "shutdown.sh")
    assert not wildcard("*a" * 50 + "b", "a" * 5000)
