"""Who was seen and heard in a recording, how long, and when they are seen best."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bitflow.errors import StoreError
from bitflow.people import read_people

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording

#: Thumbnails of one person lie at least this far apart (s).
_APART_S = 1.0


@dataclass(frozen=True)
class PersonSeen:
    """One person of a recording.

    `seen` and `heard` are seconds, `start` and `end` the first and last instant (s), `tracks` the numbers of their
    tracks by kind, `confidence` that of the least sure of them, `corrected` whether somebody's word stands behind it.
    """

    person: int
    role: str | None
    seen: float
    heard: float
    start: float
    end: float
    tracks: dict[str, list[int]]
    confidence: float
    corrected: bool

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)


@dataclass(frozen=True)
class Sight:
    """A moment at which a person is well seen: time (s) and box x, y, width, height (px)."""

    time: float
    box: tuple[float, float, float, float]
    quality: float


def people_seen(recording: Recording) -> list[PersonSeen]:
    """Everybody in a recording, by their number; −1 gathers the tracks of nobody known.

    Raises
    ------
    StoreError
        The recording has no people table.
    """
    if "people" not in recording:
        raise StoreError(
            f"recording {recording.id!r} has no table 'people'; `bitflow extract --extractors people` makes it"
        )
    people = read_people(recording)
    return [_seen(int(str(person)), rows) for person, rows in people.groupby("person", sort=True)]


def best_sights(recording: Recording, person: PersonSeen, most: int = 4) -> list[Sight]:
    """The moments at which a person's face is seen best, in time order; of the body where the face never is."""
    for table, kind in (("faces", "face"), ("bodies", "body")):
        tracks = person.tracks.get(kind, [])
        if not tracks or table not in recording:
            continue
        sights = _sights(recording, table, tracks)
        chosen: list[Sight] = []
        for sight in sorted(sights, key=lambda sight: -sight.quality):
            if all(abs(sight.time - other.time) >= _APART_S for other in chosen):
                chosen.append(sight)
            if len(chosen) == most:
                break
        if chosen:
            return sorted(chosen, key=lambda sight: sight.time)
    return []


def _seen(person: int, rows: pd.DataFrame) -> PersonSeen:
    seconds = rows.groupby("kind")["seconds"].sum()
    sights = [float(seconds.get(kind, 0.0)) for kind in ("face", "body", "hand")]  # the same time, seen thrice
    roles = rows["role"].dropna()
    return PersonSeen(
        person,
        str(roles.iloc[0]) if len(roles) else None,
        max(sights),
        float(seconds.get("speaker", 0.0)),
        float(rows["start"].min()),
        float(rows["end"].max()),
        {str(kind): sorted(int(t) for t in part["track"]) for kind, part in rows.groupby("kind")},
        float(rows["confidence"].min()),
        bool(rows["corrected"].any()),
    )


def _sights(recording: Recording, table: str, tracks: list[int]) -> list[Sight]:
    schema = recording.schema(table)
    worth = next((name for name in ("quality", "score") if name in schema), None)
    boxes = ["box_x", "box_y", "box_width", "box_height"]
    if any(name not in schema for name in boxes):
        return []
    rows = recording.table(table, ["time", "track", *boxes, *([worth] if worth else [])])
    rows = rows[rows["track"].isin(tracks)]
    if worth:
        rows = rows.sort_values(worth, ascending=False).head(2000)
    return [
        Sight(float(row["time"]), tuple(float(row[name]) for name in boxes), float(row[worth]) if worth else 1.0)  # type: ignore[arg-type]
        for row in rows.to_dict("records")
    ]
