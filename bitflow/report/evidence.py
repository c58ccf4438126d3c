"""The signal that decides a claim of a caption, drawn small: what was measured while it was said to be so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.poses import PoseSeries, kinematics, read_poses

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording

#: Width and height of the drawing, and most points in it.
WIDTH, HEIGHT, _POINTS = 120, 24, 60

#: Table and column that show a claim about somebody, and what they are called.
_PEOPLE = {
    "smiling": ("face_actions", "mouthSmileLeft", "smile blendshape"),
    "eyes_closed": ("face_actions", "eye_openness_left", "eye openness"),
    "mouth_open": ("face_actions", "mouth_opening", "mouth opening"),
    "looking_away": ("gaze", "yaw", "gaze yaw"),
    "nodding": ("head_pose", "pitch", "head pitch"),
    "shaking_head": ("head_pose", "yaw", "head yaw"),
    "head_turned": ("head_pose", "yaw", "head yaw"),
    "head_tilted": ("head_pose", "roll", "head roll"),
    "leaning_forward": ("faces", "size", "size of the face"),
    "leaning_back": ("faces", "size", "size of the face"),
    "speaking": ("voice", "speech", "probability of speech"),
    "silence": ("voice", "speech", "probability of speech"),
}
_SPEED, _DISTANCE = frozenset({"moving", "still", "fast"}), frozenset({"near", "approaching", "leaving"})


@dataclass(frozen=True)
class Trace:
    """A line of a signal: its points as SVG has them, and from what to what it goes."""

    points: str
    text: str


class Evidence:
    """Signals of a recording, each read once."""

    def __init__(self, recording: Recording):
        self.recording = recording
        self._tables: dict[tuple[str, str], pd.DataFrame] = {}

    def trace(self, claim: dict[str, Any]) -> Trace | None:
        """What a claim's own time and subject show; None where no single signal does."""
        if not claim["start"]:
            return None
        start, end = float(claim["start"]), float(claim["end"])
        if claim["kind"] in _PEOPLE:
            return self._of_person(*_PEOPLE[claim["kind"]], int(claim["who"]), start, end)
        if claim["kind"] in _SPEED | _DISTANCE and "poses" in self.recording:
            return self._of_animal(claim, start, end)
        return None

    def _of_person(self, table: str, column: str, title: str, who: int, start: float, end: float) -> Trace | None:
        if table not in self.recording or column not in (schema := self.recording.schema(table)):
            return None
        keys = ["track", "person"] if schema.tracks and "track" in schema else []
        if (table, column) not in self._tables:
            self._tables[table, column] = self.recording.table(table, ["time", *keys, column])
        rows = self._tables[table, column]
        rows = rows[(rows["time"] >= start) & (rows["time"] < end)]
        if keys and who >= 0:
            rows = rows[rows["person"] == who]
        rows = rows.sort_values("time", kind="stable")
        unit = schema[column].unit
        return drawn(rows["time"].to_numpy(float), rows[column].to_numpy("float64", na_value=np.nan), title, unit)

    @cached_property
    def _poses(self) -> PoseSeries:
        return read_poses(self.recording)

    @cached_property
    def _lengths(self) -> NDArray[np.float64]:
        return kinematics.body_lengths(self._poses)

    @cached_property
    def _speeds(self) -> NDArray[np.float64]:
        return kinematics.speed(self._poses)

    @cached_property
    def _distances(self) -> NDArray[np.float64]:
        return kinematics.part_distance(self._poses)

    def _of_animal(self, claim: dict[str, Any], start: float, end: float) -> Trace | None:
        poses, who, whom = self._poses, int(claim["who"]), int(claim.get("target") or -1)
        if who not in poses.tracks or (claim["kind"] in _DISTANCE and whom not in poses.tracks):
            return None
        actor = poses.tracks.index(who)
        length = self._lengths[actor]
        if claim["kind"] in _SPEED:
            values, title, unit = self._speeds[:, actor] / length, "speed", "bl/s"
        else:
            values = self._distances[:, actor, poses.tracks.index(whom)] / length
            title, unit = "distance", "bl"
        inside = (poses.time >= start) & (poses.time < end)
        return drawn(poses.time[inside], values[inside], title, unit)


def drawn(times: NDArray[np.float64], values: NDArray[np.float64], title: str, unit: str) -> Trace | None:
    """A signal in little: at most 60 means of it, the highest at the top.

    Examples
    --------
    >>> drawn(np.arange(3.0), np.array([0.0, 10.0, 5.0]), "head yaw", "deg")
    Trace(points='0.0,24.0 60.0,0.0 120.0,12.0', text='head yaw 0 to 10 deg')
    """
    known = np.isfinite(values) & np.isfinite(times)
    times, values = times[known], values[known]
    if len(values) < 2:
        return None
    low, high = float(values.min()), float(values.max())
    groups = np.array_split(np.arange(len(values)), min(len(values), _POINTS))
    across = np.array([times[group].mean() for group in groups])
    up = np.array([values[group].mean() for group in groups])
    x = WIDTH * (across - across[0]) / max(across[-1] - across[0], 1e-9)
    y = HEIGHT * (1 - (up - low) / max(high - low, 1e-9))
    told = f"{title} {low:.3g} to {high:.3g}" + (f" {unit}" if unit not in ("", "1") else "")
    return Trace(" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)), told)
