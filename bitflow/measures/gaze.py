"""Where the eyes point. Gaze from a webcam is uncalibrated: what needs a better one says so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitflow.events.gaze import ENTROPY_CELL_DEG, TARGET_DEG, GazeSeries, find_gaze_shifts
from bitflow.events.person import Pair
from bitflow.events.reasons import Undefined
from bitflow.measures import statistics
from bitflow.measures.entropy import entropy_estimate
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure

_NEEDS = ("gaze",)


@measure(id="gaze_on_target_fraction", unit="1", needs=_NEEDS, minimum=Minimum(seconds=10), range=(0, 1), core=True)
def gaze_on_target(gaze: GazeSeries, *, half_angle_deg: float = TARGET_DEG) -> Estimate:
    """Share of the time in which gaze lies within 15°, and its own error, of where it mostly rests.

    `not_calibrated` when the error exceeds the target.
    """
    return statistics.fraction(gaze.on_target(half_angle_deg))


@measure(
    id="gaze_dispersion_bcea_deg2",
    unit="deg2",
    needs=_NEEDS,
    minimum=Minimum(seconds=10),
    cite=("Steinman 1965", "Castet & Crossland 2012, Seeing Perceiving 25:53"),
    range=(0, None),
)
def gaze_dispersion(gaze: GazeSeries, *, share: float = 0.68) -> Estimate:
    """Area of the ellipse that holds 68 % of the gaze: ``2·ln(1/(1 − .68))·π·σx·σy·√(1 − ρ²)``. Its noise is in it."""
    y, x = gaze.angles.values.T
    factor = -2 * np.log(1 - share) * np.pi

    def area(m: np.ndarray) -> np.ndarray:
        vx, vy = m[..., 2] - m[..., 0] ** 2, m[..., 3] - m[..., 1] ** 2
        cov = m[..., 4] - m[..., 0] * m[..., 1]
        return factor * np.sqrt(np.maximum(vx * vy - cov**2, 0.0))

    return statistics.of_means(np.stack([x, y, x * x, y * y, x * y], axis=1), gaze.angles.rate, area)


@measure(
    id="gaze_entropy_bits",
    unit="bit",
    needs=_NEEDS,
    minimum=Minimum(seconds=200 / 30),
    cite=("Shiferaw et al. 2019, Neurosci Biobehav Rev 96:353", "Miller 1955"),
    range=(0, None),
)
def gaze_entropy(gaze: GazeSeries, *, cell_deg: float = ENTROPY_CELL_DEG) -> Estimate:
    """Shannon entropy of where gaze lies on a grid of 5°, corrected for its bias (Miller–Madow); at least 200
    samples."""
    known = gaze.angles.known
    if known.sum() < 200:
        raise Undefined("too_few_valid")
    cells = np.floor(gaze.angles.values[known] / cell_deg + 0.5).astype(int)
    _, label = np.unique(cells, axis=0, return_inverse=True)
    labels = np.full(len(known), np.nan)
    labels[known] = label.ravel()
    return entropy_estimate(labels, gaze.angles.rate)


@measure(
    id="gaze_shift_rate_per_min",
    unit="1/min",
    needs=_NEEDS,
    minimum=Minimum(seconds=20),
    range=(0, None),
    core=True,
    counts=True,
)
def gaze_shift_rate(gaze: GazeSeries) -> Estimate:
    """Changes between on and off target a minute, both lasting at least 0.1 s."""
    return statistics.event_rate(find_gaze_shifts(gaze))


@dataclass(frozen=True, eq=False)
class PairGaze:
    """Gaze of both."""

    first: GazeSeries
    second: GazeSeries

    @classmethod
    def of(cls, pair: Pair) -> PairGaze:
        """From the gaze of both."""
        return cls(pair.first.get(GazeSeries), pair.second.get(GazeSeries))


@measure(
    id="mutual_gaze_fraction",
    unit="1",
    needs=_NEEDS,
    scope="pair",
    minimum=Minimum(seconds=20),
    cite=("Kendon 1967, Acta Psychol 26:22",),
    range=(0, 1),
)
def mutual_gaze(gaze: PairGaze, *, half_angle_deg: float = TARGET_DEG) -> Estimate:
    """Share of the joint time in which both are on target; the note gives what chance would make of it.

    The target is where each mostly looks: in a conversation the other, or the screen that shows the other.
    """
    first, second = gaze.first.on_target(half_angle_deg), gaze.second.on_target(half_angle_deg)
    joint = first.known & second.known
    if joint.sum() < 20 * first.rate:
        raise Undefined("no_overlap")
    both = (first & second).where(type(first)(joint, joint, first.start, first.rate))
    expected = first.yes[joint].mean() * second.yes[joint].mean()
    found = statistics.fraction(both)
    return Estimate(
        found.value,
        found.low,
        found.high,
        found.n,
        found.seconds,
        found.coverage,
        found.no_interval,
        f"expected from each alone: {expected:.3f}",
    )
