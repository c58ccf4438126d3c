"""ELAN's eaf files."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bitflow.annotations.labels import Annotations, Label, label_of, layers
from bitflow.errors import SchemaError

#: A document type may name entities, which a file of labels has no use for and which can grow without bound.
_DOCUMENT_TYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def read_elan(path: Path) -> Annotations:
    """Read the tiers of an eaf file.

    A label is called by its text, or by its tier where nothing was written. Its subject is the tier's participant, or
    what follows the ``@`` in the tier's name. Time slots without a time lie at equal distances between their
    neighbours, as ELAN draws them. A time origin of the first media file is added, so that times count from its
    beginning. Tiers that refer to another tier take its times.

    Raises
    ------
    SchemaError
        It is no eaf file.
    """
    from pympi.Elan import Eaf

    content = path.read_bytes()
    if _DOCUMENT_TYPE.search(content):
        raise SchemaError(f"{path}: declares a document type, which ELAN never does; it is not read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions of the format
            eaf = Eaf(str(path), suppress_version_warning=True)
    except Exception as error:  # pympi raises whatever comes: KeyError, ValueError, Exception
        raise SchemaError(f"{path}: is no eaf file that can be read: {_said(error)}") from error
    slots = _interpolated(eaf.timeslots)
    media = eaf.media_descriptors[0] if eaf.media_descriptors else {}
    notes: list[str] = []
    labels: list[Label] = []
    for tier, (_, _, attributes, _) in eaf.tiers.items():
        subject, annotator = attributes.get("PARTICIPANT") or "", attributes.get("ANNOTATOR") or ""
        for start, end, text in _annotations(eaf, tier, slots):
            if end < start:
                raise SchemaError(f"{path}: the tier {tier!r} has an annotation from {start} to {end} ms")
            labels.append(label_of(tier, start / 1000, end / 1000, text.strip(), subject=subject, annotator=annotator))
    found = Annotations.of(labels, media=Path(str(media.get("MEDIA_URL") or "")).name, notes=notes)
    origin = str(media.get("TIME_ORIGIN") or "0")
    if origin.lstrip("-").isdigit() and int(origin):
        found = found.shifted(int(origin) / 1000)
        found = Annotations.of(found.labels, media=found.media, notes=[f"the time origin of {origin} ms was added"])
    return found


def write_elan(path: Path, annotations: Annotations) -> tuple[str, ...]:
    """Write an eaf file: a tier a stream, times in whole milliseconds.

    Returns
    -------
    tuple of str
        What the format cannot hold and was changed.
    """
    from pympi.Elan import Eaf

    annotators = sorted({label.annotator for label in annotations.labels if label.annotator})
    eaf = Eaf(author=annotators[0] if len(annotators) == 1 else "")
    eaf.remove_tier("default")
    if annotations.media:
        eaf.add_linked_file(annotations.media, relpath=f"./{annotations.media}", mimetype=_mimetype(annotations.media))
    points = 0
    for tier, labels in layers(annotations.labels).items():
        attributes: dict[str, Any] = {}
        if labels[0].subject:
            attributes["part"] = labels[0].subject
        if labels[0].annotator:
            attributes["ann"] = labels[0].annotator
        eaf.add_tier(tier, **attributes)
        for label in labels:
            start, end = round(label.start * 1000), round(label.end * 1000)
            points += end == start
            eaf.add_annotation(tier, start, max(end, start + 1), label.name)
    eaf.to_file(str(path))
    return (f"{points} labels without a length became 1 ms long, ELAN's shortest",) if points else ()


def _annotations(eaf: Any, tier: str, slots: Mapping[str, float]) -> Iterator[tuple[float, float, str]]:
    aligned, referring, _, _ = eaf.tiers[tier]
    for first, last, text, _ in aligned.values():
        yield slots[first], slots[last], text or ""
    for reference, text, _, _ in referring.values():
        times = _times_of(eaf, reference, slots)
        if times is not None:
            yield *times, text or ""


def _times_of(eaf: Any, annotation: str, slots: Mapping[str, float]) -> tuple[float, float] | None:
    """The times of the annotation that another one refers to, through any number of steps."""
    seen: set[str] = set()
    while annotation not in seen:
        seen.add(annotation)
        tier = eaf.annotations.get(annotation)
        if tier is None:
            return None
        aligned, referring, _, _ = eaf.tiers[tier]
        if annotation in aligned:
            first, last, _, _ = aligned[annotation]
            return slots[first], slots[last]
        annotation = referring[annotation][0]
    return None


def _interpolated(timeslots: Mapping[str, int | None]) -> dict[str, float]:
    """Times (ms) of all slots, which stand in the file in order of time."""
    names, times = list(timeslots), list(timeslots.values())
    found: list[float] = []
    last = 0.0
    for index, time in enumerate(times):
        if time is None:
            ahead = next((k for k in range(index, len(times)) if times[k] is not None), None)
            following = last if ahead is None else float(times[ahead])  # type: ignore[arg-type]
            steps = 1 if ahead is None else ahead - index + 1
            time = last + (following - last) / steps
        last = float(time)
        found.append(last)
    return dict(zip(names, found, strict=True))


def _mimetype(name: str) -> str:
    import mimetypes

    return mimetypes.guess_type(name)[0] or "video/mp4"


def _said(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
