"""What a media file says about itself: streams, sizes, colours, and where its clock starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.errors import MediaError
from bitflow.media import container as opened
from bitflow.media import isobmff
from bitflow.media.copies import at_hand

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

# A first picture that is not among these packets will not come.
_PACKETS_TRIED = 200

# AVColorSpace of ITU-T H.273: 1 BT.709, 7 SMPTE 240M (its coefficients are within 0.02 of BT.709's),
# 9 and 10 BT.2020; 4 to 6 are BT.601. What carries no tag is read as BT.601, as FFmpeg does.
_MATRICES = {1: "bt709", 7: "bt709", 9: "bt2020", 10: "bt2020"}

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG

# Formats whose duration is written in the header; that of the others is estimated from the file itself.
_DURATION_IN_HEADER = ("mov", "matroska", "avi", "asf", "flv")


@dataclass(frozen=True)
class VideoStream:
    """One stream of pictures, as its header describes it.

    ``width`` and ``height`` are in px as displayed, after ``rotation`` (degrees, anticlockwise, that the
    stored picture is turned by for display). ``start`` and ``duration`` are in s on the media clock.
    ``frames`` is the header's claim, which may count pictures that an edit list hides.
    """

    codec: str
    width: int
    height: int
    rotation: int
    pixel_format: str
    color_matrix: str
    full_range: bool
    average_rate_hz: float | None
    start: float
    duration: float | None
    frames: int | None
    sample_aspect_ratio: float


@dataclass(frozen=True)
class AudioStream:
    """One stream of sound; ``start`` and ``duration`` are in s on the media clock."""

    codec: str
    sample_rate_hz: int
    channels: int
    start: float
    duration: float | None


@dataclass(frozen=True)
class MediaInfo:
    """What is known of a media file without reading it through.

    ``start`` is the container's own start in s, already subtracted from every time that bitflow gives out.
    ``duration`` is in s from there. ``size`` is in bytes. ``has_edit_list`` says that an edit list hides
    pictures or delays the first; readers here honour it, some others do not.
    """

    path: Path
    format: str
    size: int
    start: float
    duration: float | None
    video: VideoStream | None
    audio: AudioStream | None
    has_edit_list: bool

    def as_dict(self) -> dict[str, Any]:
        """The same as nested dictionaries that ``json.dumps`` takes."""
        return {**asdict(self), "path": str(self.path)}

    @classmethod
    def from_dict(cls, described: Mapping[str, Any], path: Path) -> MediaInfo:
        """What `as_dict` gave, of the file that is now at `path`."""
        video, audio = described["video"], described["audio"]
        streams = {"video": video and VideoStream(**video), "audio": audio and AudioStream(**audio)}
        return cls(**{**described, **streams, "path": path})


def probe(path: str | os.PathLike[str]) -> MediaInfo:
    """Describe a video, sound or picture file from its header and first picture.

    Parameters
    ----------
    path : path
        A local file; pictures (JPEG, PNG, ...) count as videos of one frame.

    Returns
    -------
    MediaInfo
        ``video`` or ``audio`` is None where the file has no such stream, never both.

    Raises
    ------
    MediaError
        The file is missing, a folder, empty, unreadable, no media file, cut off before its index, or holds
        neither a picture nor sound.
    """
    path = at_hand(path)
    with opened.open_container(path) as container:
        info = describe(path, container)
        if info.video is None and info.audio is None:
            raise MediaError(f"{path}: {opened.why_empty(path, container)}")
    return info


def describe(path: Path, container: InputContainer) -> MediaInfo:
    """Like :func:`probe`, for a container that is open; reads its first packets."""
    start = opened.clock_start(container)
    duration = None if container.duration is None else container.duration / 1e6
    if duration is not None and "matroska" in container.format.name:
        # Matroska's duration counts from zero, not from the first timestamp.
        duration = duration - start if duration > start else duration
    return MediaInfo(
        path=path,
        format=container.format.name,
        size=path.stat().st_size,
        start=start,
        duration=duration,
        audio=_describe_audio(container, start),
        video=_describe_video(container, start),
        has_edit_list=isobmff.edits_pictures(path),
    )


def color_matrix(colorspace: int) -> str:
    """Name of the YUV matrix for an AVColorSpace number: bt601, bt709 or bt2020."""
    return _MATRICES.get(colorspace, "bt601")


def is_full_range(pixel_format: str, color_range: int) -> bool:
    """Whether black is 0 and white 255, not 16 and 235."""
    # swscale, and so every program on FFmpeg, takes grey pictures for full range whatever their tag.
    return color_range == _FULL_RANGE or pixel_format.startswith(("yuvj", "gray", "ya"))


def quarter_turns(frame: VideoFrame) -> int:
    """How often ``np.rot90`` turns the stored picture for display, 0 to 3."""
    return round(frame.rotation / 90) % 4


def claimed_end(info: MediaInfo) -> tuple[float | None, bool]:
    """The end that the header claims, in s, and whether it is the pictures' own (else the whole file's)."""
    if info.duration is None or not info.format.startswith(_DURATION_IN_HEADER):
        return None, False
    if info.format == "avi" and info.video is not None and info.video.frames and info.video.average_rate_hz:
        # Without its index at the end, the duration of a cut AVI is estimated anew; the header's count stays.
        return info.video.frames / info.video.average_rate_hz, True
    if info.video is not None and info.video.duration is not None:
        return info.video.start + info.video.duration, True
    return info.duration, False


def _describe_video(container: InputContainer, start: float) -> VideoStream | None:
    stream = opened.video_stream(container)
    if stream is None or stream.codec_context is None:
        return None
    first = _first_picture(container, stream)
    if first is None:
        return None
    turns = quarter_turns(first)
    width, height = (first.height, first.width) if turns % 2 else (first.width, first.height)
    rate = stream.average_rate or stream.guessed_rate
    return VideoStream(
        codec=stream.codec_context.name,
        width=width,
        height=height,
        rotation=90 * turns,
        pixel_format=first.format.name,
        color_matrix=color_matrix(first.colorspace),
        full_range=is_full_range(first.format.name, first.color_range),
        average_rate_hz=float(rate) if rate else None,
        start=_seconds(stream.start_time, stream.time_base, start) or 0.0,
        duration=_duration(stream, start),
        frames=stream.frames or None,
        sample_aspect_ratio=float(stream.sample_aspect_ratio or 1),
    )


def _describe_audio(container: InputContainer, start: float) -> AudioStream | None:
    stream = opened.audio_stream(container)
    if stream is None or stream.codec_context is None or not stream.codec_context.sample_rate:
        return None
    return AudioStream(
        codec=stream.codec_context.name,
        sample_rate_hz=stream.codec_context.sample_rate,
        channels=stream.codec_context.channels,
        start=_seconds(stream.start_time, stream.time_base, start) or 0.0,
        duration=_duration(stream, start),
    )


def _first_picture(container: InputContainer, stream: Any) -> VideoFrame | None:
    """The first picture that decodes: only it knows rotation, colours and size for certain."""
    stream.codec_context.thread_count = 1
    tally = opened.Tally()
    for number, packet in enumerate(opened.read_packets(container, [stream], tally)):
        frames = opened.decode(stream.codec_context, packet, tally)
        if frames:
            return frames[0]
        if number == _PACKETS_TRIED:
            return None
    frames = opened.decode(stream.codec_context, None, tally)
    return frames[0] if frames else None


def _duration(stream: Any, start: float) -> float | None:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    tag = stream.metadata.get("DURATION", "")  # Matroska: the track's end, as 00:01:02.345000000
    try:
        hours, minutes, seconds = tag.split(":")
        end = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except ValueError:
        return None
    first = float((stream.start_time or 0) * stream.time_base)
    return end - first if end > first else None


def _seconds(ticks: int | None, time_base: Fraction | None, start: float) -> float | None:
    if ticks is None or time_base is None:
        return None
    return float(ticks * time_base) - start
