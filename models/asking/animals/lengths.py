"""Lengths of time in words, how long events last, and the bins that a time is cut into."""

from __future__ import annotations

import re

from bitflow.events.language.units import Quantity
from bitflow.models.asking.numerals import SMALL, clock_seconds

SPOKEN = "|".join(sorted(SMALL, key=len, reverse=True))
NUMBER = rf"(?:\d+(?:\.\d+)?|(?:{SPOKEN})(?:[ -](?:{SPOKEN}))?)"
UNIT = r"(?:seconds?|secs?|s|minutes?|mins?|min|hours?|hrs?|h)\b"
CLOCK = r"\d+:\d{2}(?::\d{2})?(?:\.\d+)?(?:\s*(?:min|mins|minutes|s|h)\b)?"

#: 0:30, 30 s, second 30, the 30 second mark, minute one.
AT = rf"(?:the )?(?:{CLOCK}|{NUMBER}\s*-?\s*{UNIT}|(?:seconds?|minutes?|min|sec|second) (?:number )?{NUMBER})"
RECORDING = r"(?:recording|video|session|test|trial|clip|experiment|movie|film|footage)"


def with_digits(text: str) -> str:
    """Lengths of time in digits: a minute and a half, two and a half seconds, three seconds.

    Examples
    --------
    >>> with_digits("the first minute and a half, then two and a half seconds, and three-second bouts")
    'the first 1.5 minutes, then 2.5 seconds, and 3 second bouts'
    """
    unit = r"(second|minute|hour)"
    text = re.sub(rf"\b(?:(?:a|one|1) )?{unit} and a half\b", r"1.5 \1s", text, flags=re.I)
    text = re.sub(
        rf"\b({NUMBER}) and a half {unit}s?\b", lambda m: f"{value_of(m[1]) + 0.5:g} {m[2]}s", text, flags=re.I
    )
    text = re.sub(
        rf"\b({NUMBER}) (?:and )?a half\b(?= {unit})", lambda m: f"{value_of(m[1]) + 0.5:g}", text, flags=re.I
    )
    text = re.sub(
        rf"\b({NUMBER}) {unit}s? and a half\b", lambda m: f"{value_of(m[1]) + 0.5:g} {m[2]}s", text, flags=re.I
    )
    text = re.sub(rf"\bhalf (?:a |an |of a )?{unit}\b", r"0.5 \1", text, flags=re.I)
    text = re.sub(
        rf"\b((?:{SPOKEN})(?:[ -](?:{SPOKEN}))?)[ -](seconds?|secs?|minutes?|mins?|hours?|frames?|milliseconds?)\b",
        lambda m: f"{value_of(m[1]):g} {m[2]}",
        text,
        flags=re.I,
    )
    return re.sub(r"(?<=\d)-(seconds?|minutes?|min|s|hours?|frames?)\b", r" \1", text, flags=re.I)


def value_of(word: str) -> float:
    """A number in digits or in words: 30, twenty five."""
    return sum(SMALL[each.lower()] if each.lower() in SMALL else float(each) for each in re.split(r"[ -]", word))


def instant(text: str, other: str = "") -> Quantity:
    """An instant, in seconds; without a unit in that of the other edge."""
    text = re.sub(r"^the ", "", text.strip(), flags=re.I)
    if (clock := re.match(r"\d+(?::\d{2}(?:\.\d+)?)+", text)) is not None:
        return Quantity(clock_seconds(clock.group()), "s")
    number = re.search(NUMBER, re.sub(r"^(?:seconds?|minutes?|min|sec)\b", "", text, flags=re.I), re.I)
    unit = re.search(rf"(?<![a-z]){UNIT}", text, re.I) or re.search(rf"(?<![a-z]){UNIT}", other, re.I)
    assert number is not None
    symbol = {"s": "s", "m": "min", "h": "h"}[unit.group()[0].lower()] if unit is not None else "s"
    return Quantity(round(value_of(number.group()), 6), symbol)


_RANGE_OF_LENGTHS = re.compile(
    rf"\b(?P<lead>last(?:s|ed|ing)?|for|of|duration|long|takes?)\b(?P<fill>[ ,]*(?:of |is |a duration |a length )*)"
    rf"(?:between |from )?(?P<a>\d+(?:\.\d+)?)\s*(?P<ua>{UNIT})?\s*(?:and|to|-|–)\s*"
    rf"(?P<b>\d+(?:\.\d+)?)\s*(?P<ub>{UNIT})"
    rf"|(?:\bbetween |\bfrom )?(?P<a2>\d+(?:\.\d+)?)\s*(?P<ua2>{UNIT})?\s*(?:and|to|-|–)\s*(?P<b2>\d+(?:\.\d+)?)\s*"
    rf"(?P<ub2>{UNIT}) (?:long|in (?:length|duration))",
    re.I,
)


def as_lengths(text: str) -> str:
    """Lasting between 2 and 5 s: at least the one, at most the other."""

    def bounds(match: re.Match[str]) -> str:
        a, b = match["a"] or match["a2"], match["b"] or match["b2"]
        upper = match["ub"] or match["ub2"]
        lower = match["ua"] or match["ua2"] or upper
        lasting = match["lead"] is None or match["lead"].lower().startswith(("last", "dur", "take", "for"))
        return f"lasting at least {a} {lower} and at most {b} {upper}" if lasting else match.group()

    return _RANGE_OF_LENGTHS.sub(bounds, text)


_BINNED = re.compile(
    rf",?\s*\b(?:(?:split|binned|divided|cut|broken down|broken up|grouped|separated|computed|given|listed)\b ?)?"
    rf"(?:(?:in|into|with|using|by|per|for|over|across|as)\b ?)?(?:(?:each|every|successive|consecutive|a|the)\b ?)*(?:"
    rf"(?:time )?(?:bins?|steps?|blocks?|chunks?|bin size|bin width)(?: of| =|:)? (?P<n>{NUMBER})[\s-]*"
    rf"(?P<unit>{UNIT})(?: each)?"
    rf"|(?P<n2>{NUMBER})[\s-]*(?P<unit2>{UNIT})[ -](?:time )?(?:bins?|steps?|blocks?|chunks?|bin)\b"
    rf"|(?P<each>minute|hour) (?:bins?|blocks?)\b|(?P<by>minute|hour)(?: by |-by-)(?:minute|hour)\b"
    rf"|(?P<every>minute|hour) of (?:the|this) {RECORDING})",
    re.I,
)


def bins_in(text: str) -> tuple[str, Quantity | None]:
    """A question without the bins that it asks for, and how long they are."""
    match = _BINNED.search(text)
    if match is None:
        return text, None
    whole = match["each"] or match["by"] or match["every"]
    if match["every"] and not re.search(r"\b(?:each|every|per)\b", match.group(), re.I):
        return text, None
    bins = instant(f"{match['n'] or match['n2'] or 1} {match['unit'] or match['unit2'] or whole}")
    return f"{text[: match.start()]} {text[match.end() :]}".strip(), bins
