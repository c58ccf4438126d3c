"""The data dictionary of an export: every column with its unit, reference frame, meaning and resampling rule."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from bitflow.exporting.content import flat_columns

if TYPE_CHECKING:
    from bitflow.tables import Column, Schema

_RULES = {
    "linear": "the line through the neighbours, not across gaps",
    "nearest": "the nearest row's value",
    "previous": "the last row's value",
    "mean": "mean over the bin",
    "overlap": "fraction of the bin",
}


@dataclass(frozen=True)
class Entry:
    """One line of the dictionary."""

    table: str
    column: str
    type: str
    unit: str
    reference_frame: str
    range: str
    resample: str
    description: str


def entries(schema: Schema, *, flat: bool = False) -> list[Entry]:
    """The lines of one table; `flat` takes tensor columns apart as CSV files have them."""
    return [
        entry_of(schema.name, part)
        for column in schema.columns
        for part in (flat_columns(column) if flat else [column])
    ]


def aligned_entries(schemas: Iterable[Schema], columns: Iterable[str]) -> list[Entry]:
    """The lines of an aligned table, whose columns are ``<table>_<column>``."""
    from dataclasses import replace

    found: list[Entry] = []
    known = {schema.name: schema for schema in schemas}
    for name in columns:
        owner = max((table for table in known if name.startswith(f"{table}_")), key=len, default=None)
        if owner is None:
            unit, description = {
                "time": ("s", "instant on the media clock; the row stands for the bin that begins there"),
                "person": ("1", "one number a human in the recording; -1 when not known"),
                "track": ("1", "continuous sighting, where nobody has been told apart"),
            }.get(name, ("", ""))
            found.append(Entry("aligned", name, "float64" if unit == "s" else "int64", unit, "", "", "", description))
            continue
        short = name.removeprefix(f"{owner}_")
        if short in known[owner]:
            column = known[owner][short]
            rule = _RULES.get(column.resample or "", column.resample or "")
            found.append(replace(entry_of("aligned", column), column=name, resample=rule))
        elif short == "valid":
            text = f"whether rows of {owner} were measured there"
            found.append(Entry("aligned", name, "bool", "", "", "", "", text))
        else:
            what = "any of them covers" if short == "overlap" else f"{short!r} covers"
            text = f"{owner}: the part of the bin that {what}"
            found.append(Entry("aligned", name, "float64", "1", "", "[0, 1]", _RULES["overlap"], text))
    return found


def entry_of(table: str, column: Column) -> Entry:
    """One column's line."""
    shape = f" {'×'.join(str(size) for size in column.shape)}" if column.shape else ""
    limits = ""
    if column.range is not None:
        low, high = ("" if limit is None else f"{limit:g}" for limit in column.range)
        limits = f"[{low}, {high}]"
    return Entry(
        table,
        column.name,
        column.dtype + shape,
        column.unit,
        column.frame or "",
        limits,
        column.resample or "",
        column.description,
    )


def as_csv(lines: Iterable[Entry]) -> bytes:
    """The dictionary as a CSV file; a column that several recordings have stands there once."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Entry)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({(line.table, line.column): asdict(line) for line in lines}.values())
    return text.getvalue().encode()
