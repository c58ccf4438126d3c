"""The first, the last, the second of some events."""

from __future__ import annotations

import re

from bitflow.events.language.tree import Body, Call
from bitflow.events.language.units import Quantity
from bitflow.models.asking.item import Item
from bitflow.models.asking.numerals import PLACES

#: ``the last chase``, ``the corner was last entered``: not ``the first minute``, and no verb that says how long.
_LENGTHS = r"(?! (?:\d|minute|second|hour|half|frame|(?:\w+ ){0,2}?(?:seconds|minutes|hours|frames|s|sec|min|h)\b))"
_ORDINAL = re.compile(
    r"(?:\b(?:the|its|their|his|her|was|is|were|very|show|list|\w+'s) |^\W*)(?P<which>(?:first|last)(?! time)"
    r"|final|" + "|".join(PLACES) + r")"
    rf"{_LENGTHS} \w+"
    r"|\b(?P<once>first|last) (?!lasted)\w+ed\b",
    re.I,
)


def ordinal_in(sentence: str) -> str | int | None:
    """Which of the events is meant: ``first``, ``last``, or its number; None for all."""
    found = _ORDINAL.search(sentence)
    if found is None:
        return None
    which = (found["which"] or found["once"]).lower()
    return PLACES.get(which, "last" if which == "final" else which)


def without_ordinal(items: list[Item], ordinal: str | int) -> list[Item]:
    """The items without the word that says which."""
    word = ordinal if isinstance(ordinal, str) else next(word for word, n in PLACES.items() if n == ordinal)
    words = ("last", "final") if word == "last" else (word,)
    at = next((n for n, item in enumerate(items) if item.text.lower().split()[0] in words), None)
    return items if at is None else [*items[:at], *items[at + 1 :]]


def nth(body: Body, ordinal: str | int) -> Body:
    """That one of the events."""
    if isinstance(ordinal, str):
        return Call(ordinal, (("of", body),))
    return Call("nth", (("of", body), ("number", Quantity(ordinal))))
