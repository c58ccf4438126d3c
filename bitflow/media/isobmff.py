"""The few facts about MP4 and MOV files that libav does not tell.

Whether the index (``moov``) is there at all, and whether an edit list hides or delays pictures. Boxes are
walked by their headers, so that a file of any size costs a few reads.

Source: ISO/IEC 14496-12 (ISO base media file format), 8.6.5-8.6.6 for edit lists.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_TOP = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"styp", b"sidx", b"moof"}


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int  # of the payload
    end: int  # as claimed; may lie behind the end of the file


def looks_like(head: bytes) -> bool:
    """Whether the first bytes of a file are those of an MP4 or MOV."""
    return len(head) >= 8 and head[4:8] in _TOP


def what_is_missing(path: Path) -> str:
    """A sentence on why an MP4 or MOV file cannot be opened."""
    if _index(path) is None:
        return "the recording was cut off before its index (moov) was written, so nothing in it can be found"
    if index_is_cut(path):
        return "the file was cut off inside its index (moov)"
    return "the index (moov) of this MP4/MOV file is damaged"


def index_is_cut(path: Path) -> bool:
    """Whether the index reaches behind the end of the file."""
    moov = _index(path)
    return moov is not None and moov.end > path.stat().st_size


def _index(path: Path) -> _Box | None:
    with path.open("rb") as file:
        return next((box for box in _boxes(file, 0, path.stat().st_size) if box.kind == b"moov"), None)


def edits_pictures(path: Path) -> bool:
    """Whether an edit list of a video track hides pictures or delays the first.

    An edit that only skips the composition offset of B-frames, as most muxers write, is none.
    """
    try:
        with path.open("rb") as file:
            if not looks_like(file.read(8)):
                return False
            size = os.fstat(file.fileno()).st_size
            for moov in _find(file, _Box(b"", 0, size), b"moov"):
                movie_hz = _clock(file, _find(file, moov, b"mvhd"))[0]
                for track in _find(file, moov, b"trak"):
                    if _is_video(file, track) and _edits(file, track, movie_hz):
                        return True
    except (OSError, struct.error):
        return False
    return False


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    while start + 8 <= end:
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header[:8])
        body = start + 8
        if length == 1 and len(header) == 16:
            length, body = struct.unpack(">Q", header[8:])[0], start + 16
        elif length == 0:
            length = end - start
        if length < body - start:
            return
        yield _Box(kind, body, start + length)
        start += length


def _find(file: BinaryIO, parent: _Box, *kinds: bytes) -> list[_Box]:
    found = [parent]
    for kind in kinds:
        found = [box for outer in found for box in _boxes(file, outer.start, outer.end) if box.kind == kind]
    return found


def _read(file: BinaryIO, box: _Box, most: int) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, most))


def _is_video(file: BinaryIO, track: _Box) -> bool:
    return any(_read(file, box, 12)[8:12] == b"vide" for box in _find(file, track, b"mdia", b"hdlr"))


def _edits(file: BinaryIO, track: _Box, movie_hz: int) -> bool:
    lists = _find(file, track, b"edts", b"elst")
    if not lists:
        return False
    data = _read(file, lists[0], 1 << 16)
    version, count = data[0], struct.unpack(">I", data[4:8])[0]
    form = ">QqI" if version else ">IiI"
    step = struct.calcsize(form)
    edits = [struct.unpack_from(form, data, 8 + step * i) for i in range(min(count, (len(data) - 8) // step))]
    if not edits:
        return False
    if len(edits) > 1:
        return True
    shown, media_time = edits[0][:2]
    table = _find(file, track, b"mdia", b"minf", b"stbl")
    deltas = _runs(file, _find(file, table[0], b"stts") if table else [], signed=False)
    offsets = _runs(file, _find(file, table[0], b"ctts") if table else [], signed=True)
    if media_time != _first_composition_time(deltas, offsets):
        return True
    track_hz, length = _clock(file, _find(file, track, b"mdia", b"mdhd"))
    if not (shown and movie_hz and track_hz and deltas):
        return False
    hidden_at_the_end = length / track_hz - shown / movie_hz
    return hidden_at_the_end > 1.5 * max(deltas) / track_hz


def _first_composition_time(deltas: list[int], offsets: list[int]) -> int:
    """Presentation time of the earliest picture among the first ones, in the track's own clock."""
    decode_times = [0]
    for delta in deltas:
        decode_times.append(decode_times[-1] + delta)
    return min((time + offset for time, offset in zip(decode_times, offsets, strict=False)), default=0)


def _clock(file: BinaryIO, boxes: list[_Box]) -> tuple[int, int]:
    """Ticks a second and length in ticks from an ``mvhd`` or ``mdhd`` box."""
    if not boxes:
        return 0, 0
    data = _read(file, boxes[0], 32)
    return struct.unpack_from(">IQ", data, 20) if data[0] else struct.unpack_from(">II", data, 12)


def _runs(file: BinaryIO, boxes: list[_Box], *, signed: bool, most: int = 64) -> list[int]:
    if not boxes:
        return []
    data = _read(file, boxes[0], 8 + 8 * most)
    # Offsets are unsigned in version 0 by the letter, signed by the practice of every muxer.
    form = ">Ii" if signed else ">II"
    values: list[int] = []
    for at in range(8, min(len(data) - 7, 8 + 8 * struct.unpack(">I", data[4:8])[0]), 8):
        count, value = struct.unpack_from(form, data, at)
        values += [value] * min(count, most - len(values))
        if len(values) >= most:
            break
    return values
