"""Packets in, pictures and sound with presentation times out.

Everything here lives on one clock: presentation time minus the container's start, in seconds.
The header alone is read by :func:`bitflow.media.probe.probe`, whose module bears its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitflow.media.audio import AudioChunk, AudioReader
    from bitflow.media.frames import Frame, FrameChunk
    from bitflow.media.probe import AudioStream, MediaInfo, VideoStream
    from bitflow.media.reading import DecodeReport
    from bitflow.media.seek import frames_at
    from bitflow.media.video import VideoReader

_HOMES = {
    "AudioChunk": "audio",
    "AudioReader": "audio",
    "AudioStream": "probe",
    "DecodeReport": "reading",
    "Frame": "frames",
    "FrameChunk": "frames",
    "MediaInfo": "probe",
    "VideoReader": "video",
    "VideoStream": "probe",
    "frames_at": "seek",
}

__all__ = [
    "AudioChunk",
    "AudioReader",
    "AudioStream",
    "DecodeReport",
    "Frame",
    "FrameChunk",
    "MediaInfo",
    "VideoReader",
    "VideoStream",
    "frames_at",
]


def __getattr__(name: str) -> Any:
    """Load a name on first use: av and cv2 are too heavy for ``import bitflow``."""
    if name in _HOMES:
        return getattr(import_module(f"bitflow.media.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'bitflow.media' has no attribute {name!r}")
