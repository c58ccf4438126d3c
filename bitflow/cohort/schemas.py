"""The tables that a store of this installation may hold."""

from __future__ import annotations

from bitflow.errors import UsageError
from bitflow.extraction.plan import nearest, registered
from bitflow.store import RECORDINGS
from bitflow.tables import Schema


def known_schemas() -> dict[str, Schema]:
    """Schemas by table name: what the registered extractors make, and the store's own index."""
    made = {schema.name: schema for kind in registered().values() for schema in kind.tables}
    return {**dict(sorted(made.items())), RECORDINGS.name: RECORDINGS}


def schema_of(table: str) -> Schema:
    """One table's schema.

    Raises
    ------
    UsageError
        There is no such table; the nearest one is offered.
    """
    schemas = known_schemas()
    if table not in schemas:
        raise UsageError(f"there is no table {table!r}{nearest(table, schemas)}")
    return schemas[table]
