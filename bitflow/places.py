"""Where stores and recordings lie: a path on this machine, or a URL of any file system that fsspec knows.

``s3://bucket/features``, ``gs://…``, ``sftp://host/…``. What it takes to reach one (keys, endpoints) is configured as
fsspec and the file system's own package have it.

On a file system without renames, a table is committed by a marker that is written last: an empty file
``.faces.parquet.committed`` beside ``faces.parquet``. Readers see no table without one.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar, cast

from bitflow.errors import UsageError
from bitflow.extras import to_install

Result = TypeVar("Result")

#: Pauses before a call that the other side did not answer is made again, in s; a minute and a half in all.
PATIENCE_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 25.0)

_URL = re.compile(r"(?P<protocol>[a-z][a-z0-9+.-]+)://")

#: Errors that say something about the file and not about the way to it.
_FINAL = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)

#: File systems that did not answer when last asked; they are kept by `_file_system` for as long as the process lives.
_silent: set[int] = set()


def place(where: str | os.PathLike[str] | RemotePath) -> Path:
    """A path on this machine, or what a URL names.

    A `RemotePath` has those of Path's methods that stores and media need, and passes for one.

    Raises
    ------
    UsageError
        A URL of a kind that fsspec, as it is installed here, does not know.
    """
    if isinstance(where, RemotePath):
        return cast(Path, where)
    text = os.fspath(where)
    found = _URL.match(text) if isinstance(text, str) else None
    if found is None:
        return Path(text)
    if found["protocol"] in ("file", "local"):
        return Path(text[found.end() :])
    return cast(Path, RemotePath(text.rstrip("/")))


def is_remote(where: object) -> bool:
    """Whether something is not on this machine."""
    return isinstance(where, RemotePath)


class UnreachableError(OSError):
    """A remote file system that did not answer for `PATIENCE_S`."""


@dataclass(frozen=True)
class RemoteStatus:
    """Size in bytes and time of the last change, as `Path.stat` names them; 0 where it is not told."""

    st_size: int
    st_mtime_ns: int
    st_mode: int = 0o100644


@dataclass(frozen=True)
class RemotePath:
    """A file or folder at a URL.

    Attributes
    ----------
    url
        Without a slash at its end.
    marked
        Whether tables (``*.parquet``) below it are committed by markers; then those without one are not seen, and
        writing one sets it.
    known
        What a listing told of the file, so that it need not be asked again.
    """

    url: str
    marked: bool = False
    known: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str | os.PathLike[str]) -> RemotePath:
        return replace(self, url=f"{self.url}/{os.fspath(name)}", known=None)

    def joinpath(self, *names: str) -> RemotePath:
        """See `Path.joinpath`."""
        return self / "/".join(names) if names else self

    @property
    def name(self) -> str:
        """The last part."""
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The last part's suffix."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> RemotePath:
        """The folder that it is in."""
        return replace(self, url=self.url.rpartition("/")[0], known=None)

    @property
    def parents(self) -> tuple[RemotePath, ...]:
        """The folders that it is in, the nearest first."""
        root = _URL.match(self.url)
        assert root is not None
        parts = self.url[root.end() :].split("/")
        return tuple(
            replace(self, url=root.group() + "/".join(parts[:count]), known=None)
            for count in range(len(parts) - 1, 0, -1)
        )

    def absolute(self) -> RemotePath:
        """Itself."""
        return self

    resolve = expanduser = absolute

    def as_posix(self) -> str:
        """Its URL."""
        return self.url

    def relative_to(self, folder: RemotePath) -> PurePosixPath:
        """See `Path.relative_to`."""
        if not self.url.startswith(f"{folder.url}/"):
            raise ValueError(f"{self.url} is not below {folder.url}")
        return PurePosixPath(self.url[len(folder.url) + 1 :])

    def with_name(self, name: str) -> RemotePath:
        """See `Path.with_name`."""
        return self.parent / name

    def exists(self) -> bool:
        """Whether there is a file or folder; a table that is not committed is none."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Whether there is a file, committed where that matters."""
        if self._has_marker:
            there = set(self.parent._names())
            return self.name in there and _marker(self.name) in there
        return self._do(lambda fs, path: fs.isfile(path))

    def is_dir(self) -> bool:
        """Whether there is a folder, or anything below it."""
        return self._do(lambda fs, path: fs.isdir(path))

    def is_symlink(self) -> bool:
        """False: links are their file system's own affair."""
        return False

    def stat(self) -> RemoteStatus:
        """Size and time of change.

        Raises
        ------
        OSError
            There is no such file, or it cannot be reached.
        """
        facts = self.known or self._do(lambda fs, path: fs.info(path))
        if facts.get("type") == "directory":
            raise IsADirectoryError(21, "is a folder", self.url)
        changed = next((facts[key] for key in ("LastModified", "mtime", "updated", "created") if facts.get(key)), 0)
        if isinstance(changed, str):
            changed = datetime.fromisoformat(changed)
        seconds = changed.timestamp() if isinstance(changed, datetime) else changed
        return RemoteStatus(int(facts["size"] or 0), int(seconds * 1e9))

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """Files and folders of this folder whose name matches; a pattern of several parts is refused."""
        if "/" in pattern:
            raise ValueError(f"{pattern!r}: one name at a time")
        names = self._names()
        there = set(names)
        for name in names:
            if fnmatchcase(name, pattern) and (not (self / name)._has_marker or _marker(name) in there):
                yield self / name

    def open(self, mode: str = "rb") -> IO[bytes]:
        """The file, for reading its bytes from anywhere in it."""
        if mode != "rb":
            raise ValueError(f"mode is 'rb', not {mode!r}")
        return self._do(lambda fs, path: fs.open(path, "rb", block_size=1 << 20))

    def read_bytes(self) -> bytes:
        """The whole content."""
        return self._do(lambda fs, path: fs.cat_file(path))

    def read_text(self, encoding: str = "utf-8") -> str:
        """The whole content as text."""
        return self.read_bytes().decode(encoding)

    def write_bytes(self, content: bytes) -> None:
        """Write a small file in one step."""
        self._do(lambda fs, path: fs.pipe_file(path, content))

    def receive(self, file: Path) -> None:
        """Take a finished file of this machine in; a marked one is seen from when it is here whole."""
        marker = self.with_name(_marker(self.name))
        if self._has_marker:
            marker.unlink(missing_ok=True)
        self._do(lambda fs, path: fs.put_file(str(file), path))
        if self._has_marker:
            marker.write_bytes(b"")

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the file, its marker first."""
        if self._has_marker:
            self.with_name(_marker(self.name)).unlink(missing_ok=True)
        try:
            self._do(lambda fs, path: fs.rm_file(path))
        except FileNotFoundError:
            if not missing_ok:
                raise

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Make the folder where folders are more than the beginning of names."""
        self._do(lambda fs, path: fs.makedirs(path, exist_ok=True))

    def files(self) -> Iterator[RemotePath]:
        """All files below it, hidden ones left out, each with what the listing tells of it."""
        found: dict[str, Any] = self._do(lambda fs, path: fs.find(path, detail=True))
        yield from self._listed(found, len(_reached(self.url)[1].strip("/")))

    def matches(self) -> Iterator[RemotePath]:
        """Files that match its name taken as a pattern (``*``, ``?``, ``**``), hidden ones left out."""
        fixed = self.url.partition("*")[0].partition("?")[0].partition("[")[0].rpartition("/")[0]
        found: dict[str, Any] = self._do(lambda fs, path: fs.glob(path, detail=True))
        files = {path: facts for path, facts in found.items() if facts.get("type") == "file"}
        yield from RemotePath(fixed)._listed(files, len(_reached(fixed)[1].strip("/")))

    def _listed(self, found: Mapping[str, Any], length: int) -> Iterator[RemotePath]:
        for path, facts in sorted(found.items()):
            below = path.strip("/")[length:].lstrip("/")
            if below and not any(part.startswith(".") for part in below.split("/")):
                yield replace(self / below, known=facts)

    def remove_tree(self) -> None:
        """Remove everything below it."""
        with suppress(FileNotFoundError):
            self._do(lambda fs, path: fs.rm(path, recursive=True))

    @property
    def _has_marker(self) -> bool:
        return self.marked and self.name.endswith(".parquet") and not self.name.startswith(".")

    def _names(self) -> list[str]:
        """What is in the folder; some file systems list the folder itself along."""
        inside = _reached(self.url)[1].strip("/")
        try:
            listed = self._do(lambda fs, path: fs.ls(path, detail=False))
        except (FileNotFoundError, NotADirectoryError):
            return []
        split = (path.strip("/").rpartition("/") for path in listed)
        return sorted(name for folder, _, name in split if folder == inside)

    def _do(self, call: Callable[[Any, str], Result]) -> Result:
        """Make a call to the file system, again and again while it does not answer.

        One that has used up that patience is asked once at a time until it answers again: a run whose store is gone
        is to say so of every recording, not to wait for each.
        """
        fs, path = _reached(self.url)
        for pause in (*(() if id(fs) in _silent else PATIENCE_S), None):
            fs.invalidate_cache()  # others write here too
            try:
                result = call(fs, path)
                _silent.discard(id(fs))
                return result
            except _FINAL:
                _silent.discard(id(fs))
                raise
            except (ImportError, NotImplementedError):
                raise
            except Exception as error:  # each file system has a family of its own for a lost connection
                if pause is None:
                    _silent.add(id(fs))
                    said = " ".join(str(error).split()) or type(error).__name__
                    raise UnreachableError(110, f"does not answer ({said})", self.url) from error
            time.sleep(pause)
        raise AssertionError


def fetch(where: Path, file: Path) -> None:
    """Copy a remote file to one of this machine."""
    assert isinstance(where, RemotePath)
    where._do(lambda fs, path: fs.get_file(path, str(file)))


def with_markers(folder: Path) -> Path:
    """The same folder, whose tables are committed by markers if it is a remote one."""
    return cast(Path, replace(folder, marked=True)) if isinstance(folder, RemotePath) else folder


def remove_tree(folder: Path) -> None:
    """Remove a folder with what is in it, if it is there."""
    if isinstance(folder, RemotePath):
        folder.remove_tree()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def files_by_folder(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Folders below `folder` with the names in each, hidden ones left out: ``("p01", ["frames.parquet", …])``."""
    if isinstance(folder, RemotePath):
        below: dict[str, list[str]] = {}
        for file in folder.files():
            inside, _, name = str(file.relative_to(folder)).rpartition("/")
            below.setdefault(inside, []).append(name)
        yield from sorted(below.items())
        return
    for here, subfolders, files in os.walk(folder):
        subfolders.sort()
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        inside = Path(here).relative_to(folder).as_posix()
        yield "" if inside == "." else inside, files


def _marker(name: str) -> str:
    return f".{name}.committed"


def _reached(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    root = _URL.match(url)
    assert root is not None
    fs = _file_system(root.group() + url[root.end() :].partition("/")[0])
    return fs, fs._strip_protocol(url)


@cache
def _file_system(root: str) -> Any:
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(root)[0]
    except ImportError as error:
        hint = f"for s3://, {to_install('ray')}"
        raise UsageError(f"{root}: a package is missing ({error}); {hint}") from error
    except ValueError as error:
        raise UsageError(f"{root}: {error}") from error
