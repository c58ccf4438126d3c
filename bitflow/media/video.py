"""Reading a video from its first picture to its last, whatever state the file is in."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import av.error

from bitflow.errors import MediaError
from bitflow.media import container as opened
from bitflow.media.frames import Frame, FrameChunk, resized
from bitflow.media.probe import MediaInfo, claimed_end
from bitflow.media.reading import DecodeReport, Reader, conclude

if TYPE_CHECKING:
    from fractions import Fraction

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame

_FEWEST_FRAMES, _MOST_FRAMES = 12, 96

#: Bytes between packets of a Matroska file, whose own headers take 7 to 30, from which some were passed over.
_BETWEEN_PACKETS = 1024
#: Where damage is, pictures are missing when the next comes after this many times a picture's duration.
_HOLE = 1.5

#: Containers round times to as much as 1 ms: a time that was read from a table finds its own frame.
ROUNDING = 0.0006


class VideoReader(Reader):
    """The pictures of a file in presentation order, on the media clock.

    Parameters
    ----------
    path : path
        A local video, or a picture, which is a video of one frame.
    threads : int
        Decoder threads. Two give 1.3-1.4 times the speed of one for 20-40 % more CPU time.
    rate_hz : float, optional
        Keep only the first frame at or after each multiple of 1/rate; frames are dropped before any
        conversion, never repeated. None keeps all.
    window : (float, float), optional
        Read from the last keyframe at or before the first of these times to the last picture before the
        second, in s; ``index`` counts from the first picture read. Either may be infinite.
    decoder : {"cpu", "cuda"}
        What decodes; a GPU's decoder leaves what it does not know to the CPU.

    Raises
    ------
    MediaError
        The file cannot be opened, or holds no pictures.

    Notes
    -----
    Decoding goes packet by packet: damage costs only the pictures that it hits. ``report`` says after the
    iteration what was lost.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        threads: int = 1,
        rate_hz: float | None = None,
        window: tuple[float, float] = (-math.inf, math.inf),
        decoder: str = "cpu",
    ) -> None:
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        if rate_hz is not None and not (rate_hz > 0 and math.isfinite(rate_hz)):
            raise ValueError(f"rate_hz must be a positive number, not {rate_hz}")
        super().__init__(path)
        if self.info.video is None:
            raise MediaError(f"{self.path}: holds sound alone, no pictures")
        self._stream = self.info.video
        self._threads = threads
        self._rate_hz = rate_hz
        self._window = window
        self._decoder = decoder
        self._times: list[float] = []

    @property
    def times(self) -> tuple[float, ...]:
        """Times of all pictures that the last iteration decoded, those between the kept ones included, s."""
        return tuple(self._times)

    def __iter__(self) -> Iterator[Frame]:
        """Frames in presentation order, each iteration from the start."""
        with opened.open_container(self.path, self._decoder) as container:
            yield from self._until_closed(_thinned(self._decoded(container), self._rate_hz, _tick(container)))

    def _decoded(self, container: InputContainer) -> Iterator[Frame]:
        """Every picture, and the report once they end; who leaves early learns nothing about the rest."""
        self._times = []
        tally, reach, (start, stop) = opened.Tally(), Reach(self.info.start), self._window
        asked = {"threads": self._threads, "tally": tally, "reach": reach}
        if start > self._stream.start:
            pictures = land(container, self.info, start, **asked)
        else:
            pictures = timed_pictures(container, self.info, **asked)
        for frame in pictures:
            if frame.time >= stop:
                break
            self._times.append(frame.time)
            yield frame
        if math.isinf(stop):
            self._report = _judge(self.info, len(self._times), tally, reach)
        else:  # that the rest was not read is no damage
            self._report = conclude(len(self._times), tally, reached=None, claimed=None, truncated=tally.broke_off)
        if not self._times:
            raise MediaError(f"{self.path}: not one picture could be decoded")

    def chunks(self, max_bytes: int = 256 << 20) -> Iterator[FrameChunk]:
        """Frames in segments of about a second.

        Parameters
        ----------
        max_bytes : int
            Memory that four segments may take together.

        Yields
        ------
        FrameChunk
            Of a length that follows from the picture's size and nominal rate alone, so that results do
            not depend on how the work is shared out.
        """
        length = self._chunk_length(max_bytes)
        index, frames = 0, []
        for frame in self:
            frames.append(frame)
            if len(frames) == length:
                yield FrameChunk(index, tuple(frames))
                index, frames = index + 1, []
        if frames:
            yield FrameChunk(index, tuple(frames))

    def _chunk_length(self, max_bytes: int) -> int:
        video = self._stream
        fitting = int(max_bytes / (4 * 1.5 * video.width * video.height))
        rate = video.average_rate_hz or 25.0
        if self._rate_hz is not None:
            rate = min(rate, self._rate_hz)
        return max(1, min(round(rate), _MOST_FRAMES, max(fitting, _FEWEST_FRAMES)))


def timed_pictures(
    container: InputContainer,
    info: MediaInfo,
    *,
    threads: int = 1,
    first_index: int = 0,
    tally: opened.Tally | None = None,
    reach: Reach | None = None,
) -> Iterator[Frame]:
    """Every picture from where the container stands, with its time, and its duration from the next one's.

    ``first_index`` of -1 says that the number of the first picture is unknown; all then have index -1.
    """
    tally, reach = tally or opened.Tally(), reach or Reach(info.start)
    clock = _Clock(container, info)
    held: Frame | None = None
    held_at, index = 0, first_index
    assert info.video is not None
    turned = info.video.rotation % 180 != 0
    size = (info.video.height, info.video.width) if turned else (info.video.width, info.video.height)
    for picture in _pictures(container, threads, tally, reach):
        time, own_duration = clock.place(picture)
        if held is not None:
            until_next = max(time - held.time, 0.0)
            # Over a hole that damage left, the picture before it is not stretched.
            hole = tally.damaged_since(held_at) and 0 < held.duration < until_next
            if hole and until_next > _HOLE * held.duration:
                tally.holes.append((held.time + held.duration, time))
            held.duration = held.duration if hole else until_next
            yield held
        if (picture.width, picture.height) != size:
            # Video calls change their resolution on the way: one recording has one pixel grid.
            picture = resized(picture, size)
        held = Frame(picture, index=index, time=time, duration=own_duration)
        held_at = tally.packets
        index += first_index >= 0
    if held is not None:
        yield held


def land(
    container: InputContainer, info: MediaInfo, time: float, *, first_index: int = 0, **asked: Any
) -> Iterator[Frame]:
    """The pictures from the last keyframe at or before a time, s, or from an earlier one.

    What else is ``asked`` is asked of `timed_pictures`.

    Raises
    ------
    MediaError
        The file cannot be searched.
    """
    stream: Any = opened.video_stream(container)
    for back in (0.0, 1.0, 5.0, 30.0, math.inf):
        target = max(time - back, 0.0) + info.start
        try:
            container.seek(int(target / stream.time_base), stream=stream, backward=True)
        except (av.error.FFmpegError, OSError):
            continue
        pictures = timed_pictures(container, info, first_index=first_index, **asked)
        first = next(pictures, None)
        # Some formats land behind the target, and the first pictures after a seek may not decode.
        if first is not None and (first.time <= time + ROUNDING or math.isinf(back)):
            return chain([first], pictures)
    raise MediaError(f"{info.path}: cannot be searched for the picture at {time:.3f} s")


def keyframe_times(path: str | os.PathLike[str]) -> tuple[float, ...]:
    """Times of the pictures that are decodable without others, in s, from the packets alone; none of a damaged file.

    Raises
    ------
    MediaError
        The file cannot be opened.
    """
    tally = opened.Tally()
    with opened.open_container(path) as container:
        stream, start = opened.video_stream(container), opened.clock_start(container)
        packets = opened.read_packets(container, [] if stream is None else [stream], tally)
        found = [float(p.pts * p.time_base) - start for p in packets if p.is_keyframe and p.pts is not None]
    return () if tally.errors or tally.broke_off else tuple(sorted(found))


class Reach:
    """How far into the file packets were read, in s on the media clock; None before the first."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._ends: dict[int, tuple[int, Fraction]] = {}
        self._pictures: int | None = None

    def note(self, packet: Packet[Stream], *, of_pictures: bool) -> None:
        """Take a packet's end into account."""
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is None or packet.time_base is None:
            return
        if of_pictures:
            self._pictures = packet.stream_index
        end = ticks + (packet.duration or 0)
        known = self._ends.get(packet.stream_index)
        if known is None or end > known[0]:
            self._ends[packet.stream_index] = (end, packet.time_base)

    @property
    def video(self) -> float | None:
        """Of the pictures."""
        return None if self._pictures is None else self._seconds(*self._ends[self._pictures])

    @property
    def any(self) -> float | None:
        """Of whatever reaches furthest."""
        return max((self._seconds(*end) for end in self._ends.values()), default=None)

    def _seconds(self, ticks: int, tick: Fraction) -> float:
        return float(ticks * tick) - self._start


class _Clock:
    """Places decoded pictures on the media clock.

    libav's best-effort rule: presentation times, unless more of them than of the decoding times run
    backwards. AVI stores no presentation times; those that libav guesses for it jump at B-frames.
    """

    def __init__(self, container: InputContainer, info: MediaInfo) -> None:
        stream = opened.video_stream(container)
        assert stream is not None
        assert stream.time_base is not None
        self._tick = stream.time_base
        self._start = info.start
        rate = info.video.average_rate_hz if info.video is not None else None
        self._nominal = 1 / rate if rate else 0.0
        self._only_dts = info.format == "avi"
        self._last_pts = self._last_dts = -math.inf
        self._faulty_pts = self._faulty_dts = 0
        self._last: tuple[float, float] | None = None

    def place(self, picture: VideoFrame) -> tuple[float, float]:
        """Time and own duration of a picture, s."""
        duration = self._seconds(picture.duration) if picture.duration else self._nominal
        ticks = self._best_effort(picture.pts, picture.dts)
        if ticks is not None:
            time = self._seconds(ticks) - self._start
        else:
            time = sum(self._last) if self._last is not None else 0.0
        self._last = (time, duration)
        return time, duration

    def _seconds(self, ticks: int) -> float:
        """Rounded once, as a Fraction would be, at a tenth of its cost."""
        return ticks * self._tick.numerator / self._tick.denominator

    def _best_effort(self, pts: int | None, dts: int | None) -> int | None:
        if self._only_dts:
            pts = None
        if dts is not None:
            self._faulty_dts += dts <= self._last_dts
            self._last_dts = dts
        elif pts is not None:
            self._last_dts = pts
        if pts is not None:
            self._faulty_pts += pts <= self._last_pts
            self._last_pts = pts
        elif dts is not None:
            self._last_pts = dts
        if pts is not None and (dts is None or self._faulty_pts <= self._faulty_dts):
            return pts
        return dts


def _pictures(container: InputContainer, threads: int, tally: opened.Tally, reach: Reach) -> Iterator[VideoFrame]:
    """Decoded pictures in presentation order, past damaged packets."""
    stream = opened.video_stream(container)
    assert stream is not None
    assert stream.codec_context is not None
    if not stream.codec_context.is_open:
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
    # Matroska is read on from the next cluster, without a word, when damage hits the head of one: only the packets'
    # places in the file tell.
    seamless, end = container.format.name.startswith("matroska"), None
    # The other streams are read along, not decoded: they tell whether the file or only the pictures end early.
    for packet in opened.read_packets(container, list(container.streams), tally):
        ours = packet.stream_index == stream.index
        reach.note(packet, of_pictures=ours)
        if seamless and packet.pos is not None:
            if end is not None and packet.pos > end + _BETWEEN_PACKETS:
                tally.note_damage()
            end = packet.pos + packet.size
        if ours:
            yield from _counted(opened.decode(stream.codec_context, packet, tally), tally)
    yield from _counted(opened.decode(stream.codec_context, None, tally), tally)


def _counted(pictures: list[VideoFrame], tally: opened.Tally) -> list[VideoFrame]:
    for picture in pictures:
        if picture.is_corrupt:
            tally.corrupt += 1
            tally.note_damage()
    return pictures


def _tick(container: InputContainer) -> float:
    stream = opened.video_stream(container)
    return float(stream.time_base or 0) if stream is not None else 0.0


def _thinned(frames: Iterator[Frame], rate_hz: float | None, tick: float) -> Iterator[Frame]:
    """The first frame at or after each multiple of 1/rate.

    Half a tick of the container's clock counts as "at": Matroska rounds 33.3 ms to 33.
    """
    if rate_hz is None:
        yield from frames
        return
    slack = max(0.5001 * tick, 1e-6)
    due = -math.inf
    for frame in frames:
        if frame.time + slack >= due:
            due = (math.floor((frame.time + slack) * rate_hz) + 1) / rate_hz
            yield frame


def _judge(info: MediaInfo, frames: int, tally: opened.Tally, reach: Reach) -> DecodeReport:
    claimed, of_pictures = claimed_end(info)
    reached = reach.video if of_pictures else reach.any
    rate = info.video.average_rate_hz if info.video is not None else None
    slack = max(0.25, 3 / rate if rate else 0.0)
    short = claimed is not None and (reached is None or claimed - reached > slack)
    if info.format == "avi" and short and not _ends_early(info):
        # AVI counts its pictures: those lost to damage in the middle are missing from the end.
        tally.errors += round((claimed or 0.0) * (rate or 0.0)) - frames
        short = False
    return conclude(frames, tally, reached=reached, claimed=claimed, truncated=short or tally.broke_off)


def _ends_early(info: MediaInfo) -> bool:
    """Whether a RIFF file is shorter than its first bytes say."""
    with info.path.open("rb") as file:
        head = file.read(8)
    return len(head) == 8 and head[:4] == b"RIFF" and info.size < struct.unpack("<I", head[4:])[0]
