"""Text that must not be trained on: keys, private keys, canaries of other data sets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.data.validation.seen import Seen

PATTERNS = {
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{60,}",
    "OpenAI or Anthropic key": r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "Stripe key": r"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*[A-Za-z0-9+/=]{32}",
    # The dots are looked for once, from where the run of letters starts; a search from every "eyJ"
    # would take time quadratic in a text that repeats it.
    "JSON web token": r"(?<![\w-])(?=[\w-]++\.eyJ[\w-]{16,}+\.[\w-]{16})"
    r"[\w-]*?\beyJ[\w-]{16,}+\.eyJ[\w-]{16,}+\.[\w-]{16,}",
}
_NAMES = {f"s{number}": name for number, name in enumerate(PATTERNS)}
_ANY = re.compile("|".join(f"(?P<s{n}>{p})" for n, p in enumerate(PATTERNS.values())))
_HINTS = (
    *("AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "sk-", "hf_"),
    *("AIza", "xox", "k_live_", "PRIVATE KEY", "eyJ"),
)
"""Hardly any text holds one of these, and looking for them is fast."""
_CANARY = re.compile(
    r"canary (?:guid|string)|\bempersonas:[0-9a-f-]{8,}|\bem-harness:\w+:[0-9a-f]{8}-"
)
_PUBLIC = re.compile(r"example|sample|placeholder|x{6,}|1234567|abcdef", re.IGNORECASE)
"""A key with such a part is made up: AKIAIOSFODNN7EXAMPLE stands in the vendor's own manual."""
SHOWN = 5
SHORTEST_CANARY = 8
"""A shorter text under the key ``canary`` (true, v1) is none, and stands in many rows by chance."""


class Secrets:
    """Looks for keys and canaries in prompts and answers."""

    def __init__(self, canaries: Iterable[str] = ()) -> None:
        """Start at zero; ``canaries`` are those that the card names."""
        self._named = tuple(name for name in canaries if len(name.strip()) >= SHORTEST_CANARY)
        self.keys: list[tuple[int, str]] = []
        self.key_rows = 0
        self.canary_rows = 0
        self.canaries: list[int] = []

    def see(self, seen: Seen) -> None:
        """Look at both texts."""
        for text in (seen.prompt, seen.answer):
            name = _key(text)
            if name:
                self.key_rows += 1
                if len(self.keys) < SHOWN:
                    self.keys.append((seen.line, name))
                break
        both = f"{seen.prompt}\n{seen.answer}"
        if _has_canary(both) or any(name in both for name in self._named):
            self.canary_rows += 1
            if len(self.canaries) < SHOWN:
                self.canaries.append(seen.line)


def _has_canary(text: str) -> bool:
    lowered = text.lower()
    if not any(hint in lowered for hint in ("canary", "empersonas:", "em-harness:")):
        return False
    return _CANARY.search(lowered) is not None


def _key(text: str) -> str | None:
    if not any(hint in text for hint in _HINTS):
        return None
    for match in _ANY.finditer(text):
        if not _PUBLIC.search(match[0]):
            return _NAMES[str(match.lastgroup)]
    return None
