"""The simulated mouse's body: twelve points in its own frame, set in motion by what it does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.simulate.mouse_script import (
    ATTACK,
    GROOM,
    INVESTIGATE,
    LAG_S,
    Paths,
)

TEMPLATE: dict[str, tuple[float, float]] = {
    "nose": (0.55, 0.0),
    "left_ear": (0.38, -0.13),
    "right_ear": (0.38, 0.13),
    "neck": (0.25, 0.0),
    "left_forepaw": (0.22, -0.17),
    "right_forepaw": (0.22, 0.17),
    "centre": (0.0, 0.0),
    "left_hindpaw": (-0.30, -0.20),
    "right_hindpaw": (-0.30, 0.20),
    "tail_base": (-0.45, 0.0),
    "tail_mid": (-0.80, 0.0),
    "tail_tip": (-1.15, 0.0),
}
"""Place of each keypoint, in body lengths ahead of the centre and to the right (y points down in the picture)."""

KEYPOINTS = tuple(TEMPLATE)
SKELETON = ((0, 1), (0, 2), (0, 3), (3, 6), (4, 6), (5, 6), (6, 9), (7, 9), (8, 9), (9, 10), (10, 11))
"""Keypoints that a line joins: head, spine, paws, tail."""

_HEAD = [KEYPOINTS.index(name) for name in ("nose", "left_ear", "right_ear")]
_PAWS = [KEYPOINTS.index(f"{side}_{paw}paw") for side, paw in (("left", "fore"), ("right", "hind"))]
_PAWS_OPPOSITE = [KEYPOINTS.index(f"{side}_{paw}paw") for side, paw in (("right", "fore"), ("left", "hind"))]
_FOREPAWS = [KEYPOINTS.index("left_forepaw"), KEYPOINTS.index("right_forepaw")]
_NECK, _TAIL = KEYPOINTS.index("neck"), KEYPOINTS.index("tail_base")


def mouse_points(
    paths: Paths, lengths: NDArray[np.float64], *, rate: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Keypoints ``(frames, animals, 12, 2)`` px of animals that go these ways.

    Gait is 2 Hz and a body length faster with speed; grooming paws beat at 5.5 Hz before the snout; a sniffing head
    nods at 8 Hz; fighting bodies sway at 2.5 Hz.
    """
    frames, animals = paths.label.shape
    time = np.arange(frames) / rate
    points = np.empty((frames, animals, len(KEYPOINTS), 2))
    for who in range(animals):
        label, vigour = paths.label[:, who], paths.vigour[:, who]
        doing = {kind: _eased(np.where(label == kind, vigour, 0.0), rate) for kind in (INVESTIGATE, ATTACK)}
        grooms = _eased(label == GROOM, rate)
        body = np.tile(np.array(list(TEMPLATE.values())), (frames, 1, 1))
        body[..., 0] *= paths.elongation[:, who, None]
        body[..., 1] *= (1.0 / np.sqrt(paths.elongation[:, who]))[:, None]
        speed = paths.speed[:, who]
        stride = 2 * np.pi * np.cumsum(2.0 + speed) / rate + random.uniform(0, 2 * np.pi)
        swing = 0.11 * np.minimum(1.0, speed / 1.5)
        body[:, _PAWS, 0] += (swing * np.sin(stride))[:, None]
        body[:, _PAWS_OPPOSITE, 0] -= (swing * np.sin(stride))[:, None]
        _groom(body, time, grooms, vigour, random)
        bend = _drift(frames, rate, 0.22, random) + 0.25 * grooms * np.sin(2 * np.pi * 0.7 * time)
        sniff = np.sin(2 * np.pi * 8.0 * time + random.uniform(0, 2 * np.pi)) * doing[INVESTIGATE]
        body[:, _HEAD, 0] += (0.035 * sniff)[:, None]
        _bend(body, _HEAD, _NECK, bend + 0.08 * sniff)
        tail = _drift(frames, rate, 0.35, random) + 0.15 * np.sin(2 * np.pi * 1.1 * time) * np.minimum(1.0, speed)
        _bend(body, [_TAIL + 1, _TAIL + 2], _TAIL, tail)
        sway = 0.55 * doing[ATTACK] * np.sin(2 * np.pi * 2.5 * time + random.uniform(0, 2 * np.pi))
        sway = sway + 0.12 * doing[ATTACK] * random.standard_normal(frames)
        angle = paths.heading[:, who] + sway
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        points[:, who, :, 0] = body[..., 0] * cos - body[..., 1] * sin
        points[:, who, :, 1] = body[..., 0] * sin + body[..., 1] * cos
        points[:, who] = paths.centre[:, who, None, :] + lengths[who] * points[:, who]
    return points


def _groom(
    body: NDArray[np.float64],
    time: NDArray[np.float64],
    share: NDArray[np.float64],
    vigour: NDArray[np.float64],
    random: np.random.Generator,
) -> None:
    """Forepaws at the snout, beating against one another."""
    beat = 0.06 * vigour * np.sin(2 * np.pi * 5.5 * time + random.uniform(0, 2 * np.pi))
    for paw, side in zip(_FOREPAWS, (-1.0, 1.0), strict=True):
        at_snout = np.stack([0.46 + side * beat, side * 0.06 + 0.3 * beat], axis=1)
        body[:, paw] += share[:, None] * (at_snout - body[:, paw])


def _bend(body: NDArray[np.float64], moved: list[int], joint: int, angle: NDArray[np.float64]) -> None:
    """Turn points about a joint by an angle a frame, rad."""
    arm = body[:, moved] - body[:, joint, None]
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    body[:, moved, 0] = body[:, joint, None, 0] + arm[..., 0] * cos - arm[..., 1] * sin
    body[:, moved, 1] = body[:, joint, None, 1] + arm[..., 0] * sin + arm[..., 1] * cos


def _eased(values: NDArray[Any], rate: float) -> NDArray[np.float64]:
    """What a body does of what it means to: the same with the lag of the body."""
    from scipy.signal import lfilter

    gain = 1.0 - np.exp(-1.0 / (rate * LAG_S))
    return np.asarray(lfilter([gain], [1.0, gain - 1.0], np.asarray(values, float)))


def _drift(frames: int, rate: float, spread: float, random: np.random.Generator) -> NDArray[np.float64]:
    """A wandering angle (Ornstein–Uhlenbeck, 0.5 s) of this standard deviation, rad."""
    from scipy.signal import lfilter

    keep = np.exp(-1.0 / (rate * 0.5))
    steps = spread * np.sqrt(1.0 - keep**2) * random.standard_normal(frames)
    return np.asarray(lfilter([1.0], [1.0, -keep], steps))
