"""What people say when they ask about people, by what it means: answers, links, things that are seen, behaviours."""

from __future__ import annotations

from typing import Any

from bitflow.models.asking.concepts import CONCEPTS
from bitflow.models.asking.lexicon.phrases import phrases

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
        "interval, interval when, place where, spot, period, period when, time, which, which stretch, which period"
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
        "when, at time when, amid, at moment when, in moment when, at same time"
    ),
    "when": phrases("when"),
    "in": phrases("in"),
    "with": phrases("with"),
    "between": phrases("between"),
    "outside": phrases(
        "outside, outside of, while not, when not, except during, except when, except while, not during, not while, "
        "without, apart from during, other than during, if not, unless, but not while, but not during, but not when"
    ),
    "after": phrases("after, following, in response to, right after, directly after, once, upon, as reaction to"),
    "before": phrases("before, prior to, ahead of"),
}

#: What people do, beside `concepts`, by the behaviour; and what is asked of it where nothing else is.
EVENTS: dict[str, tuple[str, ...]] = {
    "silence": phrases(
        "silence, be silent, nobody speak, nobody talk, no one speak, no one talk, quiet, no speech, nobody say "
        "anything"
    ),
    "question": phrases("ask something, ask anything, question, ask, ask question, ask a question, pose a question"),
    "turn": phrases(
        "turn, speaking turn, turn at talk, have floor, hold floor, hog floor, keep floor, command floor, take turn, "
        "turn take"
    ),
    "overlap": phrases(
        "overlap, overlap in speech, overlapping speech, overlapping talk, overlapping turn, talk over each other, "
        "speak over each other, speak at same "
        "time, talk at same time, talk at once, speak at once, talk simultaneously, speak simultaneously, talk over "
        "one another, speak over one another, speech overlap, cross talk, crosstalk, both speak, both talk, speak "
        "both, talk both, both speak at once, both talk at once, both speak at same time, both talk at same time, "
        "simultaneous speech, double talk, speak on top of each other, talk on top of each other"
    ),
    "speech": phrases("speak, talk, speaking, talking, say something, say anything, vocalise, speech"),
    "eye_closure": phrases(
        "eye closed, eye shut, eye close, close eye, shut eye, eye closure, closed eye, keep eye closed, eye be "
        "closed, eye remain closed"
    ),
    "pause": phrases("pause, silent pause, speech pause, pause in speech, pausing"),
    "self_touch": phrases(
        "touch face, face touch, face touching, hand to face touch, hand to face, hand to face contact, hand on face, "
        "hand touch face, hand face contact, self touch, touch own face, facial touch, hand at face, hand to face "
        "touching, hand go to face, put hand to face, hand in face, face be touch, face touch by hand, face be touch "
        "by hand"
    ),
    "smile": phrases("smile on face, smile, grin, smiling, beam"),
    "nod": phrases("nod, head nod, nodding, nod head, nod of head, nod with head"),
    "shake": phrases("shake head, head shake, head shaking, shake of head"),
    "look_away": phrases(
        "look away, gaze aversion, avert gaze, avert eye, look elsewhere, avoid eye contact, glance away, gaze away, "
        "turn gaze away, gaze averted, averted gaze"
    ),
    "blink": phrases("blink, eye blink, blinking"),
    "head_turn": phrases("turn head, head turn, turn head aside"),
    "head_tilt": phrases("tilt head, head tilt"),
    "finger_tap": phrases("tap finger, finger tap, finger tapping"),
}

#: Signals beside those of `concepts`.
SIGNALS: dict[str, tuple[str, ...]] = {
    "voice.f0": phrases(
        "voice pitch, f0, fundamental frequency, vocal pitch, pitch of voice, pitch, speaking pitch, tone of voice "
        "pitch, pitch in voice, f 0, voice f0, voice frequency"
    ),
    "voice.loudness": phrases(
        "loudness, voice loudness, volume, vocal loudness, voice volume, how loud speak, how loud, speaking volume, "
        "loudness of voice, sound level"
    ),
    "head_pose.yaw": phrases(
        "head yaw, yaw, head angle yaw, yaw of head, yaw angle, head yaw angle, horizontal head angle, left right "
        "head angle"
    ),
    "head_pose.pitch": phrases("head pitch, pitch of head, head pitch angle, vertical head angle, up down head angle"),
    "head_pose.roll": phrases("head roll, roll of head, roll, head roll angle"),
    "gaze.yaw": phrases("gaze yaw, horizontal gaze, yaw of gaze"),
    "gaze.pitch": phrases("gaze pitch, vertical gaze, pitch of gaze"),
    "face_actions.mouth_opening": phrases("mouth opening, mouth openness, opening of mouth"),
}

#: Measures that are asked for a person or a stretch of time in other words than `concepts`.
MEASURES: dict[str, tuple[str, ...]] = {
    "speech_rate_syllables_per_s": phrases(
        "speech rate, speaking rate, syllable rate, rate of speech, speech speed, speaking speed, speech tempo, how "
        "fast speak, how fast talk, how fast speech, how quickly speak, how quickly talk, speak fast, talk fast, "
        "tempo of speech, speech pace, speaking pace, talking speed, talking rate, pace of speech, syllable per "
        "second, how many syllable per second, speech fast, speech quick, speak quick, talk quick, speed of speech, "
        "rate of speaking"
    ),
    "speech_rate_words_per_min": phrases("word per minute, wpm, how many word per minute, word rate"),
}
FASTER: dict[str, tuple[str, ...]] = {"speech_rate_syllables_per_s": phrases("speak, talk")}

RESPONSES = phrases(
    "time take to answer, time take to respond, response lag, answer lag, reply lag, answering lag, lag before answer, "
    "(how long|how quickly|how fast|how soon|how many second) (until|before|take to|take until|take before|need to|) "
    "(answer|respond|reply|response|answering|responding), latency of every answer, latency of each answer, latency "
    "of each response, latency of every response, response latency, response time, answer latency, latency of "
    "response, latency of answer, latency to answer, latency to respond, response delay, answering delay, reaction "
    "time, delay before answering, delay before answer, delay before response, delay before responding, time to "
    "answer, time to respond, time before answer, time before answering, time until answer, time until response, time "
    "to response, how long do it take to answer, how long do it take to respond, how long take to answer, how long "
    "take to respond, how long take to reply, how long until answer, how long before answer, how long before "
    "answering, how long until reply, how quickly answer, how quickly respond, how fast answer, how fast respond, how "
    "fast reply, answer time, time needed to answer, time needed to respond, latency of reply, reply latency, how "
    "soon answer, how soon reply, how long wait before answer, how long wait before answering, how long pause before "
    "answer, how long pause before answering, response latency to, pause before answer, pause before answering, how "
    "long need to answer, how long need to respond, latency before answer, wait before answering, gap before "
    "answering, gap before answer, delay until answer, answer delay, answering latency, speed of response, delay "
    "until response, delay to answer, delay to respond, responding time, answering time"
)
SUMMARY = phrases(
    "short overview, brief overview, quick overview, quick summary, brief overview of, short overview of, narrate, "
    "summarise, summarize, summary, summary of, sum up, what happen, what be going on, what go on, recap, overview "
    "of, overview, what be happening, give summary, give summary of, give overview, short summary, brief summary, "
    "what do happen, describe, what take place, digest of, tell what happen, outline"
)
SAY = phrases(
    "say, use, utter, pronounce, word, use word, mention, say word, use the word, speak word, utter word, say the word"
)
ALL_WORDS = phrases(
    "what say, which word, what word, all word, everything say, word spoken, word said, what be said, word, "
    "transcript, what do say, wording, spoken word, everything said, which word say, which word use, what word use, "
    "what word say, what talk about, what utter"
)
LEXICONS: dict[str, tuple[str, ...]] = {
    "positive": phrases(
        "positive word, pleasant word, happy word, say positive word, use positive word, word that be positive, "
        "positive language"
    ),
    "negative": phrases(
        "negative word, unpleasant word, sad word, say negative word, use negative word, negative language"
    ),
    "filler": phrases("filler, filler word, hesitation word, um and uh, say um, um or uh, use filler"),
    "affirmation": phrases("affirmation, word of agreement, affirmative word"),
}
DISAGREE = phrases(
    "disagree, contradict, contradict each other, conflict, mismatch, not match, do not match, not agree, do not "
    "agree, incongruent, at odds, diverge, be inconsistent, inconsistent, not fit, discord, discordant, discrepancy, "
    "incongruence, clash, tell different story, tell different thing, say different thing, not go together, point in "
    "different direction, say something else than, say something different, tell something else, say other thing, "
    "disagreement, contradiction, out of step, be at odds, not line up, mismatched, conflicting"
)
SPOKEN = phrases(
    "word, speech, language, text, verbal, what be said, what say, transcript, spoken word, said, verbal content, "
    "utterance"
)
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
ORDINALS = {word: n for n, word in enumerate(("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"), 2)}
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
