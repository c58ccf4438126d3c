"""Stretches of time in a question: the first minute, between 0:30 and 1:00, after 5:00."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bitflow.events.language.units import Quantity
from bitflow.models.asking.numerals import ORDINALS, clock_seconds

_NUMBERS: dict[str, float] = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "half": 0.5},
}
_SECONDS = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "m": 60, "h": 3600, "hour": 3600}

_COUNT = rf"(?P<n>\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})"
_UNIT = r"(?P<unit>s|secs?|seconds?|mins?|minutes?|hours?|h)\b"
_IN = r"(?:\b(?:in|during|within|over|for|of|from|throughout)\s+)?(?:the\s+)?(?:very\s+)?"
_AT = r"\d+:\d{2}(?::\d{2})?(?:\.\d+)?|\d+(?:\.\d+)?\s*(?:s|secs?|seconds?|mins?|minutes?)\b"

_FIRST = re.compile(rf"{_IN}\b(?:first|initial|opening)\s+(?:{_COUNT}\s*)?{_UNIT}", re.I)
_NTH = re.compile(rf"{_IN}\b(?P<nth>{'|'.join(ORDINALS)}|\d+(?:st|nd|rd|th))\s+(?P<unit>minute|hour)\b", re.I)
_BETWEEN = re.compile(
    rf"\b(?:between|from|in|during)?\s*(?:minutes?\s+)?(?P<a>{_AT}|\d+)\s*(?:and|to|until|till|-|\.\.)\s*(?P<b>{_AT})",
    re.I,
)
_MINUTES = re.compile(
    r"\b(?:between|from|in|during)?\s*minutes?\s+(?P<a>\d+)\s*(?:and|to|until|-)\s*(?P<b>\d+)\b", re.I
)
_AFTER = re.compile(rf"\b(?:after|since|from)\s+(?:the\s+first\s+)?(?P<a>{_AT})(?:\s+on(?:wards?)?)?", re.I)
_BEFORE = re.compile(rf"\b(?:before|until|up to|till)\s+(?P<b>{_AT})", re.I)


@dataclass(frozen=True)
class Window:
    """From when to when; None for the recording's own beginning and end."""

    start: Quantity | None
    end: Quantity | None


def window_in(text: str) -> tuple[str, Window | None]:
    """A question without the stretch of time that it speaks of, and that stretch.

    Examples
    --------
    >>> window_in("blink rate in the first two minutes")
    ('blink rate ', Window(start=None, end=Quantity(value=2.0, unit='min')))
    >>> window_in("blinks between 0:30 and 1:00")[1]
    Window(start=Quantity(value=30.0, unit='s'), end=Quantity(value=60.0, unit='s'))
    """
    for pattern, read in (
        (_MINUTES, lambda m: (Quantity(float(m["a"]), "min"), Quantity(float(m["b"]), "min"))),
        (_BETWEEN, lambda m: (_at(m["a"], m["b"]), _at(m["b"]))),
        (_NTH, _nth),
        (_FIRST, lambda m: (None, Quantity(_count(m["n"]), _symbol(m["unit"])))),
        (_AFTER, lambda m: (_at(m["a"]), None)),
        (_BEFORE, lambda m: (None, _at(m["b"]))),
    ):
        found = pattern.search(text)
        if found is not None and not (pattern is _NTH and found["nth"].lower() == "first"):
            start, end = read(found)
            return text[: found.start()] + text[found.end() :], Window(start, end)
    return text, None


#: Of a course, where nobody says how long its stretches are.
COURSE_BINS = Quantity(10, "s")
_BINS = re.compile(
    rf",?\s*\b(?:(?:in|with|using|by|per)\s+)?(?:(?:bins?|steps?|windows?|intervals?) of {_COUNT}\s*{_UNIT}"
    rf"|binned\s+(?:at|by|in|into|every|to)\s+(?P<n3>\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})\s*(?P<unit3>"
    rf"s|secs?|seconds?|mins?|minutes?)\b(?:\s*(?:bins?|steps?|windows?|intervals?)\b)?"
    rf"|(?P<n2>\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})\s*(?P<unit2>s|secs?|seconds?|mins?|minutes?)\b\s*(?:bins?|steps?|windows?|intervals?)\b)",
    re.I,
)
_COURSE = re.compile(
    r"\b(?:plot |show |draw )?(?:the )?(?:time )?course(?: over time)?(?: of)?\b"
    r"|\b(?:plot |show )?(?:the )?time ?line(?: of)?\b",
    re.I,
)


def course_in(text: str) -> tuple[str, Quantity | None]:
    """A question without its bins, and how long they are; None where it asks for no course.

    Examples
    --------
    >>> course_in("Time course of smiling, 10 s bins, both groups")
    (' smiling, both groups', Quantity(value=10.0, unit='s'))
    """
    found = _BINS.search(text)
    course = _COURSE.search(text)
    if found is None and course is None:
        return text, None
    bins = COURSE_BINS
    if found is not None:
        bins = Quantity(
            _count(found["n"] or found["n2"] or found["n3"]), _symbol(found["unit"] or found["unit2"] or found["unit3"])
        )
        text = text[: found.start()] + text[found.end() :]
    return _COURSE.sub("", text), bins


def _nth(match: re.Match[str]) -> tuple[Quantity, Quantity]:
    said = match["nth"].lower()
    place = ORDINALS.index(said) if said in ORDINALS else int(said[:-2]) - 1
    symbol = _symbol(match["unit"])
    return Quantity(float(place), symbol), Quantity(float(place + 1), symbol)


def _count(text: str | None) -> float:
    return 1.0 if text is None else float(_NUMBERS.get(text.lower(), 0) or text)


def _symbol(unit: str) -> str:
    return {1: "s", 60: "min", 3600: "h"}[_SECONDS[unit.lower().rstrip("s") or "s"]]


def _at(text: str, like: str = "") -> Quantity:
    if ":" in text:
        return Quantity(clock_seconds(text), "s")
    number = re.match(r"\d+(?:\.\d+)?", text)
    assert number is not None
    unit = re.search(r"[a-z]+", text.lower()) or re.search(r"[a-z]+", like.lower())
    return Quantity(float(number.group()), _symbol(unit.group()) if unit else "s")
