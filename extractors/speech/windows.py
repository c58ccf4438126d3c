"""Sound cut at pauses into windows of at most half a minute, long pauses shortened.

A recogniser hears half a minute at a time. Cut anywhere, it loses the words at the border; fed single phrases,
it lacks context; fed the silence between them, it invents. So phrases are put together, with a little of the real
pause between, until the window is full; times in the window are mapped back to the media clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.extractors.voice_activity import (
    SAMPLE_RATE_HZ,
    ActivityDetector,
    Stretch,
    StretchFinder,
)

if TYPE_CHECKING:
    from bitflow.media import AudioChunk

LONGEST_WINDOW_S = 28.0
"""Whisper hears 30 s."""

LONGEST_PAUSE_S = 0.6
"""What is left of a longer pause inside a window."""

EDGE_S = 0.2
"""Sound kept before the first and after the last phrase of a window."""


@dataclass(frozen=True)
class Piece:
    """Part of a window: sound from `start` on the media clock, lying at `offset` in the window, both s."""

    start: float
    offset: float
    duration: float


@dataclass(frozen=True)
class Window:
    """Phrases put together for a recogniser.

    Attributes
    ----------
    samples : np.ndarray
        Shape (n,), 16 kHz.
    pieces : tuple of Piece
        Where the samples lie on the media clock.
    stretches : tuple of Stretch
        The speech in it, on the media clock.
    """

    samples: NDArray[np.float32]
    pieces: tuple[Piece, ...]
    stretches: tuple[Stretch, ...]

    def media_time(self, offset: float) -> float:
        """Time on the media clock of an instant of the window, s."""
        piece = self.pieces[0]
        for later in self.pieces:
            if later.offset > offset:
                break
            piece = later
        return piece.start + min(max(offset - piece.offset, 0.0), piece.duration)

    def sound_of(self, stretch: Stretch) -> NDArray[np.float32]:
        """Samples of one stretch of the window."""
        for piece in self.pieces:
            if piece.start - 1e-6 <= stretch.start and stretch.end <= piece.start + piece.duration + 1e-6:
                first = round((piece.offset + stretch.start - piece.start) * SAMPLE_RATE_HZ)
                return self.samples[first : first + round(stretch.duration * SAMPLE_RATE_HZ)]
        raise ValueError(f"no piece of the window holds {stretch}")


@dataclass
class _Sound:
    """The sound that may still be needed, from `start` on."""

    start: float
    samples: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / SAMPLE_RATE_HZ

    def append(self, samples: NDArray[np.float32]) -> None:
        self.samples = np.concatenate([self.samples, samples])

    def forget_before(self, time: float) -> None:
        drop = min(max(int((time - self.start) * SAMPLE_RATE_HZ), 0), len(self.samples))
        self.samples = self.samples[drop:]
        self.start += drop / SAMPLE_RATE_HZ

    def between(self, start: float, end: float) -> tuple[float, NDArray[np.float32]]:
        """Sound of [start, end) as far as it exists, and when it starts."""
        first = max(round((start - self.start) * SAMPLE_RATE_HZ), 0)
        last = max(round((end - self.start) * SAMPLE_RATE_HZ), first)
        return self.start + first / SAMPLE_RATE_HZ, self.samples[first:last]


def speech_windows(
    chunks: Iterable[AudioChunk],
    detector: ActivityDetector,
    *,
    longest_s: float = LONGEST_WINDOW_S,
    longest_pause_s: float = LONGEST_PAUSE_S,
) -> Iterator[Window]:
    """Windows of speech, in time order; no more sound is held than one window and one chunk.

    Parameters
    ----------
    chunks
        Sound at 16 kHz in time order; a jump in time ends a window.
    detector
        Tells where speech is.
    longest_s
        Longest window, s. Speech without any pause for so long is cut there.
    longest_pause_s
        What is kept of a pause between two phrases, half of it on either side, s.
    """
    sound: _Sound | None = None
    finder: StretchFinder | None = None
    ready: list[Stretch] = []

    def full(next_stretch: Stretch) -> bool:
        kept = sum(s.duration + longest_pause_s for s in ready)
        return bool(ready) and kept + next_stretch.duration + 2 * EDGE_S > longest_s

    def take(found: Iterable[Stretch]) -> Iterator[Window]:
        nonlocal ready
        assert sound is not None
        for stretch in found:
            for part in _cut(stretch, longest_s - 2 * EDGE_S):
                if full(part):
                    yield _window(sound, ready, longest_pause_s, part.start)
                    ready = []
                ready.append(part)

    def close() -> Iterator[Window]:
        nonlocal ready
        if sound is None or finder is None:
            return
        yield from take([*finder.push(detector.finish()), *finder.finish(sound.end)])
        if ready:
            yield _window(sound, ready, longest_pause_s, sound.end)
        ready = []

    for chunk in chunks:
        if sound is not None and abs(chunk.start - sound.end) > 0.001:
            yield from close()
            sound = None
        if sound is None or finder is None:
            sound, finder = _Sound(chunk.start), StretchFinder(chunk.start)
        sound.append(chunk.samples)
        yield from take(finder.push(detector.push(chunk.samples)))
        if ready and (finder.open_since or finder.time) - ready[-1].end > longest_s:
            yield _window(sound, ready, longest_pause_s, sound.end)
            ready = []
        if finder.open_since is not None and finder.time - finder.open_since > longest_s:
            # Speech (or music) that never pauses is cut before it fills the memory.
            yield from take(finder.cut())
        waiting = ready[0].start if ready else (finder.open_since or finder.time)
        sound.forget_before(waiting - 1.0)
    yield from close()


def _cut(stretch: Stretch, longest: float) -> list[Stretch]:
    count = max(1, int(np.ceil(stretch.duration / longest)))
    edges = np.linspace(stretch.start, stretch.end, count + 1).tolist()
    return [Stretch(a, b, stretch.probability) for a, b in pairwise(edges)]


def _window(sound: _Sound, stretches: list[Stretch], longest_pause: float, limit: float) -> Window:
    half = longest_pause / 2
    spans: list[list[float]] = []
    for i, stretch in enumerate(stretches):
        if spans and stretch.start - stretches[i - 1].end <= longest_pause:
            spans[-1][1] = stretch.end
            continue
        if spans:
            spans[-1][1] += half
        lead = half if i else EDGE_S
        spans.append([stretch.start - lead, stretch.end])
    spans[-1][1] = min(spans[-1][1] + EDGE_S, max(limit, spans[-1][1]))
    pieces, samples, offset = [], [], 0.0
    for start, end in spans:
        begin, heard = sound.between(start, end)
        pieces.append(Piece(begin, offset, len(heard) / SAMPLE_RATE_HZ))
        samples.append(heard)
        offset += len(heard) / SAMPLE_RATE_HZ
    return Window(np.concatenate(samples), tuple(pieces), tuple(stretches))
