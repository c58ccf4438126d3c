"""Writing a video: pictures at their own times and sound, as a new file that appears whole or not at all.

Nothing of the source travels along but pictures and sound: no title, no place, no camera, no date.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
import numpy as np
from av.codec import Codec
from av.video.frame import VideoFrame

from bitflow.drafts import draft_path
from bitflow.errors import MediaError, StoreError, UsageError
from bitflow.exporting.soundtrack import Soundtrack
from bitflow.media import Frame, VideoStream

#: Containers that hold what is written here, by suffix.
CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".m4v": "mp4", ".mkv": "matroska"}

#: The same for sound alone.
SOUND_CONTAINERS = {".m4a": "ipod"}

#: Ticks a second: presentation times are kept to 5.6 µs.
TICKS = 90_000

# ITU-T H.273 numbers of matrix, primaries and transfer.
_COLOURS = {"bt601": (6, 6, 6), "bt709": (1, 1, 1), "bt2020": (9, 9, 14)}

# libx264 comes with PyAV's wheels; a PyAV built without it still has FFmpeg's own encoder.
_ENCODERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "fast", "crf": "18"}),
    ("mpeg4", {"qscale": "2"}),
)


def check_output(path: Path, *, overwrite: bool) -> None:
    """Refuse early what cannot be written, or would write over a file that somebody may still need.

    Raises
    ------
    UsageError
        The file is there, is a folder, or its suffix names no container of `CONTAINERS`.
    StoreError
        Its folder cannot be written.
    """
    if path.suffix.lower() not in CONTAINERS:
        raise UsageError(f"{path}: a video is written as {', '.join(CONTAINERS)}, not {path.suffix!r}")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file")
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: is there already; choose another name, or --overwrite it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
    if not os.access(path.parent, os.W_OK):
        raise StoreError(f"{path.parent}: cannot be written")


class FilmWriter:
    """Write pictures and sound to `path`. Use as a context manager: without `commit` nothing is left behind.

    Parameters
    ----------
    path
        Its suffix names the container: one of `CONTAINERS`.
    video
        The stream that the pictures come from: sizes and colours; None for sound alone.
    soundtrack
        Sound, pulled along as pictures are written; None for silence.
    origin
        Time on the source's clock (s) that becomes 0.

    Raises
    ------
    UsageError
        A suffix that is not known.
    StoreError
        The file cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        video: VideoStream | None,
        soundtrack: Soundtrack | None = None,
        *,
        origin: float = 0.0,
    ) -> None:
        self.path = Path(path)
        known = CONTAINERS if video is not None else SOUND_CONTAINERS
        container = known.get(self.path.suffix.lower())
        if container is None:
            raise UsageError(f"{self.path}: is written as {', '.join(known)}, not {self.path.suffix!r}")
        self._draft = draft_path(self.path)
        self._origin = origin
        self._video = video
        self._durations: dict[int, int] = {}
        self._last_tick = -1
        self._pieces: Iterator[tuple[float, np.ndarray]] = iter(())
        self._piece: tuple[float, np.ndarray] | None = None
        self._soundtrack = soundtrack
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._output: Any = av.open(str(self._draft), "w", format=container)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        try:
            self._pictures: Any = None if video is None else self._add_pictures(video)
            self._sound: Any = None if soundtrack is None else self._add_sound(soundtrack)
        except (av.error.FFmpegError, ValueError) as error:
            self.discard()
            raise MediaError(f"{self.path}: cannot be encoded: {error}") from error

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, frame: Frame, planes: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None) -> None:
        """Add a picture at its time, and the sound up to it.

        Parameters
        ----------
        frame
            Its time and size count; its picture unless `planes` are given.
        planes
            Y ``(h, w)``, U and V ``(ceil h/2, ceil w/2)`` uint8.
        """
        tick = max(round((frame.time - self._origin) * TICKS), 0)
        if tick <= self._last_tick:  # two pictures at one time: a file can hold one
            return
        self._last_tick = tick
        self._durations[tick] = max(round(frame.duration * TICKS), 1)
        picture = _picture(planes or frame.planes, self._pictures.width, self._pictures.height)
        picture.pts, picture.time_base = tick, Fraction(1, TICKS)
        self._mux(self._pictures, picture)
        self._write_sound(until=frame.time)

    def commit(self) -> Path:
        """Finish the file and move it to its place."""
        self._write_sound(until=None)
        for stream in (self._pictures, self._sound):
            if stream is not None:
                self._mux(stream, None)
        try:
            self._output.close()
            self._output = None
            self._draft.replace(self.path)
        except (OSError, av.error.FFmpegError) as error:
            self.discard()
            raise StoreError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        return self.path

    def discard(self) -> None:
        """Remove the draft; harmless after `commit`."""
        if self._output is not None:
            output, self._output = self._output, None
            with suppress(OSError, av.error.FFmpegError, ValueError):  # a full disk: the draft goes either way
                output.close()
        self._draft.unlink(missing_ok=True)

    def _add_pictures(self, video: VideoStream) -> Any:
        name, options = next((name, options) for name, options in _ENCODERS if _has_encoder(name))
        rate = Fraction(video.average_rate_hz or 25.0).limit_denominator(1001)
        stream: Any = self._output.add_stream(name, rate=rate or 25, options=options)
        # 4:2:0 holds whole pairs of rows and columns; an odd last one is written twice.
        stream.width, stream.height = video.width + video.width % 2, video.height + video.height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS)
        context.max_b_frames = 0  # no delay, so that no reader can lose the first pictures to an edit list
        if abs(video.sample_aspect_ratio - 1) > 1e-3:
            context.sample_aspect_ratio = Fraction(video.sample_aspect_ratio).limit_denominator(1000)
        context.colorspace, context.color_primaries, context.color_trc = _COLOURS[video.color_matrix]
        context.color_range = 2 if video.full_range else 1
        return stream

    def _add_sound(self, soundtrack: Soundtrack) -> Any:
        stream: Any = self._output.add_stream("aac", rate=soundtrack.sample_rate_hz, layout=soundtrack.layout)
        stream.codec_context.bit_rate = 96_000 * max(soundtrack.channels, 1)
        self._pieces = iter(soundtrack)
        self._piece = next(self._pieces, None)
        return stream

    def _write_sound(self, until: float | None) -> None:
        """Sound that starts no later than `until` s on the source's clock."""
        if self._sound is None:
            return
        assert self._soundtrack is not None
        rate = self._soundtrack.sample_rate_hz
        while self._piece is not None and (until is None or self._piece[0] <= until):
            start, samples = self._piece
            sound = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples, np.float32), format="fltp", layout=self._soundtrack.layout
            )
            sound.sample_rate, sound.time_base = rate, Fraction(1, rate)
            sound.pts = max(round((start - self._origin) * rate), 0)
            self._mux(self._sound, sound)
            self._piece = next(self._pieces, None)

    def _mux(self, stream: Any, content: Any) -> None:
        try:
            for packet in stream.encode(content):
                if stream is self._pictures and packet.pts in self._durations:
                    packet.duration = self._durations.pop(packet.pts)
                self._output.mux(packet)
        except (OSError, av.error.FFmpegError, ValueError) as error:
            raise StoreError(f"{self.path}: cannot be written: {getattr(error, 'strerror', None) or error}") from error


def _has_encoder(name: str) -> bool:
    try:
        Codec(name, "w")
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _picture(planes: tuple[np.ndarray, np.ndarray, np.ndarray], width: int, height: int) -> VideoFrame:
    """Planes as libav's frame of an even size."""
    parts = []
    for plane, (w, h) in zip(
        planes, ((width, height), (width // 2, height // 2), (width // 2, height // 2)), strict=True
    ):
        grown = plane[:h, :w]
        if grown.shape != (h, w):
            grown = np.pad(grown, ((0, h - grown.shape[0]), (0, w - grown.shape[1])), mode="edge")
        parts.append(np.ascontiguousarray(grown).reshape(-1))
    return VideoFrame.from_ndarray(np.concatenate(parts).reshape(height * 3 // 2, width), format="yuv420p")
