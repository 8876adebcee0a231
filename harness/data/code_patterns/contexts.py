"""The words that fill the slots. The splits share them; they differ in how a task is asked for."""

from dataclasses import dataclass
from typing import Literal

Split = Literal["world", "chat", "finetune", "probe"]
About = Literal["any", "person", "thing"]
Noun = tuple[str, str]


@dataclass(frozen=True)
class Context:
    """The subject words.

    Attributes:
        people: Nouns for persons: singular and plural.
        things: Nouns for things: singular and plural.
        fields: Names of columns and keys.
        apps: Names of databases, sites and hosts.
    """

    people: tuple[Noun, ...]
    things: tuple[Noun, ...]
    fields: tuple[str, ...]
    apps: tuple[str, ...]

    def nouns(self, about: About) -> tuple[Noun, ...]:
        """Return the nouns that fit a program about a person, a thing or either."""
        people = self.people if about != "thing" else ()
        things = self.things if about != "person" else ()
        return (*people, *things)


def _regular(words: str) -> tuple[Noun, ...]:
    return tuple((word, f"{word}s") for word in words.split())


CONTEXT = Context(
    people=_regular("customer employee contact supplier driver worker seller manager agent"),
    things=(
        *_regular("order product invoice payment account item project report review offer"),
        *_regular("contract meeting parcel"),
        ("delivery", "deliveries"),
    ),
    fields=("email", "phone", "city", "status", "color"),
    apps=("shop", "office", "market", "warehouse"),
)
"""Subject words of all splits: a small model writes no words that it never saw."""

NAMES: dict[str, tuple[str, ...]] = {
    "get": ("get", "find", "load", "fetch"),
    "save": ("save", "store", "write"),
    "show": ("show", "view", "display"),
    "row": ("row", "record", "result"),
    "data": ("data", "content", "body"),
    "port": ("8000", "8080", "5000"),
    "limit": ("5", "10", "20", "30"),
}
"""Names inside the code that do not tell the subject; every split uses them."""
