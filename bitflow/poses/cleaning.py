"""Cleaning of poses, keypoint by keypoint, and the account of what it did.

Every step looks at one point in time, or at two points of one animal; none judges a point by its distance from the
rest of the body, which would take a mouse's tail away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.poses.kinematics import body_lengths, speed
from bitflow.poses.series import PoseSeries
from bitflow.poses.swaps import possible_swaps
from bitflow.signals.cleaning import longest_run, median_filtered
from bitflow.signals.jumps import bridged, excursions, step_limit
from bitflow.signals.smoothing import savgol_smoothed

#: Share of missing input from which results carry a warning, and from which there should be none.
WARNING_SHARE, ABSTENTION_SHARE = 0.2, 0.5

#: An animal slower than this, in body lengths a second, holds still enough to measure jitter.
_STILL_BL_PER_S = 0.5

_JITTER_FRAMES = 10


@dataclass(frozen=True)
class Cleaning:
    """What counts as an error.

    Parameters
    ----------
    confidence
        Points below are dropped, unless the confidences are no probabilities or none lies below. None keeps all.
    jump_bl
        Body lengths that a point must jump from one frame to the next, at 30 frames a second, to be out of place
        when it comes back.
    stretch
        Two points of an animal farther apart than so many times the 99th percentile of their distance are judged:
        the less confident one is dropped. None judges none.
    longest_gap
        Gaps up to this many seconds are bridged by straight lines. 0 bridges none.
    """

    confidence: float | None = 0.6
    jump_bl: float = 1.0
    stretch: float | None = 2.5
    longest_gap: float = 0.2

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise UsageError(f"a confidence lies between 0 and 1, not {self.confidence}")
        if not (self.jump_bl > 0 and self.longest_gap >= 0) or (self.stretch is not None and self.stretch <= 1):
            raise UsageError("a jump is a positive number of body lengths, a gap no negative time, a stretch above 1")


@dataclass(frozen=True)
class KeypointReport:
    """What was wrong with one keypoint of one animal; shares are of all frames."""

    animal: str
    keypoint: str
    missing: float
    """Share of frames in which the source has no point."""
    low_confidence: float
    jumps: float
    stretched: float
    interpolated: float
    left: float
    """Share of frames that have a point in the end, interpolated ones among them."""
    longest_gap_s: float
    jitter_px: float
    """Spread about the running median while the animal holds still: 1.48 MAD; NaN where it never does."""

    @property
    def touched(self) -> float:
        """Share of the source's points that cleaning dropped."""
        known = 1 - self.missing
        return (self.low_confidence + self.jumps + self.stretched) / known if known > 0 else 0.0

    @property
    def verdict(self) -> str:
        """``good``, ``warning`` from 20 % missing input, ``abstain`` from 50 %."""
        lost = self.missing + self.low_confidence + self.jumps + self.stretched
        return "abstain" if lost > ABSTENTION_SHARE else "warning" if lost > WARNING_SHARE else "good"


@dataclass(frozen=True, eq=False)
class Cleaned:
    """Poses after cleaning.

    Parameters
    ----------
    interpolated
        ``(T, A, K)`` points that were made up.
    dropped
        ``(T, A, K)`` points that the source lacks, and those dropped as unsure, as jumps, as stretched.
    notes
        What was not done, and why.
    """

    poses: PoseSeries
    interpolated: NDArray[np.bool_]
    dropped: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]
    notes: tuple[str, ...] = ()

    @cached_property
    def possible_swap(self) -> NDArray[np.bool_]:
        """``(T, A)`` frames from which an animal may have another's name."""
        return _swaps(self.poses.with_points(_without(self.poses.points, self.interpolated)))

    @cached_property
    def report(self) -> tuple[KeypointReport, ...]:
        """One entry a keypoint and animal."""
        return _report(self.poses, self.dropped, self.interpolated)


def clean(poses: PoseSeries, how: Cleaning | None = None) -> Cleaned:
    """Drop points that cannot be right, bridge short gaps, flag exchanged names.

    In order: confidence, jumps that come back, stretched pairs, swaps (flagged only), interpolation.

    Examples
    --------
    >>> from bitflow.poses import PoseFacts
    >>> points = np.zeros((60, 1, 2, 2)) + np.array([[0.0, 0.0], [40.0, 0.0]])
    >>> points[30, 0, 0] = 300.0
    >>> poses = PoseSeries.of(points, PoseFacts(("nose", "tail_base"), ("mouse",)), rate=30.0)
    >>> cleaned = clean(poses)
    >>> cleaned.poses.points[30, 0, 0].tolist(), cleaned.interpolated.sum().item()
    ([0.0, 0.0], 1)
    """
    rules = Cleaning() if how is None else how
    notes: list[str] = []
    missing = ~poses.valid
    unsure = _unsure(poses, rules, notes) & ~missing
    points = _without(poses.points, unsure)
    jumping = _jumping(poses.with_points(points), rules, notes)
    points = _without(points, jumping)
    stretched = _stretched(poses.with_points(points), rules)
    points = _without(points, stretched)
    gap = int(np.floor(rules.longest_gap * poses.rate + 1e-6))
    filled, made = points.copy(), np.zeros(missing.shape, bool)
    for a, k in np.ndindex(missing.shape[1:]):
        filled[:, a, k], made[:, a, k] = bridged(points[:, a, k], gap)
    return Cleaned(poses.with_points(filled), made, (missing, unsure, jumping, stretched), tuple(notes))


def smoothed(poses: PoseSeries, *, seconds: float = 0.23, median_frames: int = 1) -> PoseSeries:
    """Poses for derivatives: spikes taken off by a running median, then a Savitzky–Golay filter of order 2.

    Each stretch without a gap is filtered for itself; one shorter than the window stays as it is.
    """
    window = max(3, round(seconds * poses.rate)) | 1
    points = poses.points.copy()
    for a, k in np.ndindex(points.shape[1:3]):
        points[:, a, k] = savgol_smoothed(median_filtered(points[:, a, k], median_frames), window)
    return poses.with_points(points)


def summary(cleaned: Cleaned) -> list[KeypointReport]:
    """The report with animals taken together, one entry a keypoint: means of shares, the longest gap."""
    rows: list[KeypointReport] = []
    for name in cleaned.poses.keypoints:
        each = [row for row in cleaned.report if row.keypoint == name]
        shares = ("missing", "low_confidence", "jumps", "stretched", "interpolated", "left")
        means = {share: float(np.mean([getattr(row, share) for row in each])) for share in shares}
        known = [row.jitter_px for row in each if np.isfinite(row.jitter_px)]
        jitter = float(np.median(known)) if known else float("nan")
        longest = max(row.longest_gap_s for row in each)
        rows.append(replace(each[0], animal="all", longest_gap_s=longest, jitter_px=jitter, **means))
    return rows


def _without(points: NDArray[np.float64], dropped: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(dropped[..., None], np.nan, points)


def _unsure(poses: PoseSeries, rules: Cleaning, notes: list[str]) -> NDArray[np.bool_]:
    given = poses.confidence[poses.valid]
    given = given[np.isfinite(given)]
    none = np.zeros_like(poses.valid)
    if rules.confidence is None or not len(given):
        return none
    if given.max() > 1.0 + 1e-6:
        notes.append(f"confidences reach {given.max():.2f}: they are no probabilities, and no point was judged by them")
        return none
    return poses.confidence < rules.confidence


def _jumping(poses: PoseSeries, rules: Cleaning, notes: list[str]) -> NDArray[np.bool_]:
    found = np.zeros_like(poses.valid)
    scales = _scales(poses)
    for a, scale in enumerate(scales):
        if not np.isfinite(scale):
            notes.append(f"{poses.animals[a]}: no length of the body is known, and jumps were not judged")
            continue
        least = rules.jump_bl * float(scale) * 30.0 / poses.rate
        for k in range(len(poses.keypoints)):
            way = poses.points[:, a, k]
            found[:, a, k] = excursions(way, step_limit(way, least))
    return found


def _scales(poses: PoseSeries) -> NDArray[np.float64]:
    """Body lengths; where nose or tail base have no name, the median extent of the points."""
    try:
        return body_lengths(poses)
    except UsageError:
        known = np.asarray(poses.valid.any(axis=2))
        found = np.full(len(poses.tracks), np.nan)
        for a in range(len(found)):
            seen = poses.points[known[:, a], a]
            if len(seen):
                found[a] = np.median(np.linalg.norm(np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1), axis=-1))
        return np.where(found > 0, found, np.nan)


def _stretched(poses: PoseSeries, rules: Cleaning) -> NDArray[np.bool_]:
    found = np.zeros_like(poses.valid)
    if rules.stretch is None:
        return found
    first, second = np.triu_indices(len(poses.keypoints), 1)
    for a in range(len(poses.tracks)):
        points = np.moveaxis(poses.points[:, a], 0, 1)
        apart = np.linalg.norm(points[first] - points[second], axis=-1)  # (pairs, T)
        usual = _percentile_of_known(apart, 99)[:, None]
        with np.errstate(invalid="ignore"):
            too_far = apart > rules.stretch * usual
        votes = np.zeros(found[:, a].shape, np.int16)
        far_pairs: list[tuple[int, int, NDArray[np.int64]]] = []
        for pair in np.flatnonzero(too_far.any(axis=1)):
            i, j, far = int(first[pair]), int(second[pair]), np.flatnonzero(too_far[pair])
            far_pairs.append((i, j, far))
            votes[far, i] += 1
            votes[far, j] += 1
        for i, j, far in far_pairs:
            sure = np.nan_to_num(poses.confidence[far, a, i]) - np.nan_to_num(poses.confidence[far, a, j])
            by_votes = votes[far, j].astype(float) - votes[far, i]
            better = np.where(sure != 0, sure, by_votes)  # of the first; 0 where nothing tells them apart
            found[far, a, j] |= better >= 0
            found[far, a, i] |= better <= 0
    return found


def _percentile_of_known(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Percentile of each row ``(n, T)`` without what is missing; NaN for a row without anything."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    ordered = np.sort(values, axis=1)  # NaN last
    place = np.maximum(np.isfinite(values).sum(axis=1) - 1, 0) * share / 100
    below, row = place.astype(int), np.arange(len(values))
    under, over = ordered[row, below], ordered[row, np.ceil(place).astype(int)]
    return under + (place - below) * (over - under)


def _swaps(poses: PoseSeries) -> NDArray[np.bool_]:
    try:
        return np.asarray(possible_swaps(poses).any(axis=2))
    except UsageError:  # without nose and tail base there is no body length
        return np.zeros((len(poses), len(poses.tracks)), bool)


def _report(
    poses: PoseSeries, dropped: tuple[NDArray[np.bool_], ...], made: NDArray[np.bool_]
) -> tuple[KeypointReport, ...]:
    missing, unsure, jumping, stretched = dropped
    gone = missing | unsure | jumping | stretched
    valid, still = poses.valid, _still(poses)
    rows: list[KeypointReport] = []
    for a, animal in enumerate(poses.animals):
        for k, keypoint in enumerate(poses.keypoints):
            share = (float(flags[:, a, k].mean()) if len(flags) else 0.0 for flags in (*dropped, made, valid))
            rows.append(
                KeypointReport(
                    animal,
                    keypoint,
                    *share,
                    longest_gap_s=longest_run(gone[:, a, k]) / poses.rate,
                    jitter_px=_jitter(poses.points[still[:, a] & ~made[:, a, k], a, k]),
                )
            )
    return tuple(rows)


def _still(poses: PoseSeries) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(speed(poses) < _STILL_BL_PER_S * _scales(poses))


def _jitter(points: NDArray[np.float64]) -> float:
    known = points[np.isfinite(points).all(axis=-1)]
    if len(known) < _JITTER_FRAMES:
        return float("nan")
    off = known - median_filtered(known, 5)
    return float(1.4826 * np.median(np.abs(off)))
