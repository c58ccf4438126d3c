"""Short forms and marks that stand for words, by the words."""

from __future__ import annotations

import re

from bitflow.models.asking.numerals import ORDINALS

#: Short forms, by what they are short for; whole words.
_SHORT = {
    "pt|pts|ptcpt|ppt|subj|interviewee": "participant",
    "iv|ivr|intvr|intv|intvwr": "interviewer",
    "vid|vids|rec": "recording",
    "pct|pcnt|perc": "percent",
    "num|nr|nbr": "number",
    "freq|freqs": "frequency",
    "sth|smth|smthg": "something",
    "em (?=all|out|pls|please)": "them",
    "b4": "before",
    "gimme": "give me",
    "lemme": "let me",
    "wanna": "want to",
    "whats": "what is",
    "whos": "who is",
    "wheres": "where is",
    "whens": "when is",
    "hows": "how is",
    "thats": "that is",
    "id (?=like|love|be|want)": "I would ",
    "im": "I am",
    "ive": "I have",
    "isnt|isn't": "is not",
    "arent|aren't": "are not",
    "wasnt|wasn't": "was not",
    "werent|weren't": "were not",
    "doesnt|doesn't": "does not",
    "dont|don't": "do not",
    "didnt|didn't": "did not",
    "hasnt|hasn't": "has not",
    "havent|haven't": "have not",
    "cant|can't|cannot": "can not",
    "couldnt|couldn't": "could not",
    "wont|won't": "will not",
    "msec|msecs": "ms",
    "sec|secs": "seconds",
    "approx|approximately|roughly": "about",
    "till|til": "until",
}
SHORT_FORMS = tuple((re.compile(rf"(?<![\w'/.])(?:{short})(?![\w'/])", re.I), full) for short, full in _SHORT.items())

#: Marks that stand for words.
MARKS = (
    (re.compile(r"\bvs\.", re.I), "versus"),
    (re.compile(r"^\W*btw\b,?|,? ?\bbtw\W*$", re.I), ""),
    (re.compile(r"\b(?:btw|betw|b/w)(?= )", re.I), "between"),
    (re.compile(r"\bn (?=times\b)", re.I), "number of "),
    (re.compile(r"\bw/o\b ?", re.I), "without "),
    (re.compile(r"\bw/ ?(?=\w)|(?<![\w'/.-])w (?=[a-z]{2}|a )", re.I), "with "),
    (re.compile(r"\b(head_pose|gaze|voice|face_actions)\.(?=[a-z])", re.I), r"\1 "),
    (re.compile(r"\b(?:no|nr|num|nbr|n)\.? of\b|# ?(?:of\b)?(?=\s*[a-z])", re.I), "number of "),
    (re.compile(r"(?<=[a-z]) ?/ ?(min|minute|hour|hr|h|sec|second)\b", re.I), r" per \1"),
    (re.compile(r"\bper (?:hr|h)\b", re.I), "per hour"),
    (re.compile(r"\b(\d)(?:st|nd|rd|th)\b", re.I), lambda m: ORDINALS[int(m[1]) - 1] if m[1] != "0" else m[0]),
    (re.compile(r"\b(I|we|you|they)['’](?:d|ld)\b", re.I), r"\1 would"),
    (re.compile(r"\b(I)['’]m\b", re.I), r"\1 am"),
    (re.compile(r"\b(we|you|they)['’]re\b", re.I), r"\1 are"),
    (re.compile(r"\b(I|we|you|they)['’]ve\b", re.I), r"\1 have"),
    (re.compile(r"\b(let)['’]s\b", re.I), r"\1 us"),
    (re.compile(r"(?<=\w) ?& ?(?=\w)"), " and "),
)
