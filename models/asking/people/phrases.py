"""What people say when they ask about people, by what it means: answers, links, things that are seen, behaviours."""

from __future__ import annotations

from typing import Any

from bitflow.models.asking.concepts import CONCEPTS
from bitflow.models.asking.numerals import PLACES
from bitflow.models.asking.people.acts import EVENTS, FASTER, MEASURES, SIGNALS
from bitflow.models.asking.people.talk import ALL_WORDS, DISAGREE, LEXICONS, RESPONSES, SAY, SPOKEN, SUMMARY
from bitflow.models.asking.phrases import phrases

#: What is asked for.
ANSWERS: dict[str, tuple[str, ...]] = {
    "count": phrases(
        "how many time, how many occasion, how many, number of time, number of, count, count of, total number of, "
        "number of occasion, number of occurrence, tally"
    ),
    "rate": phrases(
        "how often, how frequently, how regularly, rate of, rate, frequency of, frequency, per minute, every minute, "
        "each minute, per min, per hour, every hour, time per minute, how many time per minute, how many per minute, "
        "number per minute, time how many time how many time every minute"
    ),
    "total_time": phrases(
        "amount of, how many second, how many minute, how long, for how long, how much time, total time, total "
        "duration, total amount of time, amount of time, overall time, cumulative time, cumulative duration, total, "
        "overall duration, how long in total, total length, sum of time, for how many second, for how many minute"
    ),
    "fraction": phrases(
        "what share of time, what fraction of time, what percentage of time, what percent of time, what proportion of "
        "time, how much of time, how much of video, how much of recording, how much of interview, how much of clip, "
        "how much of session, share of time, fraction of time, percentage of time, percent of time, proportion of "
        "time, what part of time, (what|which) (share|fraction|percentage|percent|proportion|part) of "
        "(video|recording|interview|clip|session|frame), (share|fraction|percentage|percent|proportion) of "
        "(video|recording|interview|clip|session|frame), what share, what fraction, what percentage, what percent, "
        "what proportion, share of, fraction of, percentage of, proportion of, percentage, proportion, fraction, "
        "share, percent, how much"
    ),
    "mean_duration": phrases(
        "average duration, mean duration, average length, mean length, typical duration, typical length, how long on "
        "average, how long typically, how long usually, average duration of, mean duration of, average length of, "
        "mean length of"
    ),
    "longest": phrases(
        "maximum time, max time, maximal time, greatest time, longest for, single longest, longest single stretch, "
        "longest period when, longest, longest stretch, longest "
        "run, longest period, longest spell, longest time, longest stretch of time, longest continuous, longest "
        "uninterrupted, maximum duration, max duration, longest bout, longest interval, longest single, longest "
        "continuous stretch, longest uninterrupted stretch, longest continuous period, longest duration, longest "
        "episode, longest stretch when, longest interval when, for how long at most, how long at most, at one "
        "stretch, in one go, longest time in a row, most time in a row, maximum length"
    ),
    "latency": phrases(
        "(how many second|how long|how much time) pass (before|until) (first|), how many second pass before, how many "
        "second pass until, how long pass before, how much time pass before, how many second pass before first, how "
        "much time pass before first, how long pass before first, when first, first time, how long until, how long "
        "till, how long before, time until, time to first, latency to, latency to first, latency of first, latency, "
        "how soon, how long do it take until, how long do it take before, how long do it take to, how long until "
        "first, how long before first, time until first, time before first, when for first time, at what time first, "
        "at which time first, how late, how early, time of first, moment of first, what time first, onset of first, "
        "after how long, after how many second, after how much time, how many second until, how many second before, "
        "how many second until first, how many second before first, earliest"
    ),
    "first": phrases("first"),
    "last": phrases("last time, when last, last, final, most recent"),
    "list": phrases(
        "plot, draw, chart, graph, list, list all, show, show all, show me, find, find all, give, give me, when, at "
        "what time, at which time, what time, which moment, moment, moment when, moment where, what moment, in which "
        "moment, at which moment, tell me when, tell when, timestamp, timestamp of, where, all, every, get, locate, "
        "point out, display, enumerate, print, instance, instance of, occurrence, occurrence of, episode, "
        "episode of, each, time when, segment, segment where, passage, passage where, stretch, stretch of time, "
        "interval, interval when, span, time span, time range, section, place, place where, spot, period, period "
        "when, time, which, which stretch, "
        "which period"
    ),
}

#: How a signal is told.
STATISTICS: dict[str, tuple[str, ...]] = {
    "mean": phrases(
        "how large, how big, how high, average, mean, on average, avg, typical, average of, mean of, average value, "
        "mean value, in general, usual"
    ),
    "median": phrases("median"),
    "sd": phrases(
        "standard deviation, sd, variability, spread, variation, how variable, how much vary, vary, standard "
        "deviation of"
    ),
    "min": phrases("minimum, lowest, smallest, min"),
    "max": phrases("maximum, highest, largest, peak, max, greatest"),
    "slope": phrases(
        "change, get higher over time, rise, rising, increase, increasing, go up, going up, get higher, getting "
        "higher, climb, trend, slope, fall, falling, decrease, decreasing, drop, dropping, go down, going down, get "
        "lower, getting lower, decline, declining, become higher, become lower, change over recording, change over "
        "time, change over video, change over interview, change in course of, drift, go up or down, rise or fall, "
        "increase or decrease, rising or falling, trend of, slope of, upward trend, downward trend, trend upward, "
        "linear trend, creep up, creeping up, go higher, climbing"
    ),
}

#: Faces, hands and the like, as `missing` calls them, with the side.
THINGS: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("face", None): phrases("facial expression, expression, facial, face"),
    ("hand", "left"): phrases("left hand, lefthand"),
    ("hand", "right"): phrases("right hand, righthand"),
    ("hand", None): phrases("hand, either hand"),
    ("body", None): phrases("body, upper body, torso"),
    ("gaze", None): phrases("gaze, eye tracking"),
    ("head", None): phrases("head pose, head"),
    ("voice", None): phrases("voice, audio, sound"),
}
MISSING = phrases(
    "not see, not be seen, can not see, missing, not visible, invisible, not seen, unseen, lost, absent, not "
    "detected, undetected, not tracked, untracked, out of frame, out of view, gap, dropout, drop out, not found, no, "
    "lack, not available, unavailable, not usable, unusable, without, cannot be seen, can not be seen, not in frame, "
    "lose, hidden, off screen, not present, not in the picture, undetectable"
)
PRESENT = phrases(
    "contain, show, usable, visible, seen, detected, tracked, available, present, in view, in frame, found, valid, "
    "coverage, coverage of, covered, can be seen, good, clear, recognisable, detectable, there, usable coverage, on "
    "screen, in picture, in shot, seen well"
)
FRAMES = phrases("frame, picture, image, video frame, frame number")

LINKS: dict[str, tuple[str, ...]] = {
    "during": phrases(
        "while, whilst, during, whenever, at same time as, in course of, simultaneously with, throughout, in time "
        "when, at time when, amid, at moment when, in moment when, at same time, coincide "
        "with, accompany, accompany by, co occur with, cooccur with, alongside, along with, together with"
    ),
    "when": phrases("when"),
    "in": phrases("in"),
    "with": phrases("with"),
    "between": phrases("between"),
    "outside": phrases(
        "outside, outside of, while not, when not, except during, except when, except while, not during, not while, "
        "without, apart from during, other than during, if not, unless, but not while, but not during, but not when"
    ),
    "after": phrases(
        "after, following, in response to, right after, directly after, after each, after every, once, upon, as "
        "reaction to"
    ),
    "before": phrases("before, prior to, ahead of"),
}

COURSE = phrases(
    "time course, time course of, course of, over time, timeline of, timeline, course over time, temporal course, "
    "time series of, change over time, vary over time, profile over time, development of, course, develop, evolve, "
    "how evolve, how "
    "develop, develop over time, evolution of"
)
MOST = phrases(
    "more, most, greater, greater number, greater amount, larger number, larger amount, bigger, longest time, "
    "longest in total, longest overall, more often, most often, more frequently, most frequently, longer, longest, "
    "faster, fastest, more "
    "quickly, more words, most of time, more of time, dominate, higher, highest, louder, loudest, bigger share, "
    "larger share, biggest share, largest share, more time, most time, majority of time"
)
LEAST = phrases(
    "less, least, less often, least often, less frequently, fewer, fewest, shorter, shortest, slower, slowest, lower, "
    "lowest, less time, least time, quieter, quietest"
)
SUMMED = phrases("in total, overall, altogether, in all, all in all, all told, all together, total")
OCCUR = phrases("happen, occur, take place, arise")
WHO = phrases(
    "which (one of|of) (two|both|them) (people|person|speaker|), which one of them, which one of two, who, which "
    "person, which one, which of them, which of two, which of the "
    "two, which speaker, which of speaker, whose, which of both, who of two, who of them"
)
EACH = phrases(
    "each, every, per, each of, every single, individual, to each, for each, for every, to every, after each, after "
    "every, of each, all"
)
PRONOUNS = {
    **dict.fromkeys(("he", "she", "him", "her", "his", "hers", "himself", "herself"), "one"),
    **dict.fromkeys(("they", "them", "their", "theirs", "themselves", "both", "everybody", "everyone"), "all"),
    "anyone": "any",
}
#: ``the second nod``.
ORDINALS = {word: n for word, n in PLACES.items() if n <= 8}
PERSON_NOUNS = phrases("person, man, woman, speaker, individual, boy, girl, guy, lady, gentleman")

#: Words that say nothing: left out wherever no phrase needs them.
_LIGHT = """
    a an the of on at to for from is are was were be been being am do does did doing done has have had having there this
    that these those it its please can could would will may might should you i we me us my our tell know see want like
    need just also any some so then really actually exactly kindly pls plz video recording clip interview file footage
    session tape data store hi hello hey thanks thank thx ok okay cheers by if whether s into as well ever point points
    conversation dialogue seem seems spend spends spent spending make makes made making perform performs performed
    performing successive consecutive produce produces produced producing exhibit exhibits exhibited given where's
"""
LIGHT = frozenset(_LIGHT.split())


def entries() -> list[tuple[str, str, Any]]:
    """Every phrase with its kind and value; of two alike, both."""
    found: list[tuple[str, str, Any]] = []
    for kind, table in (
        ("answer", ANSWERS),
        ("statistic", STATISTICS),
        ("thing", THINGS),
        ("link", LINKS),
        ("event", EVENTS),
        ("signal", SIGNALS),
        ("measure", MEASURES),
        ("lexicon", LEXICONS),
        ("faster", FASTER),
    ):
        found += [(phrase, kind, value) for value, said in table.items() for phrase in said]
    for kind, said in (
        ("missing", MISSING),
        ("present", PRESENT),
        ("frames", FRAMES),
        ("response", RESPONSES),
        ("summary", SUMMARY),
        ("say", SAY),
        ("all words", ALL_WORDS),
        ("disagree", DISAGREE),
        ("spoken", SPOKEN),
        ("course", COURSE),
        ("who", WHO),
        ("each", EACH),
        ("noun", PERSON_NOUNS),
        ("summed", SUMMED),
        ("occur", OCCUR),
        ("how", ("how",)),
        ("otherwise", ("otherwise",)),
        ("length", phrases("duration, length, lengths")),
        ("at once", phrases("simultaneously, at same time, at once, together, concurrently")),
    ):
        found += [(phrase, kind, kind) for phrase in said]
    found += [(phrase, "order", "most") for phrase in MOST] + [(phrase, "order", "least") for phrase in LEAST]
    for said in (
        "speaking time",
        "talking time",
        "talk time",
        "speech time",
        "time speaking",
        "time talking",
        "speaking duration",
        "speech duration",
        "floor time",
        "time at talk",
    ):
        found += [(said, "answer", "total_time"), (said, "event", "speech")]
    for said in phrases(
        "voice (get|become|go) (higher|lower), voice (go up|rise|fall|go down|drop|climb), voice get high"
    ):
        found += [(said, "signal", "voice.f0"), (said, "statistic", "slope")]
    found += [(said, "pronoun", "all") for said in ("two", "two people", "two person", "two speaker", "both of two")]
    found += [("not", "not", True), ("never", "not", True), ("no", "not", True), ("n't", "not", True)]
    known = {phrase for phrase, kind, _ in found if kind in ("event", "signal", "measure")}
    for name, concept in CONCEPTS.items():
        if name == "pause time":
            continue  # said in two: which share, and of what
        for phrase in concept.said:
            if phrase in known:
                continue
            if concept.event:
                found.append((phrase, "event", concept.event))
            elif concept.signal:
                found.append((phrase, "signal", concept.signal))
            elif "level" in concept.measures or concept.measures:
                found.append((phrase, "measure", next(iter(concept.measures.values()))))
    return found
