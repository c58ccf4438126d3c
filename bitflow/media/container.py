"""Opening a media file and reading its packets, with every failure told as a sentence.

All of libav's exceptions end here: what leaves this module is a :class:`~bitflow.errors.MediaError`, or a
count of the packets that could not be read.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error
from av.stream import Disposition

from bitflow.errors import MediaError
from bitflow.media import isobmff
from bitflow.media.copies import at_hand
from bitflow.media.hardware import accelerator

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.codec.hwaccel import HWAccel
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

# Without these, a text file named .mp4 may be read as a playlist, a script of other files or ANSI art.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,mxf,nut,dv,gif,ivf,"
    "yuv4mpegpipe,h264,hevc,av1,obu,m4v,mjpeg,rm,vob,wav,w64,mp3,flac,aac,ac3,eac3,aiff,caf,au,wv,amr,opus,"
    "image2,png_pipe,jpeg_pipe,bmp_pipe,webp_pipe,tiff_pipe,apng"
)
_PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}

# A cut MP4 fails once a sample; an hour of them is some 300,000 failures that all say the same.
_FAILURES_IN_A_ROW = 2000


@dataclass
class Tally:
    """What happened while packets were read and decoded."""

    errors: int = 0
    broke_off: bool = False
    packets: int = 0
    corrupt: int = 0
    last_damage: int = -1000  # number of the packet at which something was last wrong
    holes: list[tuple[float, float]] = field(default_factory=list)  # where pictures are missing, s

    def note_damage(self) -> None:
        """Remember that something is wrong about here."""
        self.last_damage = self.packets

    def damaged_since(self, packet: int) -> bool:
        """Whether something was wrong since a packet, or in the decoder's delay before it.

        The delay is at most 16 pictures of reordering and as many threads, with the sound in between; and
        pictures that refer to what is lost go missing without a word.
        """
        return self.last_damage > packet - 128


def open_container(path: str | os.PathLike[str], decoder: str = "cpu") -> InputContainer:
    """Open a media file for reading.

    `decoder` is the device that decodes its pictures; where it refuses the file, or has no room left, software does.

    Raises
    ------
    MediaError
        The file is missing, a folder, empty, unreadable, cut off before its index, or no media file.
    """
    path = at_hand(path)
    _check_file(path)
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
    if path.suffix.lower() in _PICTURES:
        options["pattern_type"] = "none"  # a file named 100%d.jpg is one picture, not a sequence
    try:
        file: Any = _address(path)
        container: Any = _opened(file, options, accelerator(decoder))
        return container
    except MemoryError:
        raise
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError) as error:
        raise MediaError(f"{path}: {_why_not(path)}") from error


def _opened(file: Any, options: dict[str, str], device: HWAccel | None) -> Any:
    arguments: dict[str, Any] = {"mode": "r", "options": options, "metadata_errors": "replace"}
    if device is not None:
        with contextlib.suppress(av.error.FFmpegError, OSError, RuntimeError):
            return av.open(file, hwaccel=device, **arguments)
    return av.open(file, **arguments)


def video_stream(container: InputContainer) -> VideoStream | None:
    """The stream of moving pictures, cover art left out; None when there is none."""
    best = container.streams.best("video")
    for stream in sorted(container.streams.video, key=lambda stream: stream is not best):
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The stream of sound that a player would choose; None when there is none."""
    return container.streams.best("audio")  # type: ignore[return-value]


def clock_start(container: InputContainer) -> float:
    """The container's start in seconds, the zero of the media clock."""
    return (container.start_time or 0) / 1e6


def read_packets(container: InputContainer, streams: list[Any], tally: Tally) -> Iterator[Packet[Stream]]:
    """The packets of some streams to the file's end, past those that cannot be read.

    Failures followed by a good packet are counted as errors; failures up to the end mean that the file
    breaks off there.
    """
    failures = 0
    cut_packets_only = container.format.name.startswith("mov")
    while failures < _FAILURES_IN_A_ROW:
        try:
            for packet in container.demux(streams):
                # An empty packet would start the decoder's flush in mid-stream (AVI marks dropped frames so).
                if packet.size == 0:
                    continue
                tally.packets += 1
                if failures:
                    tally.errors += failures
                    tally.note_damage()
                    failures = 0
                if packet.is_corrupt and cut_packets_only:
                    # The rest of it lies behind the end of the file; decoder threads would lose others to it.
                    tally.errors += 1
                    continue
                yield packet
            break
        except (av.error.FFmpegError, OSError):
            failures += 1
    tally.broke_off = failures > 0


def decode(codec_context: Any, packet: Packet[Stream] | None, tally: Tally) -> list[Any]:
    """The frames that one packet yields (None: that the decoder still holds); damage is counted, not raised."""
    try:
        return codec_context.decode(packet)
    except (av.error.FFmpegError, ValueError):
        tally.errors += 1
        tally.note_damage()
        return []


def _check_file(path: Path) -> None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        what = "a link to a file that is not there" if path.is_symlink() else "no such file"
        raise MediaError(f"{path}: {what}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{path}: cannot be read ({reason})") from None
    if stat.S_ISDIR(facts.st_mode):
        raise MediaError(f"{path}: is a folder, not a video")
    if not stat.S_ISREG(facts.st_mode):
        raise MediaError(f"{path}: is a device or pipe, not a file")
    if facts.st_size == 0:
        raise MediaError(f"{path}: is empty (0 bytes)")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from None


def _address(path: Path) -> Any:
    """What libav opens: an absolute path, so that `a:b.mp4` is no protocol; a file object when not UTF-8."""
    absolute = os.path.abspath(path)
    try:
        absolute.encode("utf-8")
    except UnicodeEncodeError:
        return open(absolute, "rb")  # lives as long as the container that reads it
    return absolute


def why_empty(path: Path, container: InputContainer) -> str:
    """A sentence for a file that opens, but from which neither a picture nor sound comes."""
    if isobmff.looks_like(_head(path)) and isobmff.index_is_cut(path):
        return "the file was cut off inside its index (moov)"
    if video_stream(container) is not None:
        return "its video track holds not one picture that can be decoded"
    return "holds no frames: neither pictures nor sound were written into it"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _why_not(path: Path) -> str:
    """A sentence for a file that libav refuses."""
    head = _head(path)
    if isobmff.looks_like(head):
        return isobmff.what_is_missing(path)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "the header of this Matroska/WebM file is cut off or damaged"
    if head.startswith(b"RIFF"):
        return "the header of this AVI/WAV file is cut off or damaged"
    return "is not a video: no known container format"
