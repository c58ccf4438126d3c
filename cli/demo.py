"""``bitflow demo``: a first look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, is_debug, result, result_json, say


def demo(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where the report and its store go.")
    ] = Path("bitflow-demo"),
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Cores to use.", show_default="all cores")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Extract and measure a clip of a talking face, and write the report that shows it.

    The clip and the models are fetched once and kept (a smaller clip takes its place where it cannot be had). Being
    short for many measures, it gets company: two simulated minutes with known values, marked so. Both are captioned
    from their tables.
    """
    from bitflow.cli.live_progress import live_progress
    from bitflow.datasets.simulate.person import simulate_person
    from bitflow.demo import make_demo
    from bitflow.models.captioning.run import Captioning, caption_store
    from bitflow.store import open_store

    def add(store: Path) -> None:
        simulate_person(store)
        caption_store(open_store(store), Captioning())

    with live_progress(plain=is_debug(context)) as progress:
        page = make_demo(output, workers=workers, progress=progress, tell=say, add=add, debug=is_debug(context))
    if json:
        result_json({"page": str(page), "store": str(output / "features")}, indent=None)
    else:
        result(f"open {page}")
    return 0
