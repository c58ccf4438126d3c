"""``bitflow measure``: numbers from a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, columns, result, result_json, say
from bitflow.places import place


def measure(
    store: Annotated[Path, typer.Argument(metavar="STORE", parser=place, help="A feature store.")] = Path("features"),
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Receives measures.csv, measures_long.parquet, dictionary.csv and methods.md.",
            show_default=False,
        ),
    ] = None,
    measures: Annotated[
        str | None,
        typer.Option("--measures", metavar="ID,…|FAMILY", help="Only these; also: core.", show_default="all"),
    ] = None,
    window: Annotated[
        float | None, typer.Option("--window", metavar="S", help="Also values for every window of S seconds.")
    ] = None,
    intervals: Annotated[
        str | None,
        typer.Option(
            "--intervals",
            metavar="FILE",
            help="Also values for every interval: CSV with start,end[,name,recording], or a table of the store.",
            show_default=False,
        ),
    ] = None,
    participants: Annotated[
        Path | None,
        typer.Option("--participants", metavar="FILE", help="Attach covariates first, as `bitflow participants`."),
    ] = None,
    reliability: Annotated[
        bool, typer.Option("--reliability", help="Also reliability.csv: split-half, and test-retest of visits.")
    ] = False,
    show_list: Annotated[
        bool, typer.Option("--list", help="List the measures, and which the store cannot give.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Measure behaviour: one row a person and recording, each value with interval, coverage and reason.

    Values are kept in the store as the table `measures`, what was counted as `events`; -o exports them.

      bitflow measure features/ -o measures/
      bitflow measure features/ --measures eyes,head_nod_rate_per_min --window 60 -o measures/
      bitflow measure --list
    """
    from bitflow.cohort.wording import plural, printable
    from bitflow.errors import UsageError
    from bitflow.measures.listing import listing
    from bitflow.measures.registry import broken_plugins
    from bitflow.measures.run import measure_store
    from bitflow.store import open_store
    from bitflow.studies.index import measure_index

    chosen = [name.strip() for name in measures.split(",") if name.strip()] if measures else None
    for complaint in broken_plugins():
        say(f"bitflow: a plug-in's measures are left out: {complaint}")
    if show_list:
        rows = listing(open_store(store) if (store / "bitflow.json").is_file() else None, chosen)
        if json:
            result_json(rows)
        else:
            for line in columns([(r["id"], r["unit"], r["maturity"], r["available"] or r["definition"]) for r in rows]):
                result(line)
        return 0
    if reliability and output is None:
        raise UsageError("--reliability writes reliability.csv: say where with -o")
    if participants is not None:
        from bitflow.participants import attach_file

        if left_out := attach_file(open_store(store), participants).attrs["left_out"]:
            say(f"bitflow: {participants} names recordings that the store lacks: {', '.join(left_out[:5])}")
    done = measure_store(
        store,
        output,
        measures=chosen,
        window=window,
        intervals=intervals,
        reliability=reliability,
        progress=lambda name: say(f"measured  {printable(name)}"),
    )
    measure_index(open_store(store))
    summary = done.as_dict()
    if json:
        result_json(summary)
    else:
        result(
            f"{plural(summary['recordings'], 'recording')}: {plural(summary['values'], 'value')}, "
            f"{summary['low_coverage']} of them from little coverage; "
            f"{summary['undefined']} undefined, each with its reason"
        )
        for path in done.files:
            result(f"  {printable(str(path))}")
    for name, sentence in done.failed.items():
        say(f"failed  {printable(name)}: {sentence}")
    return 1 if done.failed else 0
