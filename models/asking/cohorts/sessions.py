"""Visits that a question names: visit 1, the first and third visit, from visit 1 to 3."""

from __future__ import annotations

import re

from bitflow.events.language.refusals import NotMeasured, UnknownName
from bitflow.models.asking.cohorts.slots import Slots

_SAID_ORDER = re.compile(r"\bfrom\b.*?\bto\b|\b(?:visits?|sessions?) \w+ (?:to|until)\b", re.I)


def take_sessions(slots: Slots) -> list[str]:
    """Sessions that are named, in order.

    Raises
    ------
    NotMeasured
        No covariate tells sessions apart.
    UnknownName
        There is no such session.
    """
    if slots.has("session") and slots.terms.session is None:
        raise NotMeasured(
            "no covariate `session` or `visit` tells the sessions apart", ["bitflow participants STORE FILE.csv"]
        )
    found: list[tuple[int, str]] = []
    for n, item in enumerate(slots.items):
        if item.kind == "level" and item.value[0] == slots.terms.session:
            found.append((n, item.value[1]))
            slots.use(n)
    for place in slots.left("session"):
        numbered = _numbers_after(slots, place) + _ordinals_before(slots, place)
        for n, name in numbered:
            found.append((n, name))
            slots.use(n, place)
    if slots.all("session"):
        places = [n for n, item in enumerate(slots.items) if item.kind == "session"]
        for n in (each for each in slots.left("ordinal") if any(0 < each - place <= 3 for place in places)):
            # the first visit and the third
            found.append((n, _known(slots, slots.items[n].value)))
            slots.use(n)
    if found and not slots.terms.session:
        return []
    if len({name for _, name in found}) >= 1:
        for place in slots.left("session"):  # between the visits 1 and 3
            if any(abs(place - n) <= 2 for n, _ in found):
                slots.use(place)
    names = list(dict.fromkeys(name for _, name in sorted(found)))
    compared = "compare" in slots.verbs or bool(slots.all("than"))
    if len(names) == 2 and (compared or not _SAID_ORDER.search(slots.text)):
        names.sort(key=slots.terms.sessions.index)
    return names


def _numbers_after(slots: Slots, place: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    n = place + 1
    while slots.is_kind(n, "number") or (found and slots.is_kind(n, "mark") and slots.is_kind(n + 1, "number")):
        if slots.is_kind(n, "number"):
            quantity = slots.items[n].value
            counts = slots.is_kind(n + 1, "grain", "superlative", "every") or slots.is_kind(n + 1, "bound after")
            if quantity.unit != "1" or (found and counts):
                break
            found.append((n, _known(slots, f"{quantity.value:g}")))
        n += 1
    return found


def _ordinals_before(slots: Slots, place: int) -> list[tuple[int, str]]:
    """``the first and the third visit``: every ordinal that stands before, with nothing but links between."""
    found: list[tuple[int, str]] = []
    n = place - 1
    joins = ("mark", "ordinal", "by", "verb", "session")
    while slots.is_kind(n, *joins):
        item = slots.items[n]
        if item.kind == "verb" and item.value != "compare":
            break
        if item.kind == "ordinal" and n not in slots.used:
            found.append((n, _known(slots, item.value)))
        n -= 1
    return found[::-1]


def _known(slots: Slots, said: str | int) -> str:
    sessions = slots.terms.sessions
    if isinstance(said, int):
        if not all(re.fullmatch(r"\D?\d+", each) for each in sessions) or not 1 <= said <= len(sessions):
            if said == -1 and sessions:
                return sessions[-1]
            raise UnknownName(f"there is no session number {said}", [f"there are: {', '.join(sessions)}"])
        if f"{said}" in sessions:
            return f"{said}"
        return sessions[said - 1]
    known = {level.lower(): level for level in sessions}
    for name in (said, f"v{said}", f"s{said}", f"t{said}"):
        if name in known:
            return known[name]
    raise UnknownName(f"session {said} is not in the participants' table", [f"there are: {', '.join(sessions)}"])
