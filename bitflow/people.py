"""Who is who: tracks of faces, bodies, hands and voices joined to persons.

The `people` table says what the machine found, one row a track. Tables hold tracks only; reading joins them to a
`person` here, so that a correction rewrites nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitflow.tables import TRACK, Column, Schema

if TYPE_CHECKING:
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
        Column("frames", "int64", "1", "frames in which it was seen, or 10 ms steps in which it was heard"),
    ),
    "one row a track: whose it is",
)


def persons_of(recording: Recording, kind: str) -> dict[int, int]:
    """Track → person for one kind of track; empty when nobody has been told apart."""
    if "people" not in recording:
        return {}
    people = recording.file("people").frame(["kind", "track", "person"])
    chosen = people[people["kind"] == kind]
    return dict(zip(chosen["track"].tolist(), chosen["person"].tolist(), strict=True))
