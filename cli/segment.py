"""``bitflow segment``: behaviour of animals cut into kinds, without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, Store, columns, result, result_json, say

REFUSED = 3


def segment(
    store: Store,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Receives segments.csv, kinds.json, ethogram.html."),
    ] = None,
    recordings: Annotated[
        str | None, typer.Option("--recordings", metavar="ID,…", help="These together.", show_default="all with poses")
    ] = None,
    kinds: Annotated[
        int | None,
        typer.Option("--kinds", metavar="K", min=2, max=40, help="How many.", show_default="as many as hold up"),
    ] = None,
    jitter: Annotated[
        float | None,
        typer.Option("--jitter", metavar="PX", min=0.0, help="Noise to survive.", show_default="the tracker's own"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Same number, same segments.")] = 0,
    config: Config = None,
    json: Json = False,
) -> int:
    """Cut animals' behaviour into kinds without labels, and say whether the data hold so many kinds up.

    The segments become the table `segments` of the store. Where no number of kinds survives the tracker's noise and
    other halves of the data, there is no timeline: `unstable`, exit code 3; --kinds keeps one all the same, marked.
    """
    from bitflow.models.segmentation.tables import export_segments, segment_store
    from bitflow.store import open_store

    opened = open_store(store)
    chosen = [name.strip() for name in recordings.split(",")] if recordings else None
    done = segment_store(opened, recordings=chosen, kinds=kinds, jitter=jitter, seed=seed)
    kept = done.discovery.supported or kinds is not None
    files = export_segments(done, output) if output is not None and kept else []
    code = 0 if kept else REFUSED
    if json:
        result_json({**done.as_dict(), "status": "stable" if done.discovery.supported else "unstable",
                     "files": [str(path) for path in files]})  # fmt: skip
        return code
    if not kept:
        say("unstable: no number of kinds survives the tracker's noise and other halves of the data; give more or")
        say("cleaner recordings, or ask for a number with --kinds")
    header = ("kinds", "other restarts", "noise", "other half", "")
    rows = [
        (each.kinds, _number(each.seed), _number(each.jitter), _number(each.split), "holds" if each.holds else "")
        for each in done.discovery.stability
    ]
    result("\n".join(columns([header, *rows])))
    if kept:
        head = ("", "share", "segments", "median", "speed", "")
        shown = [
            (
                f"kind {p.kind + 1}",
                f"{100 * p.share:.0f} %",
                p.segments,
                f"{p.median_s:.1f} s",
                f"{p.card['speed_bl_per_s']:.2f} bl/s",
                "",
            )
            for p in done.portraits
        ]
        result("\n".join(columns([head, *shown])))
    for note in done.notes:
        say(note)
    for path in files:
        say(f"wrote {path}")
    return code


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"
