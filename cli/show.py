"""``bitflow show``: what is in a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitflow.cli.console import Config, Json, columns, result, result_json
from bitflow.cli.recordings import recording_inside
from bitflow.places import place

if TYPE_CHECKING:
    from bitflow.cohort.overview import RecordingOverview


def show(
    store: Annotated[Path, typer.Argument(metavar="STORE", parser=place, help="A feature store.")] = Path("features"),
    recording: Annotated[
        str | None, typer.Argument(metavar="RECORDING", help="One recording by its id.", show_default=False)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List a store's recordings, or one recording's tables.

    Of a store: each recording's length, tables, rows, size and state. Of a recording: each table's rows and size, the
    extractor, parameters and models that made it, and what a reader must know about it.
    """
    from bitflow.cohort.overview import overview, recording_overview
    from bitflow.store import open_store

    one = recording_inside(store) if recording is None else open_store(store)[recording]
    if one is not None:
        shown = recording_overview(one)
        if json:
            result_json(shown.as_dict())
        else:
            _show_recording(shown)
        return
    opened = open_store(store)
    recordings = overview(opened)
    if json:
        result_json({"store": str(opened.path), "recordings": [shown.as_dict() for shown in recordings]})
    else:
        _show_store(opened.path, recordings)


def _show_store(path: Path, recordings: list[RecordingOverview]) -> None:
    from bitflow.cohort.wording import byte_size, clock, plural, printable

    if not recordings:
        result(f"{printable(str(path))}: no recordings yet")
        return
    rows: list[tuple[str, ...]] = [("recording", "status", "length", "tables", "rows", "size", "")]
    done = [shown.notes for shown in recordings if not shown.error]
    # What is to be known of every recording is said once.
    common = [note for note in done[0] if all(note in notes for notes in done)] if len(done) > 1 else []
    for shown in recordings:
        rows.append(
            (
                printable(shown.id),
                shown.status,
                "" if shown.duration is None else clock(shown.duration),
                str(len(shown.tables)),
                str(shown.rows),
                byte_size(shown.size),
                shown.error or "; ".join(note for note in shown.notes if note not in common),
            )
        )
    for line in columns(rows):
        result(line)
    for note in common:
        result(f"note    {note} (all that are done)")
    failed = sum(shown.status == "failed" for shown in recordings)
    length = clock(sum(shown.duration or 0.0 for shown in recordings))
    size = byte_size(sum(shown.size for shown in recordings))
    names = sorted({table.name for shown in recordings for table in shown.tables})
    result()
    result(
        f"{plural(len(recordings), 'recording')}{f', {failed} failed' if failed else ''}; "
        f"{length} of media, {size} of tables"
    )
    result(f"tables: {', '.join(names) or 'none'}")


def _show_recording(shown: RecordingOverview) -> None:
    from bitflow.cohort.wording import byte_size, clock, printable

    facts = [
        ("recording", printable(shown.id)),
        ("made from", printable(shown.source) if shown.source else "not known"),
        ("length", "not known" if shown.duration is None else clock(shown.duration)),
        ("status", shown.status + (f": {shown.error}" if shown.error else "")),
        *(("note", note) for note in shown.notes),
    ]
    for line in columns(facts):
        result(line)
    result()
    rows: list[tuple[str, ...]] = [("table", "rows", "size", "made by", "parameters and models")]
    for table in shown.tables:
        by = f"{table.extractor} {table.version}" if table.extractor else "another program"
        values = [
            f"{owner}.{name}={value}"
            for owner, owned in (table.parameters or {}).items()
            if isinstance(owned, dict)  # of measures: a list of a hundred ids
            for name, value in owned.items()
        ]
        rows.append((table.name, str(table.rows), byte_size(table.size), by, " ".join([*values, *table.models])))
    for line in columns(rows):
        result(line)
