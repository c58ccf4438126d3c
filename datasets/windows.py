"""A feature store and its labels, as recognisers are trained on it.

>>> from bitflow.datasets.windows import FeatureDataset
>>> data = FeatureDataset.open("features", "labels.csv")  # doctest: +SKIP
>>> windows = data.windows(seconds=3.0, hop=1.0)  # for scikit-learn  # doctest: +SKIP
>>> loader = DataLoader(data.torch(), collate_fn=data.collate)  # for PyTorch  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from bitflow.datasets.clips import RATE_HZ, Clip, Stream, check_same_columns, read_clip
from bitflow.datasets.labels import Labels, read_labels, sorted_classes
from bitflow.errors import SchemaError, UsageError
from bitflow.store import FeatureStore, open_store

if TYPE_CHECKING:
    from torch.utils.data import Dataset as TorchDataset

#: A window counts as the behaviour from this share of it inside annotated segments, as its absence below the other.
POSITIVE_SHARE, NEGATIVE_SHARE = 0.5, 0.1

#: Weight of a negative window in a positive clip: where annotators set borders is noisy.
BORDER_WEIGHT = 0.5

#: A window of a stream is valid from this share of its bins.
VALID_SHARE = 0.5

STATISTICS = ("mean", "sd", "p10", "p90", "slope", "mean_change", "sd_change", "valid")


@dataclass(frozen=True)
class StreamSchema:
    """Columns of one stream, in order, with their units."""

    names: tuple[str, ...]
    units: tuple[str, ...]


@dataclass(frozen=True)
class FeatureSchema:
    """What a model reads: the clock's rate and the columns of every stream."""

    rate: float
    streams: dict[str, StreamSchema]

    @classmethod
    def of(cls, clips: Iterable[Clip]) -> FeatureSchema:
        """All columns of all clips."""
        rate = RATE_HZ
        columns: dict[str, dict[str, str]] = {}
        for clip in clips:
            rate = clip.rate
            for name, stream in clip.streams.items():
                columns.setdefault(name, {}).update(zip(stream.names, stream.units, strict=True))
        return cls(rate, {s: StreamSchema(tuple(c), tuple(c.values())) for s, c in sorted(columns.items())})

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {
            "rate_hz": self.rate,
            "streams": {k: {"names": list(v.names), "units": list(v.units)} for k, v in self.streams.items()},
        }

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> FeatureSchema:
        """The inverse of `as_dict`."""
        streams = described["streams"]
        found = {k: StreamSchema(tuple(v["names"]), tuple(v["units"])) for k, v in streams.items()}
        return cls(float(described["rate_hz"]), found)

    def check(self, clips: Iterable[Clip]) -> None:
        """Refuse clips whose streams have other columns or units; a stream that is missing altogether is allowed.

        Raises
        ------
        SchemaError
            Names recording, stream and column, and what the model was trained on.
        """
        for clip in clips:
            if clip.rate != self.rate:
                raise SchemaError(f"{clip.recording}: on a clock of {clip.rate:g} Hz, the model reads {self.rate:g} Hz")
            for name, wanted in self.streams.items():
                stream = clip.streams.get(name)
                if stream is None:
                    continue
                there = dict(zip(stream.names, stream.units, strict=True))
                for column, unit in zip(wanted.names, wanted.units, strict=True):
                    if column not in there:
                        raise SchemaError(
                            f"recording {clip.recording!r}, stream {name}: the model was trained on the column "
                            f"{column}, which is not there; extract with the same extractors and settings"
                        )
                    if there[column] != unit:
                        raise SchemaError(
                            f"recording {clip.recording!r}, column {column}: in {there[column]!r}, "
                            f"the model was trained on {unit!r}"
                        )

    def fitted(self, clip: Clip) -> Clip:
        """The clip with exactly these columns, in this order; what it lacks is NaN."""
        streams = {}
        for name, wanted in self.streams.items():
            stream = clip.streams.get(name)
            if stream is None:
                continue
            if stream.names == wanted.names:
                streams[name] = stream
                continue
            place = {column: i for i, column in enumerate(stream.names)}
            values = np.full((clip.bins, len(wanted.names)), np.nan, np.float32)
            for i, column in enumerate(wanted.names):
                if column in place:
                    values[:, i] = stream.values[:, place[column]]
            streams[name] = Stream(wanted.names, wanted.units, values)
        return replace(clip, streams=streams)


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of many clips, a row each.

    Parameters
    ----------
    clip
        Which clip each is of, ``(n,)``.
    start, end
        ``(n,)`` s.
    values
        Stream → ``(n, columns × statistics)`` float32, NaN where the stream was not seen for half of the window.
    label, weight
        ``(n,)``: class number, −1 where the window lies on a segment's border or its clip has no label; 0 is its weight
        then.
    names
        Stream → name of each statistic.
    """

    clip: np.ndarray
    start: np.ndarray
    end: np.ndarray
    values: dict[str, np.ndarray]
    label: np.ndarray
    weight: np.ndarray
    names: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.clip)

    @property
    def matrix(self) -> np.ndarray:
        """All streams side by side, ``(n, features)``; NaN where missing."""
        return np.hstack([self.values[name] for name in self.values]) if self.values else np.empty((len(self), 0))


@dataclass(frozen=True, eq=False)
class FeatureDataset(Sequence[Clip]):
    """Clips with their streams and labels; see `open`."""

    clips: tuple[Clip, ...]
    classes: tuple[str, ...]
    schema: FeatureSchema
    notes: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        store: FeatureStore | str | Path,
        labels: Labels | str | Path | None = None,
        *,
        task: str = "ambivalence",
        rate: float = RATE_HZ,
        recordings: Iterable[str] | None = None,
        skip_unmatched: bool = False,
    ) -> FeatureDataset:
        """Read a store.

        Parameters
        ----------
        labels
            A labels CSV (`bitflow.datasets.labels`); None where there are none.
        task
            Name of the annotated intervals that are the clips' segments.
        rate
            Bins a second of the common clock.
        recordings
            Only these.
        skip_unmatched
            Leave out labels without recording and recordings without label, and say so in `notes`.

        Raises
        ------
        UsageError
            Labels and recordings do not match, or there are no recordings.
        SchemaError
            A column has different units in two recordings.
        """
        opened = store if isinstance(store, FeatureStore) else open_store(store)
        names = [name for name in opened if opened[name].status == "done"] if recordings is None else list(recordings)
        notes: list[str] = []
        known = None
        if labels is not None:
            given = labels if isinstance(labels, Labels) else read_labels(labels)
            known, notes = given.matched(names, str(opened.path), skip=skip_unmatched)
            names = list(known.recordings)
        if not names:
            raise UsageError(f"{opened.path}: no recordings to work with")
        clips = [read_clip(opened[name], task=task, rate=rate) for name in names]
        if known is not None:
            clips = [
                replace(clip, participant=known.groups[i], label=known.values[i], covariates=known.row(clip.recording))
                for i, clip in enumerate(clips)
            ]
        return cls.of(clips, notes=notes)

    @classmethod
    def of(cls, clips: Iterable[Clip], *, notes: Iterable[str] = ()) -> FeatureDataset:
        """Clips brought to the same columns; see `open` for what is refused."""
        found = tuple(clips)
        check_same_columns(found)
        schema = FeatureSchema.of(found)
        classes = sorted_classes(clip.label for clip in found if clip.label)
        return cls(tuple(schema.fitted(clip) for clip in found), classes, schema, tuple(notes))

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        return self.clips[index]

    def chosen(self, index: Iterable[int]) -> FeatureDataset:
        """Clips by number, with the same classes and columns."""
        return replace(self, clips=tuple(self.clips[int(i)] for i in index))

    @staticmethod
    def collate(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A batch of `torch` items; see `bitflow.datasets.tensors.collate`."""
        from bitflow.datasets.tensors import collate

        return collate(items)

    @cached_property
    def participants(self) -> np.ndarray:
        """Whose each clip is, ``(n,)`` text."""
        return np.array([clip.participant for clip in self.clips], dtype=object).astype(str)

    @cached_property
    def y(self) -> np.ndarray:
        """Class numbers, ``(n,)``; −1 without a label."""
        number = {name: i for i, name in enumerate(self.classes)}
        return np.array([number.get(clip.label, -1) for clip in self.clips], int)

    def covariate(self, name: str) -> np.ndarray:
        """A column of the labels file, ``(n,)`` text; "" where missing."""
        return np.array([clip.covariates.get(name, "") for clip in self.clips], dtype=object).astype(str)

    def windows(self, *, seconds: float = 3.0, hop: float = 1.0) -> Windows:
        """Statistics of overlapping windows.

        A clip shorter than a window is one window of its own length. Statistics of a stream that was seen for less than
        half of a window are NaN, but for `valid`, its share.
        """
        if not seconds > 0 or not hop > 0:
            raise UsageError(f"windows last and step a positive number of seconds, not {seconds:g} and {hop:g}")
        spans = [window_spans(clip, seconds, hop) for clip in self.clips]
        labels = [window_labels(clip, span, self.classes) for clip, span in zip(self.clips, spans, strict=True)]
        names = {k: tuple(f"{n}.{s}" for n in v.names for s in STATISTICS) for k, v in self.schema.streams.items()}
        values: dict[str, np.ndarray] = {}
        for stream, columns in self.schema.streams.items():
            rows = [
                window_statistics(clip.streams[stream].values, span)
                if stream in clip.streams
                else np.full((len(span), len(columns.names) * len(STATISTICS)), np.nan, np.float32)
                for clip, span in zip(self.clips, spans, strict=True)
            ]
            values[stream] = np.vstack(rows)
        edges = np.vstack(spans) / self.schema.rate
        clip = np.repeat(np.arange(len(self.clips)), [len(span) for span in spans])
        label, weight = (np.concatenate(parts) for parts in zip(*labels, strict=True))
        return Windows(clip, edges[:, 0], edges[:, 1], values, label, weight, names)

    def torch(self) -> TorchDataset[dict[str, Any]]:
        """A PyTorch data set of whole clips; see `bitflow.datasets.tensors`."""
        from bitflow.datasets.tensors import torch_dataset

        return torch_dataset(self)  # pyright: ignore[reportArgumentType]: one class, by two paths

    def hugging_face(self) -> Any:
        """A Hugging Face `datasets.Dataset`, a row a clip; see `bitflow.datasets.hugging_face`."""
        from bitflow.datasets.hugging_face import to_hugging_face

        return to_hugging_face(self)  # pyright: ignore[reportArgumentType]


def window_spans(clip: Clip, seconds: float, hop: float) -> np.ndarray:
    """First and last-plus-one bin of each window, ``(n, 2)``; a clip shorter than a window is one."""
    width = max(1, round(seconds * clip.rate))
    step = max(1, round(hop * clip.rate))
    if clip.bins <= width:
        return np.array([[0, clip.bins]])
    starts = np.arange(0, clip.bins - width + 1, step)
    return np.column_stack([starts, starts + width])


def window_labels(clip: Clip, spans: np.ndarray, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Class number and weight of each window, ``(n,)`` each.

    With segments: inside them for half of the window → the clip's class, for a tenth or less → the first class, between
    → not used. Without: the clip's label, at a weight that makes a clip count once.
    """
    n = len(spans)
    if clip.label not in classes:
        return np.full(n, -1), np.zeros(n)
    mine = list(classes).index(clip.label)
    if clip.segments is None:
        return np.full(n, mine), np.full(n, 1.0 / n)
    inside = np.zeros(clip.bins)
    for segment in clip.segments:
        first, last = np.clip(np.round(np.array([segment.start, segment.end]) * clip.rate), 0, clip.bins).astype(int)
        inside[first:last] = 1.0
    before = np.concatenate(([0.0], np.cumsum(inside)))
    share = (before[spans[:, 1]] - before[spans[:, 0]]) / (spans[:, 1] - spans[:, 0])
    label = np.where(share >= POSITIVE_SHARE, max(mine, 1), np.where(share <= NEGATIVE_SHARE, 0, -1))
    weight = np.where(label < 0, 0.0, np.where((label == 0) & (len(clip.segments) > 0), BORDER_WEIGHT, 1.0))
    return label, weight


def window_statistics(values: np.ndarray, spans: np.ndarray, least: float = VALID_SHARE) -> np.ndarray:
    """The eight statistics of every column in every window, ``(n, columns × 8)``; see `STATISTICS`.

    Parameters
    ----------
    values
        ``(bins, columns)``; NaN where not seen.
    spans
        ``(n, 2)`` windows of one length.
    least
        Share of a window that must have been seen; statistics of less are NaN, but for `valid`.

    Examples
    --------
    >>> window_statistics(np.array([[0.0], [1.0], [2.0]]), np.array([[0, 3]])).astype(float).round(2).tolist()
    [[1.0, 0.82, 0.2, 1.8, 1.0, 1.0, 0.0, 1.0]]
    """
    width = int(spans[0, 1] - spans[0, 0])
    view = np.lib.stride_tricks.sliding_window_view(values.astype(np.float64), width, axis=0)[spans[:, 0]]
    known = np.isfinite(view)  # (n, columns, width)
    count = known.sum(axis=-1)
    share = count / width
    complete = bool(known.all())
    filled = np.where(known, view, 0.0)
    safe = np.maximum(count, 1)
    mean = filled.sum(axis=-1) / safe
    away = np.where(known, view - mean[..., None], 0.0)
    sd = np.sqrt((away**2).sum(axis=-1) / safe)
    clock = np.where(known, np.arange(width, dtype=float), 0.0)
    clock = np.where(known, clock - (clock.sum(axis=-1) / safe)[..., None], 0.0)
    spread = (clock**2).sum(axis=-1)
    slope = np.divide((clock * away).sum(axis=-1), spread, out=np.zeros_like(spread), where=spread > 0)
    low, high = _quantiles(view, complete)
    change = np.diff(view, axis=-1)
    moved = np.isfinite(change)
    steps = np.maximum(moved.sum(axis=-1), 1)
    change = np.where(moved, change, 0.0)
    mean_change = np.abs(change).sum(axis=-1) / steps
    centred = np.where(moved, change - (change.sum(axis=-1) / steps)[..., None], 0.0)
    sd_change = np.sqrt((centred**2).sum(axis=-1) / steps)
    stacked = np.stack([mean, sd, low, high, slope, mean_change, sd_change, share], axis=-1)
    stacked[..., :-1][share < least] = np.nan
    return stacked.reshape(len(spans), -1).astype(np.float32)


def seen_statistics(values: np.ndarray, spans: np.ndarray, least: float = VALID_SHARE) -> np.ndarray:
    """`window_statistics`; NaN for a window of which nothing but its share is known: that a stream is missing is no
    behaviour."""
    found = window_statistics(values, spans, least)
    statistics = found.reshape(len(spans), -1, len(STATISTICS))
    statistics[~np.isfinite(statistics[:, :, :-1]).any(axis=(1, 2))] = np.nan
    return found


def _quantiles(view: np.ndarray, complete: bool) -> tuple[np.ndarray, np.ndarray]:
    """10th and 90th percentile along the last axis of what is known; NaN where nothing is."""
    ordered = np.sort(view, axis=-1)  # NaN come last
    count = np.full(view.shape[:-1], view.shape[-1]) if complete else np.isfinite(view).sum(axis=-1)
    found = []
    for share in (0.1, 0.9):
        place = share * np.maximum(count - 1, 0)
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        low = np.take_along_axis(ordered, below[..., None], -1)[..., 0]
        high = np.take_along_axis(ordered, above[..., None], -1)[..., 0]
        found.append(low + (high - low) * (place - below))
    return found[0], found[1]
