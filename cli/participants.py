"""``bitflow participants``: covariates of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, Store, result, result_json, say


def participants(
    store: Store,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV with a column `recording`.", show_default=False)
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern", metavar="PATTERN", help="Read from the ids: '{participant}/visit{visit}'.", show_default=False
        ),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Attach participant, visit, group and other covariates to recordings; without FILE or --pattern show them.

    bitflow participants features/ participants.csv
    bitflow participants features/ --pattern '{participant}/visit{visit}'
    """
    from bitflow.cohort.wording import plural, printable
    from bitflow.errors import UsageError
    from bitflow.participants import attach_file, attach_pattern, read_participants, unmatched
    from bitflow.store import open_store

    if file is not None and pattern is not None:
        raise UsageError("name a file or a pattern, not both")
    opened = open_store(store)
    if file is not None:
        rows = attach_file(opened, file)
    elif pattern is not None:
        rows = attach_pattern(opened, pattern)
    else:
        rows = read_participants(opened)
        if rows is None:
            raise UsageError(f"{store}: no covariates are attached; name a CSV file or --pattern")
    without, _ = unmatched(opened, rows)
    left_out = rows.attrs.get("left_out", [])
    if json:
        told = {"store": str(opened.path), "rows": rows.to_dict("records"), "without": without, "left_out": left_out}
        result_json(told)
        return 0
    for line in rows.to_string(index=False, max_rows=40).splitlines():
        result(line)
    result(
        f"covariates of {plural(len(rows), 'recording')}: {', '.join(str(c) for c in rows.columns if c != 'recording')}"
    )
    if left_out:
        some = ", ".join(printable(name) for name in left_out[:5])
        say(f"left out, since the store has no such recording: {plural(len(left_out), 'row')} ({some})")
    if without:
        some = ", ".join(printable(name) for name in without[:5])
        say(f"{plural(len(without), 'recording')} without covariates: {some}")
    return 0
