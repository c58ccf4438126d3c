"""Questions as people type them, in the words that the rest knows: short forms, courtesies, and other ways of saying.

What is taken out says nothing about what is asked: who asks, why, and please. What is put in another way means the
same. Quotes are left as they are.
"""

from __future__ import annotations

import re

from bitflow.models.asking.numerals import WORDS, spoken_number
from bitflow.models.asking.people.courtesies import without_courtesies
from bitflow.models.asking.people.sentence_forms import BUILT, DOES_THAT
from bitflow.models.asking.people.short_forms import MARKS, SHORT_FORMS
from bitflow.models.asking.people.usual_times import USUAL_TIMES
from bitflow.models.asking.people.usual_words import OTHERWISE

_ENDS = (
    r"(?:end|ends|ending|finish\w*|stop\w*|turns?|questions?|spe(?:ak|ech|aking|aks)|talk\w*|asks?|asking|"
    r"last words?|last syllables?)"
)
_BEGINS = (
    r"(?:start\w*|begin\w*|turns?|answer\w*|repl\w*|respon\w*|spe(?:ak|ech|aking|aks)|talk\w*|first words?|"
    r"first syllables?)"
)
_WHO = r"(?P<{}>interviewer|participant|patient|therapist|child|parent|person \d)(?:'s|s')?"
_LATENCY = re.compile(
    r"\b(?:delay|time|gap|latency|latencies|lag|interval|silence|pause|wait)s?\b(?: passes| there is)?"
    rf" (?:from|between) (?=[^.?!]*\b{_ENDS}\b[^.?!]*\b{_BEGINS}\b)[\w ]*?{_WHO.format('first')}[\w ]*?"
    rf" (?:to|and|until) [\w ]*?{_WHO.format('second')}(?: (?:{_BEGINS}|{_ENDS}))?",
    re.I,
)


_STARTS = (
    r"(?:starts?|begins?|answers?|repl(?:y|ies)|responds?|speaks?|talks?|reacts?)"
    r"(?: (?:to )?(?:speak|talk|answer|reply|\w+ing))?"
)
#: ``how long after each interviewer turn does the participant begin to speak``, or in the other order.
_WAITED = (
    re.compile(
        rf"\bhow (?:long|soon|quickly|many seconds|much time) after (?:each |every |an? |the |all )?(?:of the )?"
        rf"{_WHO.format('first')} ?(?:turns?|questions?|utterances?|(?:has |had |is )?(?:stop\w*|finish\w*|end\w*|done)"
        rf"(?: (?:talking|speaking|asking(?: \w+)?))?)(?: (?:is|are) over)?,? (?:does|do|did|will|is) (?:it "
        rf"(?:take )?(?:until|"
        rf"before|for) )?(?:the )?{_WHO.format('second')} {_STARTS}",
        re.I,
    ),
    re.compile(
        rf"\b(?:after|once|when|from when) (?:the )?{_WHO.format('first')} (?:has |had |is |was )?(?:stop\w*|"
        rf"finish\w*|done|end\w*)"
        rf"(?: (?:talking|speaking|asking(?: \w+)?|(?:his|her|a|the) (?:turn|question)))?,? how (?:long|soon|many "
        rf"seconds|much time)"
        rf"(?: (?:does it take|is it|passes|pass|goes by))? ?(?:until|till|before|for|does) (?:the "
        rf")?{_WHO.format('second')} "
        rf"(?:to )?{_STARTS}",
        re.I,
    ),
    re.compile(
        rf"\b(?:for|after|following|of) (?:each|every) (?:(?:turn|question|utterance)s? (?:of|by|from) (?:the )?"
        rf"{_WHO.format('first')}|{_WHO.format('asker')} (?:turn|question|utterance)),? how (?:long|soon|many seconds|"
        rf"much time) (?:does it take|is it|passes|elapses|goes by)(?: (?:from|after) (?:its|the) (?:very "
        rf")?end(?: of (?:it|"
        rf"that))?)? (?:until|till|before|for) (?:the )?{_WHO.format('second')} (?:to )?{_STARTS}",
        re.I,
    ),
)


def _latency(match: re.Match[str]) -> str:
    """``from the end of each interviewer turn to the participant's start``: what answering takes."""
    each = " each" if re.search(r"\b(?:each|every|all)\b", match.group(), re.I) else ""
    asker = match["first"] or match.groupdict().get("asker")
    if match["second"].lower() == (asker or "").lower():
        return match.group()  # who answers himself
    return f"response latency of the {match['second']} after{each} turn of the {asker}"


_NUMBER = rf"(?:{'|'.join(sorted(WORDS - {'zero', 'dozen'}, key=len, reverse=True))})"
#: Numbers in words before a unit, or after the word minute; a second is also an ordinal.
_IN_WORDS = re.compile(
    rf"\b(?P<minus>minus |negative )?(?P<said>{_NUMBER}(?:[- ](?:and )?{_NUMBER})*)(?=[- ](?:degrees?|deg|hertz|hz|"
    rf"decibels?|db|percent|%|milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|hours?)\b)"
    rf"|(?<=minute )(?P<minute>{_NUMBER})\b|\bminus (?=\d)",
    re.I,
)


def _in_digits(match: re.Match[str]) -> str:
    """``minus ten degrees``, ``minute five``."""
    said = match["said"] or match["minute"]
    if said is None:
        return "-"
    words = said.replace("-", " ").split()
    found = spoken_number(words)
    if found is None or found[0] != len(words):
        return match.group()
    return f"{'-' if match['minus'] else ''}{found[1]:g}"


_QUOTED = re.compile(r"(\"[^\"]*\"|“[^”]*”|‘[^’]*’|(?<![\w])'[^'\n]{1,80}'(?!\w))")


#: ``how many ums``.
_SO_MANY_SAID = re.compile(
    r"\b(how many|numbers? of|counts? of|count|all|list|every) (?:the )?(um|uh|uhm|erm|er|hmm|mhm|yeah|okay)(?:'?s)?\b"
    r"(?! (?:and|or) )",
    re.I,
)
_HIS_NOS = re.compile(r"(\w+'s|his|her|their|every|each) (no|yes)(?:es|s)\b", re.I)
#: ``smiling on a "no"``.
_ON_A_WORD = re.compile(
    r"(?<!\bsaying)(?<!\bsay)(?<!\bsays)(?<!\bsaid) (?:on|with|at|around|during|alongside) (?:an? |the |each |"
    r"every |his |"
    r"her )?(?:words? )?(?=[\"“][^\"“”]{1,40}[\"”]|'[^'\n]{1,40}'(?!\w))",
    re.I,
)


def worded(text: str) -> str:
    """A question in usual words, without courtesies.

    Examples
    --------
    >>> worded("So basically I want to know the no. of nods/min, pt")
    'the number of nods per min, participant'
    >>> worded('When does she say "w/o"?')
    'When does she say "w/o"?'
    """
    text = _ON_A_WORD.sub(" while saying ", text.replace("’", "'"))
    text = _SO_MANY_SAID.sub(r'\1 "\2"', text)
    text = _HIS_NOS.sub(lambda m: f'{m[1]} "{m[2].lower()}"', text)
    text = DOES_THAT.sub(r"\2 \3 perform \1", text)
    parts = _QUOTED.split(text)
    return re.sub(r"\s+", " ", "".join(part if at % 2 else _plain(part) for at, part in enumerate(parts))).strip(" ,;")


def _plain(text: str) -> str:
    for pattern, usual in MARKS:
        text = pattern.sub(usual, text)
    for pattern, full in SHORT_FORMS:
        text = pattern.sub(full, text)
    text = _LATENCY.sub(_latency, re.sub(r"\s+", " ", without_courtesies(text)))
    for pattern in _WAITED:
        text = pattern.sub(_latency, text)
    for pattern, usual in (*BUILT, *OTHERWISE):
        text = pattern.sub(usual, text)
    text = _IN_WORDS.sub(_in_digits, text)
    for pattern, usual in USUAL_TIMES:
        text = pattern.sub(usual, text)
    return re.sub(r"\s+([,;])", r"\1", text)
