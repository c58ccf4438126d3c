"""Result records: one measured value, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from bitflow.tables import Column, Schema

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MEASURES = Schema(
    "measures",
    "entity",
    (
        Column("recording", "string", description="id of the recording", nullable=False),
        Column("person", "string", description="number of the person; empty for the recording, a+b for two persons"),
        Column("measure", "string", description="id of the measure", nullable=False),
        Column("value", "float64", description="in `unit`; missing when undefined"),
        Column("unit", "string", description="of value and interval"),
        Column("start", "float64", "s", "first instant analysed"),
        Column("end", "float64", "s", "last instant analysed, not included"),
        Column("n_valid", "int64", "1", "samples or events that the value stands on", range=(0, None)),
        Column("duration_valid_s", "float64", "s", "time that the value stands on", range=(0, None)),
        Column("coverage", "float64", "1", "that time over the analysed time", range=(0, 1)),
        Column("ci_low", "float64", description="lower end of the 95 % confidence interval"),
        Column("ci_high", "float64", description="upper end"),
        Column("status", "string", description="ok, low_coverage or undefined"),
        Column("reason", "string", description="why it is undefined, or why it has no interval"),
        Column("method_version", "string", description="version of the measure's definition"),
        Column("params_hash", "string", description="stands for definition and settings"),
        Column("interval", "string", description="name of the window or task; empty for the whole recording"),
        Column("note", "string", description="what a reader must know about this value"),
    ),
    "one measured value a row",
)

#: The columns of measures_long.parquet, in order.
LONG_COLUMNS = MEASURES.names[:16]


@dataclass(frozen=True)
class Record:
    """One row of the table `measures`."""

    recording: str
    person: str
    measure: str
    value: float
    unit: str
    start: float
    end: float
    n_valid: int
    duration_valid_s: float
    coverage: float
    ci_low: float
    ci_high: float
    status: str
    reason: str
    method_version: str
    params_hash: str
    interval: str = ""
    note: str = ""


def record_batch(records: Iterable[Record]) -> pa.RecordBatch:
    """Records as rows of `MEASURES`."""
    rows = list(records)
    columns: Mapping[str, Any] = {field.name: [getattr(row, field.name) for row in rows] for field in fields(Record)}
    return MEASURES.batch(columns)


def record_frame(records: Iterable[Record]) -> pd.DataFrame:
    """Records as a DataFrame with the columns of `MEASURES`."""
    import pandas as pd

    rows = list(records)
    return pd.DataFrame({field.name: [getattr(row, field.name) for row in rows] for field in fields(Record)})
