"""Labels of interval tables (segments, predictions, annotations) as statements about each animal or person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from bitflow.events.language.fields import Axes, Truth

if TYPE_CHECKING:
    from bitflow.events.language.subjects import Subjects
    from bitflow.store import Recording


def label_names(recording: Recording, table: str) -> tuple[str, ...]:
    """Labels that a table of intervals holds, sorted."""
    rows = recording.file(table).read(["name"]).column("name").unique().to_pylist()
    return tuple(sorted(name for name in rows if name))


def label_tables(recordings: Iterable[Recording]) -> dict[str, str]:
    """Every label that recordings hold, and the table that it stands in; of two tables the one looked at later."""
    return {
        label: table
        for recording in recordings
        for table in ("annotations", "predictions", "segments")
        if table in recording
        for label in label_names(recording, table)
    }


def labelled(recording: Recording, table: str, label: str, subjects: Subjects) -> Truth:
    """Where each subject carries a label; labels of nobody's track are everybody's.

    Known from the table's first interval to its last: beyond, nobody has labelled.
    """
    rows = recording.file(table).read(["start", "end", "name", "track"]).to_pandas()
    times = subjects.start + (np.arange(subjects.samples) + 0.5) / subjects.rate
    yes = np.zeros((len(subjects.tracks), 1, subjects.samples), bool)
    known = np.zeros_like(yes)
    for place, track in enumerate(subjects.tracks):
        mine = rows[rows["track"].isin((-1, track))]
        if len(mine):
            known[place, 0] = (times >= mine["start"].min()) & (times < mine["end"].max())
        said = mine[mine["name"] == label]
        # One up where an interval begins, one down where it ends: in between the sum is how many hold.
        change = np.zeros(subjects.samples + 1, np.int32)
        np.add.at(change, np.searchsorted(times, said["start"].to_numpy(float)), 1)
        np.add.at(change, np.searchsorted(times, said["end"].to_numpy(float)), -1)
        yes[place, 0] = np.cumsum(change[:-1]) > 0
    return Truth(yes & known, known, Axes(actor=True))
