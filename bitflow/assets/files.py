"""Hashes, the cache folder, atomic placement and the lock between processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bitflow.errors import AssetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitflow.assets.entries import Asset

_BLOCK = 1 << 20

# (path, size, mtime in ns) -> sha256: a model is opened once a worker thread, and hashed once a process.
_hashed: dict[tuple[str, int, int], str] = {}


def sha256_of(path: str | os.PathLike[str], *, fresh: bool = False) -> str:
    """SHA-256 of a file's bytes, as lower-case hex.

    Parameters
    ----------
    path
        An existing file.
    fresh
        Read the bytes again even when this process has hashed the file before and its size and modification
        time have not changed since.
    """
    path = Path(path)
    stat = path.stat()
    key = (os.path.abspath(path), stat.st_size, stat.st_mtime_ns)
    if fresh or key not in _hashed:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        _hashed[key] = digest.hexdigest()
    return _hashed[key]


def matches(path: Path, entry: Asset, *, fresh: bool = False) -> bool:
    """Whether `path` is a file with the pinned bytes; the size is looked at first."""
    try:
        return path.is_file() and path.stat().st_size == entry.size and sha256_of(path, fresh=fresh) == entry.sha256
    except OSError:
        return False


def cache_dir() -> Path:
    """Folder of downloaded files: `BITFLOW_CACHE`, else `bitflow` in the platform's cache folder."""
    if own := os.environ.get("BITFLOW_CACHE"):
        return Path(own).expanduser()
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg).expanduser() / "bitflow"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "bitflow"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "bitflow" / "Cache"
    return Path.home() / ".cache" / "bitflow"


def cached(entry: Asset) -> Path:
    """Where the cache keeps an asset.

    The hash is in the path, so that two releases of bitflow with different pins share one cache in peace.
    """
    return cache_dir() / "assets" / entry.sha256[:16] / entry.file_name


def partial(entry: Asset) -> Path:
    """Where an unfinished download of an asset waits to be continued."""
    return cache_dir() / "assets" / entry.sha256[:16] / f"{entry.file_name}.part"


def place(stream: BinaryIO, entry: Asset) -> Path:
    """Copy `stream` into the cache as `entry`: all of it with the pinned hash, or not at all.

    Raises
    ------
    AssetError
        The bytes are not the pinned ones (nothing is kept), or the cache cannot be written.
    """
    target = cached(entry)
    with writable(target.parent):
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{entry.file_name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out, writable(target.parent):
            shutil.copyfileobj(stream, out, _BLOCK)
        return promote(temporary, entry)
    finally:
        temporary.unlink(missing_ok=True)


def promote(temporary: Path, entry: Asset) -> Path:
    """Rename a finished file to its place in the cache once its hash holds; otherwise remove it."""
    size, found = temporary.stat().st_size, sha256_of(temporary, fresh=True)
    if found != entry.sha256:
        temporary.unlink()
        raise AssetError(
            f"{entry.id}: got {size} bytes with sha256 {found}, expected {entry.size} with {entry.sha256}; "
            "they were refused and removed"
        )
    target = cached(entry)
    with writable(target.parent):
        os.replace(temporary, target)
    return target


@contextlib.contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Make `folder`, and turn a failure to write there into a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise AssetError(
            f"the cache {folder} cannot be written ({error.strerror or error}); set BITFLOW_CACHE to a folder with room"
        ) from error


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes, released by the system however its owner ends.

    Where the file system offers no locks the work goes on without one: every file is still placed by an
    atomic rename after its hash was checked.
    """
    with writable(path.parent):
        file = path.open("ab")
    with file:
        _lock(file)
        yield


def _lock(file: BinaryIO) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            import msvcrt
            import time

            while True:  # LK_LOCK gives up after ten seconds; a download may take longer
                file.seek(0)
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                    return
                except PermissionError:
                    time.sleep(0.2)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
