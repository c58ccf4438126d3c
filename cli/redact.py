"""``bitflow redact``: a video with its faces covered."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from bitflow.cli.console import Config, Json, result, result_json, say
from bitflow.places import place

#: On stderr, a line at most this often (s).
_LINE_S = 10.0


def redact(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A video.", show_default=False)],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The video to write: .mp4, .mov, .mkv.")
    ],
    method: Annotated[
        str, typer.Option("--method", metavar="blur|box", help="How faces are covered; box leaves nothing of them.")
    ] = "blur",
    audio: Annotated[
        str, typer.Option("--audio", metavar="keep|mute|pitch", help="The voice: as it is, gone, four semitones down.")
    ] = "keep",
    store: Annotated[
        Path | None,
        typer.Option(
            "--store", metavar="STORE", parser=place, help="Take the faces from here.", show_default="looked for anew"
        ),
    ] = None,
    margin: Annotated[
        float, typer.Option("--margin", metavar="X", help="How much larger than the head to cover.")
    ] = 1.2,
    bridge: Annotated[
        float, typer.Option("--bridge", metavar="S", help="Longest gap between two sightings that stays covered.")
    ] = 2.0,
    hold: Annotated[
        float,
        typer.Option("--hold", metavar="S", help="How long to cover before the first sighting and after the last."),
    ] = 0.6,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over FILE.")] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Write a copy of a video in which every face that is found is covered, to share it.

    Faces are looked for harder than for measuring, and covered with
    ellipses of the size of heads. A face that is never found stays visible:
    look at the result, above all at the times that are listed. A lower
    voice is not a safe one, and words stay words: mute where that matters.
    Titles, dates and places of the file are left out.

      bitflow redact interview.mp4 -o shared.mp4 --audio pitch
      bitflow redact interview.mp4 -o shared.mp4 --method box --audio mute --store features/
    """
    from bitflow.cohort.cores import available_cores
    from bitflow.cohort.wording import clock, printable
    from bitflow.redaction import Cover
    from bitflow.redaction import redact as run

    due = time.monotonic() + _LINE_S

    def show(stage: str, seconds: float) -> None:
        nonlocal due
        if time.monotonic() >= due:
            say(f"{'looking for faces' if stage == 'faces' else 'writing the video'}: {clock(seconds)}")
            due = time.monotonic() + _LINE_S

    done = run(
        source,
        output,
        method=cast("Any", method),
        audio=cast("Any", audio),
        store=store,
        cover=Cover(margin=margin, bridge_s=bridge, hold_s=hold),
        overwrite=overwrite,
        threads=available_cores(),
        progress=show,
    )
    if json:
        result_json(done.as_dict())
        return 0
    for note in done.notes:
        say(f"note    {note}")
    for start, end in done.doubtful:
        say(f"look    {start:.2f}–{end:.2f} s: fewer faces are covered than shortly before or after")
    result(f"{printable(str(done.path))}: {done.covered} of {done.frames} pictures have a face covered")
    return 0
