"""What a tracker makes of true points: jitter, outliers, points and animals lost, animals taken for one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TrackingNoise:
    """How a tracker errs.

    Parameters
    ----------
    jitter
        Standard deviation of each coordinate, px.
    outliers, points_lost
        Share of single points that lie far off, or are missing.
    animals_lost
        Share of frames in which a whole animal is missing, in runs of half a second on average.
    swaps
        Chance that two animals are exchanged each time they come within 0.8 body lengths.
    """

    jitter: float = 0.0
    outliers: float = 0.0
    points_lost: float = 0.0
    animals_lost: float = 0.0
    swaps: float = 0.0


PRESETS = {
    "none": TrackingNoise(),
    "easy": TrackingNoise(jitter=0.8, outliers=0.001, points_lost=0.01, animals_lost=0.01),
    "hard": TrackingNoise(jitter=2.0, outliers=0.005, points_lost=0.04, animals_lost=0.06, swaps=0.15),
}

OUTLIER_BL = 1.5
CONTACT_BL = 0.8
LOST_S = 0.5
SWAP_S = (1 / 3, 3.0)


@dataclass(frozen=True)
class Swap:
    """Two animals whose points are exchanged in frames ``[first, last)``."""

    first: int
    last: int
    animals: tuple[int, int]


def tracked(
    clean: NDArray[np.float64],
    lengths: NDArray[np.float64],
    noise: TrackingNoise,
    *,
    rate: float,
    random: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float32], tuple[Swap, ...]]:
    """Points, confidences and exchanges as a tracker with this noise would give them.

    Parameters
    ----------
    clean
        ``(frames, animals, keypoints, 2)`` px.
    lengths
        ``(animals,)`` px.

    Returns
    -------
    tuple
        Points like `clean`, NaN where missing; confidence ``(frames, animals, keypoints)``, 0 where missing and
        lowered on half of the outliers only, so that no threshold finds them all; the exchanges.
    """
    frames, animals, keypoints, _ = clean.shape
    points = clean + noise.jitter * random.standard_normal(clean.shape)
    confidence = random.uniform(0.8, 1.0, (frames, animals, keypoints)).astype(np.float32)
    far = random.random(confidence.shape) < noise.outliers
    points[far] += OUTLIER_BL * lengths.mean() * random.standard_normal((int(far.sum()), 2))
    doubted = far & (random.random(far.shape) < 0.5)
    confidence[doubted] = random.uniform(0.1, 0.5, int(doubted.sum()))
    lost = random.random(confidence.shape) < noise.points_lost
    lost |= _lost_animals(frames, animals, noise.animals_lost, rate, random)[..., None]
    points[lost] = np.nan
    confidence[lost] = 0.0
    swaps = _swaps(clean.mean(axis=2), lengths, noise.swaps, rate, random)
    for swap in swaps:
        a, b = swap.animals
        inside = slice(swap.first, swap.last)
        points[inside, [a, b]] = points[inside, [b, a]]
        confidence[inside, [a, b]] = confidence[inside, [b, a]]
    return points, confidence, swaps


def _lost_animals(
    frames: int, animals: int, share: float, rate: float, random: np.random.Generator
) -> NDArray[np.bool_]:
    lost = np.zeros((frames, animals), bool)
    for who in range(animals):
        for first in np.flatnonzero(random.random(frames) < share / (LOST_S * rate)):
            lost[first : first + 1 + int(random.exponential(LOST_S * rate)), who] = True
    return lost


def _swaps(
    centres: NDArray[np.float64], lengths: NDArray[np.float64], chance: float, rate: float, random: np.random.Generator
) -> tuple[Swap, ...]:
    found: list[Swap] = []
    taken = np.zeros(centres.shape[:2], bool)
    if not chance:
        return ()
    for a in range(centres.shape[1]):
        for b in range(a + 1, centres.shape[1]):
            close = np.linalg.norm(centres[:, a] - centres[:, b], axis=1) < CONTACT_BL * lengths[[a, b]].mean()
            for first in np.flatnonzero(np.diff(close.astype(np.int8)) == 1) + 1:
                last = min(len(centres), first + round(rate * random.uniform(*SWAP_S)))
                if random.random() < chance and not taken[first:last, [a, b]].any():
                    taken[first:last, [a, b]] = True
                    found.append(Swap(int(first), int(last), (a, b)))
    return tuple(sorted(found, key=lambda swap: swap.first))
