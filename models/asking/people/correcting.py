"""Misspelled words of a question about people, read as the known ones that they are nearest to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from bitflow.models.asking.inflection import inflected
from bitflow.models.asking.mistyped import MISTYPED
from bitflow.models.asking.people.items import is_known, root
from bitflow.models.asking.people.names import ROLES, PeopleNames
from bitflow.models.asking.people.phrases import ANSWERS, EVENTS, LIGHT, LINKS, MEASURES, SIGNALS, THINGS, entries
from bitflow.models.asking.spelling import nearest

_OF_TIME = (
    "second seconds minute minutes hour hours between before after until from first third fourth"
    " fifth last half longer shorter than "
    "more less least most bins bin steps step windows window every last lasting exceeding during"
    " recording video interview within whole entire only otherwise"
    " one two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty sixty ninety"
)
_TIMES = _OF_TIME.split()
_WORD = re.compile(r"[^\W\d_]+(?:'s)?")
_SAID = frozenset(("say", "word", "utter", "mention"))


def _forms(words: Iterable[str]) -> frozenset[str]:
    return frozenset(form for word in words if len(word) >= 4 for form in inflected(word))


@cache
def _layers() -> tuple[frozenset[str], ...]:
    """Known words, those first that a question is about."""
    tables = ((EVENTS, SIGNALS, MEASURES, THINGS, LINKS), (ANSWERS,))
    first, second = ({w for t in each for said in t.values() for p in said for w in p.split()} for each in tables)
    roles = {word for said in ROLES.values() for word in said}
    every = {word for phrase, _, _ in entries() for word in phrase.lower().split()} | LIGHT
    return _forms(first | roles | {*_TIMES}), _forms(second), _forms(every)


@cache
def _links() -> frozenset[str]:
    return frozenset(word for said in LINKS.values() for phrase in said for word in phrase.split() if len(word) >= 4)


def corrected(text: str, names: PeopleNames) -> tuple[str, list[str]]:
    """A question with its misspelled words read as known ones, and what was read as what."""
    notes: list[str] = []
    before = ""

    def take(match: re.Match[str]) -> str:
        nonlocal before
        word, previous = match.group(), before
        before = word
        lower = word.lower().removesuffix("'s")
        if lower in MISTYPED:
            return MISTYPED[lower]
        if len(lower) < 4 or any(lower in layer for layer in _layers()) or is_known(lower, names):
            return word
        layers = (_links(),) if root(previous or "x") in _SAID and previous.lower() != "words" else _layers()
        near = next((found for layer in layers if (found := nearest(lower, layer, LIGHT)) is not None), None)
        if near is None:
            return word
        notes.append(f"read {word!r} as {near!r}")
        before = near
        return near

    quoted = re.split(r"([\"“][^\"”]*[\"”])", text)
    return "".join(part if part[:1] in '"“' and part else _WORD.sub(take, part) for part in quoted), notes
