"""``bitflow schema``: what tables and columns mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitflow.cli.console import Config, Json, columns, result, result_json

if TYPE_CHECKING:
    from bitflow.tables import Column, Schema


def schema(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="One table by name.", show_default=False)] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print the tables that can be made, or one table's columns with their units."""
    from bitflow.cohort.schemas import known_schemas, schema_of

    if table is None:
        schemas = known_schemas()
        if json:
            result_json([shown.as_dict() for shown in schemas.values()])
            return
        kinds = {"frame": "frame", "signal": "instant", "interval": "interval", "entity": "entity"}
        rows = [("table", "one row per", "columns", "")]
        rows += [
            (
                name,
                kinds[shown.rows] + (f" × {shown.tracks}" if shown.tracks else ""),
                str(len(shown.columns)),
                shown.description,
            )
            for name, shown in schemas.items()
        ]
        for line in columns(rows):
            result(line)
        return
    shown = schema_of(table)
    if json:
        result_json(shown.as_dict())
    else:
        _print_columns(shown)


def _print_columns(shown: Schema) -> None:
    result(f"{shown.name}: {shown.description or f'one row per {shown.rows}'}")
    result()
    rows = [("column", "type", "unit", "range", "frame", "resampled", "")]
    rows += [
        (
            column.name,
            _type(column),
            column.unit,
            _range(column),
            column.frame or "",
            column.resample or "",
            column.description,
        )
        for column in shown.columns
    ]
    if shown.tracks:
        at = 1 + shown.names.index("track") + 1
        rows.insert(at, ("person", "int32", "1", "", "", "", "who the track is; joined on reading, −1 not known"))
    for line in columns(rows):
        result(line)


def _type(column: Column) -> str:
    return f"{column.dtype}{list(column.shape)}" if column.shape else column.dtype


def _range(column: Column) -> str:
    if column.range is None:
        return ""
    low, high = column.range
    return f"{'−∞' if low is None else f'{low:g}'} … {'∞' if high is None else f'{high:g}'}"
