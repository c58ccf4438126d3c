"""Reading sound as mono samples on the media clock."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from bitflow.errors import MediaError
from bitflow.media import container as opened
from bitflow.media.probe import claimed_end
from bitflow.media.reading import DecodeReport, Reader, conclude

if TYPE_CHECKING:
    from av.container import InputContainer

# A timestamp this far from where the samples before it end is a gap or an overlap, not rounding: Matroska
# rounds to 1 ms, and 20 ms is the shortest that a codec loses when a packet goes missing.
_JUMP = 0.020

# After a packet that did not decode, a smaller step is enough: the packet itself may have been 20 ms long.
_JUMP_AFTER_DAMAGE = 0.002


@dataclass(frozen=True)
class AudioChunk:
    """Consecutive samples of sound; sample k is at ``start + k / sample_rate_hz`` s on the media clock."""

    index: int
    start: float
    samples: np.ndarray  # (n,) float32 in [-1, 1], mono
    sample_rate_hz: int

    @property
    def end(self) -> float:
        """Time at which the last sample ends, s."""
        return self.start + len(self.samples) / self.sample_rate_hz


class AudioReader(Reader):
    """The sound of a file as contiguous chunks of mono samples, on the media clock.

    Parameters
    ----------
    path : path
        A local video or sound file.
    sample_rate_hz : int
        Rate to resample to.
    chunk_s : float
        Longest chunk, s.

    Raises
    ------
    MediaError
        The file cannot be opened, or holds no sound.

    Notes
    -----
    Channels are mixed down as FFmpeg does. Where timestamps leave more than 20 ms open, the gap stays open:
    a chunk ends and the next begins behind it. Where they overlap, the later samples are cut. In between,
    times follow from the number of samples, so that nothing drifts.
    """

    def __init__(self, path: str | os.PathLike[str], *, sample_rate_hz: int = 16000, chunk_s: float = 30.0) -> None:
        if sample_rate_hz < 1:
            raise ValueError(f"sample_rate_hz must be positive, not {sample_rate_hz}")
        if not chunk_s * sample_rate_hz >= 1:
            raise ValueError(f"chunk_s must hold at least one sample, not {chunk_s}")
        super().__init__(path)
        if self.info.audio is None:
            raise MediaError(f"{self.path}: holds no sound")
        self._rate = sample_rate_hz
        self._chunk_length = round(chunk_s * sample_rate_hz)

    def __iter__(self) -> Iterator[AudioChunk]:
        """Chunks in time order, each iteration from the start."""
        with opened.open_container(self.path) as container:
            for index, (start, samples) in enumerate(self._until_closed(self._cut(self._runs(container)))):
                yield AudioChunk(index, start, samples, self._rate)

    def _cut(self, runs: Iterator[tuple[float, Iterator[np.ndarray]]]) -> Iterator[tuple[float, np.ndarray]]:
        """Chunks of the wanted length from each run of samples without a gap."""
        for start, pieces in runs:
            given, held, count = 0, [], 0
            for piece in pieces:
                held.append(piece)
                count += len(piece)
                while count >= self._chunk_length:
                    whole = np.concatenate(held)
                    yield start + given / self._rate, whole[: self._chunk_length].copy()
                    given += self._chunk_length
                    held, count = [whole[self._chunk_length :]], count - self._chunk_length
            if count:
                yield start + given / self._rate, np.concatenate(held)

    def _runs(self, container: InputContainer) -> Iterator[tuple[float, Iterator[np.ndarray]]]:
        """Start and resampled pieces of every stretch of sound without a gap."""
        frames = _Pushback(self._timed(container))
        while (first := frames.peek()) is not None:
            yield first.time, self._resampled(frames, first.time)

    def _resampled(self, frames: _Pushback, start: float) -> Iterator[np.ndarray]:
        """Resample frames for as long as they follow each other, to exactly as many samples as they last."""
        first = frames.peek()
        assert first is not None
        rate = first.frame.sample_rate
        resampler = AudioResampler(format="flt", layout="mono", rate=self._rate)
        taken = given = 0
        while (item := frames.peek()) is not None:
            if not item.follows(first, start + taken / rate):
                break
            frames.pop()
            late = start + taken / rate - item.time
            frame = item.frame
            if late > item.jump:
                frame = _without_first(frame, round(late * rate))
                if frame is None:
                    continue
            frame.pts = None
            taken += frame.samples
            for piece in resampler.resample(frame):
                samples = _samples(piece)
                given += len(samples)
                yield samples
        # What the filter still holds, no longer and no shorter than the sound that went in.
        missing = round(taken * self._rate / rate) - given
        tail = [_samples(piece) for piece in resampler.resample(None) if piece is not None] if taken else []
        rest = np.concatenate([*tail, np.zeros(0, np.float32)])[: max(missing, 0)]
        if missing > 0:
            yield np.concatenate([rest, np.zeros(missing - len(rest), np.float32)])

    def _timed(self, container: InputContainer) -> Iterator[_Timed]:
        """Decoded frames with their times."""
        stream = opened.audio_stream(container)
        assert stream is not None
        assert stream.time_base is not None
        tally, tick, origin = opened.Tally(), stream.time_base, self.info.start
        count, reached, seen_errors = 0, 0.0, 0
        for frame in _frames(container, stream, tally):
            ticks = frame.pts if frame.pts is not None else frame.dts
            if ticks is not None:
                time = float(ticks * tick) - origin
            else:
                time = reached if count else max(self.info.audio.start, 0.0) if self.info.audio else 0.0
            jump = _JUMP_AFTER_DAMAGE if tally.errors > seen_errors else _JUMP
            seen_errors = tally.errors
            count += 1
            reached = time + frame.samples / frame.sample_rate
            yield _Timed(frame, time, jump)
        self._report = self._judge(count, tally, reached)
        if count == 0:
            raise MediaError(f"{self.path}: none of its sound could be decoded")

    def _judge(self, count: int, tally: opened.Tally, reached: float) -> DecodeReport:
        audio = self.info.audio
        claimed = None
        if audio is not None and audio.duration is not None and claimed_end(self.info)[0] is not None:
            claimed = audio.start + audio.duration
        short = claimed is not None and claimed - reached > 0.25
        return conclude(count, tally, reached=reached, claimed=claimed, truncated=short or tally.broke_off)


@dataclass(frozen=True)
class _Timed:
    frame: AudioFrame
    time: float
    jump: float  # s by which a timestamp must be off to be believed

    def follows(self, first: _Timed, expected: float) -> bool:
        """Whether this frame belongs to the run that began with ``first`` and has come to ``expected``."""
        mine, its = self.frame, first.frame
        same = (mine.sample_rate, mine.format.name, mine.layout.name) == (
            its.sample_rate,
            its.format.name,
            its.layout.name,
        )
        return same and self.time - expected <= self.jump


class _Pushback:
    """An iterator whose next item can be looked at before it is taken."""

    def __init__(self, items: Iterator[_Timed]) -> None:
        self._items = items
        self._next: _Timed | None = None

    def peek(self) -> _Timed | None:
        if self._next is None:
            self._next = next(self._items, None)
        return self._next

    def pop(self) -> None:
        self._next = None


def _frames(container: InputContainer, stream: Any, tally: opened.Tally) -> Iterator[AudioFrame]:
    """Decoded frames of samples, past damaged packets."""
    for packet in opened.read_packets(container, [stream], tally):
        yield from opened.decode(stream.codec_context, packet, tally)
    yield from opened.decode(stream.codec_context, None, tally)


def _without_first(frame: AudioFrame, count: int) -> AudioFrame | None:
    """A frame without its first samples; None when nothing is left."""
    if count >= frame.samples:
        return None
    array: Any = frame.to_ndarray()
    step = 1 if frame.format.is_planar else frame.layout.nb_channels
    cut = AudioFrame.from_ndarray(
        np.ascontiguousarray(array[:, count * step :]), format=frame.format.name, layout=frame.layout.name
    )
    cut.sample_rate = frame.sample_rate
    return cut


def _samples(frame: AudioFrame) -> np.ndarray:
    """Mono float samples of a resampled frame.  # (n,) float32."""
    samples = frame.to_ndarray().reshape(-1).astype(np.float32, copy=True)
    if not math.isfinite(float(samples.sum())):
        samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(samples, -1.0, 1.0, out=samples)
