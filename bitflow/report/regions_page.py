"""A page on which regions are drawn by mouse over a frame, and saved as the JSON that `bitflow regions` takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bitflow.errors import UsageError
from bitflow.regions import Regions, picture_size, read_regions
from bitflow.report.packing import script_json
from bitflow.report.single_page import jpeg_url, write_single_page
from bitflow.signals.cleaning import known_points

if TYPE_CHECKING:
    from bitflow.store import Recording

_JPEG_QUALITY = 88

#: Places of animals that stand in for a picture where there is none.
_MOST_PLACES = 4000


def write_regions_page(recording: Recording, page: Path, *, time: float | None = None) -> Path:
    """Write the page: one file, which opens from disk and loads nothing.

    Parameters
    ----------
    time
        Of the frame to draw on, s; by default the middle of the recording. Without a video the page shows where the
        animals were.

    Raises
    ------
    UsageError
        There is neither a video nor a place of an animal to draw over.
    StoreError
        The page cannot be written.
    """
    size, picture, places = _ground(recording, time)
    known = Regions(read_regions(recording).regions, size)
    return write_single_page(
        "regions_page.html.j2",
        page,
        title=recording.id,
        width=size[0],
        height=size[1],
        picture=picture,
        content=script_json({**known.as_dict(), "places": places}),
    )


def _ground(recording: Recording, time: float | None) -> tuple[tuple[int, int], str, list[list[float]]]:
    """Size, picture as a data URL, and places of animals: what there is to draw over."""
    source = recording.source
    if source is not None and source.is_file():
        from bitflow.media.seek import frames_at

        duration = float((recording.info.get("media") or {}).get("duration") or 0.0)
        (frame,) = frames_at(source, [duration / 2 if time is None else time])
        rgb = frame.rgb()
        return (rgb.shape[1], rgb.shape[0]), jpeg_url(rgb, _JPEG_QUALITY), []
    places = _places(recording)
    if not len(places):
        raise UsageError(
            f"recording {recording.id!r}: neither its video nor poses in the picture are there to draw over; import "
            "them with `bitflow import poses`, with --media VIDEO where there is one"
        )
    size = picture_size(recording) or (int(places[:, 0].max() * 1.05) + 1, int(places[:, 1].max() * 1.05) + 1)
    return size, "", places.round(1).tolist()


def _places(recording: Recording) -> np.ndarray:
    """Middles of the animals ``(n, 2)`` px, thinned."""
    from bitflow.poses import read_facts
    from bitflow.poses.table import TABLE

    if TABLE not in recording or read_facts(recording).dimensions != 2:
        return np.empty((0, 2))
    points = recording.points(TABLE).astype(float)
    points = points[:: max(1, len(points) // _MOST_PLACES)]
    known = known_points(points)
    total = np.where(known[..., None], points, 0.0).sum(axis=1)
    return (total / np.maximum(known.sum(axis=1), 1)[:, None])[known.any(axis=1)]
