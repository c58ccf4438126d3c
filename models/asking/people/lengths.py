"""Lengths of time in a question about people: bins, how long events last, within how long of another."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.units import Quantity, unit_named

TIME_UNIT = r"(?:ms|milliseconds?|msecs?|s|secs?|seconds?|mins?|minutes?|hours?|h|frames?)\b"
N = r"\d+(?:\.\d+)?"
_LENGTH = rf"(?P<n>{N})\s*-?\s*(?P<unit>{TIME_UNIT})"
_BINS = (
    re.compile(
        rf"\b(?:in|with|using|by|at|per|over)?\s*(?:bins?|steps?|windows?|intervals?|blocks?) of {_LENGTH}", re.I
    ),
    re.compile(
        rf"\b(?:in|with|using|by|at|per|over|across|through|throughout)?\s*(?:(?:successive|consecutive|subsequent|"
        rf"adjacent|sequential)\s+)?{_LENGTH}\s*-?(?:bins?|steps?|windows?|intervals?"
        rf"|blocks?|long bins?)\b",
        re.I,
    ),
    re.compile(rf"\b(?:every|per|each|for each|for every) {_LENGTH}", re.I),
    re.compile(rf",? ?\b{_LENGTH} each\b", re.I),
)
_BINNED_WORD = re.compile(r"\b(?:binned|bins|bin)\b[, ]*", re.I)
_MINUTE_BY_MINUTE = re.compile(
    r"\b(?:minute by minute|minute for minute|in each minute|for each minute|per minute bins?)\b", re.I
)
_WITHIN = re.compile(
    rf"\b(?:within|in under|in less than|up to|no more than|at most|in the)\s+(?:the )?(?:first "
    rf"|next )?{_LENGTH}\s*(?=(?:of|after|following|from)\b)"
    r"(?!of (?:the |this |his |her )?(?:recording|video|clip|interview|session|visit|conversation|tape|footage)\b)",
    re.I,
)
_DURATIONS = (
    (
        re.compile(
            rf"(?:\b|(?=[<>≥≤]))(?:(?:that |which )?(?:last|lasts|lasting|lasted|are|is|of|for|being"
            rf"|with an? (?:duration|length)(?: of)?)\s+)*"
            rf"(?P<op>(?:not|no|never) (?:any )?(?:longer|more|greater|shorter|less|fewer) than|not (?:exceeding|"
            rf"over|above|under|below)"
            rf"|longer than|more than|greater than|exceed(?:ing|s)?|over|above|at least|no less than"
            rf"|not less than|minimum(?: of)?|min\.?"
            rf"|>=|>|≥|shorter than|less than|under|below|at most|no more than|no longer than"
            rf"|maximum(?: of)?|max\.?|<=|<|≤)"
            rf"\s*{_LENGTH}(?:\s+(?:long|in length|in duration|or (?:more|longer)))?",
            re.I,
        ),
        None,
    ),
    (
        re.compile(
            rf"\b(?:(?:that |which )?(?:last|lasts|lasting|lasted|are|of|for)\s+)*{_LENGTH}\s+(?:or"
            rf"|and) (?:more|longer|above|over|up)\b",
            re.I,
        ),
        ">=",
    ),
    (
        re.compile(
            rf"\b(?:(?:that |which )?(?:last|lasts|lasting|lasted|are|of|for)\s+)*{_LENGTH}\s+(?:or"
            rf"|and) (?:less|shorter|under|below)\b",
            re.I,
        ),
        "<=",
    ),
    (re.compile(rf"(?<!\w){_LENGTH}\s*\+", re.I), ">="),
    (re.compile(rf"\b{_LENGTH}\s+(?:min|minimum)(?: duration| length)?\b", re.I), ">="),
)
#: ``lasting 2 to 5 seconds``, ``between 2 s and 5 s long``: both bounds of a length.
_BOTH_BOUNDS = re.compile(
    rf"\b(?:(?:that |which )?(?:last|lasts|lasting|lasted)\s+|\b(?:of|for)\s+(?=[^.?!]*\blong\b))(?:between\s+|"
    rf"from\s+)?"
    rf"(?P<a>{N})\s*(?P<ua>{TIME_UNIT})?\s*(?:to|and|-|until)\s*(?P<b>{N})\s*(?P<ub>{TIME_UNIT})"
    rf"(?:\s+(?:long|in length))?"
    rf"|\bbetween\s+(?P<c>{N})\s*(?P<uc>{TIME_UNIT})?\s*and\s*(?P<d>{N})\s*(?P<ud>{TIME_UNIT})"
    rf"\s+(?:long|in length|in duration)",
    re.I,
)
_LEAST = (
    "no shorter",
    "not shorter",
    "not any shorter",
    "not under",
    "not below",
    "never less",
    "never shorter",
    "longer",
    "more",
    "greater",
    "exceed",
    "over",
    "above",
    "at least",
    "no less",
    "not less",
    "min",
    ">",
    "≥",
)


@dataclass
class Lengths:
    """What a question says of lengths of time.

    Parameters
    ----------
    bins
        Length of the stretches that the time is cut into.
    shortest, longest
        How long events last.
    within
        How long after another event.
    """

    bins: Quantity | None = None
    shortest: Quantity | None = None
    longest: Quantity | None = None
    within: Quantity | None = None


def lengths_in(text: str, found: Lengths) -> str:
    """A question without the lengths of time that it speaks of, which are put into `found`.

    Raises
    ------
    Ambiguous
        Events are to last two lengths of time.
    """
    text = _binned(text, found)
    if (match := _WITHIN.search(text)) is not None:
        found.within = _length(match)
        text = cut(text, match)
    return _durations(text, found)


def _binned(text: str, found: Lengths) -> str:
    for pattern in _BINS:
        match = pattern.search(text)
        if match is not None:
            found.bins = _length(match)
            return _BINNED_WORD.sub(" ", cut(text, match))
    match = _MINUTE_BY_MINUTE.search(text)
    if match is not None:
        found.bins = Quantity(1, "min")
        return cut(text, match)
    return text


def _durations(text: str, found: Lengths) -> str:
    if (both := _BOTH_BOUNDS.search(text)) is not None:
        low, high, unit = (both["a"], both["b"], both["ub"]) if both["a"] else (both["c"], both["d"], both["ud"])
        first = (both["ua"] or both["uc"] or unit).lower()
        found.shortest, found.longest = (
            Quantity(round(Quantity(float(n), unit_named(u.lower()).symbol).base, 6), "s")
            for n, u in ((low, first), (high, unit))
        )
        text = cut(text, both)
    for pattern, op in _DURATIONS:
        while (match := pattern.search(text)) is not None:
            said = op or match["op"].lower()
            least = said.startswith(_LEAST) or said == ">="
            if (found.shortest if least else found.longest) is not None:
                raise Ambiguous("two lengths of time were said", ["pauses of at least 2 s"])
            if least:
                found.shortest = _length(match)
            else:
                found.longest = _length(match)
            text = cut(text, match)
    return text


def _length(match: re.Match[str]) -> Quantity:
    length = Quantity(float(match["n"]), unit_named(match["unit"].lower()).symbol)
    return length if length.unit == "f" else Quantity(round(length.base, 6), "s")


def cut(text: str, match: re.Match[str]) -> str:
    """A text without what was found in it."""
    return f"{text[: match.start()]} {text[match.end() :]}"
