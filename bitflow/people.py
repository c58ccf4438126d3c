"""Who is who: tracks of faces, bodies, hands and voices joined to persons, and corrections by hand.

The `people` table says what the machine found, one row a track. Tables hold tracks only; reading joins them to a
`person` here, so that a correction rewrites nothing. Corrections lie beside the table in ``people.json``. They speak
of tracks, each remembered with the time it spans, and not of person numbers, which a new extraction may deal out
anew: so they survive one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from bitflow.drafts import replace_file
from bitflow.errors import StoreError, UsageError
from bitflow.tables import TRACK, Column, Schema, canonical_json

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording

PEOPLE = Schema(
    "people",
    "entity",
    (
        Column("kind", "string", description="face, body, hand or speaker", nullable=False),
        TRACK,
        Column("person", "int32", "1", "one number a human in the recording; -1 when not known", range=(-1, None)),
        Column("confidence", "float32", "1", "how clearly the track is this person's", range=(0, 1)),
        Column("role", "string", description="participant, interviewer, …; null until somebody says"),
        Column("start", "float64", "s", "first seen or heard"),
        Column("end", "float64", "s", "last seen or heard"),
        Column("seconds", "float64", "s", "how long it was seen or heard", range=(0, None)),
    ),
    "one row a track: whose it is",
)

CORRECTIONS = "people.json"

Row = dict[str, Any]

#: A remembered track that is gone is taken for the one of its kind that shares this much of the time of both.
SAME_SPAN = 0.5


@dataclass(frozen=True)
class TrackMark:
    """A track as a correction remembers it: its number, and the seconds it spanned."""

    kind: str
    track: int
    start: float
    end: float


@dataclass(frozen=True)
class Corrections:
    """What somebody said against the machine.

    `same` are pairs of tracks that belong to one person, `apart` groups of tracks that are a person of their own,
    `roles` what the person of a track is called.
    """

    same: tuple[tuple[TrackMark, TrackMark], ...] = ()
    apart: tuple[tuple[TrackMark, ...], ...] = ()
    roles: tuple[tuple[TrackMark, str], ...] = ()


def read_people(recording: Recording) -> pd.DataFrame:
    """The `people` table with the corrections applied; empty when nobody has been told apart.

    Returns
    -------
    pandas.DataFrame
        Columns of `PEOPLE`, and `corrected`: whether somebody's word stands behind the row.
    """
    import pandas as pd

    return pd.DataFrame(people_rows(recording), columns=[*PEOPLE.names, "corrected"])


def people_rows(recording: Recording) -> list[Row]:
    """`read_people` as one mapping a row."""
    if "people" not in recording:
        return []
    rows = [row | {"corrected": False} for row in recording.file("people").read().to_pylist()]
    return _corrected(rows, read_corrections(recording))


def main_person(rows: Iterable[Row]) -> int | None:
    """Who has the role `participant`, or else is seen longest; None where nobody was told apart."""
    people = [row for row in rows if row["person"] >= 0]
    seconds: dict[int, float] = {}
    for row in [row for row in people if row["role"] == "participant"] or people:
        seconds[row["person"]] = seconds.get(row["person"], 0.0) + (row["seconds"] or 0.0)
    return max(seconds, key=lambda person: seconds[person]) if seconds else None


def persons_of(recording: Recording, kind: str) -> dict[int, int]:
    """Track → person for one kind of track, corrections applied."""
    return {row["track"]: row["person"] for row in people_rows(recording) if row["kind"] == kind}


def merge_people(recording: Recording, persons: Iterable[int]) -> None:
    """Say that several persons are one; the smallest number stays."""
    people = people_rows(recording)
    first, *others = [_mark_of(people, person) for person in sorted(set(persons))]
    if not others:
        raise UsageError("a merge takes at least two persons, as in --merge 0,2")
    corrections = read_corrections(recording)
    _write(recording, replace(corrections, same=(*corrections.same, *((first, other) for other in others))))


def split_person(recording: Recording, tracks: Iterable[tuple[str, int]]) -> None:
    """Say that some tracks are a person of their own; `tracks` are pairs of kind and number."""
    people = people_rows(recording)
    group = tuple(_mark(people, kind, track) for kind, track in tracks)
    corrections = read_corrections(recording)
    parted = {(mark.kind, mark.track) for mark in group}
    # An earlier merge of these very tracks is taken back, or it would undo the split.
    same = tuple(pair for pair in corrections.same if not any((mark.kind, mark.track) in parted for mark in pair))
    _write(recording, replace(corrections, same=same, apart=(*corrections.apart, group)))


def name_role(recording: Recording, person: int, role: str) -> None:
    """Say what a person is in the recording: participant, interviewer, parent and so on."""
    people = people_rows(recording)
    corrections = read_corrections(recording)
    _write(recording, replace(corrections, roles=(*corrections.roles, (_mark_of(people, person), role))))


def forget_corrections(recording: Recording) -> None:
    """Go back to what the machine said."""
    (recording.path / CORRECTIONS).unlink(missing_ok=True)


def read_corrections(recording: Recording) -> Corrections:
    """What was said so far.

    Raises
    ------
    StoreError
        The file is not what `merge_people` and its siblings write.
    """
    path = recording.path / CORRECTIONS
    try:
        said: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Corrections(
            tuple((TrackMark(**first), TrackMark(**second)) for first, second in said["same"]),
            tuple(tuple(TrackMark(**mark) for mark in group) for group in said["apart"]),
            tuple((TrackMark(**mark), str(role)) for mark, role in said["roles"]),
        )
    except FileNotFoundError:
        return Corrections()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: cannot be read: {error}; delete it to drop the corrections") from error


def _write(recording: Recording, corrections: Corrections) -> None:
    replace_file(recording.path / CORRECTIONS, canonical_json(asdict(corrections)).encode())


def _corrected(people: list[Row], corrections: Corrections) -> list[Row]:
    fresh = max((row["person"] for row in people), default=-1) + 1
    for group in corrections.apart:
        parted = [row for mark in group if (row := _row_of(people, mark)) is not None]
        for row in parted:
            row.update(person=fresh, confidence=1.0, corrected=True)
        fresh += 1 if parted else 0
    for pair in corrections.same:
        found = [row for mark in pair if (row := _row_of(people, mark)) is not None]
        if len(found) == 2:
            kept, gone = sorted(row["person"] for row in found)
            for row in people:
                if row["person"] == gone:
                    row.update(person=kept, corrected=True)
    for mark, role in corrections.roles:
        named = _row_of(people, mark)
        for row in people:
            if named is not None and row["person"] == named["person"]:
                row.update(role=role, corrected=True)
    return people


def _row_of(people: list[Row], mark: TrackMark) -> Row | None:
    """The row of the marked track, or of the one that took its place in a new extraction."""
    kind = [row for row in people if row["kind"] == mark.kind]
    by_likeness = sorted(kind, key=lambda row: (row["track"] == mark.track, _shared_span(row, mark)), reverse=True)
    return next((row for row in by_likeness if _shared_span(row, mark) >= SAME_SPAN), None)


def _shared_span(row: Row, mark: TrackMark) -> float:
    """Seconds that both span, as a fraction of the seconds that either does."""
    either = max(row["end"], mark.end) - min(row["start"], mark.start)
    both = min(row["end"], mark.end) - max(row["start"], mark.start)
    return both / either if either > 0 else 1.0


def _mark_of(people: list[Row], person: int) -> TrackMark:
    """The track that stands for a person: the one seen longest."""
    rows = [row for row in people if row["person"] == person]
    if person < 0 or not rows:
        there = ", ".join(str(number) for number in sorted({row["person"] for row in people} - {-1}))
        raise UsageError(f"there is no person {person}; there are: {there or 'none'}")
    return _mark_row(max(rows, key=lambda row: row["seconds"]))


def _mark(people: list[Row], kind: str, track: int) -> TrackMark:
    for row in people:
        if (row["kind"], row["track"]) == (kind, track):
            return _mark_row(row)
    raise UsageError(f"there is no {kind} track {track}; `bitflow people` lists them")


def _mark_row(row: Row) -> TrackMark:
    return TrackMark(row["kind"], row["track"], row["start"], row["end"])
