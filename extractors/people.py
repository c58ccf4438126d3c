"""Who is who: the tracks of faces, bodies, hands and voices joined to persons.

Faces and bodies that go together in the same frames are one person at once; a body that is followed while its face
turns away carries the identity on. What remains is joined by looks: faces before clothes. Hands are whose wrist they
are at, voices whose mouth moves with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from bitflow.extractors.identity.clusters import Group, Likeness, cluster, confidence
from bitflow.extractors.identity.links import (
    BODY_MARKS,
    HAND_MARKS,
    Link,
    face_to_body,
    hand_to_body,
    links,
)
from bitflow.extractors.identity.sightings import Sighting, read_sightings, together
from bitflow.extractors.identity.voices import Mouth, Voice, give_voices, mouth_of
from bitflow.extractors.tracking import appearance, clothing
from bitflow.people import PEOPLE
from bitflow.tables import Schema, TableFile

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime

#: Faces tell people apart better than clothes, which several may wear alike.
LOOKS = {
    "face": Likeness(appearance.appearance_distances, appearance.middle, appearance.SAME, appearance.DIFFERENT),
    "body": Likeness(clothing.clothing_distances, appearance.middle, appearance.SAME, appearance.DIFFERENT),
}


@dataclass(frozen=True)
class Claim:
    """One row of the table: whose a track is, and how clearly."""

    kind: str
    track: int
    person: int
    confidence: float
    start: float
    end: float
    seconds: float

    @classmethod
    def of(cls, sighting: Sighting, person: int, confidence: float) -> Claim:
        """A row for a track that was seen."""
        return cls(sighting.kind, sighting.track, person, confidence, sighting.start, sighting.end, sighting.seconds)


@dataclass(frozen=True)
class People:
    """Extractor of the table `people`.

    Persons are numbered from the most prominent on: 0 is whom the recording shows longest and largest.
    """

    name: ClassVar[str] = "people"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = (
        "faces",
        "face_appearance",
        "face_actions",
        "bodies",
        "body_appearance",
        "hands",
        "speakers",
    )
    tables: ClassVar[tuple[Schema, ...]] = (PEOPLE,)

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Nothing is left open."""
        return self

    def models(self) -> tuple[str, ...]:
        """None."""
        return ()

    def derive(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """One row a track."""
        faces = read_sightings(upstream, "face", "faces", looks="face_appearance")
        bodies = read_sightings(upstream, "body", "bodies", looks="body_appearance", marks=BODY_MARKS)
        hands = read_sightings(upstream, "hand", "hands", marks=HAND_MARKS)
        persons = tell_apart(faces, bodies)
        claims = [
            Claim.of(sighting, person, confidence(sighting, group, LOOKS))
            for person, group in enumerate(persons)
            for sighting in group
        ]
        yield PEOPLE.name, _batch([*claims, *give_hands(hands, persons), *_voice_claims(upstream, persons)])


def tell_apart(faces: list[Sighting], bodies: list[Sighting]) -> list[Group]:
    """Groups of face and body tracks, one a person, the most prominent first."""
    pairs = links(faces, bodies, face_to_body)
    apart = [(("face", face), ("body", body)) for (face, body), link in pairs.items() if link.excludes]
    groups = cluster(_linked(faces, bodies, pairs), LOOKS, apart)
    return sorted(groups, key=_prominence, reverse=True)


def give_hands(hands: Iterable[Sighting], persons: list[Group]) -> list[Claim]:
    """Hands go to the person at whose wrist they are most of the time; −1 where that cannot be told."""
    owners = {body.track: person for person, group in enumerate(persons) for body in group if body.kind == "body"}
    bodies = [one for group in persons for one in group if one.kind == "body"]
    claims: list[Claim] = []
    for hand in hands:
        at = links([hand], bodies, hand_to_body)
        (_, body), link = max(at.items(), key=lambda item: item[1].agreed, default=((0, -1), Link(0, 0)))
        claims.append(Claim.of(hand, owners[body], link.share) if link.holds else Claim.of(hand, -1, 0.0))
    return claims


def _voice_claims(upstream: Mapping[str, TableFile], persons: list[Group]) -> list[Claim]:
    """Voices go to the person whose mouth moves with them."""
    if "speakers" not in upstream:
        return []
    turns = upstream["speakers"]
    starts, ends, tracks = (turns.column(name) for name in ("start", "end", "track"))
    spans = np.stack([starts, ends], axis=1)
    voices = [Voice(int(track), spans[tracks == track]) for track in np.unique(tracks[tracks >= 0])]
    given = give_voices(voices, _mouths(upstream, persons))
    return [
        Claim("speaker", one.track, *given[one.track], one.turns[0, 0], one.turns[:, 1].max(), one.seconds)
        for one in voices
    ]


def _mouths(upstream: Mapping[str, TableFile], persons: list[Group]) -> dict[int, Mouth]:
    if "face_actions" not in upstream:
        return {}
    times, opening, tracks = (upstream["face_actions"].column(name) for name in ("time", "mouth_opening", "track"))
    mouths: dict[int, Mouth] = {}
    for person, group in enumerate(persons):
        mine = np.isin(tracks, [one.track for one in group if one.kind == "face"])
        if mine.any():
            mouths[person] = mouth_of(times[mine], opening[mine].astype(float), tracks[mine])
    return mouths


def _linked(faces: list[Sighting], bodies: list[Sighting], pairs: Mapping[tuple[int, int], Link]) -> list[Group]:
    """Tracks that are seen together as one person, the surest links first; no group holds two faces at once."""
    groups: dict[tuple[str, int], Group] = {(one.kind, one.track): [one] for one in (*faces, *bodies)}
    sure = sorted((pair for pair, link in pairs.items() if link.holds), key=lambda pair: -pairs[pair].agreed)
    for face, body in sure:
        mine, theirs = groups["face", face], groups["body", body]
        if mine is theirs or _clash(mine, theirs):
            continue
        mine += theirs
        for one in theirs:
            groups[one.kind, one.track] = mine
    return list({id(group): group for group in groups.values()}.values())


def _clash(first: Group, second: Group) -> bool:
    return any(a.kind == b.kind and len(together(a, b)[0]) > 0 for a in first for b in second)


def _prominence(group: Group) -> float:
    """By faces, which bodies only stand in for where a person shows none."""
    faces = sum(one.prominence for one in group if one.kind == "face")
    return faces + 1e-3 * sum(one.prominence for one in group if one.kind == "body")


def _batch(claims: Iterable[Claim]) -> pa.RecordBatch:
    rows = sorted(claims, key=lambda claim: (claim.kind, claim.track))
    columns = {name: [getattr(row, name) for row in rows] for name in PEOPLE.names if name != "role"}
    return PEOPLE.batch(columns | {"role": None})
