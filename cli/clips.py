"""``bitflow clips``: short clips around events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, Store, result, result_json, say


def clips(
    store: Store,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Receives the clips and clips.csv.")],
    event: Annotated[
        str | None, typer.Option("--event", metavar="NAME", help="Every event of this name.", show_default=False)
    ] = None,
    intervals: Annotated[
        Path | None,
        typer.Option("--intervals", metavar="FILE", help="CSV: start,end[,name,recording].", show_default=False),
    ] = None,
    margin: Annotated[float, typer.Option("--margin", metavar="S", help="Seconds shown before and after.")] = 1.0,
    recording: Annotated[
        list[str] | None,
        typer.Option("--recording", metavar="ID", help="Only this one; may be repeated.", show_default="all"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over clips of an earlier run.")] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Cut a clip around every event or interval, to the picture and to the sample, with its sound.

    Clips show faces as they are; `bitflow redact` covers them.

      bitflow clips features/ --event smile -o clips/
      bitflow clips features/ --intervals coded.csv --margin 2 --recording p01/visit1 -o clips/
    """
    from bitflow.clips import Clip, cut_clips, cuts_of_event, read_intervals
    from bitflow.cohort.wording import plural, printable
    from bitflow.errors import UsageError
    from bitflow.store import open_store

    if (event is None) == (intervals is None):
        raise UsageError("name what to cut: either --event NAME or --intervals FILE")
    opened = open_store(store)
    wanted = recording or None
    cuts = cuts_of_event(opened, event, wanted) if event is not None else []
    if intervals is not None:
        cuts = read_intervals(intervals, opened, wanted)

    def tell(clip: Clip) -> None:
        if clip.error:
            say(f"failed  {clip.error}")
        elif not json:
            result(f"{clip.file}  {clip.clip_start:.2f}–{clip.clip_end:.2f} s of {printable(clip.recording)}")

    done = cut_clips(opened, cuts, output, margin_s=margin, overwrite=overwrite, progress=tell)
    failed = sum(clip.error is not None for clip in done)
    if json:
        result_json({"path": str(output), "clips": [clip.as_dict() for clip in done]})
    else:
        lost = f", {failed} could not be cut" if failed else ""
        result(f"{plural(len(done) - failed, 'clip')} in {printable(str(output))}{lost}; the list is clips.csv")
    return 1 if failed else 0
