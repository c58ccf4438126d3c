"""One recording as a recogniser sees it: streams on one coarse clock, words, and what people said about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.datasets import body_cues
from bitflow.errors import SchemaError
from bitflow.resampling import Resampler, interval_mean
from bitflow.tables import tensor
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.store import Recording
    from bitflow.tables import Column, Schema, TableFile

#: Rows a second of the clock: an annotated segment of ambivalence lasts 4 s, a word a fifth of a second.
RATE_HZ = 5.0

#: Which stream a table belongs to; another sampled table is a stream of its own name.
STREAM_OF = {
    **dict.fromkeys(("emotions", "action_units", "face_actions", "gaze", "head_pose"), "face"),
    **dict.fromkeys(("voice", "egemaps"), "voice"),
    "text_affect": "text",
}

#: The stream of `bitflow.datasets.body_cues`.
BODY = "body"

#: From this probability on somebody speaks.
SPEAKING = 0.5

#: Tables that say where or who somebody is, how the recording was made, or what a person or a model concluded.
_NO_BEHAVIOUR = frozenset(
    {"frames", "faces", "face_landmarks", "bodies", "hands", "people", "speech", "words", "speakers"}
    | {"face_appearance", "body_appearance"}
    | {"events", "measures", "annotations", "predictions", "segments", "captions", "zero_shot"}
)

#: Columns that tell how well or where something was seen: of a camera, not of a person.
_NO_CUE = frozenset({"frame", "time", "track", "score", "quality", "presence", "tx", "ty", "tz", "reprojection_error"})


@dataclass(frozen=True, eq=False)
class Stream:
    """Columns of one modality on a clip's clock.

    Parameters
    ----------
    names, units
        ``table.column`` and its unit, one a column.
    values
        ``(bins, columns)`` float32; NaN where nothing was seen.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray

    @cached_property
    def valid(self) -> np.ndarray:
        """Bins in which anything was seen, ``(bins,)`` bool."""
        return np.asarray(np.isfinite(self.values).any(axis=1))

    def column(self, ending: str) -> np.ndarray | None:
        """The first column whose name ends with ``.ending``, ``(bins,)``; None when there is none."""
        at = next((i for i, name in enumerate(self.names) if name.endswith(f".{ending}")), None)
        return None if at is None else self.values[:, at]


@dataclass(frozen=True, eq=False)
class SpokenWords:
    """Words with their times: ``(n,)`` s, sorted by start."""

    starts: np.ndarray
    ends: np.ndarray
    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Said:
    """What a language model said about a recording without having seen a label: see `bitflow.models.zero_shot`.

    Parameters
    ----------
    source
        Who was asked, and how: another source is another instrument.
    numbers
        By name: shares of votes, log-odds, counts of cues.
    """

    source: str
    numbers: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording.

    Parameters
    ----------
    recording, participant
        Its id; whose it is ("" where nobody said).
    rate
        Bins a second.
    bins
        Length of the clock; bin k is ``[k / rate, (k + 1) / rate)`` s.
    streams
        By name; a stream that the recording lacks is not there.
    label
        "" where there is none.
    covariates
        Further columns of the labels file: question, age …
    segments
        Where an annotator saw the task's behaviour; None where nobody looked.
    baselines
        Centre and spread of the participant's signed channels, by stream, from all of the participant's clips.
    said
        What a language model that was never trained on labels said; None where none was asked, or it said nothing.
    """

    recording: str
    rate: float
    bins: int
    streams: Mapping[str, Stream]
    words: SpokenWords | None = None
    text: str | None = None
    participant: str = ""
    label: str = ""
    covariates: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[Interval, ...] | None = None
    baselines: Mapping[str, tuple[float, float]] | None = None
    said: Said | None = None

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.bins / self.rate

    @property
    def times(self) -> np.ndarray:
        """Centres of the bins, ``(bins,)`` s."""
        return (np.arange(self.bins) + 0.5) / self.rate

    def coverage(self, stream: str) -> float:
        """Share of the clip in which the stream was seen; 0 where it is missing."""
        return float(self.streams[stream].valid.mean()) if stream in self.streams and self.bins else 0.0


def read_clip(recording: Recording, *, task: str = "", rate: float = RATE_HZ) -> Clip:
    """One recording of a store on a coarse clock.

    Parameters
    ----------
    task
        Rows of the table `annotations` of this name are the clip's segments.
    rate
        Bins a second.

    Raises
    ------
    StoreError, SchemaError
        A table cannot be read.
    """
    tables = recording.tables
    files = {name: recording.file(name) for name in tables if name not in _NO_BEHAVIOUR}
    schemas = {name: file.schema for name, file in files.items()}
    schemas = {name: schema for name, schema in schemas.items() if schema.rows != "entity" and _cues(schema)}
    mine = _main_tracks(recording) if "people" in tables else {}
    rows = {name: _rows(schema, files[name], mine.get(schema.tracks or "")) for name, schema in schemas.items()}
    words, text = _said(recording, mine.get("speaker"))
    duration = _duration(recording, rows, words)
    bins = max(1, round(duration * rate))
    edges = np.arange(bins + 1) / rate
    parts: dict[str, list[tuple[list[Column], np.ndarray, str]]] = {}
    for name, schema in schemas.items():
        parts.setdefault(STREAM_OF.get(name, name), []).append(
            (_cues(schema), _on_clock(schema, rows[name], edges), name)
        )
    streams = {stream: _joined(pieces) for stream, pieces in parts.items()}
    if "voice" in streams:
        streams["voice"] = _while_speaking(streams["voice"], rows.get("voice"), edges)
    if body_cues.TABLES & set(tables):
        streams[BODY] = Stream(body_cues.NAMES, body_cues.UNITS, body_cues.body_cues(recording, edges))
    segments = _segments(recording, task) if task and "annotations" in tables else None
    return Clip(recording.id, rate, bins, streams, words, text, segments=segments, said=_model_said(recording))


def spoken(recording: Recording) -> tuple[SpokenWords | None, str | None]:
    """What the main person said, by word and as one text; None where the recording has no such table."""
    return _said(recording, _main_tracks(recording).get("speaker"))


def _said(recording: Recording, mine: list[int] | None) -> tuple[SpokenWords | None, str | None]:
    words = _words(recording.file("words"), mine) if "words" in recording.tables else None
    if words is not None and words.texts:
        return words, " ".join(words.texts)
    text = _spoken_text(recording) if "speech" in recording.tables else ""
    return None, text.strip() or None


def _rows(schema: Schema, file: TableFile, mine: list[int] | None) -> dict[str, np.ndarray]:
    """Clock and cues as arrays in order of time, of the main person, one row an instant."""
    wanted = [*_clock(schema), *(column.name for column in _cues(schema)), *(["track"] if schema.tracks else [])]
    table = file.read(wanted)
    arrays = {name: tensor(table.column(name), schema[name]) for name in wanted}
    clock = arrays[_clock(schema)[0]].astype(float)
    order = np.flatnonzero(np.isfinite(clock))
    if schema.tracks and len(order):
        track = arrays.pop("track")
        if mine is not None:
            order = order[np.isin(track[order], mine)]
        numbers, places, counts = np.unique(track[order], return_inverse=True, return_counts=True)
        order = order[np.lexsort((-counts[places], clock[order]))] if len(numbers) else order
        if schema.rows != "interval":  # of rows at one instant, the one whose track is seen longest
            order = order[np.flatnonzero(np.diff(clock[order], prepend=-np.inf) > 0)]
    else:
        arrays.pop("track", None)
        order = order[np.argsort(clock[order], kind="stable")]
    return {name: values[order] for name, values in arrays.items()}


def _main_tracks(recording: Recording) -> dict[str, list[int]]:
    """Tracks by kind of who has the role `participant`, or else is seen longest; empty where nobody was told apart."""
    from bitflow.people import main_person, people_rows

    people = people_rows(recording)
    who = main_person(people)
    found: dict[str, list[int]] = {}
    for row in people:
        if who is not None and row["person"] == who:
            found.setdefault(row["kind"], []).append(row["track"])
    return found


def _clock(schema: Schema) -> tuple[str, ...]:
    return ("start", "end") if schema.rows == "interval" else ("time",)


def _cues(schema: Schema) -> list[Column]:
    keys = {"start", "end", "name", "track", "target", "value", "confidence", "source", "coverage"}
    return [
        column
        for column in schema.columns
        if (column.resample in ("linear", "mean", "overlap") or (column.shape and column.name == "vector"))
        and column.dtype not in ("string", "bool")
        and column.name not in _NO_CUE
        and not column.name.startswith("box_")
        and not (schema.rows == "interval" and column.name in keys)
    ]


def _on_clock(schema: Schema, rows: Mapping[str, np.ndarray], edges: np.ndarray) -> np.ndarray:
    """Cues ``(bins, columns)``: means of what fell into each bin, or interpolated where samples are rarer than bins."""
    clock = rows[_clock(schema)[0]].astype(float)
    values = np.column_stack(
        [rows[c.name].reshape(len(clock), int(np.prod(c.shape))).astype(np.float64) for c in _cues(schema)]
    )
    bins = len(edges) - 1
    if schema.rows == "interval":
        ends = rows["end"].astype(float)
        return np.column_stack([interval_mean(edges, clock, ends, v) for v in values.T]).astype(np.float32)
    if not len(clock):
        return np.full((bins, values.shape[1]), np.nan, np.float32)
    step = float(np.median(np.diff(clock))) if len(clock) > 1 else 0.0
    if step > 1.01 * (edges[1] - edges[0]):
        return _between(clock, values, edges, step).astype(np.float32)
    at = np.searchsorted(edges, clock + 1e-9, side="right") - 1
    inside = (at >= 0) & (at < bins)
    return _bin_means(at[inside], values[inside], bins).astype(np.float32)


def _bin_means(at: np.ndarray, values: np.ndarray, bins: int) -> np.ndarray:
    """Mean of the known values in each bin, ``(bins, columns)``; NaN where there is none."""
    means = np.full((bins, values.shape[1]), np.nan)
    if not len(at):
        return means
    known = np.isfinite(values)
    firsts = np.flatnonzero(np.diff(at, prepend=-1))
    sums = np.add.reduceat(np.where(known, values, 0.0), firsts, axis=0)
    counts = np.add.reduceat(known.astype(float), firsts, axis=0)
    means[at[firsts]] = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means


def _between(times: np.ndarray, values: np.ndarray, edges: np.ndarray, step: float) -> np.ndarray:
    centres = (edges[:-1] + edges[1:]) / 2
    grid = np.append(centres, edges[-1] + 1.0)
    columns = []
    for column in values.T:
        known = np.isfinite(column)
        times_known, first = np.unique(times[known], return_index=True)
        columns.append(Resampler(times_known, grid, 2.5 * step, step).linear(column[known][first]))
    return np.column_stack(columns)


def _joined(pieces: list[tuple[list[Column], np.ndarray, str]]) -> Stream:
    names: list[str] = []
    units: list[str] = []
    for columns, _, table in pieces:
        for column in columns:
            parts = int(np.prod(column.shape)) if column.shape else 1
            names += (
                [f"{table}.{column.name}"] if parts == 1 else [f"{table}.{column.name}_{k:03d}" for k in range(parts)]
            )
            units += [column.unit] * parts
    return Stream(tuple(names), tuple(units), np.hstack([values for _, values, _ in pieces]))


def _while_speaking(voice: Stream, rows: Mapping[str, np.ndarray] | None, edges: np.ndarray) -> Stream:
    """The voice in those bins in which somebody speaks: what a microphone hears of a silent person is no voice.

    Where speech was not looked for, all of it stays.
    """
    speech = None if rows is None else rows.get("speech")
    if rows is None or speech is None or not np.isfinite(speech.astype(float)).any():
        return voice
    at = np.searchsorted(edges, rows["time"].astype(float)[speech >= SPEAKING] + 1e-9, side="right") - 1
    spoken = np.zeros(len(edges) - 1, bool)
    spoken[at[(at >= 0) & (at < len(spoken))]] = True
    return Stream(voice.names, voice.units, np.where(spoken[:, None], voice.values, np.float32(np.nan)))


def _words(file: TableFile, mine: list[int] | None) -> SpokenWords:
    """Words of the main speaker; of everybody where nobody's voice is linked to a person."""
    schema = file.schema
    columns = ["start", "end", "word" if "word" in schema else "name", *(["track"] if schema.tracks else [])]
    rows = file.read(columns).to_pydict()
    keep = range(len(rows["start"]))
    if mine is not None and schema.tracks:
        keep = [i for i in keep if rows["track"][i] in mine] or keep
    order = sorted(keep, key=lambda i: rows["start"][i])
    said = tuple(str(rows[columns[2]][i]).strip() for i in order)
    starts, ends = (np.array([rows[name][i] for i in order], float) for name in ("start", "end"))
    return SpokenWords(starts, ends, said)


def _spoken_text(recording: Recording) -> str:
    rows = recording.table("speech", ["start", "text"]).sort_values("start", kind="stable")
    return " ".join(str(text) for text in rows["text"] if text)


def _model_said(recording: Recording) -> Said | None:
    if "zero_shot" not in recording.tables:
        return None
    rows = recording.file("zero_shot").read(["name", "value", "source"]).to_pydict()
    if not rows["name"]:
        return None
    return Said(str(rows["source"][0]), dict(zip(rows["name"], map(float, rows["value"]), strict=True)))


def _segments(recording: Recording, task: str) -> tuple[Interval, ...]:
    rows = recording.file("annotations").read(["start", "end", "name"]).to_pydict()
    return tuple(
        Interval(start, end)
        for start, end, name in sorted(zip(rows["start"], rows["end"], rows["name"], strict=True))
        if str(name).lower() == task.lower()
    )


def _duration(recording: Recording, rows: Mapping[str, Mapping[str, np.ndarray]], words: SpokenWords | None) -> float:
    media = recording.info.get("media") or {}
    if media.get("duration"):
        return float(media["duration"])
    ends = [0.0]
    for arrays in rows.values():
        clock = arrays.get("end", arrays.get("time"))
        if clock is not None and len(clock):
            step = float(np.median(np.diff(clock))) if "time" in arrays and len(clock) > 1 else 0.0
            ends.append(float(np.max(clock)) + step)
    if words is not None and len(words.ends):
        ends.append(float(words.ends.max()))
    return max(ends)


def check_same_columns(clips: Iterable[Clip]) -> None:
    """Refuse clips in which one column has two units.

    Raises
    ------
    SchemaError
        Names the column, the units, and the recording.
    """
    units: dict[str, tuple[str, str]] = {}
    for clip in clips:
        for stream in clip.streams.values():
            for name, unit in zip(stream.names, stream.units, strict=True):
                first = units.setdefault(name, (unit, clip.recording))
                if first[0] != unit:
                    raise SchemaError(
                        f"column {name} is in {first[0]!r} in recording {first[1]!r} and in {unit!r} in "
                        f"{clip.recording!r}: extract or import both the same way"
                    )


def speaking(clip: Clip) -> np.ndarray | None:
    """Probability of speech on the clip's clock, ``(bins,)``; None where there is no voice."""
    voice: Any = clip.streams.get("voice")
    return None if voice is None else voice.column("speech")
