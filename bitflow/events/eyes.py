"""Eyelids: openness, blinks, closures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.intervals import Events
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal

CLOSED_SHARE = 0.2
"""Aspect ratio of a closed eye over that of the open one, where no closed eye was recorded for calibration."""

LEAST_OPEN = 0.1
"""An eye whose 95th percentile of openness lies below this was never seen open."""

TURNED_DEG = 25.0
"""From this yaw on only the eye nearer to the camera is read."""

HALF_CLOSED = 0.5
CLOSED = 0.2
BLINK_S = (0.05, 0.5)
BLINK_DEPTH = 0.4
REFRACTORY_S = 0.1
CLOSURE_S = 0.5

_LENIENT_HALF = 0.65

CLOSURE_DEPTH = 0.25
"""Lids of who looks down stop at a third of their opening; closed ones fall to this at least once."""


@dataclass(frozen=True, eq=False)
class EyeSeries:
    """Openness of the eyes: 0 closed, 1 as open as this person's eyes usually are."""

    openness: Signal

    @classmethod
    def of(cls, person: Person) -> EyeSeries:
        """From the eye aspect ratios, of the nearer eye when the head is turned; else from AU45."""
        if "face_actions" in person.scene.tables and "eye_openness_left" in person.scene.schema("face_actions"):
            return cls.from_aspect_ratio(_seen_ratio(person))
        from bitflow.events.face import FaceSeries

        blink = person.get(FaceSeries).unit("au45")
        # Halfway closed where the unit counts as on.
        openness = np.clip(1.0 - blink.signal.values / (2 * blink.on), 0.0, 1.0)
        return cls(replace(blink.signal, values=openness, unit="1"))

    @classmethod
    def from_aspect_ratio(cls, ratio: Signal) -> EyeSeries:
        """Scale the ratio between closed and open (95th percentile of all that was seen).

        Raises
        ------
        Undefined
            The eye was never seen open.
        """
        seen = ratio.known_values
        if not len(seen):
            raise Undefined("no_face")
        opened = float(np.quantile(seen, 0.95))
        if opened < LEAST_OPEN:
            raise Undefined("not_calibrated", "the eyes were never seen open")
        closed = CLOSED_SHARE * opened
        return cls(replace(ratio, values=np.clip((ratio.values - closed) / (opened - closed), 0.0, 1.2), unit="1"))


def _seen_ratio(person: Person) -> Signal:
    both = person.signal("face_actions", ("eye_openness_left", "eye_openness_right"))
    ratio = _nan_mean(both.values)
    if "head_pose" in person.scene.tables:
        try:
            yaw = person.signal("head_pose", "yaw").values
        except Undefined:
            yaw = np.full(len(both), np.nan)
        # A head turned to its own left shows its right eye, and the other way round.
        with np.errstate(invalid="ignore"):
            ratio = np.where(yaw > TURNED_DEG, both.values[:, 1], ratio)
            ratio = np.where(yaw < -TURNED_DEG, both.values[:, 0], ratio)
    return replace(both, values=ratio)


def _nan_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


@behaviour("blink", needs=("face_actions",), title="blink")
def find_blinks(eyes: EyeSeries, level: Level = Level.STRICT) -> Events:
    """Openness falls below 0.5 for 50–500 ms, by at least 0.4 from what it was just before or after.

    The threshold is absolute: a still, noisy eyelid gives none (Soukupová & Čech 2016 use a trained one; thresholds
    relative to the signal's own spread find 200 a minute in a minute without a blink). Blinks less than 0.1 s
    apart are one. Beginning and end lie between samples, where the line through them crosses 0.5.
    """
    half = HALF_CLOSED if level is Level.STRICT else _LENIENT_HALF
    dips = _dips(eyes.openness, half, REFRACTORY_S)
    deep = dips.values <= 1.0 - BLINK_DEPTH if level is Level.STRICT else np.ones(len(dips), bool)
    fell = _fall(eyes.openness, dips) >= (BLINK_DEPTH if level is Level.STRICT else 0.25)
    return dips.chosen(deep & fell & dips.complete).lasting(*BLINK_S).named("blink")


def find_incomplete_blinks(eyes: EyeSeries) -> Events:
    """Openness falls below 0.8 for 50–500 ms, by at least 0.2, and turns back before 0.5."""
    dips = _dips(eyes.openness, 0.8, REFRACTORY_S)
    part = (dips.values > HALF_CLOSED) & (_fall(eyes.openness, dips) >= 0.2) & dips.complete
    return dips.chosen(part).lasting(*BLINK_S).named("incomplete_blink")


@behaviour("eye_closure", needs=("face_actions",), title="eyes closed")
def find_closures(eyes: EyeSeries, level: Level = Level.STRICT) -> Events:
    """Openness below 0.5 for more than 0.5 s, and once below 0.25 (lenient: below 0.65 for 0.35 s)."""
    strict = level is Level.STRICT
    half, shortest, depth = (HALF_CLOSED, CLOSURE_S, CLOSURE_DEPTH) if strict else (_LENIENT_HALF, 0.35, np.inf)
    dips = _dips(eyes.openness, half, REFRACTORY_S)
    return dips.chosen((dips.durations > shortest) & (dips.values <= depth)).named("eye_closure")


def find_shut_eyes(eyes: EyeSeries, *, with_blinks: bool = False) -> Events:
    """Eyes at least 80 % closed (openness ≤ 0.2); without blinks only closures of 0.5 s and more."""
    shut = (eyes.openness <= CLOSED).events(merge=REFRACTORY_S)
    if with_blinks:
        return shut
    closed = _dips(eyes.openness, HALF_CLOSED, REFRACTORY_S)
    return shut.overlapping(closed.chosen(closed.durations >= CLOSURE_S)) if len(shut) else shut


def _dips(openness: Signal, level: float, merge: float) -> Events:
    """Stretches below a level, their ends where the signal crosses it, their values the lowest openness."""
    below = (openness < level).events(merge=merge)
    values = openness.values
    first = np.round((below.starts - openness.start) * openness.rate).astype(int)
    last = np.round((below.ends - openness.start) * openness.rate).astype(int)
    lowest = np.array([np.nanmin(values[a:b]) for a, b in zip(first, last, strict=True)])
    starts, ends = below.starts.copy(), below.ends.copy()
    for k in np.flatnonzero(below.complete):
        a, b = first[k], last[k]
        starts[k] = openness.start + (a - _share(float(values[a - 1]), float(values[a]), level)) / openness.rate
        ends[k] = openness.start + (b - 1 + _share(float(values[b]), float(values[b - 1]), level)) / openness.rate
    return replace(below, starts=starts, ends=ends, values=lowest)


def _share(outside: float, inside: float, level: float) -> float:
    """How far from the inner sample, in samples, the line to the outer one crosses the level."""
    return (level - inside) / (outside - inside) if outside != inside else 0.0


def _fall(openness: Signal, dips: Events) -> NDArray[np.float64]:
    """From the higher of the openness just before and just after down to the lowest, ``(n,)``."""
    around = round(0.3 * openness.rate)
    values = openness.values
    fall = np.full(len(dips), np.nan)
    for k, (start, end) in enumerate(zip(dips.starts, dips.ends, strict=True)):
        a, b = int((start - openness.start) * openness.rate), int(np.ceil((end - openness.start) * openness.rate))
        beside = np.concatenate([values[max(0, a - around) : a + 1], values[b : b + around + 1]])
        if np.isfinite(beside).any():
            fall[k] = np.nanmax(beside) - dips.values[k]
    return fall


def opening_speeds(eyes: EyeSeries, blinks: Events) -> NDArray[np.float64]:
    """Fastest closing and opening of each blink, ``(n, 2)`` in openness a second, both positive."""
    slope = np.diff(eyes.openness.values, append=np.nan) * eyes.openness.rate
    speeds = np.full((len(blinks), 2), np.nan)
    pad = round(0.15 * eyes.openness.rate)
    for k, blink in enumerate(blinks):
        a = max(0, int((blink.start - eyes.openness.start) * eyes.openness.rate) - pad)
        b = int((blink.end - eyes.openness.start) * eyes.openness.rate) + pad
        part = slope[a:b]
        if np.isfinite(part).any():
            speeds[k] = -np.nanmin(part), np.nanmax(part)
    return speeds
