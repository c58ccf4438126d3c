"""The video of a recording as a browser plays it: copied, put into another container, or encoded again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from bitflow.drafts import drafted
from bitflow.errors import MediaError
from bitflow.places import is_remote

if TYPE_CHECKING:
    from av.packet import Packet

    from bitflow.media import MediaInfo

#: Codecs that Chrome, Firefox and Safari play, by kind of stream.
_VIDEO = frozenset(("h264", "vp8", "vp9", "av1"))
_AUDIO = frozenset(("aac", "mp3", "opus", "vorbis", "flac"))

#: Pictures of more bits or fuller colour are left to few browsers.
_PIXELS = frozenset(("yuv420p", "yuvj420p"))

#: Containers by suffix: what may lie in them as it is.
_CONTAINERS = {".mp4": _VIDEO - {"vp8"}, ".m4v": frozenset(("h264",)), ".webm": frozenset(("vp8", "vp9", "av1"))}


def playable(
    source: Path, folder: Path, name: str, *, link: bool = False, tell: Callable[[str], None] = lambda sentence: None
) -> str:
    """Put the video where the report finds it.

    Parameters
    ----------
    source
        The recording's file.
    folder, name
        Of the report's media, and the file's name without suffix.
    link
        Refer to a file of this machine where it lies in the place of a copy, if a browser plays it as it is.
    tell
        Called with a sentence when it must be encoded again, which takes its time.

    Returns
    -------
    str
        Its address, relative to the folder's siblings.

    Raises
    ------
    MediaError
        It cannot be read.
    StoreError
        The report's folder cannot be written.
    """
    from bitflow.media.probe import probe

    info = probe(source)
    if info.video is None and info.audio is None:
        raise MediaError(f"{source}: holds neither pictures nor sound")
    suffix = source.suffix.lower()
    if _plays(info) and info.video is not None and info.video.codec in _CONTAINERS.get(suffix, ()):
        if link and not is_remote(source):
            return quote(os.path.relpath(source.absolute(), folder.parent / "recordings").replace(os.sep, "/"))
        return _kept(folder, name + suffix, lambda draft: shutil.copyfile(info.path, draft), source)
    if _plays(info) and info.video is not None and info.video.codec in ("h264", "av1"):
        return _kept(folder, f"{name}.mp4", lambda draft: _repacked(info.path, draft), source)
    if info.video is not None:
        tell(f"{source.name}: browsers do not play {info.video.codec} ({info.video.pixel_format}), encoded as H.264")
    return _kept(folder, f"{name}.mp4" if info.video else f"{name}.m4a", lambda draft: _encoded(info, draft), source)


def _plays(info: MediaInfo) -> bool:
    video = info.video
    if video is not None and (video.codec not in _VIDEO or video.pixel_format not in _PIXELS):
        return False
    return info.audio is None or info.audio.codec in _AUDIO


def _kept(folder: Path, name: str, write: Callable[[Path], object], source: Path) -> str:
    """Make ``folder/name`` unless it is there and younger than its source."""
    path = folder / name
    if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
        # The suffix tells PyAV the container, so it stays at the end.
        with drafted(path, suffix=f".draft{path.suffix}") as draft:
            write(draft)
    return quote(f"../{folder.name}/{name}")


def _repacked(source: Path, target: Path) -> None:
    """The same streams in an MP4, their packets untouched."""
    import av
    import av.error

    try:
        with av.open(str(source)) as given, av.open(str(target), "w", format="mp4") as made:
            pairs = {}
            for kind in (given.streams.video, given.streams.audio):
                if kind:
                    pairs[kind[0].index] = made.add_stream_from_template(kind[0])
            waiting: dict[int, list[Packet]] = {index: [] for index in pairs}
            for packet in given.demux([given.streams[index] for index in pairs]):
                index = packet.stream.index
                if packet.dts is None and packet.size:
                    waiting[index].append(
                        packet
                    )  # Matroska keeps no decoding times: those of the first must be guessed
                    continue
                for ready in (*_dated(waiting[index], packet), *([packet] if packet.size else [])):
                    ready.stream = pairs[index]
                    made.mux(ready)
                waiting[index].clear()
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(f"{source}: cannot be put into another container: {error}") from error


def _dated(waiting: list[Packet], following: Packet) -> list[Packet]:
    """Packets without a decoding time get the times before that of the packet that follows, one duration apart."""
    for back, packet in enumerate(reversed(waiting), 1):
        step = packet.duration or 1
        packet.dts = (following.dts if following.dts is not None else packet.pts or 0) - back * step
    return waiting


def _encoded(info: MediaInfo, target: Path) -> None:
    from bitflow.exporting.film import FilmWriter
    from bitflow.exporting.soundtrack import Soundtrack
    from bitflow.media import VideoReader

    sound = Soundtrack(info.path) if info.audio is not None else None
    with FilmWriter(target, info.video, sound) as film:
        if info.video is not None:
            with VideoReader(info.path, threads=2) as reader:
                for frame in reader:
                    film.write(frame)
        film.commit()
