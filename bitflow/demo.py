"""A first look: a clip that comes with its licence, its tables and measures, and the report that shows them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bitflow.errors import AssetError, ExtractionError

if TYPE_CHECKING:
    from bitflow.cohort import Progress, Summary

#: The clip, and the one that takes its place where it cannot be had.
CLIPS = ("demo_clip", "demo_clip_small")


def make_demo(
    output: str | os.PathLike[str] = "bitflow-demo",
    *,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
    add: Callable[[Path], object] = lambda store: None,
    debug: bool = False,
) -> Path:
    """Fetch the demo clip, extract it into ``output/features``, measure, and write ``output/report``.

    Parameters
    ----------
    output
        A folder, made when it is not there.
    workers, progress, debug
        See `bitflow.extract`.
    tell
        Called with sentences about what is fetched.
    add
        Called with the store before it is measured, to put further recordings into it: the clip is too short for
        many measures.

    Returns
    -------
    pathlib.Path
        The report's entry page.

    Raises
    ------
    AssetError
        Neither clip nor its replacement, or a model, can be had.
    ExtractionError
        The clip could not be extracted; the message says why.
    """
    from bitflow.assets import asset, fetch_first
    from bitflow.cohort import extract
    from bitflow.measures.run import measure_store
    from bitflow.report.site import write_report
    from bitflow.store import open_store

    folder = Path(output)
    name, clip = fetch_first(CLIPS, report=tell)

    def made(preset: str) -> Summary:
        return extract(clip, folder / "features", preset=preset, workers=workers, progress=progress, debug=debug)

    try:
        summary = made("clinical")
    except AssetError as error:  # the face needs the fewest models
        tell(f"faces only, as not all models can be had: {error}")
        summary = made("face")
    (outcome,) = summary.outcomes
    if outcome.status == "failed":
        raise ExtractionError(f"the demo clip could not be extracted: {outcome.error}")
    add(folder / "features")
    store = open_store(summary.store)
    measure_store(store)
    shown = asset(name)
    origin = f"{shown.file_name}, {shown.description}; licence {shown.licence}"
    return write_report(store, folder / "report", title="bitflow demo", origins={outcome.id: origin}, tell=tell)
