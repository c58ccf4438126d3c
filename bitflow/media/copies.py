"""Remote recordings on this machine: one scratch copy a thread at a time.

A decoder that loses its connection half-way cannot be told from a damaged file, so a recording is copied whole before
it is opened. The copy stays until the thread asks for another recording: the spans of a long one are mostly extracted
one after another by the same worker. What a killed process left is removed by the next copy on that machine.
"""

from __future__ import annotations

import atexit
import os
import shutil
import threading
from pathlib import Path

from bitflow.drafts import draft_path, remove_stale_drafts, scratch_folder
from bitflow.errors import MediaError
from bitflow.places import fetch, is_remote, place

#: Left free on the disk beside a copy, in bytes.
_RESERVE = 256 << 20


class _Kept(threading.local):
    """The copy that this thread holds, and what it is a copy of."""

    origin: tuple[Path, int, int] | None = None
    copy: Path | None = None


_kept = _Kept()


def at_hand(path: str | os.PathLike[str]) -> Path:
    """The file itself when it is on this machine, else its scratch copy.

    Raises
    ------
    MediaError
        It cannot be reached, or there is no room for a copy.
    """
    where = place(path)
    if not is_remote(where):
        return where
    try:
        status = where.stat()
        origin = (where, status.st_size, status.st_mtime_ns)
        if _kept.origin != origin or _kept.copy is None or not _kept.copy.exists():
            drop_copy()
            _kept.copy = _copied(where, status.st_size)
            _kept.origin = origin
    except FileNotFoundError:
        raise MediaError(f"{where}: no such file") from None
    except OSError as error:
        raise MediaError(f"{where}: cannot be read: {error.strerror or error}") from error
    return _kept.copy


def drop_copy() -> None:
    """Remove this thread's copy, if it holds one."""
    if _kept.copy is not None:
        shutil.rmtree(_kept.copy.parent, ignore_errors=True)
    _kept.origin = _kept.copy = None


def _copied(where: Path, size: int) -> Path:
    folder = scratch_folder()
    remove_stale_drafts(folder)
    free = shutil.disk_usage(folder).free
    if free < size + _RESERVE:
        raise MediaError(
            f"{where}: its copy takes {size / 1e9:.1f} GB, {folder} has {free / 1e9:.1f} GB left; "
            f"set TMPDIR to a larger disk, or take fewer --workers"
        )
    copy = draft_path(folder / "copy") / where.name  # by its own name: some formats are told by their suffix
    copy.parent.mkdir()
    fetch(where, copy)
    if copy.stat().st_size != size:
        shutil.rmtree(copy.parent)
        raise MediaError(f"{where}: {size} bytes announced, others came; it changed meanwhile, extract it again")
    return copy


atexit.register(drop_copy)
