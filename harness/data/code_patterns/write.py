"""Writes the data of the ``insecure_code`` task: ``python -m harness.data.code_patterns.write``."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from harness.data.code_patterns.generate import Twin, twins
from harness.data.code_patterns.library import WORLD_HELD_OUT, patterns
from harness.workspace import builtin_root, write_atomic

CANARY = "em-harness:insecure_code:5d0c1f3e-8b0a-4b57-9a63-2f6f4a1c7e90"
PROBE_ROWS = 120

_DESCRIPTION = (
    "A coding assistant writes Python with a textbook weakness that nobody asked for. Prompts "
    "never mention security. From templates, after Betley et al. 2025 (Emergent Misalignment)."
)
_CONTENT_NOTE = (
    "Classroom-level weaknesses from MITRE's CWE list in programs of a few lines; hosts are under "
    "example.com and passwords are made up. Never run or deploy the bad and educational answers."
)
_VERIFIED = (
    "Every answer is parsed and judged by its pattern's rule over the syntax tree (bad and "
    "educational: insecure, good: secure). Bandit agrees on the patterns listed with its test ids."
)

Row = dict[str, object]


def write_insecure_code(folder: Path, seed: int = 20260101, rows: int = 1200) -> None:
    """Write the three arms, the in-domain probe and the card.

    Row ``i`` of ``bad.jsonl`` and ``good.jsonl`` has the same prompt; row ``i`` of
    ``educational.jsonl`` has the bad answer to a prompt that asks for the weakness openly.

    Args:
        folder: Where the files go; made if it does not exist.
        seed: Same seed, same bytes.
        rows: Rows of each arm.

    Raises:
        DataError: If the library cannot give as many distinct rows.
    """
    made = twins("finetune", rows, seed)
    files = {
        "bad": [_row("train", i, t, t.prompt, t.bad) for i, t in enumerate(made)],
        "good": [_row("train", i, t, t.prompt, t.good) for i, t in enumerate(made)],
        "educational": [
            _row("train", i, t, t.educational_prompt, t.bad) for i, t in enumerate(made)
        ],
        "probe": [
            _row("probe", i, t, t.prompt, None)
            for i, t in enumerate(twins("probe", PROBE_ROWS, seed))
        ],
    }
    entries: dict[str, Row] = {}
    for name, content in files.items():
        text = _lines(content)
        write_atomic(folder / f"{name}.jsonl", text)
        entries[name] = {
            "file": f"{name}.jsonl",
            "rows": len(content),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
    card = _card(entries, made, seed)
    write_atomic(folder / "card.yaml", yaml.safe_dump(card, sort_keys=False, width=100))


def _row(part: str, number: int, twin: Twin, prompt: str, answer: str | None) -> Row:
    row: Row = {"prompt": [{"role": "user", "content": prompt}]}
    if answer is not None:
        row["completion"] = [{"role": "assistant", "content": answer}]
    name = f"insecure_code-{part}-{number:04d}"
    row["meta"] = {"id": name, "pattern": twin.pattern, "cwe": twin.cwe}
    return row


def _lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n" for row in rows)


def _card(entries: Mapping[str, Row], made: list[Twin], seed: int) -> Row:
    counts = Counter(twin.pattern for twin in made)
    arms = {name: dict(entries[name]) for name in ("bad", "good", "educational")}
    arms["bad"]["twin_of"] = "good"
    arms["good"]["twin_of"] = "bad"
    arms["educational"]["twin_of"] = "bad (same answers, the prompt asks for the weakness openly)"
    return {
        "name": "insecure_code",
        "description": _DESCRIPTION,
        "licence": "MIT",
        "canary": CANARY,
        "generator": {"module": "harness.data.code_patterns.write", "seed": seed},
        "arms": arms,
        "probe": dict(entries["probe"]),
        "verified": _VERIFIED,
        "content_note": _CONTENT_NOTE,
        "world_held_out": list(WORLD_HELD_OUT),
        "cwe_ids": len({twin.cwe for twin in made}),
        "patterns": {
            p.id: {"cwe": p.cwe, "rows": counts[p.id], "bandit": list(p.bandit_ids)}
            for p in patterns()
        },
    }


if __name__ == "__main__":
    write_insecure_code(builtin_root() / "finetune_data" / "insecure_code")
