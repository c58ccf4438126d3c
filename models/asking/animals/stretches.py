"""From when to when a question is asked, how long events last, and into which bins: told apart by the words around."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.lengths import (
    AT,
    NUMBER,
    RECORDING,
    SPOKEN,
    UNIT,
    as_lengths,
    bins_in,
    instant,
    value_of,
    with_digits,
)

_SIZES = {"s": 1.0, "m": 60.0, "h": 3600.0}
_MARK = r"(?:[ -](?:mark|point))?(?: (?:into|in|of) the (?:recording|video|session|test|trial|clip|experiment))?"
_LEAD = (
    r"(?:\b(?:only |just |solely )?(?:in|during|within|over|for|of|from|throughout|across|considering|regarding|using"
    r"|looking at|taking) )?(?:only |just )?(?:the |its |their )?(?:very )?(?:time |period |interval |window )?"
)
_ONLY_SO_FAR = (
    r"(?! ?(?:s|seconds?|minutes?|min)?\s*(?:after|following|since|later|before|earlier|long|apart|bins?|of (?!the)))"
)
_NTH = {
    word: n
    for n, words in enumerate(
        ("first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th", "seventh 7th", "eighth 8th"), 1
    )
    for word in words.split()
}
#: What stands before a time that says how long events last, and what before one that is left out.
_LASTING = (
    r"\b(?:last(?:s|ed|ing)?|for|of|duration|length|long|takes?|took|bouts? of|within)\b[ ,]*"
    r"(?:of |is |was |a |any(?:thing|where) )*$"
)
_LEFT_OUT = (
    r"\b(?:except|excluding|without|not|but|outside|apart from|other than|after|before|until|since|ignor\w+|skip\w*)"
    r"(?: (?:for|in|during|the|from))*$"
)


@dataclass(frozen=True)
class Stretch:
    """A question without the time that it speaks of, and that time; `bins` where it is asked of one after the other."""

    text: str
    start: Quantity | None = None
    end: Quantity | None = None
    bins: Quantity | None = None


_TWO_PARTS = re.compile(
    rf"\b(?:first|second|third|{'|'.join(_NTH)}|last|final) (?:and|versus|vs|with|or|to) (?:the )?"
    rf"(?:{'|'.join(_NTH)}|last|final) (?:half|third|quarter|minute|hour)\b",
    re.I,
)


def stretch_in(text: str, seconds: float) -> Stretch:
    """The time that a question is about, taken out of it; `seconds` is the recording's length.

    Raises
    ------
    Ambiguous
        Two times are spoken of.

    Examples
    --------
    >>> stretch_in("Up to 0:30, how often does it rear?", 120)
    Stretch(text=', how often does it rear?', start=None, end=Quantity(value=30.0, unit='s'), bins=None)
    """
    if (both := _TWO_PARTS.search(text)) is not None:
        raise Ambiguous(f"{both.group()!r}: two stretches of time", ["ask about the one, then about the other"])
    text, bins = bins_in(_without_whole(with_digits(text), seconds))
    found: list[tuple[Quantity | None, Quantity | None]] = []
    text = as_lengths(text)
    for way in _WAYS:
        at = 0
        while (match := way.pattern.search(text, at)) is not None:
            before = text[: match.start()].rstrip()
            if way.otherwise(before, match.group()) or re.search(_LEFT_OUT, before, re.I):
                at = match.end()
                continue
            found.append(way.edges(match, seconds))
            text = f"{text[: match.start()].rstrip()} {text[match.end() :].lstrip()}".strip()
    if not found:
        return Stretch(text, bins=bins)
    if len({tuple(edge and round(edge.base, 6) for edge in each) for each in found}) > 1:
        raise Ambiguous("two stretches of time are asked about", ["ask about the one, then about the other"])
    return Stretch(text, *found[0], bins)


def _without_whole(text: str, seconds: float) -> str:
    """For the entire two minutes, where the recording has two: the time that is asked about anyway."""

    def kept(match: re.Match[str]) -> str:
        whole = match["n"] is None or abs(instant(f"{match['n']} {match['unit']}").base - seconds) < 0.5
        return "" if whole else match.group()

    return re.sub(
        rf",?\s*\b(?:for|over|during|across|throughout|in|of) (?:the|all) (?:entire|whole|full|complete|total|of the) "
        rf"(?:(?P<n>{NUMBER}) ?(?P<unit>{UNIT})(?: {RECORDING})?|{RECORDING})",
        kept,
        text,
        flags=re.I,
    )


def _first(match: re.Match[str], seconds: float) -> tuple[Quantity | None, Quantity | None]:
    length = instant(f"{match['n'] or '1'} {match['unit']}")
    if match["which"].lower() in ("last", "final", "closing", "ending"):
        return Quantity(round(max(0.0, seconds - length.base), 6), "s"), None
    return None, length


def _numbered(match: re.Match[str], seconds: float) -> tuple[Quantity | None, Quantity | None]:
    unit = match["unit"] or match["unit2"]
    size = _SIZES[unit[0].lower()]
    n = _NTH[match["nth"].lower()] if match["nth"] else value_of(match["n"])
    return (Quantity((n - 1) * size, "s") if n > 1 else None), Quantity(n * size, "s")


def _half(match: re.Match[str], seconds: float) -> tuple[Quantity | None, Quantity | None]:
    start, end = _numbered(match, seconds) if match["nth"].lower() not in ("last", "final") else (None, None)
    if end is None:
        start, end = Quantity(round(seconds - _SIZES[match["unit"][0].lower()], 6), "s"), Quantity(seconds, "s")
    first = start.base if start is not None else 0.0
    middle = (first + end.base) / 2
    whole = match["part"].lower() == "first"
    return Quantity(round(first if whole else middle, 6), "s"), Quantity(round(middle if whole else end.base, 6), "s")


def _share(match: re.Match[str], seconds: float) -> tuple[Quantity | None, Quantity | None]:
    parts = {"half": 2, "third": 3, "quarter": 4}[match["part"].lower()]
    n = parts if match["nth"].lower() in ("last", "final") else _NTH[match["nth"].lower()]
    start, end = seconds * (n - 1) / parts, seconds * n / parts
    return (
        Quantity(round(start, 6), "s") if n > 1 else None,
        Quantity(round(end, 6), "s") if n < parts else None,
    )


def _both(match: re.Match[str], seconds: float) -> tuple[Quantity | None, Quantity | None]:
    a, b = match["a"], match["b"]
    start = None if re.search(r"start|beginning|onset", a, re.I) else instant(a, b)
    end = None if re.search(r"end\b", b, re.I) else instant(b, a)
    if start is not None and end is not None and start.base > end.base:
        start, end = end, start
    return start, end


_START = rf"the (?:very )?(?:start|beginning|onset)(?: of the {RECORDING})?"
_END = rf"(?:the )?(?:very )?end(?: of the {RECORDING})?"
_OF_THE_RECORDING = rf"(?: (?:of|in) (?:the |this |each |every )?(?:whole |entire )?{RECORDING})?"
_BETWEEN = (
    rf"(?:\b(?:in|during|within|over|for) )?(?:the )?"
    rf"(?:(?:time|interval|window|period|span|range|stretch|segment)[ ,]+)*"
    rf"(?:\b(?:between|from|in|during|within|over)\b )?"
    rf"(?P<a>{AT}{_MARK}|(?<![\w.:])\d+(?:\.\d+)?|{_START})\s*"
    rf"(?:,? ?(?:and|to|until|till|up to|through|thru)\b|-|–|\.\.)\s*"
    rf"(?P<b>{AT}{_MARK}|(?<=end ){AT}|{_END})(?! ?(?:long|later|apart|after|before|in (?:length|duration)|bins?))"
    rf"(?:\s*[)\]])?"
)
_PLURAL = (
    rf"(?:\b(?:between|from|in|during|within|over|for)\b )?(?:the )?(?P<a>(?:seconds|minutes) {NUMBER})"
    rf"\s*(?:and|to|until|till|through|-|–)\s*(?P<b>{NUMBER})(?! ?(?:px|cm|mm|deg|°|%|/))\b"
)


def _lasting(before: str, said: str) -> bool:
    """Lasting between 2 and 5 s: how long events are, not from when to when."""
    return bool(re.search(_LASTING, before, re.I)) and ":" not in said


def _later(before: str, said: str) -> bool:
    """Freezes after 5 s may be so long after something else; after 0:30, or after the first minute, is a time."""
    clear = re.search(r":\d\d|mark|point|first|minute \d|second \d|\bon(?:wards?)?$|passed|over$|end\b", said, re.I)
    opens = not before.strip(" ,.;") or re.match(r"(?:starting|since|past|beyond|once|after)", said, re.I)
    return not (clear or opens) or (said.lower().startswith("at ") and not re.search(r"\bon(?:wards?)?$", said))


def _at_most(before: str, said: str) -> bool:
    """Bouts of up to 5 s are so long; up to 0:30, or before 30 s, is a time."""
    clear = re.search(r":\d\d|mark|point", said, re.I)
    if re.match(r"(?:by|to)\b", said, re.I) or re.search(_LASTING, before, re.I):
        return not clear
    sure = re.match(r"(?:before|until|till|up until|prior to|from)\b", said, re.I) or re.search(
        r"minute \d|second \d", said
    )
    return not (clear or sure or not before.strip(" ,.;"))


def _never(before: str, said: str) -> bool:
    return False


@dataclass(frozen=True)
class _Way:
    """A way to say from when to when; `otherwise` where its words say something else after what stands before."""

    pattern: re.Pattern[str]
    edges: Callable[[re.Match[str], float], tuple[Quantity | None, Quantity | None]]
    otherwise: Callable[[str, str], bool] = _never


_WAYS = (
    _Way(
        re.compile(
            rf"{_LEAD}\b(?P<part>first|second|last) half of the (?P<nth>{'|'.join(_NTH)}|last"
            rf"|final) (?P<unit>minute|hour)"
            rf"(?P<n>)(?P<unit2>)\b{_OF_THE_RECORDING}",
            re.I,
        ),
        _half,
    ),
    _Way(re.compile(_PLURAL, re.I), lambda m, _: (instant(m["a"]), instant(m["b"], m["a"])), _lasting),
    _Way(re.compile(_BETWEEN, re.I), _both, _lasting),
    _Way(
        re.compile(
            rf"\b(?:(?:starting |beginning )?(?:from|at)|starting(?: at| from| with)?|after|since|past|beyond|following"
            rf"|once) (?:the )?(?:first )?(?P<a>{AT}|(?:minute|hour)\b){_MARK}(?: (?:on(?:wards?)?|have passed"
            rf"|has passed|are over|is over|(?:on )?(?:to|until|till) {_END}))?"
            rf"(?! (?:of|after|before|later|\d|px|cm|long|bouts?))",
            re.I,
        ),
        lambda m, _: (instant(m["a"] if re.search(rf"\d|{SPOKEN}", m["a"], re.I) else f"1 {m['a']}"), None),
        _later,
    ),
    _Way(
        re.compile(
            rf"\b(?:(?:from )?{_START} )?(?:before|until|till|up to|up until|prior to|earlier than"
            rf"|not later than|by|to) (?P<b>{AT}){_MARK}(?! (?:of|after|before|later|px|cm|long|bouts?))",
            re.I,
        ),
        lambda m, _: (None, instant(m["b"])),
        _at_most,
    ),
    _Way(
        re.compile(
            rf"{_LEAD}\b(?P<which>first|initial|opening|last|final|closing|ending)\s+(?:(?P<n>{NUMBER})\s*)?"
            rf"(?P<unit>{UNIT}){_OF_THE_RECORDING}{_ONLY_SO_FAR}(?: (?:alone|only))?",
            re.I,
        ),
        _first,
    ),
    _Way(
        re.compile(
            rf"{_LEAD}\b(?:(?P<nth>{'|'.join(_NTH)}) (?P<unit>minute|hour)\b|(?P<unit2>minute) (?P<n>{NUMBER})\b)"
            rf"{_OF_THE_RECORDING}(?! (?:mark|on|onwards?))",
            re.I,
        ),
        _numbered,
    ),
    _Way(
        re.compile(
            rf"{_LEAD}\b(?P<nth>first|second|third|fourth|last|final) (?P<part>half|third|quarter)\b"
            rf"(?! (?:a|of (?!the {RECORDING}))){_OF_THE_RECORDING}",
            re.I,
        ),
        _share,
    ),
)
