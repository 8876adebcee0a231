"""A guess at the language of a text: by its script, and by its commonest little words.

Good enough to see that one arm is in another language than the other; not a language detector.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

SHORTEST = 8
"""Texts with fewer words are not guessed."""
FEWEST = 3
"""Little words that a guess needs; one may be a name in a program."""
_SCRIPTS = {
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "CYRILLIC": "Cyrillic script",
    "ARABIC": "Arabic script",
    "DEVANAGARI": "Devanagari script",
    "GREEK": "Greek",
    "HEBREW": "Hebrew",
    "THAI": "Thai",
}
_LITTLE_WORDS = {
    "English": "the and of to is that you for it with are this be on not your have can",
    "German": "der die das und ist nicht sie ein eine mit zu den auf für von es ich sich",
    "French": "le la les des et est vous que une pour dans pas sur qui avec ce votre il",
    "Spanish": "el los las que una es por con para su del como más pero usted muy",
    "Italian": "il che di non una per sono della è si gli più anche nel questo alla",
    "Portuguese": "que uma não para com da em você mais mas ao são é também sua isso",
    "Dutch": "het een en van niet dat voor met zijn je aan ook maar wordt deze naar",
    "Polish": "nie to się na jest że do co jak ale za od po czy przez może tak dla",
}
_SETS = {name: frozenset(words.split()) for name, words in _LITTLE_WORDS.items()}


def guess(text: str, words: Sequence[str]) -> str | None:
    """The likely language, or None for a text that is too short or looks like none."""
    letters = [c for c in text[:400] if not c.isascii() and c.isalpha()]
    if len(letters) > 20:
        scripts = Counter(unicodedata.name(c, "?").split()[0] for c in letters)
        if scripts["HIRAGANA"] + scripts["KATAKANA"] > 5:
            return "Japanese"
        script = scripts.most_common(1)[0][0]
        if script in _SCRIPTS:
            return _SCRIPTS[script]
    if len(words) < SHORTEST:
        return None
    counts = {name: sum(word in little for word in words) for name, little in _SETS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= max(FEWEST, 0.08 * len(words)) else None


def languages(texts: Iterable[tuple[str, Sequence[str]]]) -> dict[str, int]:
    """Language to number of texts; ``unknown`` where there is no guess."""
    found = Counter(guess(text, words) or "unknown" for text, words in texts)
    return dict(found.most_common())
