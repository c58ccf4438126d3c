"""Answers kept by what they answer, so that nothing is asked twice."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import IO, Any

from bitflow.errors import StoreError
from bitflow.models.endpoints.prompt import FINAL, Reply


class Replies:
    """A file of answers, a line each, appended as they come; a line that a kill cut short is passed over.

    Parameters
    ----------
    path
        Of the file, made when the first answer comes; None keeps answers in memory only.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, Reply] = {}
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        if path is not None and path.is_file():
            self._known = _read(path)

    def __enter__(self) -> Replies:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Reply | None:
        """The answer kept under a key."""
        found = self._known.get(key)
        return None if found is None else replace(found, kept=True)

    def keep(self, key: str, reply: Reply) -> None:
        """Keep an answer that asking again would not change; others are not kept.

        Raises
        ------
        StoreError
            The file cannot be written.
        """
        if reply.outcome not in FINAL:
            return
        line = json.dumps({"key": key, **reply.as_dict()}, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self._known[key] = reply
            if self._path is None:
                return
            try:
                if self._file is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._file = self._path.open("ab")
                    if self._file.tell() and not _ends_whole(self._path):
                        self._file.write(b"\n")
                self._file.write(line)
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                raise StoreError(f"{self._path}: cannot be written: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _read(path: Path) -> dict[str, Reply]:
    names = {field.name for field in fields(Reply)}
    found: dict[str, Reply] = {}
    for line in path.read_bytes().splitlines():
        try:
            row: dict[str, Any] = json.loads(line)
            key = row.pop("key")
            known = {name: value for name, value in row.items() if name in names}
            known["logprobs"] = tuple(known.get("logprobs", ()))
            found[key] = Reply(**known)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
