"""A question about many in one spelling for what can be written in several ways: signs, abbreviations, padding."""

from __future__ import annotations

import re

from bitflow.models.asking.numerals import ORDINALS, SMALL

_PEOPLE = (
    r"(?:participants?|people|persons?|subjects?|individuals?|patients?|controls?|wom[ae]n|m[ae]n|recordings?"
    r"|videos?|files?)"
)
_RECORDING = r"(?:recording|video|interview|clip|conversation|session|file|visit)s?"
_TIME = r"(?:s|secs?|seconds?|mins?|minutes?)\b"
_LEFT_OUT = (
    r"(?:removed|excluded|dropped|discarded|left out|omitted|ignored|filtered out|disregarded|taken out|thrown out)"
)
_CARDINALS = tuple(SMALL)[1:11]  # from one to ten


def _nth_minute(match: re.Match[str]) -> str:
    said = match["n"].lower()
    place = int(said) if said.isdigit() else _CARDINALS.index(said) + 1
    return f" in the {ORDINALS[place - 1]} minute" if 1 <= place <= 10 else match.group()


_SIGNS: tuple[tuple[str, str], ...] = (
    ("’", "'"),
    ("−", "-"),
    ("–", "-"),
    ("—", ", "),
    ("≤", "<="),
    ("≥", ">="),
    ("×", " by "),
    ("&", " and "),
)
#: What is replaced, in order.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    (r"\s*(?:->|=>|→|⟶)\s*", " to "),
    (r"~(?=\s*\d)", " roughly "),
    (r"~", " correlated with "),
    (r"\bw/o\b", "without"),
    (r"\b(?:b/w|btw|betw\.?|btwn)(?!\w)", "between"),
    (r"\bw/\s*|\bw\s+(?=[a-z])", "with "),
    (r"\basc\b\.?", "ascending"),
    (r"\bdesc\b\.?", "descending"),
    (r"\b(?:avg|ave)\b\.?", "average"),
    (r"\bcorr\b\.?", "correlation"),
    (r"\b(?:diff)s?\b\.?", "difference"),
    (r"\b(?:approx|ca)\b\.?", "roughly"),
    (r"\bpart(?:ic)?s?\.(?=\s)|\bppts?\b|\bpts\b|\bSs\b", "participants"),
    (r"\brecs\b", "recordings"),
    (r"\bmeas\.(?=\s)", "measures"),
    (r"\b(?:no|nr|num)\.\s*(?:of\s+)?(?=[a-z])|\b(?:nr|num)\s+of\b|#\s*(?:of\s+)?(?=[a-z])", "number of "),
    (rf"\bn\s+(?:of\s+)?(?={_PEOPLE}\b|(?:male|female|clinical|healthy)\b)", "number of "),
    (r"\b(?:whether|if) or not\b", "whether"),
    (r",?\s*\b(?:or not|right|correct|yes or no)\s*(?=\?|$)", " "),
    (r"(?:\s*/\s*|\bp(?:er|\.)\s*)(?:min\b\.?|minute\b)|\bmin(?:\^-1|⁻¹|-1)", " per minute "),
    (r"\b(\d+(?:\.\d+)?)\s*(?:%|percent\b|per cent\b|pct\b)", r"\1 %"),
    (r"\b(\d+(?:\.\d+)?)\s*\+(?!\s*\d)", r"\1 or more"),
    (r"(?<=[A-Za-z])-(?=\d)", " "),
    (r"(?<=\d)-(?=[A-Za-z])", " "),
    (r"(?<=\d)\s*-\s*(?=\d)", " to "),
    (r"(?<=[A-Za-z])-(?=[A-Za-z])", " "),
    (r"\b(can|could|do|does|did|is|are|was|were|has|have|would|should)n't\b", r"\1 not"),
    (r"\bcannot\b", "can not"),
    (r"(?<=[A-Za-z])\s*/\s*(?=[A-Za-z])", " and "),
    (r"\b(?:each|every|an?) (?:single )?minute\b", "per minute"),
    (r"\bgrouped by\b|^group by\b", "by"),
    (r"\b(?:break|split|divide) (?!down|up)(.{1,60}?) (?:down|up)(?= (?:by|into)\b)", r"\1 split"),
    (r",?\s*\b(?:is|are|do|does|did|was|were) not (?:it|they|he|she)\s*(?=\?|$)", " "),
    (r"\bwhen (?=only|just|keeping|restrict|limit|consider|using|we |you )", " "),
    (
        r"\b(?:in|during|for|over|of|within)?\s*(?:the )?minute (?:no |number )?(?P<n>\d+|one|two|three)\b"
        r"(?! (?:to|and|until) )",
        "",
    ),
    (
        rf"\b((?:first|opening|initial)\s+(?:[\w.]+\s+)?{_TIME})\s+"
        rf"(?:of|in|into)\s+(?:the |each |every |their |all |a )*{_RECORDING}\b",
        r"\1",
    ),
    (rf"\b(?:the )?(?:beginning|starting)\s+(?={_TIME})", "first "),
    (r"\bquick question\b", " "),
    (r"\b((?:from|since) (?:the )?(?:\w+ )?(?:visit|session)(?: \w+)?) on(?:wards?)?\b(?! \w)", r"\1 onward"),
    (
        r"^\s*(?P<whom>(?:all )?(?:the )?(?:participants|people|everyone|everybody|subjects|recordings)) by "
        r"(?!group|sex|gender|visit|session|condition|arm)",
        r"rank \g<whom> by ",
    ),
    (r"\b(visit|session) (?:number|no\.?)(?! ?\d)", r"\1"),
    (r"\btakes? up\b", "take"),
    (r"\b((?:more|less|greater|lower|higher) than|over|under|above|below|at least|at most) (?:a )?half\b", r"\1 50 %"),
    (r"\b((?:more|less|greater|lower|higher) than|over|under|above|below|at least|at most) a quarter\b", r"\1 25 %"),
    (r"\bin (how many|which|what) cases\b", r"in \1 instances"),
    (r"\bwithout (?:an? |any )?(.{1,40}?) values?\b", r"with missing \1"),
    (r"\b(?:could|can) (.{1,40}?) ?not be (?:determined|computed|calculated|measured|obtained)\b", r"\1 missing"),
    (
        r"\bhow (?:large|big|great|strong|pronounced) (?=(?:is|are|was|were) (?:the |any )?"
        r"(?:difference|correlation|association|relation|link|effect|gap|change))",
        " ",
    ),
    (r"\b(group|visit|session|sex|gender|participant)[ -]?wise\b", r"by \1"),
    (r"\b(?:sets?|tells?) (.{1,60}?) apart\b", r"separates \1"),
    (r"\btells? (?=(?:the )?(?:patients?|controls?|men|women|males|females|groups?) from\b)", "separates "),
    (r"\bcov\b\.?", "coverage"),
    (
        r"\b(stays?|remains?|are|is) (?:about|roughly|more or less|pretty much|largely) (?=(?:the )?same|constant|"
        r"stable)",
        r"\1 ",
    ),
    (r"\b(?:coming|comes?|being|listed|placed|shown) first\b", "first"),
    (r"\b(?:on|at)(?: the)? top\b", " first"),
    (r"\bper ?cent\b", "percent"),
    (
        r"\b(?:over|throughout|across) the (?:whole |entire )?(?:course of the )?(?:recording|interview|video)s?"
        r"(?=.*\bbin)",
        " ",
    ),
    (r"\bone and a half\b", "1.5"),
    (
        rf"\b(?:after|following|from) (?:the )?(?:end of )?(?:the )?(?:first|initial|opening) "
        rf"(?P<many>[\w.]+ )?(?P<unit>{_TIME})",
        "",
    ),
    (r"\bdecibels?\b", "dB"),
    (
        rf"\b(?:at|in|by|with|for|on|during|through|over) which\b"
        rf"(?! (?:of|\w+ )?(?:{_PEOPLE}|measures?|variables?|features?|groups?|visits?|sessions?|sex)\b)",
        " ",
    ),
    (r"^\s*dose\b(?! (?:response|effect))", "does"),
    (r"\b(?:up to|until|till|before) the (one|two|three|\d+) minute (?:mark|point)\b", r"before \1 min"),
    (r"\b(before|after) one min\b", r"\1 1 min"),
    (r"\bis it (?:the case|true|so) (?:that )?", " "),
    (r"\bin (?:the )?case of\b|\bin (?:any )?case\b", " for "),
    (
        r"\bhow (?:well|strongly|closely|much|far) (?=(?:do|does|is|are) .{0,40}"
        r"\b(?:agree|correlat|relat|associat|link|stable|reliab|consisten))",
        "",
    ),
    (rf"\b(?:once|when|after|if)\b(?=[^,;?]*\b{_LEFT_OUT}\b)", " "),
    (
        r"\b(?:after|when|while|by|upon)\s+(?=(?:the )?"
        r"(?:exclu|remov|dropp|leaving out|discard|filter|omit|ignor|disregard))",
        " ",
    ),
    (r"\bgo(?:es)? together with\b", "goes with"),
)
_COMPILED = tuple((re.compile(pattern, re.I), new) for pattern, new in _SPELLINGS)


def _after_first(match: re.Match[str]) -> str:
    """``after the first minute`` is from 1 min on."""
    many = (match["many"] or "one").strip().lower()
    number = str(_CARDINALS.index(many) + 1) if many in _CARDINALS else many
    if not re.fullmatch(r"\d+(?:\.\d+)?", number):
        return match.group()
    return f" after {number} {match['unit']} "


_READ = {"n": _nth_minute, "many": _after_first}


def plain(question: str) -> str:
    """A question in one spelling.

    Examples
    --------
    >>> plain("n recordings w/ face coverage ≥60%")
    'number of recordings with face coverage >=60 %'
    """
    text = question
    for sign, new in _SIGNS:
        text = text.replace(sign, new)
    for pattern, new in _COMPILED:
        special = next((read for name, read in _READ.items() if name in pattern.groupindex), None)
        text = pattern.sub(special or new, text)
    return re.sub(r" {2,}", " ", text).strip()
