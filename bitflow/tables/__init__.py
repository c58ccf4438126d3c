"""Schemas with units, and the Parquet files that carry them.

A `Schema` is the one list of a table's columns. It travels inside the Parquet file, so that a table read years later by
any program still says what its numbers mean. `TableWriter` refuses rows that break the schema and makes the finished
file appear in one step.
"""

from __future__ import annotations

from bitflow.tables.cells import tensor
from bitflow.tables.checks import RowCheck
from bitflow.tables.files import TableFile, TableWriter, write_table
from bitflow.tables.keys import FRAME, FRAME_KEYS, INTERVAL_KEYS, TIME, TRACK, TRACK_KEYS
from bitflow.tables.schema import (
    CLOCK_KEYS,
    Column,
    ReferenceFrame,
    Resample,
    Schema,
    canonical_json,
    read_metadata,
)

__all__ = [
    "CLOCK_KEYS",
    "FRAME",
    "FRAME_KEYS",
    "INTERVAL_KEYS",
    "TIME",
    "TRACK",
    "TRACK_KEYS",
    "Column",
    "ReferenceFrame",
    "Resample",
    "RowCheck",
    "Schema",
    "TableFile",
    "TableWriter",
    "canonical_json",
    "read_metadata",
    "tensor",
    "write_table",
]
