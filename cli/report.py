"""``bitflow report``: pages that show where numbers come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, result, result_json, say
from bitflow.places import place


def report(
    store: Annotated[Path, typer.Argument(metavar="STORE", parser=place, help="A feature store.")] = Path("features"),
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Receives the pages.")] = Path("report"),
    recordings: Annotated[
        str | None,
        typer.Option("--recordings", metavar="ID,…", help="Only these.", show_default="all"),
    ] = None,
    no_video: Annotated[
        bool,
        typer.Option("--no-video", help="Without pictures, landmarks and words: such pages may leave the building."),
    ] = False,
    link_video: Annotated[
        bool, typer.Option("--link-video", help="Refer to videos where they lie instead of copying them.")
    ] = False,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Heads the index.")] = "",
    config: Config = None,
    json: Json = False,
) -> int:
    """Write HTML pages: each recording's video with what was found, signals, events, words and measures.

    They open from disk and load nothing from a network. Open DIR/index.html.
    """
    from bitflow.cohort.wording import printable
    from bitflow.report.site import write_report
    from bitflow.store import open_store

    chosen = [name.strip() for name in recordings.split(",") if name.strip()] if recordings else None
    page = write_report(
        open_store(store),
        output,
        recordings=chosen,
        video=not no_video,
        link_video=link_video,
        title=title,
        progress=lambda name: say(f"page  {printable(name)}"),
        tell=lambda sentence: say(printable(sentence)),
    )
    if json:
        result_json({"page": str(page), "store": str(store)})
    else:
        result(f"open {printable(str(page))}")
    return 0
