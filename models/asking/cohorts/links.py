"""Words that link: by what is grouped, what a number is compared with, what is left out; and all words by kind."""

from __future__ import annotations

from typing import Any

from bitflow.models.asking.cohorts.words import (
    BETTER,
    COUNTED,
    DIRECTIONS,
    DROPPED,
    EVERY,
    GRAINS,
    GROUPS,
    MOVES,
    ORDERS,
    OUTLIERS,
    SESSIONS,
    SUPERLATIVES,
    VERBS,
    WHO,
)
from bitflow.models.asking.numerals import ORDINALS
from bitflow.models.asking.phrases import phrases

BY = (
    "by, per, for each, as a function of, depending on, dependent on, in each, across, split by, of "
    "each, within each, for every, between, "
    "broken down by, "
    "separately for, separate for, over, among, in every, each, every, according to, stratified by, "
    "split across, separated by, separately by, for both, in both, both, "
    "as well as by, on each, at each, at every, divided by, tabulated by, breakdown by, broken "
    "out by, separately in, split into, split up by, sorted into, either, respectively, apiece, crossed "
    "with, x"
)
#: Before a number.
BOUNDS: dict[str, str] = {
    "<": (
        "below, less than, under, smaller than, lower than, fewer than, worse than, beneath, shorter than, "
        "slower than, "
        "younger than, fall below, fall under, drop below, drop under, lie below, lie under, stay below, "
        "stay under, remain below, go below, fall short of, short of, dip below, "
        "inferior to, not even, not even reach, sink below, up to but not including"
    ),
    ">": (
        "above, more than, over, greater than, higher than, larger than, bigger than, exceed, in excess of, "
        "better than, longer than, faster than, "
        "older than, surpass, beyond, upwards of, lie above, lie over, go above, go over, rise above, stay "
        "above, superior to, top of more than"
    ),
    ">=": (
        "at least, no less than, no fewer than, not less than, not fewer than, not below, not under, minimum "
        "of, a minimum of, reach, reach at least, "
        "no lower than, not lower than, meet, attain, no smaller than, minimally, at minimum, no younger "
        "than, not younger than, from at least, starting at"
    ),
    "<=": (
        "at most, no more than, not more than, no higher than, not higher than, no greater than, not above, "
        "not over, maximum of, a maximum of, maximally, "
        "not exceed, not exceeding, do not exceed, no older than, not older than, at maximum, no longer than, up to"
    ),
    "==": "equal to, exactly, equals",
}
#: After a number.
BOUNDS_AFTER: dict[str, str] = {
    ">=": (
        "or more, or higher, or above, or over, or older, or greater, or better, or up, and above, and over, "
        "and older, and up, and more, and higher, "
        "upwards, or larger, or longer, plus, at least, at minimum, minimum, and greater, or beyond, and upwards"
    ),
    "<=": (
        "or less, or lower, or below, or under, or younger, or fewer, and below, and under, and younger, or "
        "worse, at most, at maximum, maximum, "
        "or smaller, or shorter, and less, and lower"
    ),
}
#: Words for leaving out: before what is left out, or after it (``… removed``).
EXCLUDE = (
    "everyone but, everybody but, all but, but for, anyone but, anybody but, participant but, people "
    "but, recording but, recordings but, subject but, except, except for, left out, left aside, thrown "
    "out, thrown away, exclusion of, with exception "
    "of, exception of, removal of, with removal of, "
    "exclude, other than, without, ignore, leave out, omit, remove, discard, skip, "
    "disregard, throw out, throw away, filter out, take out, "
    "apart from, aside from, but not, not counting, not including, minus, weed out, leave aside, set "
    "aside, not considering, not consider, cut out, sort out, do not count, do not include, get rid of, "
    "drop out of analysis"
)
NOT = "not, no, never, none, neither, nor, fail, fail to, unless"
#: Only these: says nothing that the condition does not say, and nothing at all without one.
KEEP = (
    "only, consider, look only at, count only, keep, restrict, restrict to, limit, limit to, confine, "
    "confine to, solely, exclusively, "
    "merely, alone, nothing but, keep just, keep only, retain, just those, just the, just"
)
YEARS = "year, year old, year of age, year of life, years old, yrs, yr"
SPEED = (
    "how fast, how quickly, how slow, how slowly, how rapidly, speed, pace, tempo, velocity, fast, "
    "quickly, slowly, rapidly, swiftly, speed at which, pace at which, quick, slow"
)
#: Said beside a condition on the audio SNR, and meaning nothing without one.
GLOSSES = (
    "(low|poor|bad|noisy|good|decent|clean|high|sufficient|acceptable) (quality audio|audio "
    "quality|audio|sound|sound quality), "
    "(noisy|bad|poor|good|clean) (recording|recordings|ones), noisy, noise, audio be "
    "(bad|poor|good|noisy|clean|ok), audio, sound"
)
MEDIANS = "median"


#: Kinds whose value is the kind itself, with their phrases.
SIMPLE: dict[str, str] = {
    "counted": COUNTED,
    "drop": DROPPED,
    "outlier": OUTLIERS,
    "who": WHO,
    "session": SESSIONS,
    "group": GROUPS,
    "every": EVERY,
    "by": BY,
    "exclude": EXCLUDE,
    "not": NOT,
    "keep": KEEP,
    "years": YEARS,
    "speed": SPEED,
    "median": MEDIANS,
    "than": "than",
    "or": "or",
    "coverage": "coverage",
    "at once": "simultaneously",
    "method": "pearson, kendall, regression, partial, adjusted, weighted",
    "but": "but",
    "tested": (
        "significantly, significant, statistically significant, statistically significantly, statistically, "
        "to a significant extent"
    ),
    "time": (
        "after, before, until, till, while, when, since, whilst, meanwhile, afterwards, beforehand, because, "
        "although, though, unless, whereas"
    ),
    "answering": "answer",
    "audio gloss": GLOSSES,
    "quality": (
        "high, low, poor, bad, noisy, insufficient, good, decent, clean, sufficient, weak, inadequate, "
        "acceptable, adequate"
    ),
}
#: Kinds with a value of their own.
VALUED: dict[str, dict[Any, str]] = {
    "verb": dict(VERBS.items()),
    "direction": dict(DIRECTIONS.items()),
    "superlative": dict(SUPERLATIVES.items()),
    "move": dict(MOVES.items()),
    "better": dict(BETTER.items()),
    "order": dict(ORDERS.items()),
    "grain": dict(GRAINS.items()),
    "bound": dict(BOUNDS.items()),
    "bound after": dict(BOUNDS_AFTER.items()),
    "ordinal": {
        **dict(enumerate(ORDINALS[:8], 1)),
        -1: "last, final, latest, most recent",
    },
}


def entries() -> list[tuple[str, Any, tuple[str, ...]]]:
    """Kind, value and phrases of every word."""
    simple = [(kind, kind, phrases(listed)) for kind, listed in SIMPLE.items()]
    return simple + [(kind, value, phrases(listed)) for kind, by in VALUED.items() for value, listed in by.items()]
