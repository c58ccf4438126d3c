"""Questions as people type them, in the words that the rest knows: short forms, courtesies, and other ways of saying.

What is taken out says nothing about what is asked: who asks, why, and please. What is put in another way means the
same. Quotes are left as they are.
"""

from __future__ import annotations

import re

from bitflow.models.asking.people.courtesies import without_courtesies
from bitflow.models.asking.people.short_forms import MARKS, SHORT_FORMS
from bitflow.models.asking.people.usual_words import OTHERWISE

_ENDS = r"(?:end|ends|ending|finish\w*|stop\w*|turns?|questions?|spe(?:ak|ech|aking|aks)|talk\w*|asks?|asking)"
_BEGINS = r"(?:start\w*|begin\w*|turns?|answer\w*|repl\w*|respon\w*|spe(?:ak|ech|aking|aks)|talk\w*)"
_WHO = r"(?P<{}>interviewer|participant|patient|therapist|child|parent|person \d)(?:'s|s')?"
_LATENCY = re.compile(
    r"\b(?:delay|time|gap|latency|latencies|lag|interval|silence|pause|wait)s?\b(?: passes| there is)?"
    rf" (?:from|between) (?=[^.?!]*\b{_ENDS}\b[^.?!]*\b{_BEGINS}\b)[\w ]*?{_WHO.format('first')}[\w ]*?"
    rf" (?:to|and|until) [\w ]*?{_WHO.format('second')}(?: (?:{_BEGINS}|{_ENDS}))?",
    re.I,
)


def _latency(match: re.Match[str]) -> str:
    """``from the end of each interviewer turn to the participant's start``: what answering takes."""
    each = " each" if re.search(r"\b(?:each|every|all)\b", match.group(), re.I) else ""
    return f"response latency of the {match['second']} after{each} turn of the {match['first']}"


_QUOTED = re.compile(r"(\"[^\"]*\"|“[^”]*”|‘[^’]*’|(?<![\w])'[^'\n]{1,80}'(?!\w))")


def worded(text: str) -> str:
    """A question in usual words, without courtesies.

    Examples
    --------
    >>> worded("So basically I want to know the no. of nods/min, pt")
    'the number of nods per min, participant'
    >>> worded('When does she say "w/o"?')
    'When does she say "w/o"?'
    """
    parts = _QUOTED.split(text.replace("’", "'"))
    return re.sub(r"\s+", " ", "".join(part if at % 2 else _plain(part) for at, part in enumerate(parts))).strip(" ,;")


def _plain(text: str) -> str:
    for pattern, usual in MARKS:
        text = pattern.sub(usual, text)
    for pattern, full in SHORT_FORMS:
        text = pattern.sub(full, text)
    text = _LATENCY.sub(_latency, re.sub(r"\s+", " ", without_courtesies(text)))
    for pattern, usual in OTHERWISE:
        text = pattern.sub(usual, text)
    return text
