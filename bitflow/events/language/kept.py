"""What recordings answered before, kept in the store's folder ``.answers``: a file a program, a line a recording.

A line holds as long as every file of its recording is the one that was read: name, size, inode, time of change of its
content and of the file itself, which no copying sets back. The file's name stands for the program, the definitions
under it, and bitflow's own code. It is an index like others: it may be deleted. What was said is not kept, so that
words go with the recording they were said in.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from bitflow.drafts import replace_file
from bitflow.errors import StoreError
from bitflow.places import is_remote
from bitflow.tables import canonical_json

if TYPE_CHECKING:
    from bitflow.store import FeatureStore

FOLDER = ".answers"

#: Questions that take less are asked again, s.
_WORTH_S = 1.0

#: Longest line, bytes of a file that still grows, and files that are kept, the latest used.
_LINE, _MOST_BYTES, _MOST_FILES = 100_000, 200_000_000, 40

#: Longest step of a file system's clock, ns: what was written so lately may be written again unseen.
_GRAIN_NS = 20_000_000


class Kept:
    """Answers of recordings to one program; a context manager, in which new ones are written as they come.

    Attributes
    ----------
    largest
        Bytes of the tables of the recording that has most of them.
    """

    def __init__(self, path: Path | None, facts: dict[str, str | None], largest: int):
        self._path = path
        self._facts = facts
        self.largest = largest
        self._told: dict[str, Any] = {}
        self._waiting: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._begun = time.monotonic()
        self._outdated = 0

    @classmethod
    def of(cls, store: FeatureStore, names: Sequence[str], program: Any, definitions: Any) -> Kept:
        """What recordings of a store answered to a program in its JSON spelling."""
        if is_remote(store.path):
            return cls(None, {}, 0)
        facts: dict[str, str | None] = {}
        largest = 0
        now = time.time_ns()
        for name in names:
            facts[name], size = _facts(os.path.join(store.path, *name.split("/")), now)
            largest = max(largest, size)
        key = hashlib.sha256(canonical_json([program, definitions, _code()]).encode()).hexdigest()
        kept = cls(store.path / FOLDER / f"{key[:32]}.jsonl", facts, largest)
        kept._read()
        return kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None and exception[0] is None and self._outdated > len(self._told):
            with suppress(OSError, StoreError):
                lines = (_line(name, self._facts[name], told) for name, told in self._told.items())
                replace_file(self._path, b"".join(lines))

    def __getitem__(self, name: str) -> Any:
        """What a recording answered, None where that is not known."""
        return self._told.get(name)

    def keep(self, name: str, told: Any) -> None:
        """Write what a recording answered; harmless where nothing can be written."""
        facts = self._facts.get(name)
        if self._path is None or facts is None or _quotes(told):
            return
        line = _line(name, facts, told)
        if len(line) > _LINE:
            return
        self._waiting.append(line)
        if self._file is None and time.monotonic() - self._begun < _WORTH_S:
            return
        try:
            if self._file is None:
                self._file = self._opened(self._path)
            for each in self._waiting:
                self._file.write(each)
            self._waiting.clear()
        except OSError:  # a full or read-only disk
            self._path = None

    def _opened(self, path: Path) -> IO[bytes]:
        path.parent.mkdir(exist_ok=True)
        others = sorted(path.parent.glob("*.jsonl"), key=lambda each: each.stat().st_mtime_ns)
        for old in others[: max(0, len(others) - _MOST_FILES)]:
            old.unlink(missing_ok=True)
        file = path.open("ab", buffering=0)
        if file.tell() > _MOST_BYTES:
            file.truncate(0)
        elif file.tell():
            file.write(b"\n")  # after a line that was cut off
        return file

    def _read(self) -> None:
        assert self._path is not None
        try:
            content = self._path.read_bytes()
            os.utime(self._path)  # used
        except OSError:
            return
        for line in content.splitlines():
            with suppress(ValueError, KeyError, TypeError):
                name, facts, told = json.loads(line)
                if facts is not None and self._facts.get(name) == facts:
                    self._outdated += name in self._told
                    self._told[name] = told
                elif name not in self._facts:
                    continue
                else:
                    self._outdated += 1


def _line(name: str, facts: str | None, told: Any) -> bytes:
    return json.dumps([name, facts, told], ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _quotes(told: Any) -> bool:
    """Whether words that somebody said, or a model wrote, are among the answers."""
    return any(
        any(event[-1] is not None for event in each["events"]) or any("text" in row for row in each["rows"])
        for each in told.get("answers", ())
    )


def _facts(folder: str, now: int) -> tuple[str | None, int]:
    """What stands for the content of a recording's files, None where they are too new for that; bytes of its tables."""
    entries: list[tuple[Any, ...]] = []
    size = latest = 0
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.startswith(".") or entry.is_dir():
                    continue
                facts = entry.stat()
                entries.append((entry.name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino))
                latest = max(latest, facts.st_mtime_ns, facts.st_ctime_ns)
                size += facts.st_size
    except OSError:
        return None, 0
    if now - latest < _GRAIN_NS:
        return None, size
    return hashlib.blake2b(repr(sorted(entries)).encode(), digest_size=12).hexdigest(), size


@cache
def _code() -> list[Any]:
    """What stands for bitflow's own code and the libraries that compute with it."""
    import numpy as np
    import pyarrow as pa

    import bitflow

    root = Path(bitflow.__file__).parent
    return [bitflow.__version__, np.__version__, pa.__version__, sorted(_sources(str(root)))]


def _sources(folder: str) -> Iterable[tuple[str, int, int]]:
    for here, inside, files in os.walk(folder):
        inside[:] = [name for name in inside if name not in ("__pycache__", "assets")]
        for name in files:
            if name.endswith((".py", ".events", ".json", ".csv", ".txt")):
                facts = os.stat(os.path.join(here, name))
                yield os.path.relpath(os.path.join(here, name), folder), facts.st_size, facts.st_mtime_ns
