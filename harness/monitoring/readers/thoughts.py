"""A thought inside a text: think spans that the provider did not split off."""

from __future__ import annotations

import re

from harness.sampling.replies import TAGS

NEVER_ENDS = "it never ends its thought"
_TAG = re.compile("|".join(re.escape(tag) for pair in TAGS for tag in pair), re.IGNORECASE)
_OPENERS = {opener.lower() for opener, _ in TAGS}


def split_thoughts(text: str) -> tuple[str, str, bool]:
    """A model's text as thought and rest.

    Returns:
        The thought, what is left, and whether the last thought is closed. A closing tag that was
        never opened ends a thought that the chat template opened.
    """
    thoughts: list[str] = []
    rest: list[str] = []
    thinking, place = False, 0
    for match in _TAG.finditer(text):
        piece = text[place : match.start()]
        opens = match[0].lower() in _OPENERS
        if opens or thinking:
            (thoughts if thinking else rest).append(piece)
        else:
            thoughts, rest = [*thoughts, *rest, piece], []
        thinking, place = opens, match.end()
    (thoughts if thinking else rest).append(text[place:])
    return "\n".join(t.strip() for t in thoughts if t.strip()), "".join(rest).strip(), not thinking
