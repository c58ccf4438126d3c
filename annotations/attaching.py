"""Labels into a store: the table `annotations` of a recording, several annotators beside each other."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from bitflow.annotations.files import read_annotations
from bitflow.annotations.labels import Annotations
from bitflow.annotations.table import ANNOTATIONS, annotation_batch, annotations_of
from bitflow.errors import UsageError

if TYPE_CHECKING:
    from bitflow.store import FeatureStore, Recording

VERSION = "1"


def recording_of(store: FeatureStore, path: Path) -> str:
    """The recording a file of labels belongs to: the one with its stem, or the only one whose id ends so.

    Raises
    ------
    UsageError
        There is no such file; or no recording has, or several have.
    """
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    stem = path.stem
    found = [name for name in store if name == stem or name.rpartition("/")[2] == stem]
    if not found and len(list(store)) == 1:
        found = list(store)
    if len(found) != 1:
        said = f"{len(found)} recordings are" if found else "no recording is"
        raise UsageError(f"{path}: {said} called {stem!r} in {store.path}; name it with --recording")
    return found[0]


def attach(
    store: FeatureStore,
    recording: str,
    path: Path,
    *,
    annotator: str | None = None,
    offset: float = 0.0,
    format: str | None = None,
) -> tuple[Recording, Annotations]:
    """Add the labels of a file to a recording; what the same annotators had attached before is replaced.

    Parameters
    ----------
    annotator
        Who gave the labels; by default whom the file names, else the file's name.
    offset
        Seconds added to every time: where the file's 0 lies on the recording's clock.
    """
    place = store[recording]
    found = read_annotations(path, format).shifted(offset)
    who = annotator or ""
    if who or any(not label.annotator for label in found.labels):
        named = found.by(who or path.name)
        found = (
            named
            if who
            else Annotations.of(
                (label if label.annotator else other for label, other in zip(found.labels, named.labels, strict=True)),
                duration=found.duration,
                media=found.media,
                notes=found.notes,
            )
        )
    speaking = {label.annotator for label in found.labels}
    earlier: list = []
    sources: dict[str, str] = {}
    if "annotations" in place:
        file = place.file("annotations")
        made = file.metadata.get("provenance") or {}
        sources = dict(made.get("annotators", {}))
        before = annotations_of(file.read().to_pylist())
        earlier = [label for label in before.labels if label.annotator not in speaking]
    kept = {label.annotator for label in earlier}
    sources = {who: digest for who, digest in sources.items() if who in kept}
    sources |= dict.fromkeys(sorted(speaking), hashlib.sha256(path.read_bytes()).hexdigest())
    provenance = {
        "extractor": "annotations attach",
        "version": VERSION,
        "parameters": {"offset": offset} if offset else {},
        "models": {},
        "inputs": {},
        "annotators": sources,
    }
    notes = [f"annotations: {note}" for note in found.notes]
    place.write(ANNOTATIONS, [annotation_batch([*earlier, *found.labels])], provenance=provenance, notes=notes)
    store.index()
    return place, found
