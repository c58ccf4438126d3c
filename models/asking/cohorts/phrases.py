"""Every phrase that a question about a store's participants may hold, and what it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from bitflow.models.asking.cohorts.groups import ALIASES, CONTROLS, PATIENTS, SEX
from bitflow.models.asking.cohorts.known import KNOWN
from bitflow.models.asking.cohorts.links import entries
from bitflow.models.asking.cohorts.terms import LIGHT, Item, Terms, words_of
from bitflow.models.asking.concepts import REDUCERS, Reducer
from bitflow.models.asking.inflection import stem
from bitflow.models.asking.phrases import phrases

Phrases = dict[tuple[str, ...], list[Item]]

#: By measure the concept that it is, and how it is told.
CONCEPT_OF: dict[str, tuple[str, Reducer]] = {}
for _name, _concept in KNOWN.items():
    for _told, _measure in _concept.measures.items():
        if _measure not in CONCEPT_OF or _told != "level":
            CONCEPT_OF.setdefault(_measure, (_name, _told))

#: How things are called when many are asked about, beside what `concepts` has.
_CALLED: dict[str, str] = {
    "head movement": (
        "angular (speed|velocity) of head, head angular (speed|velocity), angular head (speed|velocity), "
        "head velocity, velocity of head, angular speed of head movement, "
        "speed of head (movement|motion), head movement speed, head motion speed, head turning "
        "speed, rotation speed of head, head rotation speed, head rotation, angular speed, angular velocity, "
        "speed at which head moves, pace of head, head mobility"
    ),
    "response latency": (
        "latency of (responding|responses|replies|answering), latency to (respond|response|reply), response "
        "delay, delay of (responses|answers|response), delay before "
        "(responding|response|answering|answer|reply), reply latency, latency in responding, "
        "time taken to (respond|answer|reply), time it takes to (respond|answer|reply), time until "
        "(response|answer|reply), respond, reply, replies, "
        "time before "
        "(answering|responding), answering latency, answering time, responding time, latencies, response "
        "lag, lag before (answering|response|responding)"
    ),
    ("audio quality"): (
        "signal to noise level, sound snr, snr of audio, snr of sound, audio signal to noise ratio, signal "
        "noise ratio, recording snr, signal to noise ratio of audio, audio signal quality"
    ),
    "face coverage": (
        "face visibility, facial coverage, visibility of face, face in view, face in sight, face be visible, "
        "face seen, face is seen, face tracking coverage, usable face time, face usable, "
        "have face visible, have face, has face, have face coverage, have usable face, show face coverage, "
        "show face, face is "
        "there, face present, face in picture, face was visible, face was detected, face found, face shown, "
        "face availability, face be detected"
    ),
    "pause time": (
        "share of time pausing, pause fraction, pause proportion, pause percentage, proportion of time "
        "pausing, time paused, time spent pausing, pause time share, pause time fraction, "
        "pause time proportion, silent time, time spent silent, time silent, pauses share of time, amount of "
        "pausing, time in silence, time spent in silence, pause time percentage, percentage of pauses, "
        "amount of silence, proportion of silence, share of silence"
    ),
    "pitch": (
        "mean f0, fo, voice f0, f 0, vocal fundamental frequency, mean voice pitch, pitch of voice, voice "
        "fundamental frequency, tone of voice pitch, speaking pitch, vocal f0, speaking f0, f0 of voice"
    ),
    "speech rate": (
        "rate of speaking, rate of talking, talking rate, talking speed, talking tempo, speech pace, pace of "
        "speech, speed of speech, speed of talking, speed of speaking, speaking tempo, speaking pace, tempo "
        "of speaking, "
        "syllables per sec, syllables a second, speech syllable rate, syllable rate of speech, speech "
        "velocity, speech rates"
    ),
    "talk": (
        "talker, speech, speaking share, talking share, share of speech, amount of speech, amount of talking, "
        "talkative, talkativeness, talk time fraction, talk time share"
    ),
    ("look away"): (
        "gaze aversion, averted eyes, avert, averting, eyes averted, looking elsewhere, glance away, away look"
    ),
    "blink": "blinker, eye blinking, blinks of eye, eyeblink",
    "smile": "smiles shown, smiling behaviour, smiling behavior, smiling, smiler",
    "nod": "nodder, head nodding, nods of head, nod head, head nods",
}

#: How a value is told, beside what `concepts` has.
_TOLD: dict[Reducer, str] = {
    "rate": (
        "how frequently, how regularly, per min, rate of, rate per minute, frequency of, number per minute, "
        "count per minute, times a minute, how often per minute, "
        "rate of occurrence, how many times per minute, how many per minute, incidence, how many time per "
        "minute, how often"
    ),
    "fraction": (
        "share of time spent, (fraction|proportion|percentage|percent|part|amount) of time spent, "
        "(share|fraction|proportion|percentage|percent) of (time|recording|video|session|speech) (spent|) "
        "in, "
        "time share, time fraction, time proportion, how much of (time|recording|session|video|speech) "
        "spent, how large a share of time, relative time, (share|fraction|proportion|percentage|percent) of "
        "(recording|session|video) (spent|), "
        "how much of time, amount of time, how much time spent, percent time, percent, what share of time, "
        "time spent in, time spent on, (share|fraction|proportion|percentage|percent|part) of speech"
    ),
    "duration": (
        "how long are, how long is, how long do last, duration of, length of, typical duration, typical length"
    ),
    "latency": (
        "how long until first, time before first, how early, how soon first, onset latency, latency of "
        "first, latency to first, delay before first"
    ),
    "spread": (
        "how variable, more variable, less variable, variance, fluctuation, how much vary, variability of, "
        "variability in, range of variation, "
        "standard deviation of, dispersion"
    ),
    "count": "how many time",
}


def of_measure(name: str, text: str) -> Item:
    """A measure as the concept that it is, where there is one, so that it can be asked of a part of the time."""
    concept = CONCEPT_OF.get(name)
    return Item("measure", name, text) if concept is None else Item("concept", concept[0], text, told=concept[1])


def phrases_of(terms: Terms) -> Phrases:
    """By the stems of their words. Names of the store stand for no word of the language, but for its own levels."""
    found = _language()
    taken = frozenset(found)
    own: Phrases = {}
    _add_measures(own, terms, taken)
    _add_covariates(own, terms, taken)
    _add_levels(own, terms, taken)
    return {**found, **own}


#: Words that compare, beside what they are said of: talk faster.
_HOW_FAST = frozenset(("fast", "faster", "slower", "slowly"))


@cache
def _language() -> Phrases:
    found: Phrases = {}

    def add(said: Iterable[str], kind: str, value: Any) -> None:
        for phrase in said:
            words = words_of(phrase)
            if words and not (phrase.split()[0] in LIGHT and len(words) == 1 and " " in phrase):  # a minute
                found.setdefault(words, []).append(Item(kind, value, phrase))

    for name, concept in KNOWN.items():
        add((each for each in concept.said if not _HOW_FAST & set(each.split())), "concept", name)
    for name, listed in _CALLED.items():
        add(phrases(listed), "concept", name)
    for name, concept in KNOWN.items():  # movement of the head, moves the head
        for phrase in concept.said:
            words = words_of(phrase)
            if len(words) == 2 and words[::-1] not in found:
                found[words[::-1]] = [Item("concept", name, phrase)]
    for reducer, said in REDUCERS.items():
        add(said, "reducer", reducer)
    for reducer, listed in _TOLD.items():
        add(phrases(listed), "reducer", reducer)
    for kind, value, said in entries():
        for phrase in said:
            found[words_of(phrase)] = [Item(kind, value, phrase)]
    add((*PATIENTS, *CONTROLS, *(word for words in SEX.values() for word in words if len(word) > 1)), "absent", None)
    return found


def _add_measures(own: Phrases, terms: Terms, taken: frozenset[tuple[str, ...]]) -> None:
    from bitflow.measures.registry import registered

    shorter: dict[tuple[str, ...], list[str]] = {}
    for name in (*terms.measures, *(each for each in registered() if each not in terms.measures)):
        if "[" in name and name not in terms.measures:
            continue
        bare = re.sub(r"(_(per_min|per_s|fraction|deg|hz|db|s|ms|st))+$", "", re.sub(r"\[.*\]$", "", name))
        for phrase in {name, bare}:
            words = words_of(phrase.replace("_", " "))
            if words and words not in taken:
                own.setdefault(words, []).append(of_measure(name, phrase.replace("_", " ")))
        shorter.setdefault(words_of(re.sub(r"_(mean|median)$", "", bare).replace("_", " ")), []).append(name)
    for words, names in shorter.items():  # the head's angular speed: its mean
        if words and len(words) > 1 and words not in taken and words not in own and len(names) == 1:
            own[words] = [of_measure(names[0], " ".join(words))]


def _add_covariates(own: Phrases, terms: Terms, taken: frozenset[tuple[str, ...]]) -> None:
    for name in terms.covariates:
        if name in ("participant", "session", "visit", "group", "recording"):
            continue
        words = words_of(name)
        pieces = tuple(re.findall(r"[a-z]+|\d+", name.lower()))
        spelled = {words, ("".join(words),), (stem(name.lower()),), pieces}
        spelled |= {(*each, noun) for each in spelled for noun in map(stem, ("score", "scores", "value", "total"))}
        for each in spelled:
            if each and each not in taken:
                own.setdefault(each, []).append(Item("covariate", name, name))
        for alias in phrases(ALIASES.get(name.lower(), "")):
            if (said := words_of(alias)) and said not in own:
                own[said] = [Item("covariate", name, alias)]


def _add_levels(own: Phrases, terms: Terms, taken: frozenset[tuple[str, ...]]) -> None:
    called = {(stem(word),) for word in (*PATIENTS, *CONTROLS, *SEX["female"], *SEX["male"])}
    for name, levels in terms.levels.items():
        if name == "participant" or len(levels) > 50:
            continue
        for level in levels:
            words = tuple(stem(word) for word in re.findall(r"[^\W_]+", level.lower()))
            if words and (words in called or words not in taken) and not all(word.isdigit() for word in words):
                own.setdefault(words, []).insert(0, Item("level", (name, level), level))
    for sex, said in SEX.items():
        for name, levels in terms.levels.items():
            level = next((each for each in levels if each.lower() in said), None)
            if level is not None and len(levels) <= 4 and name.lower() in ("sex", "gender"):
                for word in (each for each in said if len(each) > 1):
                    own[(stem(word),)] = [Item("level", (name, level), sex)]
    _add_patients(own, terms)


def _add_patients(own: Phrases, terms: Terms) -> None:
    """``patients`` are those of two groups who are not the controls."""
    for name, levels in terms.levels.items():
        controls = [level for level in levels if level.lower() in CONTROLS]
        if len(controls) != 1:
            continue
        for said in ("control", "healthy", "healthy control", "control participant", "healthy participant"):
            own.setdefault(words_of(said), [Item("level", (name, controls[0]), controls[0])])
        others = [level for level in levels if level not in controls]
        if len(others) == 1:
            for word in PATIENTS:
                own.setdefault((stem(word),), [Item("level", (name, others[0]), others[0])])
