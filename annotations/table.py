"""Labels as plain rows: CSV files, and the table `annotations` of a store."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.annotations.labels import Annotations, Label
from bitflow.errors import SchemaError
from bitflow.exporting.csv_files import as_written, inert
from bitflow.tables import INTERVAL_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

ANNOTATIONS = Schema(
    "annotations",
    "interval",
    (
        *INTERVAL_KEYS,
        Column("tier", "string", "", "stream of the file that the label stood in"),
        Column("subject", "string", "", "whose behaviour it is, as the annotator called them"),
        Column("comment", "string", "", "what the annotator added"),
    ),
    "labels that people gave; `source` is the annotator, a label without a length a point event",
)

#: Columns of a CSV file of labels; the first three are needed.
COLUMNS = ("start", "end", "name", "tier", "subject", "annotator", "value", "comment")


def read_csv_labels(path: Path) -> Annotations:
    """Read a CSV, TSV or semicolon-separated file with the columns `start`, `end` (s) and `name`.

    Raises
    ------
    SchemaError
        A column is missing, or a time is no number; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: is no text in UTF-8: {error.reason}") from error
    head = text.partition("\n")[0]
    delimiter = next((mark for mark in (",", "\t", ";") if mark in head), ",")
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or []]
    missing = [name for name in COLUMNS[:3] if name not in rows.fieldnames]
    if missing:
        there = ", ".join(rows.fieldnames) or "none"
        raise SchemaError(f"{path}, line 1: there is no column {missing[0]!r}; its columns are: {there}")
    labels = []
    for row in rows:
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        start, end, value = (_number(path, rows.line_num, name, cells[name]) for name in ("start", "end", "value"))
        if start is None or end is None or end < start:
            raise SchemaError(f"{path}, line {rows.line_num}: [{cells['start']}, {cells['end']}) is no interval")
        texts = {name: as_written(cells[name]) for name in ("name", "tier", "subject", "annotator", "comment")}
        labels.append(Label(start, end, value=value, **texts))
    return Annotations.of(labels)


def write_csv_labels(path: Path, annotations: Annotations) -> tuple[str, ...]:
    """Write all that a label holds, times to the microsecond; nothing is lost."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for label in annotations.labels:
            start, end = (f"{time:.6f}".rstrip("0").rstrip(".") for time in (label.start, label.end))
            value = "" if label.value is None else repr(label.value)
            name, tier, subject, annotator, comment = map(
                inert, (label.name, label.tier, label.subject, label.annotator, label.comment)
            )
            writer.writerow([start, end, name, tier, subject, annotator, value, comment])
    return ()


def annotation_batch(labels: Iterable[Label]) -> pa.RecordBatch:
    """Rows of `ANNOTATIONS`, by start."""
    rows = [
        {
            **{name: None for name in ANNOTATIONS.names},
            **{name: getattr(label, name) for name in ("start", "end", "name", "value", "tier", "subject", "comment")},
            "track": -1,
            "target": -1,
            "source": label.annotator,
        }
        for label in sorted(labels)
    ]
    return ANNOTATIONS.batch({name: [row[name] for row in rows] for name in ANNOTATIONS.names})


def annotations_of(rows: Iterable[dict[str, Any]], *, duration: float | None = None) -> Annotations:
    """Labels from rows of any interval table: `annotations`, or `events`, `segments`, `predictions`.

    Captions are labelled by their sentence, and what a model said that accepts what is not there is marked
    ``[untrusted]``.
    """
    return Annotations.of(
        (
            Label(
                row["start"],
                row["end"],
                _name(row),
                row.get("tier") or ("captions" if "claims" in row else ""),
                row.get("subject") or _who(row),
                row.get("source") or "",
                row.get("value"),
                row.get("comment") or "",
            )
            for row in rows
            if "claims" not in row or row.get("text")
        ),
        duration=duration,
    )


def _name(row: dict[str, Any]) -> str:
    first, second = ("text", "name") if "claims" in row else ("name", "text")
    name = row.get(first) or row.get(second) or ""
    return f"[untrusted] {name}" if row.get("trust") == "untrusted" else name


def _who(row: dict[str, Any]) -> str:
    """Tables that bitflow made tell people by number, animals by track."""
    for key in ("person", "track"):
        number = row.get(key)
        if number is not None and number >= 0:
            return f"{key} {number}"
    return ""


def _number(path: Path, line: int, column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise SchemaError(f"{path}, line {line}, column {column!r}: {text!r} is not a number") from None
