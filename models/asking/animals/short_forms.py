"""Short forms and signs written out, and what is said after its noun put before it: til, pct, 1st, 50..260 px."""

from __future__ import annotations

import re

from bitflow.models.asking.numerals import PLACES, SMALL

_PLACE = r"(?:roi|object|obj|zone|region|area) ?\d+"
_UNIT = (
    r"(?:px|pixels?|cm|mm|m|body lengths?|bl|deg|degs|degrees?|°|s|secs?|seconds?|ms|milliseconds?|mins?|minutes?|h"
    r"|hours?|f|frames?)(?:(?: ?/ ?| per )(?:s|secs?|seconds?))?"
)
#: What ends a statement.
_ENDS = r"(?=\s*(?:[,;:.?!)]|$|\b(?:and|but|while|when|with|by|in each|for each)\b))"
_NO_MORE = r"(?<!least )(?<!most )(?<!than )(?<!over )(?<!under )(?<!above )(?<!below )(?<!to )(?<!and )(?<![<>=] )"
_ORDINALS = {"twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "seventieth": 70}
_ORDINALS |= {"eightieth": 80, "ninetieth": 90, "fifteenth": 15, "tenth": 10, "first": 1, **PLACES}
_TENS = {word: int(value) for word, value in SMALL.items() if value >= 20}
_RANKED = re.compile(rf"\b(?:({'|'.join(_TENS)})[- ])?({'|'.join(_ORDINALS)}) percentile\b", re.I)

_SHORT = (
    (r"(?<!\w)['’]?til\b|\btill\b|\buntill\b", "until"),
    (r"(?<=\d) ?(?:pct|prct|per cent)\b\.?|\b(?:pct|prct|per cent)\b\.?", " percent"),
    (r"\bw/o\b", "without"),
    (r"\b(?:btwn|betw|b/w)\b\.?", "between"),
    (r"\bspd\b", "speed"),
    (r"(?<![\w/.])w(?= [A-Za-z])", "with"),
    (r"\b(half an?|quarter of an?|per|a|each|every) sec\b", r"\1 second"),
    (r"\b(half an?|quarter of an?) hr\b", r"\1 hour"),
    (r"\b(half a|quarter of a) min\b", r"\1 minute"),
    (r"\b(?:half|½) (?:of )?a(?:n)? (second|minute|hour) (or (?:more|less|longer))", r"0.5 \1s \2"),
    (r"\b1st(?! percentile)\b", "first"),
    # the open arm (=ROI0)
    (rf"\s*\(\s*(?:=|aka|a\.k\.a\.|i\.e\.,?)\s*({_PLACE})\s*\)", r", which is \1,"),
    (r"(?<=\d) ?(?:\.{2,3}|…) ?(?=\d)", " to "),
    (r"\|\s*((?:\w+[ _])?(?:angle|orient\w*|speed|velocity))\s*\|", r"\1"),
    (r"(?:^|,? )(?:as an? )?(mouse|animal|rat)(?: x | × |×|-x-|x)\1\b(?: count)?(?: matrix| table)?", " matrix"),
    # is engaged in chasing
    (
        r"\b(?:engag(?:e|es|ed|ing)|involved|taking part|takes? part|participat(?:es?|ed|ing)) in (?:the act of |a "
        r"|any )?(?=\w+ing\b)",
        "",
    ),
    (r"\b(?:busy|occupied with|in the (?:act|process|middle) of) (?=\w+ing\b)", ""),
    # after smoothing with a running mean of 15 frames
    (
        r"\b(?:after|following|with|upon) (?:a |the )?(?:mean[- ])?smoothing(?: (?:it|them|this|these|the \w+))?"
        r"(?: (?:over|with|by|using))?(?: (?:a|an|the))? (?:(?:running|rolling|moving|sliding) )?"
        r"(?:(?:mean|average) )?(?:(?:filter|window) )?(?:of |over )?(?=\d+[ -]?(?:f|frames?)\b)",
        "smoothing window ",
    ),
    (r"\b(?:mean|average)[- ]smooth(?:ing|ed)?[,;]? (?:with )?(?:a )?(?=window)", "smoothing "),
    # brings its nose to the tail base of
    (
        r"\b(?:(?:bring|put|place|move|stick|press|hold|poke|push|point)(?:s|es|ing)?|brought|held|stuck|pok(?:es|ing))"
        r" (?:its|his|her|their|the) (?:nose|snout)s? (?:up |close |right )?(?:to|on|onto|at|against|under)"
        r" (?:the )?(?:(tail) ?base|base of the (tail)|(rear|tail|nose))(?= of)",
        r"nose to \1\2\3",
    ),
    # 30 degrees at most
    (rf"{_NO_MORE}(\b\d+(?:\.\d+)? ?{_UNIT}),? (?:at (?:the )?most|tops|max(?:imum)?){_ENDS}", r"at most \1"),
    (rf"{_NO_MORE}(\b\d+(?:\.\d+)? ?{_UNIT}),? (?:at (?:the )?least|minimum){_ENDS}", r"at least \1"),
)
_COMPILED = tuple((re.compile(pattern, re.I), written) for pattern, written in _SHORT)
_UNPARTED = re.compile(rf"\b{_PLACE}(?: {_PLACE})+(?= (?:or|and) {_PLACE}\b)", re.I)
#: Drinking is nose in obj28 at least 20 frames, when does it drink?
_BY_IS = re.compile(
    r"^\W*(?P<name>[a-z]{2,}ing) (?:is|means|:|=) (?P<meaning>(?!it\b|the\b|not\b|when\b)[^.;?!]*?\d[^.;?!]*?)[,;]"
    r" (?:so )?(?P<asked>(?:when|how|list|count|what|give|show|total|number|longest|latency|rate|fraction)\b.+)$",
    re.I | re.S,
)


def written_out(text: str) -> str:
    """A question with its short forms and signs in words.

    Examples
    --------
    >>> written_out("how long til it goes in center, fastest 10 pct w head angle 30 deg at most")
    'how long until it goes in center, fastest 10 percent with head angle at most 30 deg'
    >>> written_out("in roi0 roi1 or roi2, faster than the ninety-fifth percentile")
    'in roi0, roi1 or roi2, faster than the 95th percentile'
    """
    for pattern, written in _COMPILED:
        text = pattern.sub(written, text)
    text = _RANKED.sub(lambda m: f"{_TENS.get((m[1] or '').lower(), 0) + _ORDINALS[m[2].lower()]}th percentile", text)
    text = _UNPARTED.sub(lambda m: re.sub(r"(?<=\d) ", ", ", m.group()), text)
    said = _BY_IS.match(text)
    if said is not None and re.search(rf"\b{said['name'][:-3]}", said["asked"], re.I):
        asks = re.match(r"(?:total|number|longest|latency|rate|fraction)\b", said["asked"], re.I)
        text = f"{said['name']} = {said['meaning']}; {'give the ' if asks else ''}{said['asked']}"
    return re.sub(r",(?=\s*[,?.!;])|,\s*$", "", re.sub(r" {2,}", " ", text)).strip()
