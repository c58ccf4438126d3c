"""Series made from formulas, for tests whose answers follow from the same formulas."""

from __future__ import annotations

import numpy as np

from bitflow.events import Events, Mask, Signal
from bitflow.events.eyes import EyeSeries
from bitflow.events.face import ActionUnit, FaceSeries
from bitflow.events.gaze import GazeSeries
from bitflow.events.head import HeadSeries
from bitflow.events.speech import Turns, VoiceActivity, Words
from bitflow.measures.registry import registered


def clock(seconds: float, rate: float = 30.0) -> np.ndarray:
    return np.arange(round(seconds * rate)) / rate


def head(t: np.ndarray, pitch=0.0, yaw=0.0, roll=0.0) -> HeadSeries:
    rate = round(1 / (t[1] - t[0]), 6)
    return HeadSeries.from_angles(
        Signal(np.stack([np.zeros(len(t)) + v for v in (pitch, yaw, roll)], axis=1), 0.0, rate, "deg")
    )


def eyes(openness: np.ndarray, rate: float = 30.0) -> EyeSeries:
    return EyeSeries(Signal(openness, 0.0, rate))


def face(on: float = 0.5, **units: np.ndarray) -> FaceSeries:
    return FaceSeries({name: ActionUnit(name, Signal(np.asarray(v, float)), on, on - 0.1) for name, v in units.items()})


def gaze(yaw: np.ndarray, pitch=0.0, sigma: float = 0.0) -> GazeSeries:
    return GazeSeries(Signal(np.stack([np.zeros(len(yaw)) + pitch, yaw], axis=1), unit="deg"), sigma)


def mask(yes: np.ndarray, rate: float = 30.0) -> Mask:
    return Mask(np.asarray(yes, bool), np.ones(len(yes), bool), 0.0, rate)


def spans(t: np.ndarray, *parts: tuple[float, float]) -> np.ndarray:
    inside = np.zeros(len(t), bool)
    for a, b in parts:
        inside |= (t >= a - 1e-9) & (t < b - 1e-9)
    return inside


def events(seconds: float, *parts: tuple[float, float], rate: float = 100.0) -> Events:
    seen = mask(np.ones(round(seconds * rate)), rate)
    return Events.at(np.array([a for a, _ in parts]), np.array([b for _, b in parts]), seen)


def turns(seconds: float, mine, others=(), speech=None, speakers: int | None = None) -> Turns:
    t = clock(seconds, 100.0)
    speaking = spans(t, *(speech if speech is not None else (*mine, *others)))
    count = speakers or (2 if others else 1)
    return Turns(events(seconds, *mine), events(seconds, *others), mask(speaking, 100.0), count)


def words(seconds: float, text: list[str], first: float = 0.0, each: float = 0.3, confidence: float = 0.9) -> Words:
    starts = first + each * np.arange(len(text))
    said = events(seconds, *((s, s + each) for s in starts))
    return Words(said.valued(np.full(len(text), confidence)), tuple(text))


def voice(speech: np.ndarray) -> VoiceActivity:
    return VoiceActivity(mask(speech, 100.0))


def blink_train(t: np.ndarray, centres, fwhm: float = 0.15, depth: float = 0.9) -> np.ndarray:
    width = fwhm / 2.354820
    openness = np.ones(len(t))
    for centre in centres:
        openness = np.minimum(openness, 1 - depth * np.exp(-0.5 * ((t - centre) / width) ** 2))
    return openness


def plateaus(t: np.ndarray, onsets, lasting: float, height: float = 1.0, ramp: float = 0.1) -> np.ndarray:
    value = np.zeros(len(t))
    for onset in onsets:
        value = np.maximum(
            value, height * np.clip(np.minimum((t - onset) / ramp, (onset + lasting - t) / ramp) + 0.5, 0, 1)
        )
    return value


def minimum_jerk(t: np.ndarray, start: float, lasting: float, size: float) -> np.ndarray:
    s = np.clip((t - start) / lasting, 0, 1)
    return size * (10 * s**3 - 15 * s**4 + 6 * s**5)


def ask(measure: str, *inputs, variant: str | None = None, **settings):
    """What a measure says of given series: the Estimate."""
    found = registered()[measure].function(*inputs, **settings)
    return found if variant is None else found[variant]
