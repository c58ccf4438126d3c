"""Leaving out what says who somebody is.

What stays is behaviour over time: boxes, angles, scores, durations. What goes is what a person could be recognised
by, or named in: see `LEFT_OUT`. Nothing here makes data anonymous in the sense of a law: rare behaviour, a group or
an age may still single somebody out.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import replace_file
from bitflow.errors import UsageError

if TYPE_CHECKING:
    from bitflow.exporting.content import TableContent
    from bitflow.tables import Column

#: Tables that do not leave at all, with what they hold.
TABLES = {
    "face_landmarks": "the shape of faces",
    "face_appearance": "what people look like",
    "body_appearance": "what people look like",
    "embeddings": "vectors that tell people apart",
    "words": "what was said",
    "captions": "descriptions of people",
    "annotations": "text that people wrote",
    "poses": "points of bodies",
}

#: Text columns that hold one of a few words, none of them a person's.
_SAFE_TEXT = frozenset({"kind", "handedness", "language", "side", "unit"})

#: Text columns that are safe in these tables, where programs fill them.
_SAFE_NAMES = frozenset({"events", "segments", "predictions", "measures"})

#: Roles that say nothing else about a person; any other is called ``other``.
_ROLES = frozenset(
    {
        *("participant", "patient", "client", "control", "interviewer", "clinician", "therapist", "examiner"),
        *("parent", "mother", "father", "caregiver", "child", "infant", "partner", "peer", "sibling", "teacher"),
        "other",
    }
)

LEFT_OUT = (
    "left out: the tables "
    + ", ".join(sorted(TABLES))
    + "; every point and vector of other tables; texts, paths, file hashes, notes; MFCCs, which are a voice's print; "
    "covariates but group and visit. Replaced: ids of recordings and participants, names of speakers, unusual roles"
)


def content_left(content: TableContent, speakers: Renamed) -> TableContent | None:
    """What may leave of a table; None when nothing may. `speakers` are those of the recording, in all its tables."""
    name = content.schema.name
    if name in TABLES or name.endswith("_appearance") or "embedding" in name:
        return None
    columns = tuple(column for column in content.schema.columns if _may_leave(name, column))
    changes: dict[str, Any] = {}
    if any(column.name == "role" and column.dtype == "string" for column in columns):
        changes["role"] = _plain_roles
    if any(column.name == "speaker" and column.dtype == "string" for column in columns):
        changes["speaker"] = speakers
    return replace(content, schema=replace(content.schema, columns=columns), changes=changes)


def _may_leave(table: str, column: Column) -> bool:
    if column.shape or column.name.startswith("mfcc"):
        return False
    if not column.is_text or column.name in _SAFE_TEXT or column.name in ("role", "speaker"):
        return True
    return column.name == "name" and table in _SAFE_NAMES


def _plain_roles(values: list[Any]) -> list[Any]:
    return [value if value is None or value.strip().lower() in _ROLES else "other" for value in values]


@dataclass
class Renamed:
    """Names replaced by numbers in the order in which they come."""

    prefix: str
    numbers: dict[str, int] = field(default_factory=dict)

    def __call__(self, values: list[Any]) -> list[Any]:
        """The names of a batch."""
        return [
            value if value is None else f"{self.prefix}{self.numbers.setdefault(value, len(self.numbers))}"
            for value in values
        ]


class Pseudonyms:
    """Random ids in the place of recordings' and participants' own.

    Without a file they are forgotten with the export, and nobody can go back. With one (the key) the same ids are
    given again, and who holds it can.

    Parameters
    ----------
    key
        A CSV file with the columns `kind`, `id` and `pseudonym`; made when it is not there.
    """

    def __init__(self, key: Path | None = None) -> None:
        self._key = key
        self._given: dict[tuple[str, str], str] = {}
        if key is not None and key.exists():
            try:
                rows = csv.DictReader(key.read_text(encoding="utf-8").splitlines())
                self._given = {(row["kind"], row["id"]): row["pseudonym"] for row in rows}
            except (OSError, UnicodeDecodeError, KeyError) as error:
                raise UsageError(f"{key}: is no key of pseudonyms (columns kind, id, pseudonym): {error}") from error

    def __call__(self, kind: str, name: str) -> str:
        """The pseudonym of a ``recording`` or ``participant``."""
        if (kind, name) not in self._given:
            taken = set(self._given.values())
            fresh = next(text for text in iter(lambda: f"{kind[0]}{secrets.token_hex(4)}", "") if text not in taken)
            self._given[kind, name] = fresh
        return self._given[kind, name]

    def assign(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """The pseudonyms of all names, given out in an order that says nothing."""
        shuffled = sorted(names, key=lambda _: secrets.token_bytes(8))
        return {name: self(kind, name) for name in shuffled}

    def save(self) -> None:
        """Write the key, where one was asked for."""
        if self._key is None:
            return
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("kind", "id", "pseudonym"))
        writer.writerows((kind, name, given) for (kind, name), given in sorted(self._given.items()))
        self._key.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._key, text.getvalue().encode())
