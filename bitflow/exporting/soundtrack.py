"""The sound of a recording with all its channels, ready to be written again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from av.audio.resampler import AudioResampler

from bitflow.errors import MediaError
from bitflow.media import container as opened
from bitflow.media.probe import probe

#: Sampling rates that AAC knows (Hz).
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)

#: A timestamp this far (s) from where the sound before it ends is a gap or an overlap, not rounding.
_JUMP = 0.020

Piece = tuple[float, np.ndarray]


class Soundtrack:
    """Samples of a file on the media clock, contiguous: gaps become silence, overlaps are cut.

    Parameters
    ----------
    path
        A file with sound.
    start, end
        Seconds on the media clock: only the samples between. What lies outside is never given out.
    change
        What becomes of the sound: a function of an iterator of pieces and the sampling rate.

    Iterating gives pieces ``(start, samples)``: s on the media clock, ``(channels, n)`` float32 in [-1, 1].

    Raises
    ------
    MediaError
        The file cannot be opened, or holds no sound.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        start: float = 0.0,
        end: float | None = None,
        change: Callable[[Iterator[Piece], int], Iterator[Piece]] | None = None,
    ) -> None:
        self.path = Path(path)
        info = probe(self.path)
        if info.audio is None:
            raise MediaError(f"{self.path}: holds no sound")
        self._info = info
        self._start, self._end, self._change = start, end, change
        native = info.audio.sample_rate_hz
        self.sample_rate_hz = native if native in _AAC_RATES else next((r for r in _AAC_RATES if r < native), 8000)
        self.channels = min(info.audio.channels, 2)
        self.layout = "mono" if self.channels == 1 else "stereo"

    def __iter__(self) -> Iterator[Piece]:
        pieces = self._cut(self._contiguous())
        return pieces if self._change is None else self._change(pieces, self.sample_rate_hz)

    def _cut(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The part of the sound between `start` and `end`, to the sample."""
        rate = self.sample_rate_hz
        for time, samples in pieces:
            first = max(0, round((self._start - time) * rate))
            last = samples.shape[1] if self._end is None else round((self._end - time) * rate)
            if last <= 0:
                return
            if first < min(last, samples.shape[1]):
                yield time + first / rate, samples[:, first:last]

    def _contiguous(self) -> Iterator[Piece]:
        rate, origin, given = self.sample_rate_hz, None, 0
        for time, samples in self._timed():
            if origin is None:
                origin = time
            ahead = time - (origin + given / rate)
            if ahead > _JUMP:
                silence = np.zeros((self.channels, round(ahead * rate)), np.float32)
                yield origin + given / rate, silence
                given += silence.shape[1]
            elif ahead < -_JUMP:
                samples = samples[:, round(-ahead * rate) :]
            if samples.shape[1]:
                yield origin + given / rate, samples
                given += samples.shape[1]

    def _timed(self) -> Iterator[Piece]:
        """Decoded sound at the rate and layout wanted, each piece with its own time."""
        container = opened.open_container(self.path)
        try:
            stream = opened.audio_stream(container)
            assert stream is not None
            assert stream.time_base is not None
            if self._start > 1.0:
                with suppress(OSError):  # no index to search by: the file is read from its start
                    container.seek(int((self._start - 1.0 + self._info.start) / stream.time_base), stream=stream)
            yield from self._decoded(container, stream)
        finally:
            container.close()

    def _decoded(self, container: Any, stream: Any) -> Iterator[Piece]:
        tally, run = opened.Tally(), None
        for frame in _frames(container, stream, tally):
            ticks = frame.pts if frame.pts is not None else frame.dts
            begins = run.reached if run is not None else 0.0
            if ticks is not None:
                begins = float(ticks * stream.time_base) - self._info.start
            if self._end is not None and begins > self._end + 1.0:
                break
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            if run is None or kind != run.kind or abs(begins - run.reached) > _JUMP:
                if run is not None:
                    yield from self._given(run, None)
                run = _Run(kind, begins, AudioResampler("fltp", self.layout, self.sample_rate_hz))
            run.taken += frame.samples
            frame.pts = None
            yield from self._given(run, frame)
        if run is not None:
            yield from self._given(run, None)

    def _given(self, run: _Run, frame: Any) -> Iterator[Piece]:
        """What the resampler gives out for one frame, None for what it still holds."""
        for piece in run.resampler.resample(frame):
            if piece is not None and piece.samples:
                samples = np.nan_to_num(piece.to_ndarray().astype(np.float32), nan=0.0)
                yield run.start + run.given / self.sample_rate_hz, np.clip(samples, -1.0, 1.0)
                run.given += piece.samples


@dataclass
class _Run:
    """Decoded sound without a gap: where it began, and how many samples went in and came out."""

    kind: tuple[str, str, int]
    start: float
    resampler: AudioResampler
    taken: int = 0
    given: int = 0

    @property
    def reached(self) -> float:
        """Where the sound taken so far ends (s), by its number of samples: nothing drifts."""
        return self.start + self.taken / self.kind[2]


def _frames(container: Any, stream: Any, tally: opened.Tally) -> Iterator[Any]:
    for packet in opened.read_packets(container, [stream], tally):
        yield from opened.decode(stream.codec_context, packet, tally)
    yield from opened.decode(stream.codec_context, None, tally)
