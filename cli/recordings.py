"""Which recording a command means, and names in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitflow.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from bitflow.store import FeatureStore, Recording


def one_recording(store: FeatureStore, recording: str | None) -> Recording:
    """The recording of that id; without one, the only one of the store."""
    if recording is not None:
        return store[recording]
    there = list(store)
    if len(there) == 1:
        return store[there[0]]
    if not there:
        raise UsageError(f"{store.path}: the store holds no recordings; `bitflow extract` adds them")
    some = ", ".join(there[:5]) + (", …" if len(there) > 5 else "")
    raise UsageError(f"{store.path}: holds {len(there)} recordings, name one: {some}")


def recording_at(path: Path, recording: str | None) -> Recording:
    """The recording of the store at `path`, or the one whose folder inside a store `path` is."""
    from bitflow.store import open_store

    inside = recording_inside(path) if recording is None else None
    return inside or one_recording(open_store(path), recording)


def recording_inside(path: Path) -> Recording | None:
    """The recording whose folder inside a store `path` is; None where it is none."""
    from bitflow.store import open_store

    folder = path.absolute()
    if (folder / "bitflow.json").is_file():
        return None
    for parent in folder.parents:
        if (parent / "bitflow.json").is_file():
            return open_store(parent)[folder.relative_to(parent).as_posix()]
    return None


def names(given: str | None) -> list[str] | None:
    """``a,b`` as a list; None stays None."""
    return None if given is None else [name.strip() for name in given.split(",") if name.strip()]
