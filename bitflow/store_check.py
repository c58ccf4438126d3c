"""Verify a feature store: every table opens, keeps its schema, and stands on the tables it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bitflow.errors import SchemaError, StoreError
from bitflow.store import FeatureStore, Finding, Recording, fingerprint
from bitflow.tables import RowCheck, TableFile


def check_store(store: FeatureStore) -> list[Finding]:
    """Findings of every recording, in the store's order, and of the store as a whole."""
    findings: list[Finding] = []
    mesh_models: dict[str, str] = {}
    for name in store:
        recording = store[name]
        findings += _check_index(recording)
        metadata: dict[str, dict[str, Any]] = {}
        for table in recording.tables:
            try:
                metadata[table] = _checked_metadata(recording.file(table), table)
            except (StoreError, SchemaError) as error:
                findings.append(Finding(name, table, "error", str(error)))
        findings += _check_lineage(recording, metadata)
        model = metadata.get("face_landmarks", {}).get("provenance", {}).get("parameters", {}).get("face_landmarks", {})
        if "model" in model:
            mesh_models.setdefault(model["model"], name)
    if len(mesh_models) > 1:
        seen = ", ".join(f"{model} (as in {name})" for model, name in sorted(mesh_models.items()))
        findings.append(
            Finding(
                "",
                "face_landmarks",
                "warning",
                f"the recordings' face meshes come from different models, {seen}, which disagree by 1-2 % of the "
                f"inter-ocular distance; extract all with --set face_landmarks.model=… before comparing them",
            )
        )
    return findings


def _check_index(recording: Recording) -> Iterator[Finding]:
    path = recording.path / "recording.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield Finding(recording.id, None, "warning", f"{path}: missing; the next extraction writes it again")
        return
    except (OSError, ValueError) as error:
        yield Finding(recording.id, None, "error", f"{path}: cannot be read: {error}")
        return
    if described.get("status") == "failed":
        yield Finding(recording.id, None, "warning", f"failed: {described.get('error')}")
    for table in described.get("tables", {}):
        if table not in recording:
            yield Finding(recording.id, table, "error", "recording.json lists the table, but its file is gone")


def _checked_metadata(file: TableFile, table: str) -> dict[str, Any]:
    """The metadata of a table all of whose rows were read and held against the schema."""
    metadata = file.metadata
    schema = file.schema
    if schema.name != table:
        raise SchemaError(f"{file.path}: holds the table {schema.name!r} under another name")
    check = RowCheck(schema)
    for batch in file.batches():
        check(batch)
    if check.rows != file.rows:
        raise StoreError(f"{file.path}: {file.rows} rows announced, {check.rows} found")
    return metadata


def _check_lineage(recording: Recording, metadata: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    for table, stamped in metadata.items():
        provenance = stamped.get("provenance")
        if provenance is None:
            yield Finding(recording.id, table, "warning", "carries no provenance: bitflow did not make it")
            continue
        if fingerprint(provenance) != stamped.get("fingerprint"):
            yield Finding(recording.id, table, "error", "its fingerprint does not fit its provenance")
        for source, made in provenance["inputs"].items():
            if source == "media":
                continue
            if source not in metadata and source in recording:
                continue  # damaged, which is told already
            if source not in metadata:
                yield Finding(recording.id, table, "warning", f"was made from {source!r}, which is no longer there")
            elif metadata[source].get("fingerprint") != made:
                yield Finding(
                    recording.id,
                    table,
                    "warning",
                    f"is out of date: {source!r} was made again since; extract {table!r} again",
                )
