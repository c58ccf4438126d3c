"""Clips in which only the disagreement of text, face and voice tells ambivalence, and in which people differ.

An instrument, not evidence about people: it shows whether code finds interactions, whether an evaluation leaks, and
whether personalisation works, because the answers are known.

Why no single stream can tell: within a stream the signs of events are independent, symmetric ±1 whether or not an
event is discordant, and number, length and strength of events do not depend on the label y. So for person i and
stream m, p(X_m | y, i) = p(X_m | i): the one way from a stream to y leads over who the person is, and folds that keep
people apart close it. Products of the streams' signs carry y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError

RATE_HZ = 5.0
DISTRACTORS = 4
VIDEOS = 7
SHORTEST_S, LONGEST_S = 12.0, 40.0

#: Streams, and how often each is the one that disagrees in a discordant event.
ODD_STREAM: Mapping[str, float] = MappingProxyType({"text": 0.60, "face": 0.25, "voice": 0.15})
STREAMS = tuple(ODD_STREAM)

_PREVALENCE = 0.55
_GAIN_SD = 0.15
_MAGNITUDE_SD = 0.2
_EVENTS_PER_S = 0.12
_EVENT_S = (2.0, 7.0)
_LONE_EVENT_S = 4.0
_RAMP_S = 0.5
_DISCORDANT_SHARE = (0.5, 1.0)
_AR, _BURN_IN = 0.8, 50

#: Rate of ambivalence by prompt in the train split of BAH v1, questions 1 to 7.
QUESTION_RATES = (0.22, 0.62, 0.58, 0.95, 0.50, 0.40, 0.88)
#: Words of its transcripts: log-normal, about a third more of them where the label is 1.
_WORDS_MEDIAN, _WORDS_LOG_SD, _WORDS_LOG_GAIN = 40.0, 0.6, 0.3
_WORDS_PER_S = 2.5
_FASTEST_WORDS_PER_S = 4.0


@dataclass(frozen=True)
class Preset:
    """How strong the signals are, and how different the people.

    Parameters
    ----------
    amplitude, noise
        Height of an event, and standard deviation of the autoregressive noise on every channel.
    person_sd
        Standard deviation of a person's offset on every channel.
    prevalence_sd
        Standard deviation, in log-odds, of a person's rate of label 1.
    tonic
        Share of clips that one event covers whole: only a person's other clips tell where their zero is.
    questions
        Whether the seven clips answer seven prompts that set the rate, and talk is longer where the label is 1.
    """

    amplitude: float
    noise: float
    person_sd: float = 1.0
    prevalence_sd: float = 1.5
    tonic: float = 0.0
    questions: bool = False
    participants: int = 80


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "phasic": Preset(1.1, 0.65),
        "easy": Preset(1.5, 0.5),
        "tonic": Preset(1.2, 0.6, person_sd=1.5, tonic=0.5),
        "identity": Preset(1.2, 0.6, prevalence_sd=2.5),
        "exact": Preset(1.1, 0.65, prevalence_sd=0.0, participants=500),
        "hard": Preset(0.8, 0.8),
        "bahlike": Preset(1.0, 0.7, prevalence_sd=0.5, tonic=0.2, questions=True),
    }
)


@dataclass(frozen=True, eq=False)
class Clip:
    """One clip with what is true of it.

    Attributes
    ----------
    streams
        By name ``(n, 5)`` at `RATE_HZ`: the signal, then four channels that know nothing of the label.
    segments
        Discordant events ``(k, 2)`` s, half-open; none where the label is 0.
    word_times
        ``(words,)`` s, when each word begins.
    missing
        The stream that was not recorded, if any; its values are in `streams` nevertheless.
    """

    participant: int
    video: int
    label: int
    duration: float
    streams: Mapping[str, NDArray[np.float64]]
    segments: NDArray[np.float64]
    word_times: NDArray[np.float64]
    question: int | None = None
    missing: str | None = None

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of every sample, s."""
        return np.arange(len(self.streams["text"])) / RATE_HZ

    @property
    def discordant(self) -> NDArray[np.bool_]:
        """Which samples ``(n,)`` lie in a discordant event."""
        t = self.times[:, None]
        return np.any((t >= self.segments[:, 0]) & (t < self.segments[:, 1]), axis=1)


def preset_named(name: str) -> Preset:
    """The preset of that name.

    Raises
    ------
    UsageError
        There is none; the message names those that there are.
    """
    if name not in PRESETS:
        raise UsageError(f"there is no preset {name!r} of the simulator; there are {', '.join(PRESETS)}")
    return PRESETS[name]


def simulate_clips(
    preset: str | Preset = "phasic", *, seed: int, participants: int | None = None, missing: float = 0.0
) -> list[Clip]:
    """Draw the clips of a cohort, seven a participant.

    Parameters
    ----------
    participants
        In the place of the preset's own number.
    missing
        Share of clips that lack one stream, chosen evenly; the clips are otherwise those of ``missing=0``.

    Raises
    ------
    UsageError
        No such preset, no participants, or a share outside 0 to 1.
    """
    chosen = preset_named(preset) if isinstance(preset, str) else preset
    people = chosen.participants if participants is None else participants
    if people < 1 or not 0 <= missing <= 1:
        raise UsageError(f"at least 1 participant and a missing share of 0 to 1 are needed, not {people} and {missing}")
    random = np.random.default_rng(seed)
    clips = [clip for person in range(people) for clip in _person(chosen, person, random)]
    # Drawn apart, so that the clips are the same with and without gaps.
    lost = np.random.default_rng([seed, 1])
    gone = lost.random(len(clips)) < missing
    which = lost.integers(len(STREAMS), size=len(clips))
    return [
        replace(clip, missing=STREAMS[stream]) if is_gone else clip
        for clip, is_gone, stream in zip(clips, gone, which, strict=True)
    ]


def _person(preset: Preset, number: int, random: np.random.Generator) -> list[Clip]:
    offsets = random.normal(0.0, preset.person_sd, (len(STREAMS), 1 + DISTRACTORS))
    gains = np.exp(random.normal(0.0, _GAIN_SD, len(STREAMS)))
    inclination = random.normal(0.0, preset.prevalence_sd)
    clips = []
    for video in range(VIDEOS):
        rate = QUESTION_RATES[video] if preset.questions else _PREVALENCE
        label = int(random.random() < 1 / (1 + np.exp(-np.log(rate / (1 - rate)) - inclination)))
        clip = _clip(preset, offsets, gains, label, random)
        clips.append(replace(clip, participant=number, video=video, question=video + 1 if preset.questions else None))
    return clips


def _clip(
    preset: Preset, offsets: NDArray[np.float64], gains: NDArray[np.float64], label: int, random: np.random.Generator
) -> Clip:
    samples = round(random.uniform(SHORTEST_S, LONGEST_S) * RATE_HZ)
    duration = samples / RATE_HZ
    tonic = random.random() < preset.tonic
    events = np.array([[0.0, duration]]) if tonic else _events(duration, random)
    signs = random.choice([-1.0, 1.0], len(events))
    magnitudes = np.exp(random.normal(0.0, _MAGNITUDE_SD, (len(events), len(STREAMS))))
    discordant = _discordant(len(events), label, random)
    odd = random.choice(len(STREAMS), size=len(events), p=list(ODD_STREAM.values()))
    signed = signs[:, None] * magnitudes
    signed[discordant, odd[discordant]] *= -1.0
    shape = _trapezoids(np.arange(samples) / RATE_HZ, events)
    noise = _autoregressive((samples, len(STREAMS), 1 + DISTRACTORS), random)
    values = offsets + preset.noise * noise
    values[:, :, 0] += preset.amplitude * gains * (shape @ signed)
    return Clip(
        participant=0,
        video=0,
        label=label,
        duration=duration,
        streams={name: values[:, index] for index, name in enumerate(STREAMS)},
        segments=events[discordant],
        word_times=_word_times(preset, duration, label, random),
    )


def _events(duration: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Intervals ``(k, 2)`` s, at least one; those that would reach over the end are left out."""
    found = []
    start = random.exponential(0.5 / _EVENTS_PER_S)
    while start < duration:
        end = start + random.uniform(*_EVENT_S)
        if end <= duration:
            found.append((start, end))
        start = end + random.exponential(1 / _EVENTS_PER_S)
    if not found:
        start = random.uniform(0.0, duration - _LONE_EVENT_S)
        found = [(start, start + _LONE_EVENT_S)]
    return np.array(found)


def _discordant(events: int, label: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which events are: none where the label is 0, at least one where it is 1."""
    chosen = random.random(events) < random.uniform(*_DISCORDANT_SHARE)
    chosen[random.integers(events)] = True
    return chosen & bool(label)


def _trapezoids(t: NDArray[np.float64], events: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(n, k)``: 0 outside an event, 1 inside, with straight ramps of `_RAMP_S` within it."""
    rise = (t[:, None] - events[:, 0]) / _RAMP_S
    fall = (events[:, 1] - t[:, None]) / _RAMP_S
    return np.clip(np.minimum(rise, fall), 0.0, 1.0)


def _autoregressive(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float64]:
    """Stationary noise of standard deviation 1 whose neighbours along the first axis correlate by `_AR`."""
    from scipy.signal import lfilter

    drive = random.standard_normal((shape[0] + _BURN_IN, *shape[1:])) * np.sqrt(1 - _AR**2)
    return lfilter([1.0], [1.0, -_AR], drive, axis=0)[_BURN_IN:]


def _word_times(preset: Preset, duration: float, label: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Evenly spaced; how many depends on the label only where the preset has questions."""
    count = int(duration * _WORDS_PER_S)
    if preset.questions:
        drawn = _WORDS_MEDIAN * np.exp(random.normal(_WORDS_LOG_GAIN * label, _WORDS_LOG_SD))
        count = int(np.clip(drawn, 4, duration * _FASTEST_WORDS_PER_S))
    return np.linspace(0.0, duration, count, endpoint=False)
