"""Segmentation without labels: cut where something changes, find kinds of pieces, and say whether they hold.

Segment first: features, change points, kinds of whole pieces, and a last pass over the instants that moves borders to
where they fit best. The number of kinds is the largest that survives noise and other halves of the data; where none
does, there is no timeline. Kinds are candidates that a person must look at, not behaviours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.segmentation.clusters import Clusters, clustered
from bitflow.models.segmentation.cuts import LEAST_SEEN, UNSEEN, Cut
from bitflow.models.segmentation.decoding import HOUR_ROWS, settled_paths
from bitflow.models.segmentation.features import CHUNK_ROWS, Features, Scaling
from bitflow.models.segmentation.reading import PROBE_FRAMES, Read, series_features
from bitflow.models.segmentation.stability import (
    KINDS,
    PIECES_A_KIND,
    REPEATS,
    Stability,
    most_supported,
    stability_of,
    stacked,
)
from bitflow.poses import PoseSeries
from bitflow.poses.cleaning import clean

Array = NDArray[np.float64]

CHANGE_PRICE = 20.0
SAMPLE_ROWS = 200_000
USUAL_JITTER_PX = 0.5


@dataclass(frozen=True, eq=False)
class Timeline:
    """What one recording's animals did: ``kinds`` is ``(n, A)``, `UNSEEN` where too little was seen."""

    read: Read
    kinds: NDArray[np.int64]
    distances: NDArray[np.floating]
    """``(n, A, K)`` squared distance of each row from each kind, in the kinds' own spread."""
    novelty: Array
    """``(n, A)`` how much changes at a row, as a share of rows where less does; NaN away from change points."""


@dataclass(frozen=True, eq=False)
class Discovery:
    """What was found in recordings taken together.

    Parameters
    ----------
    kinds
        How many.
    supported
        Whether the data hold so many up; a timeline of kinds that they do not is a guess.
    stability
        What was measured, a number of kinds each.
    """

    kinds: int
    supported: bool
    stability: tuple[Stability, ...]
    clusters: Clusters
    timelines: tuple[Timeline, ...]


def discover(
    reads: Sequence[Read], *, kinds: int | None = None, jitter: float | None = None, seed: int = 0
) -> Discovery:
    """Find kinds of behaviour in recordings taken together.

    Parameters
    ----------
    kinds
        How many to find; by default as many as hold up.
    jitter
        Standard deviation of the noise that kinds must survive, px; by default what the tracker shows of animals that
        hold still, or 0.5 where none does.
    seed
        Of restarts, samples and noise.

    Raises
    ------
    UsageError
        Too little was seen for any kinds, or for so many.
    """
    scaling = Scaling.fit(_sample([read.features for read in reads]))
    cuts = [Cut.of(scaling(read.features), read.features.seen) for read in reads]
    reads = [read.without_posture() for read in reads]  # of a day's recording it is a large part, and no longer needed
    vectors, weights = stacked(cuts)
    fewest = kinds or KINDS[0]
    most = len(vectors) // PIECES_A_KIND
    if most < fewest:
        raise UsageError(
            f"{len(vectors)} pieces of behaviour were seen, too few for {fewest} kinds, which need "
            f"{PIECES_A_KIND * fewest}: give longer recordings or ask for fewer kinds"
        )
    candidates = (kinds,) if kinds else tuple(number for number in KINDS if number <= most)
    probes, noisy = _tried(scaling, reads, jitter, seed)
    measured: list[Stability] = []
    for number in sorted(candidates, reverse=True):
        measured.append(stability_of(probes, noisy, number, seed=seed, thorough=kinds is not None))
        if measured[-1].holds:
            break
    best, supported = most_supported(measured)
    clusters = clustered(vectors, weights, best.kinds, seed=seed)
    return Discovery(best.kinds, supported, tuple(reversed(measured)), clusters, _timelines(reads, cuts, clusters))


def _tried(
    scaling: Scaling, reads: Sequence[Read], jitter: float | None, seed: int
) -> tuple[list[Cut], list[list[Cut]]]:
    """Stretches of the recordings cut as they are, and with noise added, once a repetition."""
    probes = [(probe, read.scale) for read in reads for probe in read.probes]
    every = max(1, round(sum(len(probe) for probe, _ in probes) / PROBE_FRAMES))
    probes = probes[::every]
    if jitter is None:
        jitter = _still_jitter([probe for probe, _ in probes])
    random = np.random.default_rng([seed, 97])

    def cut(probe: PoseSeries, scale: Array) -> Cut:
        found = series_features(probe, scale)
        return Cut.of(scaling(found), found.seen)

    def shaken(probe: PoseSeries) -> PoseSeries:
        return probe.with_points(probe.points + jitter * random.standard_normal(probe.points.shape))

    plain = [cut(probe, scale) for probe, scale in probes]
    return plain, [[cut(shaken(probe), scale) for probe, scale in probes] for _ in range(REPEATS)]


def _still_jitter(probes: Sequence[PoseSeries]) -> float:
    """Spread of the points of animals that hold still, px."""
    found = [row.jitter_px for probe in probes for row in clean(probe).report if np.isfinite(row.jitter_px)]
    return float(np.median(found)) if found else USUAL_JITTER_PX


def _sample(features: Sequence[Features]) -> Features:
    """Rows of all recordings, thinned out evenly, animals one below the other."""
    rows = sum(each.seen.size for each in features)
    every = max(1, rows // SAMPLE_ROWS)
    flat = [
        Features(
            np.repeat(each.time, each.seen.shape[1])[::every],
            each.values.reshape(-1, 1, each.values.shape[-1])[::every].astype(float),
            each.posture.reshape(-1, 1, each.posture.shape[-1])[::every].astype(float),
            each.nearest.reshape(-1, 1)[::every],
            each.seen.reshape(-1, 1)[::every],
        )
        for each in features
    ]
    kinds = {each.values.shape[-1] for each in flat}
    if len(kinds) > 1:
        raise UsageError("recordings of one animal and of several cannot be segmented together: do one kind at a time")
    joined = Features.joined(flat)
    keep = joined.seen[:, 0] >= LEAST_SEEN
    if keep.sum() < 100:
        raise UsageError("the animals are hardly ever seen: under 10 s of poses, cleaned, are left to segment")
    return Features(*(getattr(joined, name)[keep] for name in Features.__dataclass_fields__))


def _timelines(reads: Sequence[Read], cuts: Sequence[Cut], clusters: Clusters) -> tuple[Timeline, ...]:
    """Kinds of every row: those of the pieces, with borders moved to where the rows themselves change."""
    count = len(clusters)
    first = [cut.painted(clusters) for cut in cuts]
    size, total, square = np.zeros(count), 0.0, 0.0
    for cut, kinds in zip(cuts, first, strict=True):
        for start in range(0, len(kinds), CHUNK_ROWS):
            of = kinds[start : start + CHUNK_ROWS].ravel()
            rows = cut.coordinates[start : start + CHUNK_ROWS].reshape(len(of), -1)[of != UNSEEN]
            of = of[of != UNSEEN]
            size += np.bincount(of, minlength=count)
            total = total + np.stack([rows[of == kind].sum(axis=0, dtype=float) for kind in range(count)])
            square = square + rows.T @ rows
    means = total / np.maximum(size, 1)[:, None]
    within = (square - (means * size[:, None]).T @ means) / max(size.sum(), 1)
    within = 0.8 * within + 0.2 * np.diag(np.diag(within)) + 1e-9 * np.eye(len(within))
    metric = np.linalg.inv(np.linalg.cholesky(within)).T
    share = np.log((size + 1) / (size.sum() + count))
    lines = []
    turned_means = (means @ metric).astype(np.float32)
    for read, cut, kinds in zip(reads, cuts, first, strict=True):
        distances = np.empty((*kinds.shape, count), np.float32)
        for start in range(0, len(kinds), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            turned = cut.coordinates[rows] @ metric.astype(np.float32)
            for kind, centre in enumerate(turned_means):
                distances[rows, :, kind] = np.square(turned - centre).sum(axis=-1)
        prior = share.astype(np.float32)
        moved = np.stack([_borders(prior - distances[:, who] / 2) for who in range(kinds.shape[1])], axis=1)
        novelty = np.full(kinds.shape, np.nan)
        for who, pieces in enumerate(cut.pieces):
            novelty[pieces.edges[:-1], who] = pieces.novelty
        lines.append(Timeline(read, np.where(kinds == UNSEEN, UNSEEN, moved), distances, novelty))
    return tuple(lines)


def _borders(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """The best path through one animal's rows ``(n, K)``, an hour at a time and all hours side by side."""
    rows, kinds = scores.shape
    length = min(HOUR_ROWS, rows)
    hours = -(-rows // length)
    lanes = np.zeros((length, hours, kinds), scores.dtype)
    for hour in range(hours):
        part = scores[hour * length : (hour + 1) * length]
        lanes[: len(part), hour] = part
    return settled_paths(lanes, CHANGE_PRICE).T.ravel()[:rows]
