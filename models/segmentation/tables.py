"""The table `segments` of a store, and what leaves it: CSV, a JSON of kinds, a page with the ethogram."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.drafts import replace_file
from bitflow.models.segmentation.discovery import Discovery, discover
from bitflow.models.segmentation.ethogram import ethogram_page
from bitflow.models.segmentation.portraits import (
    Portrait,
    Segment,
    kind_name,
    portraits_of,
    segments_of,
    transitions,
)
from bitflow.models.segmentation.reading import read_features
from bitflow.models.segmentation.stability import Stability
from bitflow.store import FeatureStore
from bitflow.tables import INTERVAL_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "1"
SOURCE = "bitflow segment"

SEGMENTS = Schema(
    "segments",
    "interval",
    (
        *INTERVAL_KEYS,
        Column("kind", "int32", "1", "number of the kind, the most common first", range=(0, None)),
        Column("silhouette", "float64", "1", "nearer to its own kind than to the next", range=(-1, 1)),
        Column("boundary", "float64", "1", "how unusual the change at its start is", range=(0, 1)),
        Column("exemplar", "bool", "1", "one of the six that show their kind best"),
    ),
    "segments of animals' behaviour found without labels; `confidence` is the share of instants nearest to the kind",
    tracks="animal",
)

CANDIDATES = "Kinds are found without labels: candidates to look at, not behaviours."


@dataclass(frozen=True, eq=False)
class Segmented:
    """What was found in a store."""

    discovery: Discovery
    segments: tuple[Segment, ...]
    portraits: tuple[Portrait, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        if self.discovery.supported:
            return (CANDIDATES,)
        return (CANDIDATES, f"Unstable: the data do not hold {self.discovery.kinds} kinds up under noise and halves.")

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        count = self.discovery.kinds
        return {
            "kinds": count,
            "supported": self.discovery.supported,
            "stability": [_measured(each) for each in self.discovery.stability],
            "portraits": [
                {**asdict(each), "name": kind_name(each.kind), "exemplars": [asdict(e) for e in each.exemplars]}
                for each in self.portraits
            ],
            "transitions": transitions(self.segments, count).tolist(),
            "segments": len(self.segments),
            "notes": list(self.notes),
        }


def segment_store(
    store: FeatureStore,
    *,
    recordings: Sequence[str] | None = None,
    kinds: int | None = None,
    jitter: float | None = None,
    seed: int = 0,
) -> Segmented:
    """Segment the poses of a store's recordings together, and keep the table `segments` where the data support one.

    Parameters
    ----------
    kinds
        How many; given, the table is kept even where the data do not hold them up, with a note that says so.

    Raises
    ------
    StoreError
        A recording has no poses.
    UsageError
        Too little was seen, or what was seen cannot be segmented.
    """
    names = list(recordings) if recordings else [name for name in store if "poses" in store[name]] or list(store)[:1]
    found = discover([read_features(store[name]) for name in names], kinds=kinds, jitter=jitter, seed=seed)
    segments = [segments_of(line) for line in found.timelines]
    everything = tuple(segment for each in segments for segment in each)
    done = Segmented(found, everything, tuple(portraits_of(found, everything)))
    if found.supported or kinds is not None:
        exemplary = {id(each) for portrait in done.portraits for each in portrait.exemplars}
        for name, mine in zip(names, segments, strict=True):
            inputs = {"poses": store[name].file("poses").metadata.get("fingerprint")}
            provenance = {
                "extractor": SOURCE,
                "version": VERSION,
                "parameters": {"kinds": kinds, "jitter": jitter, "seed": seed, "recordings": names},
                "models": {},
                "inputs": inputs,
            }
            store[name].write(SEGMENTS, [_batch(mine, exemplary)], provenance=provenance, notes=done.notes)
        store.index()
    return done


def export_segments(done: Segmented, folder: Path) -> list[Path]:
    """Write segments.csv, kinds.json and ethogram.html."""
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    names = {(line.read.recording, track): line.read.animals[i] for line in done.discovery.timelines
             for i, track in enumerate(line.read.tracks)}  # fmt: skip
    rows = [
        {
            **{key: value for key, value in asdict(each).items() if key != "distance"},
            "name": kind_name(each.kind),
            "animal": names[each.recording, each.track],
        }
        for each in done.segments
    ]
    followed = transitions(done.segments, done.discovery.kinds)
    files = {
        "segments.csv": pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"),
        "kinds.json": json.dumps(_finite(done.as_dict()), indent=1, allow_nan=False),
        "ethogram.html": ethogram_page(done.segments, done.portraits, followed, names),
    }
    for name, content in files.items():
        replace_file(folder / name, content.encode())
    return [folder / name for name in files]


def _batch(segments: Sequence[Segment], exemplary: set[int]) -> pa.RecordBatch:
    columns: dict[str, list[Any]] = {name: [] for name in SEGMENTS.names}
    for each in segments:
        row = {
            **{key: getattr(each, key) for key in columns if hasattr(each, key)},
            "name": kind_name(each.kind),
            "value": None,
            "source": SOURCE,
            "exemplar": id(each) in exemplary,
        }
        for name in columns:
            value = row[name]
            columns[name].append(None if isinstance(value, float) and np.isnan(value) else value)
    return SEGMENTS.batch(columns)


def _measured(each: Stability) -> dict[str, Any]:
    return {**asdict(each), "holds": each.holds}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
