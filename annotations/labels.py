"""What human labels are, whatever file they stand in: an interval, what it is called, whose it is, who said so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bitflow.errors import SchemaError

#: Between the name of a tier and whose it is, as annotators name tiers: ``smile@mother``.
SUBJECT_MARK = "@"


@dataclass(frozen=True, order=True)
class Label:
    """One label.

    Parameters
    ----------
    start, end
        Seconds on the media clock, ``[start, end)``. Both are the same instant for a point event.
    name
        The category, or the text that was written.
    tier
        The stream it belongs to, where the file has such: an ELAN or TextGrid tier, a BORIS category.
    subject
        Whose behaviour it is; empty when the file does not say.
    annotator
        Who said so.
    value
        Strength, where the label has one.

    Raises
    ------
    SchemaError
        The times are no interval of a recording.

    Examples
    --------
    >>> Label(1.0, 2.5, "smile", subject="mother").duration
    1.5
    """

    start: float
    end: float
    name: str
    tier: str = ""
    subject: str = ""
    annotator: str = ""
    value: float | None = field(default=None, compare=False)
    comment: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end) and self.start <= self.end):
            raise SchemaError(f"the label {self.name!r} cannot last from {self.start} to {self.end} s")

    @property
    def duration(self) -> float:
        """Seconds from start to end; 0 for a point event."""
        return self.end - self.start

    @property
    def stream(self) -> str:
        """What labels of one layer share: the tier and the subject, as ``tier@subject``."""
        tier = self.tier or self.name
        return f"{tier}{SUBJECT_MARK}{self.subject}" if self.subject else tier


@dataclass(frozen=True)
class Annotations:
    """The labels of one recording by start, and what their file says beside them.

    Parameters
    ----------
    duration
        Seconds that were coded, from 0; None when the file does not say.
    media
        Name of the media file that was coded, empty when the file does not say.
    notes
        What a reader must know: what was taken for what, and what could not be kept.
    """

    labels: tuple[Label, ...]
    duration: float | None = None
    media: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, labels: Iterable[Label], *, duration: float | None = None, media: str = "", notes: Iterable[str] = ()
    ) -> Annotations:
        """Labels in any order."""
        return cls(tuple(sorted(labels)), duration, media, tuple(dict.fromkeys(notes)))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The categories that occur, by the alphabet."""
        return tuple(sorted({label.name for label in self.labels}))

    @property
    def end(self) -> float:
        """Seconds that the labels cover from 0: the coded time, or the last end where that is not known."""
        last = max((label.end for label in self.labels), default=0.0)
        return last if self.duration is None else max(last, self.duration)

    def shifted(self, offset: float) -> Annotations:
        """The same with `offset` seconds added to every time."""
        labels = (replace(label, start=label.start + offset, end=label.end + offset) for label in self.labels)
        duration = None if self.duration is None else self.duration + offset
        return replace(self, labels=tuple(labels), duration=duration)

    def named(self, name: str, *, subject: str | None = None) -> tuple[Label, ...]:
        """The labels of one category, of one subject if it is given."""
        return tuple(
            label for label in self.labels if label.name == name and (subject is None or label.subject == subject)
        )

    def by(self, annotator: str) -> Annotations:
        """The same, said by `annotator`."""
        return replace(self, labels=tuple(replace(label, annotator=annotator) for label in self.labels))


def layers(labels: Sequence[Label], *, points_apart: bool = False) -> dict[str, list[Label]]:
    """Labels by stream so that none of a layer overlap, as tiers of ELAN and Praat demand.

    A label that begins before the last of its stream has ended goes to ``stream (2)``, and so on. With `points_apart`
    point events, and the labels that last, never share a layer.
    """
    found: dict[str, list[Label]] = {}
    points: dict[str, bool] = {}
    for label in sorted(labels):
        place, number = label.stream, 1
        while place in found and (
            found[place][-1].end > label.start
            or found[place][-1].start == label.start
            or (points_apart and points[place] != (label.duration == 0))
        ):
            number += 1
            place = f"{label.stream} ({number})"
        found.setdefault(place, []).append(label)
        points[place] = label.duration == 0
    return found


def stream_parts(stream: str) -> tuple[str, str]:
    """The tier and the subject of a stream's name; layers of one stream have the same.

    Examples
    --------
    >>> stream_parts("smile@mother (2)")
    ('smile', 'mother')
    >>> stream_parts("smile")
    ('smile', '')
    """
    head, space, number = stream.rpartition(" ")
    if space and number.startswith("(") and number.endswith(")") and number[1:-1].isdigit() and int(number[1:-1]) > 1:
        stream = head
    tier, mark, subject = stream.rpartition(SUBJECT_MARK)
    return (tier, subject) if mark and tier and subject else (stream, "")


def label_of(stream: str, start: float, end: float, text: str, *, subject: str = "", annotator: str = "") -> Label:
    """A label of a tier: called by its text, or by its tier when nothing was written."""
    tier, marked = stream_parts(stream)
    return Label(start, end, text or tier, tier, subject or marked, annotator)
