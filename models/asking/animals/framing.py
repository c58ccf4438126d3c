"""What stands around a question: greetings, what it is for, what was said before it; and one spelling for its signs."""

from __future__ import annotations

import re

from bitflow.models.asking.animals.criteria import arrows, by_criteria, pointed_back
from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.animals.reading import corrected, read
from bitflow.models.asking.animals.short_forms import written_out
from bitflow.models.asking.animals.turns import in_other_words
from bitflow.models.asking.item import Item

#: How a question or a request begins.
_OPENING = (
    r"(?:when|at (?:what|which)|how|what|which|who|whom|where|for how|in (?:what|which)|list|give|show|count|find|tell"
    r"|please|pls|can (?:you|i|we)|could (?:you|i|we)|would you|will you|(?:i|we)(?:'d| would)? (?:like|love|need|want)"
    r"|is|are|do|does|did|was|were|plot|draw|compute|calculate|report|get|let me|what's|when's|who's|i'm after"
    r"|i am after|total|number|mean|average|median|longest|rate|latency)\b"
)
_BORDER = re.compile(
    rf"(?:[,:;.!]|\s[-–—])\s*(?:(?:so|and|but|then|now|hence|therefore|thus)\b,? )*"
    rf"(?={_OPENING}|\w+ ?=|(?:i|we)(?:'d| would)? (?:count|score|call|define|treat|consider)\b)",
    re.I,
)
#: What a condition begins with: in ROI0, after entering the corner, for mouse1.
_CONDITION = re.compile(
    r"\s*(?:in|during|after|before|while|when|whenever|between|from|for|of|with|without|within|over|at|on|inside|given"
    r"|if|until|since|among|considering|excluding|except|ignoring|apart|not|only|per|as|once|by|across|outside"
    r"|about)\b",
    re.I,
)
_PURPOSE = (
    r"(?:paper|figures?|fig|score|tables?|report|thesis|analysis|study|talk|poster|reviewers?|supervisor|manuscript"
    r"|slides?|grant|meeting|presentation|methods|results|supplement|appendix|database|spreadsheet|records?|protocol"
    r"|project|statistics|stats|dissertation|ethogram|dashboard|boss|colleague|pi|students?|experiment|publication"
    r"|bar chart|notes|assay|readout|scoring|summary|log|lab book|notebook)"
)
_FOR_WHAT = re.compile(
    rf"\b(?:for|to (?:fill|finish|complete|go|put) (?:in|into)?|as part of) (?:my|our|the|a|an|this"
    rf"|some)(?: [\w-]+){{0,3}}? {_PURPOSE}\b"
    r"(?! of (?:the )?(?:mouse|animal|rat))",
    re.I,
)
_ASIDES = re.compile(
    r"\b(?:if (?:possible|you (?:can|could|would|don't mind|please)|that's possible|at all possible)"
    r"|as soon as possible"
    r"|asap|when you (?:can|have (?:a )?(?:time|moment|minute))|at your convenience|thank you(?: (?:very|so) much)?"
    r"|many thanks|thanks(?: a lot| in advance)?|cheers|by the way|btw|just (?:wondering|curious)|quick question"
    r"|remind me|(?:please )?be so kind as to|do me a favou?r(?: and)?|help me (?:out )?(?:to |and )?(?=find"
    r"|list|see|count)"
    r"|out of interest|for (?:context|reference|me)|in (?:your|my) opinion|i was wondering(?: if you could| whether)?"
    r"|it would be (?:great|nice|good|helpful|useful|lovely)(?: to (?:have|get|see|know)"
    r"| if you could(?: give me| show me| list)?)?"
    r"|would it be possible to|is it possible to|i(?:'d| would) be interested in(?: knowing)?|i(?:'m| am) interested in"
    r"|what i(?:'d| would)? (?:want|need|like)(?: to (?:know|see|have))? is|the question is|my question is"
    r"|i(?:'d| would) be (?:curious|interested|keen|glad|happy)(?: to (?:know|see|learn|hear|find out))?(?: about)?"
    r"|i(?:'m| am) (?:just )?(?:curious|keen)(?: to (?:know|see|learn|hear|find out))?(?: about)?"
    r"|(?:would|do) you mind|(?:can|could|would) you (?:please )?(?:get|find|do|give|tell|show|check) (?:me )?"
    r"(?:that|this|it)(?: for me)?(?=\s*[.?!]*$))\b[,:]?",
    re.I,
)
#: Somebody who is no animal wants to know.
_SOMEBODY = re.compile(
    r"^\W*(?:(?:my|our|the|a|an|one) )?(?:reviewers?|boss|supervisor|pi|colleagues?|students?|professor|editor|advisor"
    r"|collaborators?|postdoc|technician|referee)(?: (?:#? ?\d+|one|two|three))? (?:wants|want|needs|need|asks|ask"
    r"|asked|wanted|would like|would love|'d like|wonders|is asking)(?: (?:me|us))?"
    r"(?: (?:to (?:know|see|have|find|find out|get|hear)|for|about))?\b[,:]?",
    re.I,
)
_I = re.compile(r"\s*(?:hi|hello|hey|dear|sorry|ok|okay|so|well)?[ ,]*(?:i|i'm|i've|i'd|we|we're|we've|my|our)\b", re.I)
_KEEPS = re.compile(
    r"\b(?:exclud\w*|except|only|not|no|without|ignor\w*|want\w*|need\w*|care|interested|focus\w*|restrict\w*|limit\w*"
    r"|consider\w*|count\w*|defin\w*|call\w*|mean\w*|n't|say|treat\w*|use|using|like)\b|n't\b|\d",
    re.I,
)

#: Answers that one says not to mean: not the seconds but the share.
_ANSWER = (
    r"(?:seconds|minutes|counts?|number(?: of \w+)?|totals?|sum|mean|average|median|list|times?|timestamps|durations?"
    r"|rates?|share|percentages?|fractions?|proportion|frequency|maximum|minimum|length|sd|standard deviation"
    r"|(?:how (?:many|much|long|often)|what)(?: \w+)?)"
)
_NOT_BUT = re.compile(
    rf"\b(?:(?:i|we) (?:don't|do not) (?:want|need|mean|care about)|not) (?:the |just |only |merely |simply |a "
    rf"|an |how )*{_ANSWER}(?: of (?:the )?\w+)?,? but (?:rather "
    rf"|instead )?(?=\w)",
    re.I,
)
_BUT_NOT = re.compile(
    rf"[,(]? (?:and |but )?(?:not|rather than|instead of|as opposed to) (?:the |a |an |its |their "
    rf"|just )*{_ANSWER}(?: of (?:the )?\w+)?"
    r"\)?(?=\s*[,.?!;)]|\s*$)",
    re.I,
)


#: The unit of a time that is asked for, which is told in seconds: how long, in minutes?
_TIME_UNIT = re.compile(
    r",? (?:expressed |given |measured |reported )?in (?:minutes|seconds|secs|hours|milliseconds|min|s)\b(?!\s*\d)"
    r"(?=\s*[,.?!)]|\s*$)",
    re.I,
)


def plain_signs(text: str) -> str:
    """Signs and abbreviations in words, short question words without their misspellings.

    Examples
    --------
    >>> plain_signs("wen is teh avg. speed, no. of rears, % time in ROI0")
    'when is the avg speed, number of rears, percentage of time in ROI0'
    """
    text = text.replace("’", "'").replace("\u201c", '"').replace("\u201d", '"')
    text = re.sub(r"\b(avg|max|min|approx|dur|vs|sec|secs|resp|incl|excl|tot|freq)\.(?=\s|,)", r"\1", text, flags=re.I)
    text = re.sub(r"(?:\b(?:no|nr|num|numb)\.?|#) ?(?=of\b)", "number ", text, flags=re.I)
    text = re.sub(
        r"(?<![\d\s])\s*(?:^|(?<=\s))% ?(?:of )?(?:the )?(?=time|recording|session|video)", " percentage of ", text
    )
    text = re.sub(r"(?:^|(?<=\s))%(?= )(?! ?\d)", "percentage of", text) if re.match(r"\s*%", text) else text
    for wrong, right in _TYPED:
        text = re.sub(rf"\b(?:{wrong})\b", right, text, flags=re.I)
    return re.sub(r" {2,}", " ", text).strip()


_TYPED = (
    ("wen|whn|wehn|hwen|whne|wehen", "when"),
    ("wich|whcih|whihc|wihch|whitch", "which"),
    ("waht|wat|whta|hwat", "what"),
    ("hwo|hoe|howw", "how"),
    ("teh|hte|th|tha", "the"),
    ("eachother", "each other"),
    ("oneanother", "one another"),
    ("atleast", "at least"),
    ("atmost", "at most"),
    ("secs", "seconds"),
    ("adn|nad|annd", "and"),
    ("fo", "of"),
    ("ist(?= (?:the|in|mouse))", "is"),
    ("strait", "straight"),
    ("freq", "frequency"),
    ("dur", "duration"),
    ("tot", "total"),
)


def framed(question: str, names: Names) -> tuple[str, tuple[str, ...]]:
    """A question without what only stands around it, and which of its words were corrected.

    A sentence before it goes where it says nothing that the question could be about; an animal that it names is
    meant by a pronoun after it. ``ROI0 is our open arm`` says what is meant by another name.

    Examples
    --------
    >>> from bitflow.models.asking.animals.names import Names
    >>> framed("For my thesis, I'd like the total time in ROI0", Names(regions=("ROI0",)))
    ("I'd like the total time in ROI0", ())
    """
    text, notes = corrected(written_out(plain_signs(question)), names)
    return _unframed(text, names), notes


def _unframed(text: str, names: Names) -> str:
    text = _SOMEBODY.sub(" ", text)
    text = _ASIDES.sub(" ", text)
    text = _FOR_WHAT.sub(" ", text)
    text = _NOT_BUT.sub("", text)
    text = _BUT_NOT.sub("", text)
    if not re.search(r"\bhow much|share|fraction|percent", text, re.I):
        text = _TIME_UNIT.sub("", text)
    text = re.sub(r"\s*(?:\(\s*\)|\[\s*\])", "", text)
    text = re.sub(r"^[\s,;:.!-]+", "", re.sub(r" {2,}", " ", text))
    text = arrows(text, names)
    text = in_other_words(_renamed(text, names))
    text = by_criteria(pointed_back(text, names), names)
    someone = r"(?:the |an? |any )?(?:other )?(?:mouse|animal|rat|m)s?(?: ?[0-9]+)?|another"
    animal = f"(?:{'|'.join([*map(re.escape, names.actors), someone])})"
    text = re.sub(rf"({animal})\s*(?:->|-->|→|=>|⇒|>>)\s*(?={animal})", r"\1 to ", text, flags=re.I)
    text = re.sub(
        rf"((?:\b(?:is|was|are|were|be|been|being|gets?|got|getting)|{animal}) )followed by (?={animal})",
        r"\1shadowed by ",
        text,
        flags=re.I,
    )
    text = re.sub(rf"\b(?:directed|aimed|targeted) (?:at|to|towards?) (?={animal})", "to ", text, flags=re.I)
    for match in _BORDER.finditer(text):
        lead, rest = text[: match.start()], text[match.end() :]
        if not re.match(rf"\s*{_OPENING}", lead, re.I) or _I.match(lead):
            kept = _without_lead(lead, rest, names)
            if kept is not None:
                return kept
        break
    return text


def _without_lead(lead: str, rest: str, names: Names) -> str | None:
    """The question alone; None where what stands before it may belong to it."""
    if _CONDITION.match(lead) or "=" in lead or len(lead.split()) < 2:
        return None
    items = read(lead, names).items
    content = [item for item in items if _is_content(item)]
    if _I.match(lead):
        return None if _KEEPS.search(lead) else rest
    if (told := _BACKGROUND.match(lead)) is not None and _stands_alone(told, rest, names):
        return rest
    animals = list(dict.fromkeys(item["animal"] for item in content if item.is_("animal")))
    unknown = any(item.is_("unknown") for item in items)
    if (
        not unknown
        or any(not item.is_("animal") for item in content)
        or len(animals) > 1
        or _KEEPS.search(_named_out(lead))
    ):
        return None
    if not animals or any(item.is_("animal") for item in read(rest, names).items):
        return rest
    told = re.sub(r"\b(?:it|he|she)\b", animals[0], rest, count=1, flags=re.I)
    told = told if told != rest else re.sub(r"\b(?:its|his|her)\b", f"{animals[0]}'s", rest, count=1, flags=re.I)
    return told if told != rest else None


#: This is an elevated plus maze and ROI0 is the open arm; the water spout is obj28.
_BACKGROUND = re.compile(
    r"^\W*(?:(?:so|well|here|okay|ok|background|note|fyi),? )*(?:[\w ]{1,30}? (?:is|are|was|were) [\w -]{2,40})"
    r"(?:(?:,| and|, and) [\w ]{1,30}? (?:is|are|was|were) [\w -]{2,40})*\W*$",
    re.I,
)


def _stands_alone(lead: re.Match[str], rest: str, names: Names) -> bool:
    """Whether a question names by itself where and what it is about, and no word by which a lead calls something."""
    if re.search(r"\b(?:not|only|except|excluded?|without|ignor\w+|each|all|any|when|if|while)\b", lead.group(), re.I):
        return False
    before = read(lead.group(), names).items
    if any(
        item.is_("behaviour", "compare", "number", "adjective", "animal") and not item.is_("stop") for item in before
    ):
        return False
    asked = read(rest, names).items
    called = {item.text.lower() for item in before if item.is_("unknown")}
    called |= {item.text.lower() for item in before if item.is_("region") and not item.text[-1:].isdigit()}
    placed = any(item.is_("region", "behaviour") for item in asked)
    again = called & {item.text.lower() for item in asked}
    return placed and not again and not re.search(r"\b(?:there|it there|in it|that (?:arm|zone|region))\b", rest, re.I)


def _named_out(lead: str) -> str:
    """A sentence without the numbers of its animals."""
    return re.sub(r"\b(?:mouse|rat|animal)s? ?\d+", "", lead, flags=re.I)


def _is_content(item: Item) -> bool:
    return not set(item.means) <= {
        "stop",
        "mark",
        "unknown",
        "intent",
        "impossible",
        "for",
        "and",
        "in",
        "to",
        "by",
    } or (item.is_("number") and not item.is_("stop"))


def _renamed(text: str, names: Names) -> str:
    """``ROI0 is our open arm: how long is it there?`` with the region's name."""
    found = re.match(
        r"\s*(?:(?:note|assume|suppose|say)(?: that)? |(?:let|with"
        r"|given that) )?(?P<region>[\w]+(?: \d+)?) (?:is|be|being|marks|stands for|refers to)"
        r" (?:called |named )?(?P<as>(?:the|our|my|an?) [\w ]+?)\s*[:;,.]\s*(?P<rest>.+)$",
        text,
        re.I | re.S,
    )
    if found is None:
        return text
    known = [item["region"] for item in read(found["region"], names).items if item.is_("region")]
    if len(known) != 1 or not re.match(rf"\s*(?:so |and |now )*{_OPENING}", found["rest"], re.I):
        return text
    alias = re.sub(r"^(?:the|our|my|an?) ", "", found["as"], flags=re.I)
    rest = re.sub(rf"\b(?:the|our|my|an?) {re.escape(alias)}\b", known[0], found["rest"], flags=re.I)
    if rest != found["rest"]:
        return rest
    return re.sub(
        r"\b(?:in )?there\b|\b(?:in|inside|within|on|at|over|onto|into) (?:it|that)\b(?! \w+ed)",
        f"in {known[0]}",
        rest,
        flags=re.I,
    )
