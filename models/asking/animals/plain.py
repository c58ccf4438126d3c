"""A question in plain spelling, before it is cut into items."""

from __future__ import annotations

import re

from bitflow.models.asking.numerals import SMALL, spoken_number

#: Nouns that a number may follow.
_PLACES = "roi|region|zone|area|object|obj"
NOUNS = f"{_PLACES}|mouse|animal|rat|subject"

_NUMERALS = "|".join(sorted(SMALL, key=len, reverse=True))
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


_TENTHS = {
    "decile": "10",
    "tenth": "10",
    "quartile": "25",
    "quarter": "25",
    "fifth": "20",
    "quintile": "20",
    "ten": "10",
}


def by_rank(text: str) -> str:
    """The fastest tenth, the top decile of speed, the top 5 % of moments by speed: so many percent."""
    part = r"(decile|tenth|quartile|quarter|fifth|quintile|ten(?= percent))"
    text = re.sub(
        rf"\b(fastest|slowest|top|upper|highest|bottom|lowest) {part}(?: percent)?\b",
        lambda m: f"{m[1]} {_TENTHS[m[2].lower()]} %",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"\b(?:top|upper|highest) (\d+(?:\.\d+)?) ?(?:%|percent) (?:of )?(?:the |its |their )*fastest\b",
        r"fastest \1 %",
        text,
    )
    share = r"(\d+(?:\.\d+)?) ?(?:%|percent)"
    of_speed = (
        r"(?: of (?:the |its |their |all )*(?:moments|times?|frames|samples|values|recording))?,?"
        r" (?:by|of|in|according to|regarding|with respect to|in terms of) (?:the |its |their |own )*"
        r"(?:speeds?|velocit(?:y|ies))"
    )
    text = re.sub(rf"\b(?:top|highest|upper) {share} (?:of )?speed\b", r"fastest \1 %", text, flags=re.I)
    for ends, word in ((r"top|highest|upper", "fastest"), (r"bottom|lowest", "slowest")):
        text = re.sub(rf"\b(?:{ends}) {share}{of_speed}", rf"{word} \1 %", text, flags=re.I)
    return re.sub(r"\b(?:its|their|the|his|her) own (?=fastest|slowest|p\d|\d|speed)", "its ", text, flags=re.I)


_LENGTH = r"(?:px|pixels?|cm|mm|centimet(?:er|re)s?|millimet(?:er|re)s?|body lengths?|bl|m|met(?:er|re)s?)"
_SPOKEN = r"(?:\d+(?:\.\d+)?|(?:(?:" + "|".join((*SMALL, "hundred", "thousand", "and")) + r")\b ?)+)"
_MORE, _LESS = (
    r"(?:more|greater|larger|further|farther) than|over|above|>",
    r"(?:less|smaller|closer|fewer) than|under|below|<",
)


def in_one_order(text: str) -> str:
    """Turns of phrase that say the same in another order of words."""
    text = re.sub(
        rf"\b({_MORE}|{_LESS}) ((?:\w+ ){{1,6}}?{_LENGTH})(?: apart| away)?(?: from (?:another|each other"
        rf"|one another|the other"
        rf"(?: one| mouse)?))? at (?:the|its|their) (?:closest|nearest)(?: point)?\b",
        r"closest distance to another \1 \2",
        text,
        flags=re.I,
    )
    text = re.sub(
        rf"\b(?:{_MORE}) ({_SPOKEN})\s*(?:{_LENGTH})?,? (?:and"
        rf"|but) (?:{_LESS}) ({_SPOKEN})\s*({_LENGTH}) (apart|away)\b",
        r"between \1 and \2 \3 \4",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"\bhow many (cm|m|px|pixels|centimet(?:er|re)s|millimet(?:er|re)s|mm|met(?:er|re)s|body lengths)"
        r" (?=(?:did|does|do|has|have|is|was|were)\b)(?! *(?:/|per))",
        r"how far in \1 ",
        text,
        flags=re.I,
    )
    text = re.sub(r"\bhow many ((?:cm|px|mm|m) ?(?:/|per) ?s\w*) (?:is|was|are)\b", r"in \1 what is", text, flags=re.I)
    text = re.sub(
        r"\bhow long (?:a |an |was the |is the )(path|way|route|distance|track)\b", "how far", text, flags=re.I
    )
    text = re.sub(
        r"\bwhere ((?:the |an? )?(?:mouse|animal|rat)(?: ?\d+)?|it)(?:'s)?(?: ([a-z_ ]{3,14}?))? "
        r"(?:went|goes|moved|moves|walked|walks|ran|runs|travel(?:led|ed|s)|has been|was going|is going|had been)\b",
        lambda m: m[0] if re.search(r"heat|occupancy|density", text, re.I) else f"trajectory of {m[1]} {m[2] or ''}",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"\b(is|was|are|were|gets?) ((?:the )?[\w ]{1,20}?) left\b(?! turn| of| side| hand)",
        r"\1 \2 exited",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"(?<!turn )(?<!to the )(?<!turns )\bleft (?=(?:the )?(?:roi|center|centre|corner|open|closed|arm|zone"
        r"|region|obj))",
        "exited ",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"\b(?:any )?two (?:of the (?:\w+ )?)?(mice|animals|rats)(?= (?:\w+ )?(?:each other|one another))",
        r"\1",
        text,
        flags=re.I,
    )
    text = re.sub(r"\btwo (?=noses|snouts|heads|tails|tail bases|bodies|centres|centers)", "the ", text, flags=re.I)
    return re.sub(
        r"(?<!at least )(?<!at most )(?<!than )(?<!which )(?<!exactly )(?<!only )(?<!just )(?<!precisely )\bone"
        r" (mouse|animal|rat)\b(?! of)",
        r"a \1",
        text,
        flags=re.I,
    )


def plain(question: str) -> str:
    """A question with one spelling for what can be written in several ways."""
    text = question.replace("−", "-").replace("≤", "<=").replace("≥", ">=").replace("’", "'")
    text = re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", text)
    text = re.sub(r"\b(head|body|rel|ang|closing|path|region)_(angle|orient|speed|length|dist)\b", r"\1 \2", text)
    text = re.sub(
        r"\b(?:absolute|abs|unsigned)(?: values? of)?(?: the)? (?=(?:relative )?(?:head|body|ang|turn))", "", text
    )
    text = re.sub(r"\babs ?\(([^()]+)\)", r"\1", text)
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
    text = re.sub(
        r"\b(?:faces?|facing|faced) ((?:the |an)?(?:mouse|animal|rat|other)(?: ?\d+| mouse"
        r"| animal)?,?) (?=(?:with|at) .*\bangle\b)",
        r"\1 ",
        text,
        flags=re.I,
    )
    if re.search(r"smooth|window", text, re.I):
        text = re.sub(
            r"\b(?:running |rolling |moving )?(?:mean|average)[- ](?=smooth|window|filter|over|of \d)",
            "",
            text,
            flags=re.I,
        )
    text = by_rank(text)
    text = in_one_order(text)
    text = re.sub(r"\b(?:and|with) (?:their|its|the) number\b(?! of)", "and how many", text, flags=re.I)
    text = re.sub(r"\btime stamps?\b", "timestamps", text, flags=re.I)
    text = re.sub(r"\b(?:to|let me|i|we|you|wanna) know\b", " ", text, flags=re.I)
    text = re.sub(r"\bminus (?=\d)", "-", text, flags=re.I)
    text = re.sub(r"\b(what|which) %", r"\1 percent", text, flags=re.I)
    text = re.sub(rf"\b({NOUNS})s? ?(?:number |no\.? |nr\.? |num\.? |# ?)(?=\d)", r"\1 ", text, flags=re.I)
    text = re.sub(
        rf"\b({NOUNS})s? (?:number )?((?:{_NUMERALS})(?:[- ](?:{_NUMERALS}))?)\b(?! ?(?:s|sec\w*|min\w*|px"
        rf"|pixels|cm|frames?"
        r"|deg\w*|times|or more|hours?|of|mice|animals)\b)",
        lambda m: f"{m[1]} {(spoken_number(re.split('[- ]', m[2])) or (1, 0))[1]:g}",
        text,
        flags=re.I,
    )
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
    text = re.sub(
        r"\b(?:(?:an?|some)(?!.*\b(?:another|other|distance|closing)\b.*(?:\d|pixels|cm\b|degrees))"
        r"|any)\s+(?:single\s+)?(mouse"
        r"|animal|rat)\b(?!\s*\d)",
        "anyone",
        text,
        flags=re.I,
    )
    text = re.sub(r"\b(?:no|none of the|neither) (mouse|mice|animals?|rats?)\b", "not all mice", text, flags=re.I)
    lead = r"(?<!per )(?<!times )(?<!time )(?<!every )(?<!often )"
    return re.sub(
        lead + r"\b(?:a|an|one) (?:single |full |whole )?(second|minute|hour|frame|body length)\b",
        r"1 \1",
        text,
        flags=re.I,
    )
