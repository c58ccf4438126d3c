"""Hands: tremor and tapping need fingers, self-touch needs a face."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.signals.cleaning import runs
from bitflow.signals.extrema import turning_points

WRIST, THUMB_TIP, INDEX_BASE, INDEX_TIP, LITTLE_BASE = 0, 4, 5, 8, 17
_READ = (WRIST, THUMB_TIP, INDEX_BASE, INDEX_TIP, LITTLE_BASE)

HAND_RATE_HZ = 30.0
TOUCH_S = 0.3
TAP_PROMINENCE = 0.2


@dataclass(frozen=True, eq=False)
class Hand:
    """One hand, in palm widths (base of the index finger to base of the little finger, median).

    Parameters
    ----------
    index_tip
        ``(n, 2)`` place of the index finger's tip in the picture.
    aperture
        ``(n,)`` distance of the tips of thumb and index finger.
    """

    side: str
    index_tip: Signal
    aperture: Signal


@dataclass(frozen=True, eq=False)
class HandSeries:
    """The hands that were seen, the one seen longer first."""

    hands: tuple[Hand, ...]

    @classmethod
    def of(cls, person: Person) -> HandSeries:
        """From `hands`."""
        if "hands" not in person.scene.tables:
            raise Undefined("missing_table", "hands")
        found: list[Hand] = []
        for side in ("left", "right"):
            try:
                raw = person.points("hands", _READ, rate=HAND_RATE_HZ, handedness=side)
            except Undefined as missing:
                if missing.reason != "no_person":
                    raise
                continue
            points = raw.values.astype(np.float64)
            width = np.linalg.norm(points[:, 2, :2] - points[:, 4, :2], axis=1)
            palm = float(np.nanmedian(width)) if np.isfinite(width).any() else 0.0
            if not palm > 0:
                continue
            tip = replace(raw, values=points[:, 3, :2] / palm, unit="1")
            gap = np.linalg.norm(points[:, 3] - points[:, 1], axis=1) / palm
            found.append(Hand(side, tip, replace(raw, values=gap, unit="1")))
        if not found:
            raise Undefined("no_person", "no hand was seen")
        return cls(tuple(sorted(found, key=lambda hand: -hand.index_tip.seconds)))

    @property
    def main(self) -> Hand:
        """The one seen longest."""
        return self.hands[0]


@dataclass(frozen=True, eq=False)
class Taps:
    """Finger taps of one hand.

    Parameters
    ----------
    events
        From one closing to the next; values are the widest opening between, in palm widths.
    """

    events: Events

    @classmethod
    def of(cls, person: Person) -> Taps:
        """Taps of the hand that was seen longest."""
        return cls(find_taps(person.get(HandSeries)))


def find_taps(hands: HandSeries) -> Events:
    """Cycles of the distance between thumb and index finger; each swing at least 0.2 of the 95 % range."""
    aperture = hands.main.aperture
    seen = aperture.known_values
    if len(seen) < 3:
        raise Undefined("too_short")
    low, high = np.quantile(seen, (0.025, 0.975))
    if high - low < 0.1:
        raise Undefined("too_few_events", "thumb and index finger do not part")
    starts, ends, widest = [], [], []
    for first, last in runs(aperture.known):
        part = aperture.values[first:last]
        points = turning_points(part, TAP_PROMINENCE * (high - low))
        # Maxima between two minima, of which the first and the last may lie at the ends.
        for a, b, c in zip(points[:-2], points[1:-1], points[2:], strict=True):
            if part[b] > part[a]:
                starts.append(first + _refined(part, a))
                ends.append(first + _refined(part, c))
                widest.append(part[b])
    rate = aperture.rate
    mask = Mask(aperture.known, aperture.known, aperture.start, rate)
    events = Events.from_runs(np.zeros((0, 2), np.int64), mask)
    n = len(starts)
    return replace(
        events,
        starts=aperture.start + np.array(starts) / rate,
        ends=aperture.start + np.array(ends) / rate,
        values=np.array(widest),
        coverage=np.ones(n),
        complete=np.ones(n, bool),
        name="finger_tap",
    )


def _refined(values: NDArray[np.float64], at: int) -> float:
    """An extremum between the samples, on the parabola through three."""
    if not 0 < at < len(values) - 1:
        return float(at)
    a, b, c = values[at - 1 : at + 2]
    curve = a - 2 * b + c
    return at + float(np.clip(0.5 * (a - c) / curve, -0.5, 0.5)) if curve else float(at)


@behaviour("finger_tap", needs=("hands",), title="finger tap")
def find_finger_taps(hands: HandSeries) -> Events:
    """Thumb and index finger part and meet again, by at least 0.2 of the 95 % range of their distance."""
    return find_taps(hands)


@dataclass(frozen=True, eq=False)
class TouchSeries:
    """Distance of the nearer hand to the face's box, in face heights; 0 inside it."""

    distance: Signal

    @classmethod
    def of(cls, person: Person) -> TouchSeries:
        """From index tips in `hands` where seen, wrists of `bodies` otherwise, and the box in `faces`."""
        box = person.signal("faces", ("box_x", "box_y", "box_width", "box_height"))
        x, y, width, height = box.values.T
        nearest = np.full(len(box), np.inf)
        seen = np.zeros(len(box), bool)
        for points in _hand_places(person):
            dx = np.maximum(np.maximum(x - points[:, 0], points[:, 0] - x - width), 0)
            dy = np.maximum(np.maximum(y - points[:, 1], points[:, 1] - y - height), 0)
            gap = np.hypot(dx, dy) / height
            seen |= np.isfinite(gap)
            nearest = np.fmin(nearest, np.where(np.isfinite(gap), gap, np.inf))
        if not seen.any():
            raise Undefined("no_person", "no hand was seen")
        return cls(replace(box, values=np.where(seen, nearest, np.nan), unit="1"))


def _hand_places(person: Person) -> list[NDArray[np.float64]]:
    places: list[NDArray[np.float64]] = []
    if "hands" in person.scene.tables:
        for side in ("left", "right"):
            try:
                tip = person.points("hands", (INDEX_TIP, WRIST), handedness=side).values[:, :, :2].astype(np.float64)
            except Undefined:
                continue
            places += [tip[:, 0], tip[:, 1]]
    if "bodies" in person.scene.tables:
        try:
            wrists = person.points("bodies", (15, 16)).values.astype(np.float64)
        except Undefined:
            return places
        wrists[~(wrists[:, :, 3] >= 0.5)] = np.nan
        places += [wrists[:, 0, :2], wrists[:, 1, :2]]
    return places


@behaviour("self_touch", needs=("faces", "hands|bodies"), title="hand at the face")
def find_self_touches(touch: TouchSeries, level: Level = Level.STRICT) -> Events:
    """A fingertip or wrist inside the face's box for at least 0.3 s (lenient: within 0.3 face heights, 0.2 s)."""
    strict = level is Level.STRICT
    near = touch.distance <= (0.0 if strict else 0.3)
    return near.events(shortest=TOUCH_S if strict else 0.2, merge=0.2).named("self_touch")
