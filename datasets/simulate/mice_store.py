"""Simulated mice as a recording of a store: poses as a tracker gives them, and annotations that are the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bitflow.annotations.table import ANNOTATIONS
from bitflow.datasets.simulate.mice import SimulatedMice
from bitflow.datasets.simulate.mouse_body import SKELETON
from bitflow.datasets.simulate.mouse_script import BEHAVIOURS
from bitflow.poses import PoseFacts, PoseSeries, write_poses
from bitflow.signals.cleaning import runs
from bitflow.store import FeatureStore, Recording

NOTE = "Simulated: no animal was recorded; annotations are what each was made to do."
TRUTH = "simulated truth"
"""Annotator of the table `annotations`."""


def mice_poses(mice: SimulatedMice) -> PoseSeries:
    """The tracker's points as poses."""
    facts = PoseFacts(
        keypoints=mice.keypoints,
        animals=mice.animals,
        skeleton=SKELETON,
        fps=mice.rate,
        image_size=(round(mice.arena), round(mice.arena)),
        source={"format": "simulated"},
    )
    return PoseSeries.of(mice.points, facts, rate=mice.rate, confidence=mice.confidence)


def write_mice(store: str | Path, mice: SimulatedMice, *, recording: str = "simulated") -> Recording:
    """Write the poses of simulated mice, and the truth as the table `annotations`.

    A bout carries the tracks of who does it and of whom it is directed at.
    """
    opened = FeatureStore.create(store)
    place = opened.draft(recording)
    provenance = {"extractor": "simulated mice", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
    facts = {"simulated": True, "media": {"duration": mice.duration, "video": {"average_rate_hz": mice.rate}}}
    write_poses(place, mice_poses(mice), provenance=provenance, notes=[NOTE], facts=facts)
    rows = sorted(_bouts(mice))
    columns = {name: [None] * len(rows) for name in ANNOTATIONS.names}
    for name, values in zip(("start", "end", "track", "name", "target"), zip(*rows, strict=True), strict=True):
        columns[name] = list(values)
    columns |= {
        "source": [TRUTH] * len(rows),
        "confidence": [1.0] * len(rows),
        "subject": [mice.animals[track] for track in columns["track"]],
    }
    place.write(ANNOTATIONS, [ANNOTATIONS.batch(columns)], provenance=provenance, notes=[NOTE], facts=facts)
    opened.index()
    return place


def _bouts(mice: SimulatedMice) -> list[tuple[float, float, int, str, int]]:
    """Start, end (s), track, behaviour and target of every bout."""
    found = []
    for who in range(len(mice.animals)):
        kind = mice.label[:, who].astype(int) * 64 + mice.target[:, who]
        for value in np.unique(kind):
            for first, last in runs(kind == value):
                label, target = int(mice.label[first, who]), int(mice.target[first, who])
                found.append((first / mice.rate, last / mice.rate, who, BEHAVIOURS[label], target))
    return found
