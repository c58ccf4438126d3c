"""What the user named, as recordings: files, folders and patterns in, ids and paths out.

A folder is read recursively for files with a video or audio suffix. An id is the path below the folder that was
given, without suffix; it decides where the tables go, so it must be the same in every run and unique in a store.
Any input may be a URL (`bitflow.places`).
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bitflow.cohort.wording import printable
from bitflow.errors import UsageError
from bitflow.extraction.recording import Source
from bitflow.places import RemotePath, is_remote, place
from bitflow.suffixes import AUDIO_SUFFIXES, PICTURE_SUFFIXES, VIDEO_SUFFIXES

#: A store has files with these endings, which no recording's folder may take as its name.
_STORE_ENDINGS = (".parquet", ".json")
_STORE_MARK = "bitflow.json"
_MAGIC = frozenset("*?[")


@dataclass(frozen=True)
class Scan:
    """What the inputs hold: recordings by id, and what was left out.

    Attributes
    ----------
    sources
        Sorted by id.
    pictures, others
        Number of pictures, and of files of any other kind, that were left out.
    unreadable
        Folders that could not be listed, each with the reason.
    """

    sources: tuple[Source, ...]
    pictures: int = 0
    others: int = 0
    unreadable: tuple[str, ...] = ()

    @property
    def sentence(self) -> str | None:
        """What was left out, for people; None when nothing was."""
        counted = [
            f"{number} {kind}{'' if number == 1 else 's'}"
            for number, kind in ((self.pictures, "picture"), (self.others, "other file"))
            if number
        ]
        parts = [f"left out: {' and '.join(counted)}"] if counted else []
        parts += [f"not readable: {folder}" for folder in self.unreadable]
        return "; ".join(parts) or None


@dataclass(frozen=True)
class _Found:
    """One file below `root`, the folder from which its id is counted."""

    root: Path
    parts: tuple[str, ...]
    path: Path


def scan(inputs: Iterable[str | os.PathLike[str]], store: str | os.PathLike[str] | None = None) -> Scan:
    """Find the recordings that `inputs` name.

    Parameters
    ----------
    inputs
        Files, folders (read recursively, hidden names left out) and patterns such as ``videos/**/*.mp4`` for a
        shell that does not expand them. A pattern stands for the files that it matches. A file that is named by
        itself is taken when its suffix is that of a video, a sound or a picture, or when it is the only input.
    store
        Where the tables will go; not scanned when it lies inside an input, and neither are other stores.

    Returns
    -------
    Scan
        A file named twice appears once. Linked files keep the link's name; a linked folder is read unless it was
        read already, so that loops end.

    Raises
    ------
    UsageError
        An input matches nothing, or two files would have the same id.
    """
    named = [os.fspath(given) for given in inputs]
    if not named:
        raise UsageError("no input was named: give files, folders or patterns")
    gathered = _Gathered(None if store is None else _real(place(store)))
    for given in named:
        gathered.take(given, alone=len(named) == 1)
    if not gathered.files:
        raise UsageError(f"{_listed(named)}: {_nothing(gathered)}")
    ids = _ids(list(gathered.files.values()))
    sources = sorted((Source(ids[key], found.path) for key, found in gathered.files.items()), key=lambda s: s.id)
    return Scan(tuple(sources), gathered.pictures, gathered.others, tuple(gathered.unreadable))


class _Gathered:
    """Files found so far, by their absolute path with links in the folders resolved."""

    def __init__(self, store: str | None):
        self.files: dict[str, _Found] = {}
        self.pictures = 0
        self.others = 0
        self.unreadable: list[str] = []
        self._store = store
        self._counted: set[str] = set()

    def take(self, given: str, *, alone: bool) -> None:
        path = place(given).expanduser()
        if isinstance(path, RemotePath):
            self._take_remote(path, alone=alone)
            return
        if os.path.lexists(path):
            self._take_path(path, any_suffix=alone, pictures=True)
            return
        if not _MAGIC.intersection(given):
            raise UsageError(f"{printable(given)}: no such file or folder")
        matches = list(_matches(path))
        if not matches:
            raise UsageError(f"{printable(given)}: the pattern matches nothing")
        pictures = path.suffix.lower() in PICTURE_SUFFIXES
        for match in matches:
            self._take_path(match, any_suffix=False, pictures=pictures)

    def _take_remote(self, given: RemotePath, *, alone: bool) -> None:
        """Files at a URL: one that is named, those of a folder, or those that fit a pattern."""
        pattern = bool(_MAGIC.intersection(given.url))
        if not pattern and given.is_file():
            self._take_path(cast(Path, given), any_suffix=alone, pictures=True)
            return
        found = list(given.matches() if pattern else given.files())
        if not found:
            raise UsageError(
                f"{printable(given.url)}: {'the pattern matches nothing' if pattern else 'nothing is there'}"
            )
        stores = {file.parent.url for file in found if file.name == _STORE_MARK and (pattern or file.parent != given)}
        for file in found:
            if stores.isdisjoint(folder.url for folder in file.parents):
                parts = (file.name,) if pattern else file.relative_to(given).parts
                if _is_media(file.name):
                    self._add(cast(Path, file.parent if pattern else given), parts, cast(Path, file))
                else:
                    self._leave_out(cast(Path, file))

    def _take_path(self, path: Path, *, any_suffix: bool, pictures: bool) -> None:
        if path.is_dir():
            self._take_folder(path)
        elif any_suffix or _is_media(path.name) or (pictures and path.suffix.lower() in PICTURE_SUFFIXES):
            self._add(path.parent, (path.name,), path)
        else:
            self._leave_out(path)

    def _take_folder(self, root: Path) -> None:
        seen: set[str] = set()
        # Linked folders come last, so that what they lead to has the id of its own place where there is one.
        waiting = [root]
        linked: list[Path] = []
        while waiting or linked:
            folder = waiting.pop() if waiting else linked.pop(0)
            real = os.path.realpath(folder)
            if real in seen or (folder != root and self._is_store(real)):
                continue
            seen.add(real)
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self.unreadable.append(f"{printable(str(folder))} ({error.strerror})")
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                path = folder / entry.name
                if _is_folder(entry):
                    (linked if entry.is_symlink() else waiting).append(path)
                elif _is_media(entry.name) and _is_file_or_dangling(entry):
                    self._add(root, path.relative_to(root).parts, path)
                else:
                    self._leave_out(path)

    def _is_store(self, real: str) -> bool:
        return real == self._store or os.path.exists(os.path.join(real, _STORE_MARK))

    def _add(self, root: Path, parts: tuple[str, ...], path: Path) -> None:
        key, known = _key(path), self.files.get(_key(path))
        # Named by itself and inside a folder that was named too: the folder gives the longer, steadier id.
        if known is None or (len(parts) > len(known.parts) == 1):
            self.files[key] = _Found(root, parts, path)

    def _leave_out(self, path: Path) -> None:
        if (key := _key(path)) in self._counted or path.suffix.lower() in _STORE_ENDINGS:
            return
        self._counted.add(key)
        if path.suffix.lower() in PICTURE_SUFFIXES:
            self.pictures += 1
        else:
            self.others += 1


def _matches(pattern: Path) -> Iterator[Path]:
    """Files and folders that match, sorted; as in a shell, hidden names only where the pattern says so."""
    parts = pattern.parts
    first = next(index for index, part in enumerate(parts) if _MAGIC.intersection(part))
    base = Path(*parts[:first])
    rest = parts[first:]
    if rest[-1] == "**":  # everything below: the folders at that place are read recursively anyway
        rest = rest[:-1]
    # pathlib's ** does not follow linked folders, so that loops end
    found = sorted(base.glob("/".join(rest))) if rest else [base]
    hidden = any(part.startswith(".") for part in rest)
    for path in found:
        if hidden or not any(part.startswith(".") for part in path.relative_to(base).parts):
            yield path


def _ids(files: list[_Found]) -> dict[str, str]:
    """An id a file: the shortest of its spellings under which no two files of a store meet."""
    by_root: dict[Path, list[_Found]] = {}
    for found in files:
        by_root.setdefault(found.root, []).append(found)
    within = {root: _ids_within(group) for root, group in by_root.items()}
    prefix: dict[Path, str] = {root: "" for root in by_root}
    while True:
        ids = {key: prefix[root] + name for root, group in within.items() for key, name in group.items()}
        counted = Counter(ids.values())
        clashing = [root for root, group in within.items() if any(counted[ids[key]] > 1 for key in group)]
        if not clashing:
            return ids
        unprefixed = [root for root in clashing if not prefix[root]]
        if not unprefixed:
            repeated = next(name for name, number in counted.items() if number > 1)
            paths = [str(found.path) for found in files if ids[_key(found.path)] == repeated]
            raise UsageError(
                f"{' and '.join(map(printable, paths))} would both be recording {printable(repeated)}: name the folder "
                f"above them, or extract them into two stores"
            )
        for root in unprefixed:
            prefix[root] = _part(root.absolute().name or "root", folder=True) + "/"


def _ids_within(group: list[_Found]) -> dict[str, str]:
    """Ids of the files of one folder: without suffix, with it where two would be the same."""
    bare = {_key(found.path): _id(found.parts, suffix=False) for found in group}
    full = {_key(found.path): _id(found.parts, suffix=True) for found in group}
    ids = dict(bare)
    while True:
        counted = Counter(ids.values())
        clashing = [key for key, name in ids.items() if counted[name] > 1 and name != full[key]]
        if not clashing:
            return ids
        ids.update({key: full[key] for key in clashing})


def _id(parts: tuple[str, ...], *, suffix: bool) -> str:
    *folders, name = parts
    stem = name if suffix else Path(name).stem
    last = _part(stem, folder=False)
    if last.lower().endswith(_STORE_ENDINGS):
        last = _part(name, folder=False)
    return "/".join([*(_part(folder, folder=True) for folder in folders), last])


def _part(name: str, *, folder: bool) -> str:
    """One part of an id: text that JSON can hold, not hidden, not the name of one of a store's own files."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace").lstrip(".") or "_"
    return f"{text}_" if folder and text.lower().endswith(_STORE_ENDINGS) else text


def _is_media(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in (*VIDEO_SUFFIXES, *AUDIO_SUFFIXES)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file_or_dangling(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to none: that is a recording which fails, not one that is passed over.

    Pipes and devices are neither; opening one could wait for ever.
    """
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return entry.is_symlink()


def _real(path: Path) -> str:
    return str(path) if is_remote(path) else os.path.realpath(path)


def _key(path: Path) -> str:
    """The same for every way to name one directory entry; the entry itself is not followed when it is a link."""
    if is_remote(path):
        return str(path)
    return os.path.join(os.path.realpath(path.parent), path.name)


def _nothing(gathered: _Gathered) -> str:
    left_out = Scan((), gathered.pictures, gathered.others, tuple(gathered.unreadable)).sentence
    looked = f"no recording found; looked for {' '.join((*VIDEO_SUFFIXES, *AUDIO_SUFFIXES))}"
    return f"{looked} ({left_out})" if left_out else looked


def _listed(named: list[str]) -> str:
    shown = [printable(name) for name in named[:3]]
    return ", ".join(shown) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
