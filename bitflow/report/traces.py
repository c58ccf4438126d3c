"""What runs along the time axis: signals, one row a quantity, and lanes of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.poses import read_facts
from bitflow.report.packing import packed_times, packed_values
from bitflow.report.palette import colour, dash

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording

_MOST_PEOPLE = 4
_MOST_LANES = 40

#: Columns of a table that nobody chose, at most so many.
_MOST_COLUMNS = 6


@dataclass(frozen=True)
class Row:
    """A row of the plot: columns of one table that share a unit."""

    title: str
    table: str
    columns: tuple[str, ...]


#: Rows of the plot, of those that the recording has.
ROWS = (
    Row("head", "head_pose", ("pitch", "yaw", "roll")),
    Row("gaze", "gaze", ("pitch", "yaw")),
    Row("eye openness", "face_actions", ("eye_openness_left", "eye_openness_right")),
    Row("mouth opening", "face_actions", ("mouth_opening",)),
    Row("smile (blendshapes)", "face_actions", ("mouthSmileLeft", "mouthSmileRight")),
    Row("brows (blendshapes)", "face_actions", ("browDownLeft", "browInnerUp")),
    Row("action units", "action_units", ("au01", "au04", "au06", "au12", "au45")),
    Row("emotions", "emotions", ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")),
    Row("valence, arousal", "emotions", ("valence", "arousal")),
    Row("motion", "frames", ("motion_energy",)),
    Row("loudness", "voice", ("loudness",)),
    Row("pitch of the voice", "voice", ("f0",)),
)

#: Tables of which nothing but the rows above is drawn.
_KNOWN = frozenset(
    (
        *("frames", "faces", "face_landmarks", "face_landmarks_68", "face_actions", "head_pose", "gaze"),
        *("action_units", "emotions", "bodies", "hands", "face_appearance", "body_appearance"),
        *("voice", "embeddings", "poses", "openface", "pyfeat"),
    )
)

#: Interval tables and what a lane of theirs is called after; their words are for the transcript alone.
_LANES = ("events", "speakers", "annotations", "segments", "ethogram", "predictions")


def signals(recording: Recording) -> list[dict[str, Any]]:
    """Rows with their lines, for player.js."""
    found = _predicted(recording)
    for row in (*ROWS, *_others(recording)):
        made = _row(recording, row)
        if made is not None:
            found.append(made)
    return found


def _predicted(recording: Recording) -> list[dict[str, Any]]:
    """Probabilities that a recogniser gives to moments, a row a task."""
    rows = _intervals(recording, "predictions")
    if rows is None or "level" not in rows:
        return []
    moments = rows[(rows["level"] == "frame") & rows["value"].notna()]
    made: list[dict[str, Any]] = []
    for task, group in moments.groupby("name", sort=True):
        middle = ((group["start"] + group["end"]) / 2).to_numpy(float)
        line = {
            "name": f"probability of {str(task).replace('_', ' ')}",
            "colour": colour(0),
            "dash": dash(0),
            "clock": 0,
            "values": packed_values(group["value"].to_numpy(float)),
        }
        title = f"{str(task).replace('_', ' ')} (predicted)"
        made.append({"title": title, "unit": "", "clocks": [packed_times(middle)], "lines": [line]})
    return made


def lanes(recording: Recording, events: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Lanes with their intervals ``[start, end, start, end, …]``, those with the most time first within a table."""
    found: list[dict[str, Any]] = []
    animals = read_facts(recording).animals if "poses" in recording else ()
    for table in _LANES:
        rows = events if table == "events" else _intervals(recording, table)
        if (
            rows is not None and "level" in rows
        ):  # of predictions what has its own time: disagreements, and bouts of animals
            rows = rows[rows["level"].isin(("cue", "bout"))]
        if rows is not None and table == "ethogram":  # where nothing was found to say, nothing is drawn
            rows = rows[rows["name"] != "nothing of note"]
        if rows is None or not len(rows):
            continue
        several = "person" in rows and len({*rows["person"]} - {-1}) > 1
        name = rows["name"].fillna(table) if "name" in rows else None
        if name is None or table == "speakers":
            name = rows["speaker"].map(lambda who: f"{who} speaks") if "speaker" in rows else name
        if name is None:
            continue
        if table == "ethogram":
            name = "captions: " + name
        who = rows["person"].map(lambda p: f" · person {p}" if p >= 0 else "") if several else ""
        if animals and "track" in rows:
            who = [
                _animals(animals, track, target) for track, target in zip(rows["track"], rows["target"], strict=True)
            ]
        for label, group in rows.assign(_lane=name.astype(str).str.replace("_", " ") + who).groupby("_lane", sort=True):
            spans = group[["start", "end"]].to_numpy(float)
            spans = spans[np.isfinite(spans).all(axis=1)]
            if len(spans):
                found.append({"name": str(label), "source": table, "spans": spans.round(3).ravel().tolist()})
    for number, lane in enumerate(found[:_MOST_LANES]):
        lane["colour"] = colour(number)
    return found[:_MOST_LANES]


def _animals(names: tuple[str, ...], track: int, target: int) -> str:
    """Whose event it is, and at whom it is directed."""
    who, whom = (names[one] if 0 <= one < len(names) else "" for one in (track, target))
    return f" · {who}{' → ' if whom else ''}{whom}" if who or whom else ""


def _intervals(recording: Recording, table: str) -> pd.DataFrame | None:
    if table not in recording or recording.schema(table).rows != "interval":
        return None
    return recording.table(table)


def _others(recording: Recording) -> list[Row]:
    """Rows for tables that somebody imported or a plug-in made: columns by unit."""
    rows: list[Row] = []
    for table in recording.tables:
        if table in _KNOWN:
            continue
        try:
            schema = recording.schema(table)
        except Exception:  # a foreign Parquet file in the folder is nobody's table
            continue
        if schema.rows not in ("frame", "signal"):
            continue
        by_unit: dict[str, list[str]] = {}
        for column in schema.columns:
            if column.name not in ("frame", "time", "track") and column.dtype.startswith("float") and not column.shape:
                by_unit.setdefault(column.unit, []).append(column.name)
        rows += [Row(f"{table}: {', '.join(n[:3])}", table, tuple(n[:_MOST_COLUMNS])) for n in by_unit.values()]
    return rows


def _row(recording: Recording, row: Row) -> dict[str, Any] | None:
    if row.table not in recording or not recording.file(row.table).rows:
        return None
    schema = recording.schema(row.table)
    columns = [name for name in row.columns if name in schema]
    if not columns:
        return None
    tracked = bool(schema.tracks) and "track" in schema
    keys = ["track", "person"] if tracked else []
    rows = recording.table(row.table, ["time", *keys, *columns])
    people = _people(rows) if tracked else [("", rows)]
    lines: list[dict[str, Any]] = []
    clocks: list[dict[str, Any]] = []
    moves = row not in ROWS
    for person, (who, group) in enumerate(people):
        group = group.sort_values("time", kind="stable")
        drawn: list[dict[str, Any]] = []
        for place, name in enumerate(columns):
            values = group[name].to_numpy("float64", na_value=np.nan)
            if not np.isfinite(values).any():
                continue
            moves = moves or bool(np.ptp(values[np.isfinite(values)]) > 0)
            several = len(people) > 1
            words = [name.replace("_", " ")] if len(columns) > 1 or not several else []
            look = (person, place) if several else (place, place)
            drawn.append(
                {
                    "name": ", ".join([*words, *([who] if several else [])]),
                    "colour": colour(look[0]),
                    "dash": dash(look[1]),
                    "clock": len(clocks),
                    "values": packed_values(values),
                }
            )
        if drawn:
            clocks.append(packed_times(group["time"].to_numpy(float)))
            lines += drawn
    if not lines or not moves:  # a silent sound track has a loudness all the same, and shows nothing
        return None
    unit = schema[columns[0]].unit
    return {"title": row.title, "unit": "" if unit == "1" else unit, "clocks": clocks, "lines": lines}


def _people(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Rows of those seen longest, by person, or by track where nobody was told apart."""
    who = rows["person"].where(rows["person"] >= 0, -2 - rows["track"])
    longest = who.value_counts().index[:_MOST_PEOPLE]
    return [(f"person {one}" if one >= 0 else f"track {-2 - one}", rows[who == one]) for one in sorted(longest)]
