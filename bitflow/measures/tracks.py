"""Signals of a person at 10 Hz by name: what coupling and dynamics are measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bitflow.errors import UsageError
from bitflow.events.emotions import AffectSeries
from bitflow.events.face import FaceSeries
from bitflow.events.head import HeadSeries
from bitflow.events.mouth import MouthSeries
from bitflow.events.person import Pair, Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.speech import voice_signal

TRACK_RATE_HZ = 10.0
DEFAULT = "head_speed"

_SOURCES: dict[str, Callable[[Person], Signal]] = {
    "head_speed": lambda person: person.get(HeadSeries).speed,
    "head_pitch": lambda person: person.get(HeadSeries).smooth.channel(0),
    "head_yaw": lambda person: person.get(HeadSeries).smooth.channel(1),
    "smile": lambda person: person.get(FaceSeries).unit("au12").signal,
    "mouth": lambda person: person.get(MouthSeries).opening,
    "valence": lambda person: person.get(AffectSeries).valence,
    "loudness": lambda person: voice_signal(person, "loudness"),
}


@dataclass(frozen=True, eq=False)
class Tracks:
    """Signals by name; those that cannot be had carry the reason."""

    signals: dict[str, Signal]
    missing: dict[str, Undefined]

    @classmethod
    def of(cls, person: Person) -> Tracks:
        """All that the person's tables give."""
        signals: dict[str, Signal] = {}
        missing: dict[str, Undefined] = {}
        for name, load in _SOURCES.items():
            try:
                signals[name] = slowed(load(person))
            except Undefined as undefined:
                missing[name] = undefined
        return cls(signals, missing)

    def signal(self, name: str) -> Signal:
        """One of them."""
        if name in self.signals:
            return self.signals[name]
        if name in self.missing:
            raise Undefined(self.missing[name].reason, self.missing[name].detail)
        raise UsageError(f"no signal is called {name!r}; there are {', '.join(_SOURCES)}")


@dataclass(frozen=True, eq=False)
class PairTracks:
    """Signals of both of a pair."""

    first: Tracks
    second: Tracks

    @classmethod
    def of(cls, pair: Pair) -> PairTracks:
        """From both."""
        return cls(pair.first.get(Tracks), pair.second.get(Tracks))

    def both(self, name: str) -> tuple[np.ndarray, np.ndarray, float]:
        """Values of the two ``(n,)``, on one clock, and its rate."""
        a, b = self.first.signal(name), self.second.signal(name)
        n = min(len(a), len(b))
        return a.values[:n], b.values[:n], a.rate


def slowed(signal: Signal, rate: float = TRACK_RATE_HZ) -> Signal:
    """Means over the steps of a slower clock; missing where less than half of a step is known."""
    size = max(1, round(signal.rate / rate))
    usable = len(signal) // size * size
    blocks = signal.values[:usable].reshape(-1, size)
    seen = np.isfinite(blocks)
    count = seen.sum(axis=1)
    total = np.where(seen, blocks, 0.0).sum(axis=1)
    means = np.divide(total, count, out=np.full(len(blocks), np.nan), where=count * 2 >= size)
    return Signal(means, signal.start, signal.rate / size, signal.unit)
