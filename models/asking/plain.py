"""A question in plain spelling, before it is cut into items."""

from __future__ import annotations

import re

#: Nouns that a number may follow.
_PLACES = "roi|region|zone|area|object|obj"
NOUNS = f"{_PLACES}|mouse|animal|rat|subject"

_JOIN = r"\s*(?:,\s*(?:and|or)\b|,|\band\b|\bor\b|&|/)\s*"
_LISTED = re.compile(
    rf"\b({NOUNS}|mice)s?\s*(\d+)((?:{_JOIN}\d+)+)\b(?!\s*(?:[:.%°]\d|[a-z]*/|px|pixel|cm|mm|s\b|sec|min|frame|deg))",
    re.I,
)
_RANGE = re.compile(
    rf"\b({_PLACES})s?\s*(\d+)\s*(?:-|–|to|through|thru)\s*(?:\1)?\s*(\d+)\b(?!\s*(?:px|cm|s\b|deg))", re.I
)
_DOUBLE_BOUND = re.compile(
    r"(\d+(?:\.\d+)?\s*(?:px/s|cm/s|px|pixels|cm|deg|degrees)?)\s*(<=?)\s*([a-z][a-z ]*?)\s*<=?\s*(\d+(?:\.\d+)?)", re.I
)

#: ``/s²``, per second squared, per second per second.
_SECOND = "(?:s|sec|second)"
_SQUARED = rf"(?:/ ?{_SECOND} ?(?:\^ ?2|²|2\b)|(?: per |/) ?{_SECOND}(?: squared|(?: per |/) ?{_SECOND})\b)"


def _listed(match: re.Match[str]) -> str:
    """``ROI 0, 1 and 2`` with the noun before every number."""
    noun = "mouse" if match[1].lower() == "mice" else match[1]
    return f"{noun} {match[2]}" + re.sub(r"\d+", lambda number: f" {noun} {number.group()}", match[3])


def _ranged(match: re.Match[str]) -> str:
    """``ROI 0 to 3`` as any of ROI 0, 1, 2 and 3."""
    first, last = int(match[2]), int(match[3])
    if not first < last <= first + 50:
        return match[0]
    return " or ".join(f"{match[1]} {number}" for number in range(first, last + 1))


def plain(question: str) -> str:
    """A question with one spelling for what can be written in several ways."""
    text = question.replace("−", "-").replace("≤", "<=").replace("≥", ">=").replace("’", "'")
    text = re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", text)
    text = re.sub(r"\bgood (?:morning|afternoon|evening)\b", "hello", text, flags=re.I)
    text = re.sub(rf"(?<=[a-z]) ?{_SQUARED}", " / s2", text, flags=re.I)
    text = re.sub(
        r"\b(\d+|\w+) (or (?:more|less|fewer|longer)) (\w+)\b(?<=frames|econds|inutes)", r"\1 \3 \2", text, flags=re.I
    )
    text = re.sub(r"\bw/(?!o)", "with ", text.replace("can't", "can not").replace("won't", "will not"))
    text = re.sub(r"(?<=[a-z])n't\b", " not", text)
    text = re.sub(r"\bquickest\b", "fastest", text, flags=re.I)
    share = r"(\d+(?:\.\d+)?) ?(?:%|percent)"
    text = re.sub(rf"\b(?:speed|velocity)\b(.*?)\b(?:top|highest|upper) {share}", r"\1 fastest \2 %", text, flags=re.I)
    text = re.sub(rf"\b(?:speed|velocity)\b(.*?)\b(?:bottom|lowest) {share}", r"\1 slowest \2 %", text, flags=re.I)
    text = re.sub(
        rf"\b(?:top|highest|upper) {share} (?:of|in) (?:the |its )?(?:speed|velocity)\b", r"fastest \1 %", text
    )
    text = re.sub(r"\b(fastest|slowest) tenth\b", r"\1 10 %", text, flags=re.I)
    text = re.sub(r"\b(?:and|with) (?:their|its|the) number\b(?! of)", "and how many", text, flags=re.I)
    text = re.sub(r"\btime stamps?\b", "timestamps", text, flags=re.I)
    text = re.sub(r"\b(?:to|let me|i|we|you|wanna) know\b", " ", text, flags=re.I)
    text = re.sub(r"\bminus (?=\d)", "-", text, flags=re.I)
    text = re.sub(r"\b(what|which) %", r"\1 percent", text, flags=re.I)
    text = re.sub(rf"\b({NOUNS})s? ?(?:number |no\.? |nr\.? |num\.? |# ?)(?=\d)", r"\1 ", text, flags=re.I)
    text = _LISTED.sub(_listed, _RANGE.sub(_ranged, text))
    text = re.sub(r"(?<=\d) ?[-–] ?(?=\d)", " to ", text)
    text = _DOUBLE_BOUND.sub(r"\3 between \1 and \4", text)
    text = re.sub(
        r"^\s*((?:can|could|would|will) you )?((?:please|pls|kindly) )?(run|perform|execute|make|do) (?!after|away)",
        " ",
        text,
        flags=re.I,
    )
    text = re.sub(r"\b([Ii]|[Ww]e|[Yy]ou)\s+(want|wanted|would like|'d like|need|think|wonder|would love)\b", " ", text)
    text = re.sub(r"\b(one|1) and a half\b", "1.5", text, flags=re.I)
    text = re.sub(r"\b(?:a )?half (?:a |an )?(second|minute|hour|body length)\b", r"0.5 \1", text, flags=re.I)
    text = re.sub(r"\ba quarter (?:of )?(?:a |an )?(second|minute|hour)\b", r"0.25 \1", text, flags=re.I)
    text = re.sub(r"\ba couple of (seconds|minutes|frames)\b", r"2 \1", text, flags=re.I)
    text = re.sub(
        r"\b(second|minute|frame)s? (\d+(?:\.\d+)?)\b(?! ?(?:s|sec|min|frame|px|cm|deg))", r"\2 \1", text, flags=re.I
    )
    text = re.sub(r"^\s*will (?!you\b)", "predict ", text, flags=re.I)
    text = re.sub(r"\b(do|does|did)\b(.*)\b(like|dislike|love|hate|enjoy)\b", r"\1\2 prefer", text, flags=re.I)
    text = re.sub(r"\b(\d+(?:\.\d+)?)(?:st|nd|rd|th) percentile\b", r"p\1", text, flags=re.I)
    text = re.sub(r"\b(\d+(?:\.\d+)?) ?(?:%|percent) (?:of the )?(fastest|slowest)\b", r"\2 \1 %", text, flags=re.I)
    text = re.sub(r"\b(?:a|an|any|some)\s+(?:single\s+)?(mouse|animal|rat)\b(?!\s*\d)", "anyone", text, flags=re.I)
    text = re.sub(r"\b(?:no|none of the|neither) (mouse|mice|animals?|rats?)\b", "not all mice", text, flags=re.I)
    lead = r"(?<!per )(?<!times )(?<!time )(?<!every )(?<!often )"
    return re.sub(
        lead + r"\b(?:a|an|one) (?:single |full |whole )?(second|minute|hour|frame|body length)\b",
        r"1 \1",
        text,
        flags=re.I,
    )
