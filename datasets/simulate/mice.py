"""Mice on a floor, with what each does in every frame: poses as a tracker gives them, and the truth behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.simulate.mouse_body import KEYPOINTS, mouse_points
from bitflow.datasets.simulate.mouse_script import mouse_paths
from bitflow.datasets.simulate.tracking_noise import PRESETS, Swap, tracked
from bitflow.errors import UsageError

ARENA_PX = 480.0
LENGTH_PX = 45.0


@dataclass(frozen=True, eq=False)
class SimulatedMice:
    """One recording that never was.

    Parameters
    ----------
    points
        ``(frames, animals, keypoints, 2)`` px, NaN where the tracker lost them.
    confidence
        ``(frames, animals, keypoints)``, 0 where missing.
    clean
        Like `points`, as the animals really were.
    label, target
        ``(frames, animals)`` int8: index in `BEHAVIOURS`, and whom it is directed at, −1 for nobody.
    swaps
        Where two animals were taken for one another; labels stay with the animal, not with the track.
    lengths
        ``(animals,)`` px from nose to tail base of a stretched animal.
    arena
        Side of the square floor, px.
    """

    points: NDArray[np.float64]
    confidence: NDArray[np.float32]
    clean: NDArray[np.float64]
    label: NDArray[np.int8]
    target: NDArray[np.int8]
    swaps: tuple[Swap, ...]
    lengths: NDArray[np.float64]
    rate: float
    arena: float

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of the keypoints, in order."""
        return KEYPOINTS

    @property
    def animals(self) -> tuple[str, ...]:
        """Names of the animals, in order."""
        return tuple(f"mouse{who + 1}" for who in range(self.label.shape[1]))

    @property
    def duration(self) -> float:
        """Length, s."""
        return len(self.label) / self.rate

    @property
    def bouts_per_min(self) -> float:
        """Bouts of an animal in a minute."""
        changes = 1 + (np.diff(self.label, axis=0) != 0).sum(axis=0)
        return float(changes.mean() / (self.duration / 60))


def simulate_mice(
    *,
    duration: float = 180.0,
    animals: int = 3,
    preset: str = "easy",
    seed: int = 0,
    rate: float = 30.0,
    arena: float = ARENA_PX,
    without: Sequence[str] = (),
) -> SimulatedMice:
    """Simulate mice that rest, walk, rear, groom, investigate, chase, flee and fight.

    Parameters
    ----------
    duration, rate
        Length (s) and frames a second (Hz).
    preset
        What the tracker adds: ``none``, ``easy`` or ``hard``.
    seed
        Same number, same recording. Each seed has durations, speeds and habits of its own, so that figures on seeds
        that were not tuned on are figures on other animals.
    arena
        Side of the square floor, px; an animal is 45 px long, give or take 8 %.
    without
        Behaviours that never happen.

    Raises
    ------
    UsageError
        An unknown preset or behaviour, or a size that makes no recording.

    Examples
    --------
    >>> mice = simulate_mice(duration=20, animals=2, seed=3)
    >>> mice.points.shape, mice.animals
    ((600, 2, 12, 2), ('mouse1', 'mouse2'))
    """
    if preset not in PRESETS:
        raise UsageError(f"no preset {preset!r}: choose one of {', '.join(PRESETS)}")
    if not 1 <= animals <= 16 or not 1 <= duration <= 36 * 3600 or not 5 <= rate <= 240:
        raise UsageError("1 to 16 mice can be simulated, for 1 s to 36 h, at 5 to 240 frames a second")
    if arena < 4 * LENGTH_PX:
        raise UsageError(f"a floor of {arena:g} px is too small: a mouse of {LENGTH_PX:g} px needs {4 * LENGTH_PX:g}")
    behaving, body, tracking = np.random.default_rng([seed, 1729]).spawn(3)
    lengths = LENGTH_PX * np.clip(1 + 0.08 * behaving.standard_normal(animals), 0.75, 1.25)
    frames = round(duration * rate)
    paths = mouse_paths(frames, lengths, arena=arena, rate=rate, random=behaving, without=without)
    clean = mouse_points(paths, lengths, rate=rate, random=body)
    points, confidence, swaps = tracked(clean, lengths, PRESETS[preset], rate=rate, random=tracking)
    return SimulatedMice(points, confidence, clean, paths.label, paths.target, swaps, lengths, rate, arena)
