"""What kinds of behaviour look like: how their animals move, which segments show them best, what follows what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.discovery import UNSEEN, Discovery, Timeline
from bitflow.models.segmentation.features import FEATURE_HZ, SOCIAL, SOLO
from bitflow.signals.cleaning import runs

Array = NDArray[np.float64]

EXEMPLARS = 6
DIRECTED_BL = 1.0
"""A segment is directed at the animal that is this near for most of it, body lengths between the bodies."""


@dataclass(frozen=True)
class Segment:
    """A stretch in which one animal does one kind of thing.

    Parameters
    ----------
    start, end
        s on the media clock.
    track, target
        Who, and who was near throughout; −1 for nobody.
    kind
        Number of the kind, the most common first.
    silhouette
        How much nearer it lies to its own kind than to the next, −1 to 1.
    confidence
        Share of its instants that are nearest to its own kind.
    boundary
        How much changes where it begins, as a share of all instants that change less; NaN at the recording's start.
    coverage
        Share of the body that was seen.
    """

    recording: str
    start: float
    end: float
    track: int
    target: int
    kind: int
    silhouette: float
    confidence: float
    boundary: float
    coverage: float
    distance: float
    """From the middle of its kind: exemplars lie near."""


@dataclass(frozen=True)
class Portrait:
    """One kind: its share of the time, how it moves, and the segments that show it best."""

    kind: int
    share: float
    segments: int
    median_s: float
    card: dict[str, float]
    exemplars: tuple[Segment, ...]


def kind_name(kind: int) -> str:
    """What a kind is called until a person has looked at it."""
    return f"kind {kind + 1}"


def segments_of(timeline: Timeline) -> list[Segment]:
    """The segments of a recording by start."""
    read = timeline.read
    time, features = read.features.time, read.features
    edges = np.append(time, read.end)
    gap = np.exp(features.values[..., len(SOLO)]) - 0.2 if features.values.shape[-1] > len(SOLO) else None
    found: list[Segment] = []
    for who, track in enumerate(read.tracks):
        kinds = timeline.kinds[:, who]
        for value in np.unique(kinds[kinds != UNSEEN]):
            for first, last in runs(kinds == value):
                rows = slice(int(first), int(last))
                distances = timeline.distances[rows, who]
                own = distances[:, value].mean()
                other = np.delete(distances.mean(axis=0), value).min()
                near = features.nearest[rows, who]
                target = -1
                if gap is not None and np.median(gap[rows, who]) < DIRECTED_BL:
                    target = read.tracks[int(np.bincount(near[near >= 0]).argmax())]
                change = timeline.novelty[max(0, first - 2) : first + 3, who]
                found.append(
                    Segment(
                        read.recording,
                        float(edges[first]),
                        float(edges[last]),
                        track,
                        target,
                        int(value),
                        float((other - own) / max(own, other, 1e-9)),
                        float((distances.argmin(axis=1) == value).mean()),
                        float(np.nanmax(change)) if np.isfinite(change).any() else float("nan"),
                        float(features.seen[rows, who].mean()),
                        float(own),
                    )
                )
    return sorted(found, key=lambda segment: (segment.start, segment.track))


def portraits_of(discovery: Discovery, segments: Sequence[Segment]) -> list[Portrait]:
    """Every kind, the most common first."""
    social = discovery.timelines[0].read.features.values.shape[-1] > len(SOLO)
    seen = sum(int((line.kinds != UNSEEN).sum()) for line in discovery.timelines)
    found = []
    for kind in range(discovery.kinds):
        inside = np.concatenate([line.read.features.values[line.kinds == kind] for line in discovery.timelines])
        mine = sorted((s for s in segments if s.kind == kind), key=lambda segment: segment.distance)
        lasting = [segment.end - segment.start for segment in mine]
        found.append(
            Portrait(
                kind,
                len(inside) / max(1, seen),
                len(mine),
                float(np.median(lasting)) if lasting else float("nan"),
                _card(inside, social),
                tuple(mine[:EXEMPLARS]),
            )
        )
    return found


def transitions(segments: Sequence[Segment], kinds: int) -> NDArray[np.int64]:
    """How often each kind (row) is followed by each other (column) in one animal."""
    table = np.zeros((kinds, kinds), np.int64)
    last: dict[tuple[str, int], Segment] = {}
    for segment in segments:
        before = last.get((segment.recording, segment.track))
        if before is not None and abs(before.end - segment.start) < 1 / FEATURE_HZ:
            table[before.kind, segment.kind] += 1
        last[segment.recording, segment.track] = segment
    return table


def _card(values: Array, social: bool) -> dict[str, float]:
    """Medians in units that a person can picture."""
    if not len(values):
        return {}
    middle = dict(zip((*SOLO, *(SOCIAL if social else ())), np.median(values, axis=0), strict=True))
    card = {
        "speed_bl_per_s": np.exp(middle["speed"]) - 0.1,
        "elongation": np.exp(middle["elongation"] / 3) - 0.05,
        "turning_deg_per_s": np.rad2deg(np.exp(middle["turning"]) - 0.1),
        **{f"tremble_{name}_bl": np.exp(middle[f"tremble_{name}"]) for name in ("slow", "middle", "fast")},
    }
    if social:
        card["distance_bl"] = np.exp(middle["distance"]) - 0.2
    return {name: round(float(value), 4) for name, value in card.items()}
