"""Mice whose every quantity is known: rigid bodies of nose, neck, tail base and tail tip that glide and turn."""

from __future__ import annotations

import numpy as np

from bitflow.poses import PoseFacts, PoseSeries

KEYPOINTS = ("nose", "left_ear", "right_ear", "neck", "centre_back", "tail_base", "tail_tip")
#: Along and across the body, px; the animal is 40 px long.
BODY = np.array([[20, 0], [12, -4], [12, 4], [8, 0], [0, 0], [-20, 0], [-50, 0]], float)


def gliding(place: np.ndarray, direction_deg: np.ndarray) -> np.ndarray:
    """Points ``(T, K, 2)`` of a body whose middle is at ``(T, 2)`` and that points ``(T,)`` deg, clockwise."""
    angle = np.deg2rad(direction_deg)
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)], -1), np.stack([np.sin(angle), np.cos(angle)], -1)], -2)
    return place[:, None] + np.einsum("tij,kj->tki", turn, BODY)


def series(*animals: np.ndarray, rate: float = 30.0) -> PoseSeries:
    names = ("white", "black", "grey")[: len(animals)]
    facts = PoseFacts(KEYPOINTS, names, skeleton=((0, 3), (3, 4), (4, 5), (5, 6)))
    return PoseSeries.of(np.stack(animals, axis=1), facts, rate=rate)


def straight(
    frames: int, start: tuple[float, float], per_second: tuple[float, float], rate: float = 30.0
) -> np.ndarray:
    return np.array(start) + np.arange(frames)[:, None] / rate * np.array(per_second)
