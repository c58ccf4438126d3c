"""The list of measures as people read it, and what a store lacks for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bitflow.measures.registry import Measure, select
from bitflow.store import FeatureStore

#: Rows of the catalogue that nothing here can compute, and why.
NOT_COMPUTED = {
    "egemaps": "eGeMAPS needs openSMILE, which is for research only: `bitflow[opensmile]`",
}


def listing(store: FeatureStore | None, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """One row a measure: id, family, unit, maturity, definition, needs, and why the store cannot give it (or
    nothing)."""
    there: set[str] | None = None
    people = 2
    if store is not None:
        there = {table for name in store for table in store[name].tables}
        people = max((_people(store, name) for name in store), default=0)
    rows = [
        {
            "id": measure.id,
            "family": measure.family,
            "unit": measure.unit,
            "scope": measure.scope,
            "maturity": "core" if measure.core else "experimental",
            "definition": measure.title,
            "needs": list(measure.needs),
            "available": _lacking(measure, there, people),
        }
        for measure in select(names)
    ]
    if names is None:
        rows += [
            {
                "id": f"{stem}_*",
                "family": "voice",
                "unit": "1",
                "scope": "person",
                "maturity": "not computed",
                "definition": "",
                "needs": [],
                "available": f"not computed: {why}",
            }
            for stem, why in NOT_COMPUTED.items()
        ]
    return rows


def _lacking(measure: Measure, tables: set[str] | None, people: int) -> str:
    if tables is None:
        return ""
    missing = [need for need in measure.needs if not tables & set(need.split("|"))]
    if missing:
        return f"not computed: the store lacks {', '.join(need.replace('|', ' or ') for need in missing)}"
    if measure.scope == "pair" and people < 2:
        return "not computed: no recording shows two persons"
    return ""


def _people(store: FeatureStore, name: str) -> int:
    from bitflow.people import read_people

    rows = read_people(store[name])
    return int(rows.loc[rows["person"] >= 0, "person"].nunique()) if len(rows) else 1
