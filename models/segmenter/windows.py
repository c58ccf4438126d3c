"""What a trained segmenter looks at: quantities of an instant, and what they do in windows around it.

All in body lengths, seconds and radians; angles as sine and cosine; mirrored sides count as the same, so that a model
need not see every behaviour from both sides. Ten rows a second, on the clock of `bitflow.models.segmentation.features`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.body import RATE_HZ, Bodies
from bitflow.models.segmentation.features import BANDS_HZ, FEATURE_HZ, STEP, band_power

Array = NDArray[Any]

INSTANT_S = 0.2
WINDOWS_S = (0.5, 1.0, 2.0)
"""Full widths. Spread and extremes are those of the middle one: in the others they told models nothing more."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Features ``(n, A, F)`` with their names, and what each animal's social features speak of.

    Parameters
    ----------
    instant
        ``(n, A, Q)`` the quantities themselves, what a network looks at.
    nearest
        ``(n, A)`` the nearest other animal; −1 where there is none.
    seen
        ``(n, A)`` share of the body that was seen.
    """

    time: Array
    values: Array
    names: tuple[str, ...]
    instant: Array
    quantities: tuple[str, ...]
    nearest: NDArray[np.int64]
    seen: Array

    @classmethod
    def joined(cls, parts: Sequence[Windows]) -> Windows:
        """Stretches one after another."""

        def stacked(name: str) -> Array:
            return np.concatenate([getattr(part, name) for part in parts])

        return cls(
            stacked("time"),
            stacked("values"),
            parts[0].names,
            stacked("instant"),
            parts[0].quantities,
            stacked("nearest"),
            stacked("seen"),
        )


def windows_of(bodies: Bodies, *, first: int = 0, last: int | None = None) -> Windows:
    """Features of frames ``first`` to ``last`` of a stretch; those outside lend their neighbours' windows."""
    nearest = np.full(bodies.seen.shape, -1)
    columns = dict(_solo(bodies))
    if bodies.animals > 1:
        nearest = _mean(np.minimum(bodies.closest, 1e3), 0.5).argmin(axis=2)
        columns |= dict(_social(bodies, nearest))
    columns["unseen"] = 1.0 - bodies.seen
    names = tuple(columns)
    raw = np.stack(list(columns.values()), axis=-1)
    instant = _mean(raw, INSTANT_S)[::STEP]
    found, called = [instant], list(names)
    for width in WINDOWS_S:
        rows = round(width * FEATURE_HZ) | 1
        mean = _mean(instant, width, FEATURE_HZ)
        found.append(mean)
        called += [f"{name} mean {width:g} s" for name in names]
        if width == WINDOWS_S[1]:
            spread = np.sqrt(np.maximum(_mean(np.square(instant), width, FEATURE_HZ) - np.square(mean), 0.0))
            found += [spread, _extreme(instant, rows, "maximum"), _extreme(instant, rows, "minimum")]
            called += [f"{name} {what} {width:g} s" for what in ("spread", "most", "least") for name in names]
    half = round(0.5 * FEATURE_HZ)
    ahead, behind = (np.roll(_mean(instant, 0.5, FEATURE_HZ), shift, axis=0) for shift in (-half, half))
    found.append(ahead - behind)
    called += [f"{name} slope" for name in names]
    start, stop = -(-first // STEP), -(-(len(bodies.time) if last is None else last) // STEP)
    rows = slice(start, stop)
    values = np.concatenate(found, axis=-1)[rows].astype(np.float32)
    return Windows(
        bodies.time[::STEP][rows],
        values,
        tuple(called),
        instant[rows].astype(np.float32),
        names,
        nearest[::STEP][rows],
        _mean(bodies.seen, 0.5)[::STEP][rows],
    )


def _solo(bodies: Bodies) -> Iterator[tuple[str, Array]]:
    yield "elongation", bodies.elongation
    yield "speed", np.log(bodies.speed + 0.1)
    yield "forward", (bodies.velocity * bodies.axis).sum(axis=-1)
    yield "sideways", np.abs((bodies.velocity * bodies.side).sum(axis=-1))
    yield "turning", np.log(np.abs(_rate(bodies.yaw)) + 0.1)
    yield "head", np.abs(bodies.head)
    yield "fidgeting", np.log(np.linalg.norm(_rate(bodies.ego), axis=-1).mean(axis=2) + 0.1)
    extent = np.ptp(bodies.ego, axis=2)
    yield "width", extent[..., 1]
    for number in range(bodies.ego.shape[2]):
        yield f"ahead {number}", bodies.ego[:, :, number, 0]
        yield f"aside {number}", np.abs(bodies.ego[:, :, number, 1])
    for low, high in BANDS_HZ:
        power = band_power(bodies.trembling, (low, high))
        sway = band_power(bodies.yaw[..., None, None], (low, high))[:, :, 0]
        for name, part in (
            ("body", power.mean(axis=2)),
            ("head", power[:, :, list(bodies.head_points)].mean(axis=2)),
            ("limbs", power[:, :, list(bodies.limbs)].mean(axis=2)),
        ):
            yield f"{name} {low:g}-{high:g} Hz", 0.5 * np.log(_mean(part, 0.4) + 2e-5)
        yield f"sway {low:g}-{high:g} Hz", 0.5 * np.log(_mean(sway, 0.4) + 1e-4)


def _social(bodies: Bodies, nearest: NDArray[np.int64]) -> Iterator[tuple[str, Array]]:
    frame, who = np.arange(len(nearest))[:, None], np.arange(bodies.animals)[None]

    def other(values: Array) -> Array:
        return values[frame, nearest]

    aim = other(bodies.centre) - bodies.centre
    apart = np.linalg.norm(aim, axis=-1)
    toward = aim / np.maximum(apart, 1e-9)[..., None]
    axis = other(bodies.axis)
    scale = bodies.scale[None]
    yield "closest", np.log(bodies.closest[frame, who, nearest] + 0.1)
    yield "apart", np.log(apart / scale + 0.1)
    for name, mine, theirs in (
        ("nose to nose", bodies.nose, other(bodies.nose)),
        ("nose to tail", bodies.nose, other(bodies.tail_base)),
        ("tail to nose", bodies.tail_base, other(bodies.nose)),
    ):
        yield name, np.log(np.linalg.norm(mine - theirs, axis=-1) / scale + 0.1)
    yield "facing", (bodies.axis * toward).sum(axis=-1)
    yield "faced", -(axis * toward).sum(axis=-1)
    yield "aligned", (bodies.axis * axis).sum(axis=-1)
    yield "closing", (bodies.velocity * toward).sum(axis=-1)
    yield "closed in on", -(other(bodies.velocity) * toward).sum(axis=-1)
    yield "others speed", np.log(other(bodies.speed) + 0.1)
    yield "others elongation", other(bodies.elongation)
    yield "others turning", np.log(np.abs(other(_rate(bodies.yaw))) + 0.1)


def _rate(values: Array) -> Array:
    return np.gradient(values, axis=0) * RATE_HZ


def _mean(values: Array, seconds: float, rate: float = RATE_HZ) -> Array:
    from scipy.ndimage import uniform_filter1d

    return uniform_filter1d(values, round(seconds * rate) | 1, axis=0, mode="nearest")


def _extreme(values: Array, rows: int, which: str) -> Array:
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    return {"maximum": maximum_filter1d, "minimum": minimum_filter1d}[which](values, rows, axis=0, mode="nearest")
