"""How fast and how fluently somebody speaks, and with what words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bitflow.events.mask import Mask
from bitflow.events.reasons import Undefined
from bitflow.events.speech import PAUSE_S, Turns, Words, find_pauses
from bitflow.events.view import View
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.lexicon import FILLERS, immediate_repeats, moving_type_token_ratio, mtld, syllables
from bitflow.measures.registry import Minimum, measure

_VOICE = ("voice",)
_WORDS = ("words", "voice")
_DE_JONG = ("De Jong & Wempe 2009, Behav Res Methods 41:385", "De Jong & Bosker 2013")
_GOLDMAN = ("Goldman-Eisler 1968",)

LEAST_SPEECH_S = 10.0
LEAST_WORDS = 50


@dataclass(frozen=True, eq=False)
class Fluency:
    """Words and the sound around them."""

    words: Words
    turns: Turns

    @classmethod
    def of(cls, view: View) -> Fluency:
        """From `words`, `voice` and `speakers`."""
        return cls(view.get(Words), view.get(Turns))

    @property
    def phonation(self) -> Mask:
        """The person's speech with silences too short for a pause."""
        return self.turns.own_speech.events(merge=PAUSE_S[0]).mask(self.turns.speech)

    @property
    def floor(self) -> Mask:
        """Speech and the pauses within turns."""
        return self.phonation | find_pauses(self.turns).mask(self.turns.speech)


def _spoken_seconds(turns: Turns) -> float:
    seconds = turns.own_speech.seconds
    if seconds <= 0:
        raise Undefined("no_speech")
    return seconds


def _require(turns: Turns, seconds: float) -> None:
    if _spoken_seconds(turns) < seconds:
        raise Undefined("too_short", f"less than {seconds:g} s of speech")


def _words_per_second(fluency: Fluency, weights: np.ndarray, during: Mask) -> Estimate:
    """Weights of words, at their middles, over the time that a mask is true: ratio of two sums over time."""
    middle = (fluency.words.said.starts + fluency.words.said.ends) / 2
    at = np.clip(((middle - during.start) * during.rate).astype(int), 0, len(during) - 1)
    count = np.bincount(at, weights, len(during))
    columns = np.stack([count * during.rate, during.yes], axis=1).astype(float)
    columns[~during.known] = np.nan

    def ratio(m: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return m[..., 0] / m[..., 1]

    return statistics.of_means(columns, during.rate, ratio)


@measure(
    id="speech_rate_words_per_min",
    unit="1/min",
    needs=_WORDS,
    minimum=Minimum(seconds=10),
    cite=_DE_JONG,
    range=(0, None),
    core=True,
)
def words_per_minute(fluency: Fluency) -> Estimate:
    """Words a minute of speech with its pauses (0.25–3 s); at least 10 s of speech."""
    _require(fluency.turns, LEAST_SPEECH_S)
    return _words_per_second(fluency, np.ones(len(fluency.words.text)), fluency.floor).scaled(60.0)


@measure(
    id="speech_rate_syllables_per_s",
    unit="1/s",
    needs=_WORDS,
    minimum=Minimum(seconds=10),
    cite=_DE_JONG,
    range=(0, None),
    core=True,
)
def syllables_per_second(fluency: Fluency) -> Estimate:
    """Syllables a second of speech with its pauses; syllables are counted from spelling, English best."""
    _require(fluency.turns, LEAST_SPEECH_S)
    return _words_per_second(fluency, _syllables(fluency.words), fluency.floor)


@measure(
    id="articulation_rate_syllables_per_s",
    unit="1/s",
    needs=_WORDS,
    minimum=Minimum(seconds=10),
    cite=_DE_JONG,
    range=(0, None),
    core=True,
)
def articulation_rate(fluency: Fluency, *, least_speech_s: float = 5.0) -> Estimate:
    """Syllables a second of speech without pauses of 0.25 s and more."""
    _require(fluency.turns, least_speech_s)
    return _words_per_second(fluency, _syllables(fluency.words), fluency.phonation)


def _syllables(words: Words) -> np.ndarray:
    return np.array([syllables(word) for word in words.text], float)


@measure(
    id="pause_rate_per_min",
    unit="1/min",
    needs=_VOICE,
    minimum=Minimum(seconds=10),
    cite=_GOLDMAN,
    range=(0, None),
    core=True,
)
def pause_rate(turns: Turns) -> Estimate:
    """Pauses a minute of speech with its pauses; at least 10 s of speech."""
    _require(turns, LEAST_SPEECH_S)
    pauses = find_pauses(turns)
    floor = turns.own_speech.seconds + pauses.seconds
    found = statistics.poisson_rate(len(pauses), floor, floor)
    analysed = len(turns.speech) / turns.speech.rate
    return Estimate(found.value, found.low, found.high, found.n, floor, min(1.0, turns.speech.known_seconds / analysed))


@measure(
    id="pause_duration_median_s",
    unit="s",
    needs=_VOICE,
    minimum=Minimum(seconds=10),
    cite=_GOLDMAN,
    range=(0, None),
    core=True,
)
def pause_median(turns: Turns) -> Estimate:
    """Median duration of pauses; at least 3."""
    _spoken_seconds(turns)
    pauses = find_pauses(turns)
    return statistics.event_median(pauses.durations, pauses, 3)


@measure(
    id="pause_duration_mean_s",
    unit="s",
    needs=_VOICE,
    minimum=Minimum(seconds=10),
    cite=_GOLDMAN,
    range=(0, None),
    core=True,
)
def pause_mean(turns: Turns) -> Estimate:
    """Mean duration of pauses; at least 3."""
    _spoken_seconds(turns)
    pauses = find_pauses(turns)
    return statistics.event_mean(pauses.durations, pauses, 3)


@measure(
    id="pause_time_fraction",
    unit="1",
    needs=_VOICE,
    minimum=Minimum(seconds=10),
    cite=_GOLDMAN,
    range=(0, 1),
    core=True,
)
def pause_time(turns: Turns) -> Estimate:
    """Pauses over speech and pauses together; at least 10 s of speech."""
    _require(turns, LEAST_SPEECH_S)
    pauses = find_pauses(turns).mask(turns.speech)
    columns = np.stack([pauses.yes, pauses.yes | turns.own_speech.yes], axis=1).astype(float)
    columns[~turns.speech.known] = np.nan

    def ratio(m: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return m[..., 0] / m[..., 1]

    return statistics.of_means(columns, turns.speech.rate, ratio)


def _count_words(words: Words, least: int) -> int:
    if len(words.text) < least:
        raise Undefined("too_few_events", f"{len(words.text)} words, {least} are needed")
    return len(words.text)


def _about(words: Words) -> dict[str, Any]:
    seen = words.said.seen_seconds
    analysed = len(words.said.seen) / words.said.seen.rate
    return {"seconds": seen, "coverage": seen / analysed if analysed else 0.0}


@measure(
    id="disfluency_rate_per_100_words", unit="1", needs=_WORDS, cite=("Shriberg 1994",), range=(0, None), counts=True
)
def disfluencies(words: Words) -> Estimate:
    """Fillers (um, uh, er …) and immediate repeats of a word in a hundred words; at least 50 words.

    Recognisers leave fillers out: a low value may be theirs.
    """
    n = _count_words(words, LEAST_WORDS)
    count = sum(word in FILLERS for word in words.text) + immediate_repeats(words.text)
    found = statistics.poisson_rate(count, float(n), float(n), per=100.0)
    return Estimate(found.value, found.low, found.high, n, **_about(words))


def _blocks_of_words(words: Words, statistic, least: int) -> Estimate:
    """A statistic of the text with an interval from its halves' spread is not known: none is given."""
    _count_words(words, least)
    value = statistic(words.text)
    if not np.isfinite(value):
        raise Undefined("too_few_events")
    return Estimate(float(value), n=len(words.text), **_about(words), no_interval="ci_none_undefined")


@measure(
    id="lexical_mattr_50",
    unit="1",
    needs=_WORDS,
    cite=("Covington & McFall 2010, J Quant Linguist 17:94",),
    range=(0, 1),
)
def mattr_50(words: Words) -> Estimate:
    """Different words in fifty, averaged over every window of fifty; undefined for fewer words."""
    return _blocks_of_words(words, lambda text: moving_type_token_ratio(text, 50), LEAST_WORDS)


@measure(
    id="lexical_mtld",
    unit="1",
    needs=_WORDS,
    cite=("McCarthy & Jarvis 2010, Behav Res Methods 42:381",),
    range=(0, None),
)
def lexical_mtld(words: Words) -> Estimate:
    """Mean number of words for which the share of different ones stays above 0.72, forward and backward; 50 words."""
    return _blocks_of_words(words, mtld, LEAST_WORDS)


@measure(id="transcript_confidence_mean", unit="1", needs=_WORDS, range=(0, 1))
def transcript_confidence(words: Words) -> Estimate:
    """Mean confidence of the recogniser, weighted by the words' durations."""
    confidence, length = words.said.values, np.maximum(words.said.durations, 1e-3)
    known = np.isfinite(confidence)
    if not known.any():
        raise Undefined("missing_column", "words have no confidence")
    value = float(np.average(confidence[known], weights=length[known]))
    spread = statistics.event_mean(confidence, words.said)
    half = (spread.high - spread.low) / 2
    return Estimate(
        value, value - half, value + half, int(known.sum()), **_about(words), no_interval=spread.no_interval
    )
