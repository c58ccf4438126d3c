"""Times in a question about people: stretches, bins, how long events last, within how long of another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.units import Quantity, unit_named
from bitflow.models.asking.numerals import clock_seconds
from bitflow.models.asking.people.lengths import TIME_UNIT, Lengths, N, cut, lengths_in
from bitflow.models.asking.windows import Window, window_in

_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_WORDS |= {"nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "half a": 0.5}
_SPELLED = re.compile(
    rf"\b(half an?|{'|'.join(w for w in _WORDS if len(w) > 2)})\s+(?={TIME_UNIT}|[- ]?(?:second|minute)s?\b)", re.I
)

_BOTH_SIDES = re.compile(
    rf"\b(?:before (?:and|/|vs\.?|versus|or|compared (?:to|with)) after|after (?:and|vs\.?|versus"
    rf"|compared (?:to|with)) before)"
    rf"\s+(?:the )?(?P<at>\d+:\d{{2}}(?::\d{{2}})?|{N}\s*(?:s|secs?|seconds?|mins?|minutes?)\b"
    rf"|half ?(?:way|time)|minute {N})(?: (?:mark|point)\b)?",
    re.I,
)
_BEFORE_AND_AFTER = re.compile(
    r"\bbefore (?P<at>[\w:.]+(?: (?:s|sec|seconds|min|minutes))?),? (?:and|vs\.?|versus) after (?P=at)", re.I
)
_TIME = rf"(?:\d+:\d{{2}}(?::\d{{2}})?|{N}\s*(?:s|secs?|seconds?|mins?|minutes?)\b|minute {N})"
_FIRST_PART = re.compile(
    rf"(?:\b(?:in|during|over|for|from)\s+)?(?:\bthe\s+)?(?:\b(?:before|until|up to|up until|prior to)\s+(?:the\s+)?"
    rf"|\b(?:start|beginning)\s+(?:to|until)\s+(?:the\s+)?|\bfirst\s+"
    rf""
    rf"|(?<![\d:.,-])(?<!of )0(?::00|\s*(?:s|secs?|seconds?|mins?|minutes?))?\s*(?:-|to|until)\s*)"
    rf"(?P<a>{_TIME})(?:\s+(?:mark|point))?",
    re.I,
)
_REST = (
    r"otherwise|(?:and )?beyond|(?:in |for |during )?the (?:time|part|remaining part) (?:after|following|beyond) "
    r"(?:that|this|it)|(?:and )?after(?=\W*$)|from then on(?:wards?)?|after (?:that|this|then|which|it)(?: point| "
    r"time)?|"
    r"afterwards?|thereafter|then "
    r"on(?:wards?)?"
    r"|(?:in |during |for |over )?the rest(?: of (?:it|(?:the )?(?:recording|video|session|time|interview|visit)))?"
    r"|(?:rest|remainder) of (?:it|(?:the )?(?:recording|video|session|time|interview|visit))|(?<=then )rest|later on"
    r"|the remaining time|what follows|from there on"
)
_SECOND_PART = re.compile(
    rf"\b(?:after|from|since|past)\s+(?:the\s+)?(?P<b>{_TIME})(?:\s+(?:mark|point))?(?:\s+(?:on(?:wards?)?|to (?:the "
    rf")?end))?"
    rf"|\b(?P<c>{_TIME})\s+(?:to|until)\s+(?:the\s+)?end\b|\b(?:{_REST})\b",
    re.I,
)
#: Two stretches are told one after the other: that they are to be compared says no more.
_COMPARED = re.compile(
    r"\b(?:compare[ds]?|comparison|comparing|differences?|differs?|how do(?:es)?(?= .*\bdiffer)"
    r"|how did(?= .*\bdiffer))\b",
    re.I,
)
_LAST = re.compile(
    rf"\b(?:in|during|over|for|of)?\s*(?:the )?(?:last|final"
    rf"|closing)\s+(?:(?P<n>{N})\s*)?(?P<unit>s|secs?|seconds?|mins?|minutes?)\b",
    re.I,
)
_HALF = re.compile(
    r"\b(?:in|during|over|for|of)?\s*(?:the )?(?P<which>first|second|last) half(?: of the (?:video"
    r"|recording|interview|clip))?\b",
    re.I,
)
_COUNTS = "|".join(word for word in _WORDS if len(word) > 2 and word != "half a")
_IN_MINUTE = re.compile(
    rf"\b(?:in|during|over|of|for)\s+(?:the )?minute (?P<n>[1-9]\d*|{_COUNTS})"
    r"\b(?!\s*(?:to|-|and|until))",
    re.I,
)
#: A stretch of the recording, or how long something lasts?
_LOOSE = re.compile(
    r"\b(?:of|for) \d+(?:\.\d+)?(?: ?(?:s|secs?|seconds?))? ?(?:to|-) ?\d+(?:\.\d+)? ?(?:s|secs?|seconds?)\b"
    r"|\bbetween \d+(?:\.\d+)?(?: ?(?:s|secs?|seconds?))? and \d+(?:\.\d+)? ?(?:s"
    r"|secs?|seconds?)\b",
    re.I,
)
_AT_END = re.compile(
    r"\b(?:in|during|over|across|throughout|in the course of|over the course of)\s+(?:the )?(?:whole "
    r"|entire |full |complete )?"
    r"(?:recording|video|clip|interview|session|visit|conversation|dialogue|tape|footage|file|meeting|appointment)\b"
    r"(?! (?:\d|is|was))",
    re.I,
)
_BARE_CLOCKS = re.compile(
    r"\b(?:(?:between|from|in|during)\s+)?(?:minutes?\s+)?(?P<a>\d+:\d{2})\s*(?:-|–|—|to|until|till"
    r"|through|and)\s*(?P<b>\d+:\d{2})\b",
    re.I,
)


@dataclass
class Times(Lengths):
    """What a question says of time.

    Parameters
    ----------
    windows
        Stretches, each to be answered for itself.
    loose
        Whether the stretch may as well be how long events last: between 2 and 3 s.
    """

    windows: list[Window] = field(default_factory=list)
    loose: bool = False


#: ``in minutes 2 and 4``: no stretch from the one to the other.
_TWO_TIMES = re.compile(
    rf"(?<!between )(?<!from )(?<!between the )\b(?:minutes? \d+|{N} ?(?:s|secs?|seconds?|mins?|minutes?)|\d+:\d\d)"
    rf"(?:,| and|, and| or| &) (?:minutes? )?(?:\d+:\d\d|\d+\b(?! ?(?:deg|degrees|hz|db|px|%)))",
    re.I,
)


_PLACE = "first|second|third|fourth|fifth|last|final|opening|closing"
#: ``in the first and last minute``.
_TWO_PLACES = re.compile(
    rf"\b(?:{_PLACE})(?: (?:minute|half|second))? (?:and|or|&|versus|vs\.?) (?:in )?(?:the )?(?:{_PLACE}) (?:\S+ )?"
    r"(?:minutes?|half|halves|seconds|hour)\b",
    re.I,
)


def times_in(text: str, seconds: float | None) -> tuple[str, Times]:
    """A question without what it says of time, and that.

    Parameters
    ----------
    seconds
        Length of the recording, where there is one.

    Raises
    ------
    Ambiguous
        A part of the recording is counted from its end, and there are several recordings.
    """
    found = Times()
    if _TWO_PLACES.search(text) is not None:
        raise Ambiguous("two stretches of time at once", ["in the first minute", "in the last minute"])
    text = _SPELLED.sub(lambda m: f"{_WORDS[re.sub('an$', 'a', m[1].lower())]:g} ", text)
    text = _AT_END.sub(" ", text)
    text = _both_sides(text, found, seconds)
    text = lengths_in(text, found)
    text = _of_the_end(text, found, seconds)
    match = _IN_MINUTE.search(text)
    if match is not None and not found.windows:
        n = float(_WORDS.get(match["n"].lower(), 0) or match["n"])
        found.windows = [Window(Quantity(n - 1, "min"), Quantity(n, "min"))]
        text = cut(text, match)
    if not found.windows and _TWO_TIMES.search(text) is not None:
        raise Ambiguous("two times, or all the time between them?", ["between 1:00 and 3:00", "in the second minute"])
    if not found.windows:
        found.loose = _LOOSE.search(text) is not None
        text = _BARE_CLOCKS.sub(r"between \g<a> and \g<b>", text)
        text, window = window_in(text)
        if window is not None:
            found.windows = [window]
    return text, found


def _both_sides(text: str, found: Times, seconds: float | None) -> str:
    text = re.sub(r"\bbefore ?/ ?after\b", "before and after", text, flags=re.I)
    text = _BEFORE_AND_AFTER.sub(r"before and after \g<at>", text)
    match = _BOTH_SIDES.search(text)
    if match is None:
        return _in_two_parts(text, found)
    said = match["at"].lower()
    half = said.startswith("half")
    at = Quantity(_known(seconds, "half of the recording") / 2, "s") if half else _clock(said)
    found.windows = [Window(None, at), Window(at, None)]
    return _COMPARED.sub(" ", cut(text, match))


def _in_two_parts(text: str, found: Times) -> str:
    """``the speech rate until 5:00, and what was it from then on``: said apart, with the same time between."""
    first = _FIRST_PART.search(text)
    if first is None:
        return text
    rest = text[: first.start()] + " " * (first.end() - first.start()) + text[first.end() :]
    second = _SECOND_PART.search(rest)
    if second is None:
        return text
    at = _clock(first["a"].lower())
    later = second["b"] or second["c"]
    if later is not None and _clock(later.lower()).base != at.base:
        return text
    found.windows = [Window(None, at), Window(at, None)]
    if second.start() < first.start():
        found.windows.reverse()
    left = rest[: second.start()] + " " + rest[second.end() :]
    return _COMPARED.sub(" ", re.sub(r"\b(?:vs\.?|versus|and then|then)\B|\b(?:vs\.?|versus)(?=\s)", " ", left))


def _clock(said: str) -> Quantity:
    if said.startswith("minute"):
        return Quantity(float(said.split()[1]), "min")
    if ":" in said:
        return Quantity(clock_seconds(said), "s")
    number = re.match(N, said)
    assert number is not None
    return Quantity(float(number.group()), unit_named(said[number.end() :].strip()).symbol)


def _of_the_end(text: str, found: Times, seconds: float | None) -> str:
    match = _LAST.search(text)
    if match is not None:
        length = Quantity(float(match["n"] or 1), unit_named(match["unit"].lower()).symbol).base
        start = max(0.0, _known(seconds, "the end of the recording") - length)
        found.windows = [Window(Quantity(round(start, 3), "s"), None)]
        return cut(text, match)
    match = _HALF.search(text)
    if match is not None:
        half = Quantity(round(_known(seconds, "half of the recording") / 2, 3), "s")
        found.windows = [Window(None, half) if match["which"].lower() == "first" else Window(half, None)]
        return cut(text, match)
    return text


def _known(seconds: float | None, what: str) -> float:
    if seconds is None:
        raise Ambiguous(f"{what} is another time in every recording", ["after 5:00", "--recording ID asks one"])
    return seconds


def per_time(text: str) -> str:
    """``a minute``, ``every hour`` as ``per minute``, ``per hour``."""
    return re.sub(
        r"\b(?:a|an|each|every|per|in a) (?:single )?(minute|min|hour"
        r"|second)\b",
        r"per \1",
        text,
        flags=re.I,
    )
