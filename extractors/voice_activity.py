"""Where somebody speaks: a speech probability for every 32 ms of sound, and the stretches it makes.

The network (silero VAD, MIT) is recurrent: it is fed in time order and carries its state. Where its file cannot be
had, level over the noise floor stands in, which calls any loud sound speech.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bitflow import assets
from bitflow.errors import AssetError

if TYPE_CHECKING:
    from bitflow.extraction.protocol import Runtime

SAMPLE_RATE_HZ = 16000
WINDOW = 512
WINDOW_S = WINDOW / SAMPLE_RATE_HZ
MODEL = "silero_vad_sequence"

_CONTEXT = 64
_BLOCK = 512

Kind = Literal["auto", "silero", "energy"]


def finite(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples with silence for what is no number: a damaged float recording must not spoil what follows."""
    return samples if np.isfinite(samples).all() else np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


class ActivityDetector(Protocol):
    """Takes sound at 16 kHz in time order and tells the probability of speech of each 32 ms of it."""

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of the windows that are complete now."""
        ...

    def finish(self) -> NDArray[np.float32]:
        """Probability of the last, incomplete window, if there is one; the next samples begin anew."""
        ...


def at_hand(kind: Kind) -> Literal["silero", "energy"]:
    """What ``auto`` means on this machine: silero where its file is or can be had, else energy."""
    if kind != "auto":
        return kind
    try:
        assets.fetch(MODEL)
    except AssetError:
        return "energy"
    return "silero"


def models(kind: Kind) -> tuple[str, ...]:
    """Asset ids of the files that `kind` opens."""
    return (MODEL,) if kind == "silero" else ()


def open_detector(kind: Kind, runtime: Runtime) -> ActivityDetector:
    """A detector for one recording; notes once when it is the lesser one."""
    if at_hand(kind) == "silero":
        return SileroDetector()
    runtime.note(
        "Speech was found by its level: any loud sound counts as speech. The network that knows better runs where its "
        f"file is at hand (bitflow assets download {MODEL})."
    )
    return EnergyDetector()


class _Windows:
    """Cuts samples that come in any lengths into windows of 512."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, dtype=np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Complete windows, shape (n, 512)."""
        whole = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        n = len(whole) // WINDOW
        self._rest = whole[n * WINDOW :].copy()
        return whole[: n * WINDOW].reshape(n, WINDOW)

    def finish(self) -> NDArray[np.float32]:
        """What is left, filled up with silence, shape (0 or 1, 512)."""
        rest, self._rest = self._rest, np.zeros(0, dtype=np.float32)
        return np.pad(rest, (0, WINDOW - len(rest)))[None] if len(rest) else np.zeros((0, WINDOW), np.float32)


class SileroDetector:
    """The silero network, many windows a call, its state kept from call to call."""

    def __init__(self) -> None:
        # A network of 0.3 M weights is faster on one core than on the way to a GPU and back.
        from bitflow.inference import open_session

        self._session = open_session(assets.fetch(MODEL), device="cpu", threads=1)
        self._windows = _Windows()
        self._forget()

    def _forget(self) -> None:
        self._hidden = np.zeros((1, 1, 128), dtype=np.float32)
        self._cell = np.zeros((1, 1, 128), dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `ActivityDetector.push`."""
        return self._run(self._windows.push(samples))

    def finish(self) -> NDArray[np.float32]:
        """See `ActivityDetector.finish`."""
        last = self._run(self._windows.finish())
        self._forget()
        return last

    def _run(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        found = [np.zeros(0, dtype=np.float32)]
        for first in range(0, len(windows), _BLOCK):
            block = windows[first : first + _BLOCK]
            # Each window sees the last 4 ms of the one before.
            before = np.concatenate([self._context[None], block[:-1, -_CONTEXT:]])
            self._context = block[-1, -_CONTEXT:].copy()
            values, self._hidden, self._cell = self._session.run(
                np.concatenate([before, block], axis=1), self._hidden, self._cell
            )
            found.append(np.asarray(values, dtype=np.float32).reshape(-1))
        return np.concatenate(found)


class EnergyDetector:
    """Level over the noise floor; the floor follows the quietest recent window and rises by 2 dB a second."""

    rise_db = 2.0 * WINDOW_S
    margin_db = 6.0
    quietest_dbfs = -70.0

    def __init__(self) -> None:
        self._windows = _Windows()
        self._floor: float | None = None

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `ActivityDetector.push`."""
        windows = self._windows.push(samples)
        level = 10 * np.log10(np.maximum(np.mean(np.square(windows, dtype=np.float64), axis=1), 1e-12))
        floor = np.empty(len(level))
        for i, now in enumerate(level.tolist()):
            before = now if self._floor is None else self._floor + self.rise_db
            self._floor = max(min(before, now), self.quietest_dbfs)
            floor[i] = self._floor
        return (1 / (1 + np.exp(-(level - floor - self.margin_db) / 2.0))).astype(np.float32)

    def finish(self) -> NDArray[np.float32]:
        """See `ActivityDetector.finish`."""
        rest = self._windows.finish()
        last = self.push(rest[0]) if len(rest) else np.zeros(0, dtype=np.float32)
        self._floor = None
        return last


@dataclass(frozen=True, order=True)
class Stretch:
    """A stretch of speech [start, end), s on the media clock, and its mean speech probability."""

    start: float
    end: float
    probability: float

    @property
    def duration(self) -> float:
        """s."""
        return self.end - self.start


class StretchFinder:
    """Turns probabilities that come in time order into stretches of speech.

    Speech begins at `onset` and ends where the probability stays below `offset` for `shortest_pause` seconds; the end
    is where it fell. These are silero's own rules, without its padding: edges are what pauses are measured from.
    """

    def __init__(
        self,
        start: float,
        *,
        onset: float = 0.5,
        offset: float = 0.35,
        shortest_pause: float = 0.15,
        shortest_speech: float = 0.1,
    ) -> None:
        self._time = start
        self._onset, self._offset = onset, offset
        self._shortest_pause, self._shortest_speech = shortest_pause, shortest_speech
        self._begin: float | None = None
        self._fell: float | None = None
        self._sum, self._count = 0.0, 0

    @property
    def time(self) -> float:
        """How far the sound has been looked at, s."""
        return self._time

    @property
    def open_since(self) -> float | None:
        """Start of the stretch that has not ended yet."""
        return self._begin

    def push(self, probabilities: NDArray[np.float32]) -> Iterator[Stretch]:
        """Stretches that are over now."""
        for p in probabilities.tolist():
            now = self._time
            self._time += WINDOW_S
            if self._begin is None:
                if p >= self._onset:
                    self._begin, self._fell, self._sum, self._count = now, None, p, 1
                continue
            self._sum += p
            self._count += 1
            if p >= self._onset:
                self._fell = None
            elif p < self._offset and self._fell is None:
                self._fell = now
            if self._fell is not None and self._time - self._fell >= self._shortest_pause:
                yield from self._close(self._fell)

    def cut(self) -> Iterator[Stretch]:
        """End the stretch that is going on here and now, and begin the next one at the same instant."""
        if self._begin is not None and self._fell is None and self._time > self._begin:
            yield from self._close(self._time)
            self._begin, self._sum, self._count = self._time, 0.0, 0

    def finish(self, end: float) -> Iterator[Stretch]:
        """The stretch that lasts to the end of the sound, if any."""
        if self._begin is not None:
            yield from self._close(min(self._fell if self._fell is not None else end, end))

    def _close(self, end: float) -> Iterator[Stretch]:
        begin, self._begin, self._fell = self._begin, None, None
        if begin is not None and end - begin >= self._shortest_speech:
            yield Stretch(begin, end, min(1.0, self._sum / max(self._count, 1)))
