"""``bitflow regions``: regions of interest of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitflow.cli.console import Config, Json, Store, columns, result, result_json, say
from bitflow.cli.recordings import names, one_recording

if TYPE_CHECKING:
    from bitflow.store import Recording


def regions(
    store: Store,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="JSON or GeoJSON of polygons and lines, px.", show_default=False),
    ] = None,
    recordings: Annotated[
        str | None, typer.Option("--recordings", metavar="A,B", help="These recordings.", show_default="all")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE.html", help="Write a page to draw them on.", show_default=False),
    ] = None,
    time: Annotated[
        float | None,
        typer.Option("--time", metavar="S", help="With --page: the frame to draw on.", show_default="the middle"),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Drop the regions of the recordings.")] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Take in regions of interest from FILE, or list those that are there.

    Places are px of the picture, x to the right and y down. --page writes a
    page on which regions are drawn by mouse over a frame of one recording;
    what it saves is a FILE. Regions that were there are replaced.

      bitflow regions features/ --recordings mouse_07 --page draw.html
      bitflow regions features/ regions.json
    """
    from bitflow.errors import UsageError
    from bitflow.regions import Regions, keep_regions, read_regions, read_regions_file, write_regions
    from bitflow.store import open_store

    opened = open_store(store)
    chosen: list[Recording] = [opened[name] for name in (names(recordings) or opened)]
    if sum((file is not None, page is not None, forget)) > 1:
        raise UsageError("take in a FILE, write a --page or --forget: one at a time")
    if time is not None and page is None:
        raise UsageError("--time chooses the frame of a --page")
    if not chosen:
        raise UsageError(f"{store}: the store holds no recordings")
    if page is not None:
        from bitflow.report.regions_page import write_regions_page

        one = chosen[0] if len(chosen) == 1 else one_recording(opened, None)
        write_regions_page(one, page, time=time)
        if not json:
            result(f"{page}: open it in a browser, draw, save, and give the file to `bitflow regions {store}`")
            return 0
    elif file is not None:
        taken = read_regions_file(file)
        for recording in chosen:
            for note in keep_regions(recording, taken):
                say(f"{recording.id}: {note}")
    elif forget:
        for recording in chosen:
            write_regions(recording, Regions())
    known = {recording.id: read_regions(recording) for recording in chosen}
    if json:
        entries = [{"recording": id, **each.as_dict()} for id, each in known.items()]
        result_json({"store": str(store), "recordings": entries, **({"page": str(page)} if page else {})})
        return 0
    rows = [
        (
            id,
            region.name,
            region.kind,
            f"{region.area:.0f} px²" if region.kind == "polygon" else "",
            _extent(region.bounds),
        )
        for id, each in known.items()
        for region in each
    ]
    for line in columns(rows, indent=""):
        result(line)
    if not rows:
        result("no regions; `bitflow regions STORE --page FILE.html` writes a page to draw them on")
    return 0


def _extent(bounds: tuple[float, float, float, float]) -> str:
    left, top, right, bottom = bounds
    return f"x {left:g} to {right:g}, y {top:g} to {bottom:g}"
