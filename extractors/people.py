"""Who is who: the tracks of faces, bodies, hands and voices joined to persons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from bitflow.extractors.identity.clusters import Likeness, cluster, confidences
from bitflow.extractors.identity.sightings import Sighting, read_sightings
from bitflow.extractors.tracking import appearance
from bitflow.people import PEOPLE
from bitflow.tables import Schema, TableFile

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime

FACES = Likeness(appearance.appearance_distance, appearance.SAME, appearance.DIFFERENT)


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
    uses: ClassVar[tuple[str, ...]] = ("faces", "face_appearance")
    tables: ClassVar[tuple[Schema, ...]] = (PEOPLE,)

    def resolve(self) -> Self:
        """Nothing is left open."""
        return self

    def models(self) -> tuple[str, ...]:
        """None."""
        return ()

    def derive(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """One row a track."""
        faces = read_sightings(upstream, "face", "faces", "face_appearance")
        groups = cluster(faces, FACES)
        groups.sort(key=lambda group: sum(face.prominence for face in group), reverse=True)
        claims = [
            Claim.of(face, person, sure[face.track])
            for person, group in enumerate(groups)
            for sure in [confidences(group, FACES)]
            for face in group
        ]
        yield PEOPLE.name, _batch(claims)


def _batch(claims: Iterable[Claim]) -> pa.RecordBatch:
    rows = sorted(claims, key=lambda claim: (claim.kind, claim.track))
    columns = {name: [getattr(row, name) for row in rows] for name in PEOPLE.names if name != "role"}
    return PEOPLE.batch(columns | {"role": None})
