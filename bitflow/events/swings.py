"""Rhythmic swings of an angle: what tells nods and shakes from turns, from rocking, and from a camera that moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.events.behaviour import Level
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.signal import Signal
from bitflow.signals.cleaning import runs
from bitflow.signals.extrema import turning_points
from bitflow.signals.smoothing import band_passed, low_passed, white_noise

BAND_HZ = (0.5, 5.0)

#: Least and largest swing, deg; a larger one is a turn of the head and back.
SWING_DEG, LARGEST_DEG = 3.0, 25.0

#: Shortest and longest swing, s.
STEP_S = (0.1, 1.0)

#: How much more energy in the band the axis of the swings has than the others. What leaks from a nod to yaw is up to a
#: third of the swing, a ninth of the energy: above a quarter it may have been a shake, too.
DOMINANCE, LENIENT_DOMINANCE = 1.5, 0.25

#: Swings of white noise rarely reach so many of its standard deviations, and hardly ever twice within a second.
OVER_NOISE, LENIENT_OVER_NOISE = 6.0, 5.0

#: Swings of a rhythm differ from the next at most by these factors, in length and in size.
EVENNESS = (1.8, 2.0)

#: A single swing there and back has no rhythm: it is quick, s, and comes back to where it began.
SINGLE_S, SINGLE_EVENNESS = 0.5, (1.8, 1.5)

#: Rhythmic stretches of one movement no further apart are one, s.
PAUSE_S = 0.6

#: A head turns about the neck, 8 to 15 cm from it. What moves further a radian is a body that rocks, or a camera that
#: is shaken: the face then wanders in the picture and is seen from another side, and nobody nods.
LEVER_CM = 20.0


@dataclass(frozen=True, eq=False)
class _Swings:
    """Swings that follow each other.

    Parameters
    ----------
    points
        ``(n + 1,)`` samples at which the angle turns back.
    sizes
        ``(n,)`` deg.
    """

    points: NDArray[np.int64]
    sizes: NDArray[np.float64]

    def part(self, first: int, last: int) -> _Swings:
        """Swings `first` to `last`, both included."""
        return _Swings(self.points[first : last + 2], self.sizes[first : last + 1])


def find_swings(angles: Signal, axis: int, level: Level, place: Signal | None = None) -> Events:
    """Stretches in which one angle of the head swings: see `bitflow.events.head.find_nods`.

    Parameters
    ----------
    angles
        ``(n, 3)`` pitch, yaw, roll, deg.
    axis
        0 for pitch, 1 for yaw.
    place
        ``(n, 2)`` cm to the right and down; None where it was not measured.

    Returns
    -------
    Events
        Their value is the largest swing, deg.
    """
    fast = band_passed(angles.values, angles.rate, *BAND_HZ)
    moved = None if place is None else band_passed(place.values[:, 1 - axis], place.rate, *BAND_HZ)
    found = [
        part
        for run in _runs_of_swings(angles, axis, SWING_DEG, OVER_NOISE)
        for part in _rhythms(run, angles.rate)
        if _dominates(fast, part, axis, (0, 1, 2), DOMINANCE) and _about_the_neck(fast[:, axis], moved, part)
    ]
    found = _joined(found, angles.rate)
    if level is Level.LENIENT:
        loose = [
            run
            for run in _runs_of_swings(angles, axis, SWING_DEG, LENIENT_OVER_NOISE)
            if _dominates(fast, run, axis, (0, 1), LENIENT_DOMINANCE)
        ]
        found = sorted([*loose, *(each for each in found if not _meets(each, loose))], key=lambda run: run.points[0])
    borders = [(int(run.points[0]), int(run.points[-1]) + 1) for run in found]
    seen = Mask(angles.known, angles.known, angles.start, angles.rate)
    events = Events.from_runs(np.array(borders, np.int64).reshape(-1, 2), seen)
    return events.valued(np.array([run.sizes.max() for run in found], np.float64))


def _runs_of_swings(angles: Signal, axis: int, least: float, over_noise: float) -> list[_Swings]:
    """Two swings or more one after another, each neither too small nor too large, too short nor too long."""
    values = angles.values[:, axis]
    smooth = low_passed(angles.values[:, (axis,)], angles.rate, BAND_HZ[1])[:, 0]
    noise = white_noise(values) * np.sqrt(2 * BAND_HZ[1] / angles.rate)
    shortest, longest = np.array(STEP_S) * angles.rate
    found: list[_Swings] = []
    for first, last in runs(angles.known):
        points = turning_points(smooth[first:last], max(least, over_noise * noise)) + first
        if len(points) < 3:
            continue
        lengths, sizes = np.diff(points), np.abs(np.diff(smooth[points]))
        fits = (lengths >= shortest - 1e-9) & (lengths <= longest + 1e-9) & (sizes <= LARGEST_DEG)
        found += [_Swings(points[a : b + 1], sizes[a:b]) for a, b in runs(fits) if b - a >= 2]
    return found


def _rhythms(run: _Swings, rate: float) -> list[_Swings]:
    """The parts of a run that have a rhythm: three swings or more, each like the next; or one quick one and back."""
    lengths = np.diff(run.points) / rate
    if len(run.sizes) == 2:
        quick = bool((lengths <= SINGLE_S + 1e-9).all())
        return [run] if quick and bool(_alike(lengths, run.sizes, SINGLE_EVENNESS).all()) else []
    alike = _alike(lengths, run.sizes, EVENNESS)
    return [run.part(int(a), int(b)) for a, b in runs(alike) if b - a >= 2]


def _alike(lengths: NDArray[np.float64], sizes: NDArray[np.float64], most: tuple[float, float]) -> NDArray[np.bool_]:
    """Whether each swing is like the next, ``(n - 1,)``."""
    longer, larger = (np.maximum(v[1:] / v[:-1], v[:-1] / v[1:]) for v in (lengths, sizes))
    return (longer <= most[0] + 1e-9) & (larger <= most[1] + 1e-9)


def _dominates(fast: NDArray[np.float64], run: _Swings, axis: int, among: tuple[int, ...], factor: float) -> bool:
    """Whether an axis has so many times the energy of the others while it swings."""
    energy = np.square(fast[run.points[0] : run.points[-1] + 1]).sum(axis=0)
    return all(energy[axis] >= factor * energy[other] for other in among if other != axis)


def _about_the_neck(turned: NDArray[np.float64], moved: NDArray[np.float64] | None, run: _Swings) -> bool:
    """Whether the head keeps its place as a head does that turns; true where its place was not measured."""
    if moved is None:
        return True
    inside = slice(int(run.points[0]), int(run.points[-1]) + 1)
    known = np.isfinite(moved[inside])
    if known.mean() < 0.5:
        return True
    cm, radians = moved[inside][known], np.radians(turned[inside][known])
    return bool(np.square(cm).sum() <= LEVER_CM**2 * np.square(radians).sum())


def _joined(found: list[_Swings], rate: float) -> list[_Swings]:
    """Stretches that follow each other at once are one movement."""
    joined: list[_Swings] = []
    for run in found:
        if joined and run.points[0] - joined[-1].points[-1] <= PAUSE_S * rate + 1e-9:
            before = joined.pop()
            run = _Swings(np.concatenate((before.points, run.points)), np.concatenate((before.sizes, run.sizes)))
        joined.append(run)
    return joined


def _meets(run: _Swings, others: list[_Swings]) -> bool:
    return any(run.points[0] <= each.points[-1] and each.points[0] <= run.points[-1] for each in others)
