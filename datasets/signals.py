"""Any timed CSV onto a recording's clock: physiology, stimulus logs, ratings."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.datasets.foreign_csv import ForeignCsv, read_foreign_csv
from bitflow.datasets.imported import Imported, Origin, listed
from bitflow.errors import SchemaError, UsageError
from bitflow.tables import TIME, Column, Schema

VERSION = "1"

#: Seconds in a unit that the time column may be in.
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0}

#: Names that bitflow's own tables have, and those that stand for more than one table.
RESERVED = frozenset(
    (
        *("frames", "faces", "face_landmarks", "face_actions", "head_pose", "gaze", "people", "bodies", "hands"),
        *("voice", "speech", "words", "speakers", "embeddings", "poses", "events", "segments", "captions"),
        *("predictions", "annotations", "measures", "action_units", "emotions", "recording", "recordings"),
    )
)

_UNIT = re.compile(r"(.+?)\s*[\[(]([^\])]*)[\])]")


def read_signals(
    path: Path,
    recording: str,
    *,
    time: str,
    offset: float = 0.0,
    name: str | None = None,
    time_unit: str = "s",
) -> Imported:
    """Read a CSV in which one column is the time.

    Parameters
    ----------
    recording
        Id of the recording whose clock the file is brought to.
    time
        Name of the column.
    offset
        Seconds that are added to it: where the file's 0 lies on the recording's clock.
    name
        Of the table; by default made from the file's name.
    time_unit
        One of `TIME_UNITS`.

    Raises
    ------
    SchemaError
        A time is missing, no number, given twice or earlier than the one before; the message names the line.
    UsageError
        The name is taken or no name, or the unit is unknown.
    """
    if time_unit not in TIME_UNITS:
        raise UsageError(f"a time column is in {', '.join(TIME_UNITS)}, not {time_unit!r}")
    table = _table_name(path, name)
    csv = read_foreign_csv(path)
    if time not in csv:
        raise SchemaError(f"{path}, line 1: there is no column {time!r}; there are {listed(csv.names)}")
    times = csv.number(time) * TIME_UNITS[time_unit] + offset
    _check_times(csv, time, times)
    columns: dict[str, Column] = {}
    values: dict[str, Any] = {}
    for heading in csv.names:
        if heading == time or not heading:
            continue
        column = _column(csv, heading)
        if column.name in columns or column.name == "time":
            column = replace(column, name=heading if heading not in (*columns, "time") else f"{heading} of the file")
        columns[column.name] = column
        values[column.name] = csv.numbers[heading] if heading in csv.numbers else csv.texts[heading]
    if not columns:
        raise SchemaError(f"{path}, line 1: there is no column beside {time!r}")
    schema = Schema(table, "signal", (TIME, *columns.values()), f"imported from {path.name}")
    note = f"{table}: imported from {path.name}, times from its column {time!r} ({time_unit}), offset {offset:g} s"
    parameters = {"time": time, "offset": offset, "time_unit": time_unit}
    origin = Origin(path, csv.sha256, "signals", VERSION, parameters)
    return Imported(recording, origin, ((schema, schema.batch({"time": times, **values})),), (note,))


def share_within(imported: Imported, duration: float) -> float:
    """Share of the rows that lie between 0 and `duration` s."""
    times = imported.tables[0][1].column("time").to_numpy()
    return float(np.mean((times >= 0) & (times <= duration)))


def _table_name(path: Path, name: str | None) -> str:
    made = re.sub(r"[^a-z0-9]+", "_", (name or path.stem).lower()).strip("_")
    if name is not None and made != name:
        raise UsageError(f"{name!r} is no name of a table: small letters, digits and _ only, as in {made or 'heart'!r}")
    if not made or made in RESERVED:
        raise UsageError(f"{path}: the table cannot be called {made!r}; choose a name with --name")
    return made


def _column(csv: ForeignCsv, heading: str) -> Column:
    """``eda [uS]`` is the column `eda` in uS."""
    match = _UNIT.fullmatch(heading)
    name, unit = (match[1], match[2].strip()) if match else (heading, "")
    if heading in csv.numbers:
        return Column(name, "float64", unit, f"{heading!r} of the imported file", resample="linear")
    return Column(name, "string", unit, f"{heading!r} of the imported file")


def _check_times(csv: ForeignCsv, name: str, times: Any) -> None:
    for wrong, what in (
        (~np.isfinite(times), "the time is missing"),
        (np.diff(times, prepend=-np.inf) == 0, "the time is the same as in the row before"),
        (np.diff(times, prepend=-np.inf) < 0, "the time is earlier than in the row before"),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise SchemaError(f"{csv.path}, line {csv.line(row)}, column {name!r}: {what}")
