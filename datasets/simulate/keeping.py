"""Simulated recordings into a store, marked as such in every table and in recording.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bitflow.drafts import replace_file
from bitflow.store import Recording, fingerprint
from bitflow.tables import Schema, canonical_json, write_table

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = "simulated"


def keep_table(
    place: Recording, schema: Schema, batch: pa.RecordBatch, note: str, parameters: Mapping[str, Any] | None = None
) -> None:
    """Commit a table whose values nobody measured; `parameters` are those of the simulator."""
    provenance = {
        "extractor": SOURCE,
        "version": "1",
        "parameters": {SOURCE: dict(parameters)} if parameters else {},
        "models": {},
        "inputs": {},
        "simulated": True,
    }
    stamp = {"provenance": provenance, "fingerprint": fingerprint(provenance), "notes": [note], "simulated": True}
    write_table(place.path / f"{schema.name}.parquet", schema, [batch], stamp, durable=False)


def keep_description(place: Recording, note: str, media: Mapping[str, Any]) -> None:
    """Write recording.json: no file, nothing failed, `media` as a header would have it."""
    info = {
        "id": place.id,
        "path": None,
        "status": "done",
        "error": None,
        "notes": [note],
        "simulated": True,
        "media": dict(media),
        "tables": {},
    }
    replace_file(place.path / "recording.json", canonical_json(info).encode())
