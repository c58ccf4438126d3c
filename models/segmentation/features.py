"""What a segmentation looks at: how an animal holds itself, moves, trembles, and stands to the nearest other.

Ten rows a second, each a mean over half a second, in body lengths and seconds, logarithms where a quantity spans
decades: nothing here depends on the camera, and nothing but the posture's axes on the recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.body import RATE_HZ, Bodies

Array = NDArray[np.float64]

STEP = 3
FEATURE_HZ = RATE_HZ / STEP
WINDOW_S = 0.5
BANDS_HZ = ((1.0, 3.0), (3.0, 7.0), (7.0, 12.0))
POSTURE_AXES = 3
VARIANCE_KEPT, MOST_AXES = 0.98, 12
CLIP = 4.0
CHUNK_ROWS = 20_000

SOLO = (
    *("elongation", "speed", "forward", "turning", "fidgeting"),
    *("tremble_slow", "tremble_middle", "tremble_fast", "head_fast", "limbs_middle", "sway_slow"),
)
SOCIAL = ("distance", "facing", "others_speed", "running_together", "running_behind")


@dataclass(frozen=True, eq=False)
class Features:
    """Features of a stretch of time.

    Parameters
    ----------
    time
        ``(n,)`` s, ten a second.
    values
        ``(n, A, F)`` in the order of `SOLO`, then `SOCIAL` where there are two animals or more.
    posture
        ``(n, A, 2 P)`` place of each point of the trunk ahead of the centre, and its distance from the midline, body
        lengths.
    nearest
        ``(n, A)`` the animal that the social features speak of; −1 where there is none.
    seen
        ``(n, A)`` share of the body that was seen.
    """

    time: Array
    values: Array
    posture: Array
    nearest: NDArray[np.int64]
    seen: Array

    def __len__(self) -> int:
        return len(self.time)

    def rows(self, chosen: slice) -> Features:
        """Some of the rows."""
        return Features(*(getattr(self, name)[chosen] for name in Features.__dataclass_fields__))

    @classmethod
    def joined(cls, parts: Iterable[Features]) -> Features:
        """Stretches one after another."""
        kept = list(parts)
        return cls(*(np.concatenate([getattr(part, name) for part in kept]) for name in cls.__dataclass_fields__))


def features_of(bodies: Bodies, *, first: int = 0, last: int | None = None) -> Features:
    """Features of frames ``first`` to ``last`` of a stretch; those outside lend their neighbours' windows."""
    columns = dict(_solo(bodies))
    nearest = np.full(bodies.seen.shape, -1)
    if bodies.animals > 1:
        nearest = _smooth(np.minimum(bodies.closest, 1e3)).argmin(axis=2)
        columns |= dict(_social(bodies, nearest, columns["speed"]))
    columns["speed"] = np.log(columns["speed"] + 0.1)
    names = SOLO + (SOCIAL if bodies.animals > 1 else ())
    at = np.arange(first, len(bodies.time) if last is None else last, STEP)
    posture = np.concatenate([bodies.ego[..., 0], np.abs(bodies.ego[..., 1])], axis=-1)
    return Features(
        bodies.time[at],
        np.stack([columns[name][at] for name in names], axis=-1),
        _smooth(posture)[at],
        nearest[at],
        _smooth(bodies.seen)[at],
    )


def _solo(bodies: Bodies) -> Iterator[tuple[str, Array]]:
    """Each animal for itself; `speed` before its logarithm, which the social features need."""
    yield "elongation", 3 * np.log(_smooth(bodies.elongation) + 0.05)
    yield "speed", _smooth(bodies.speed)
    forward = _smooth((bodies.velocity * bodies.axis).sum(axis=-1))
    yield "forward", np.sign(forward) * np.log1p(3 * np.abs(forward))
    yield "turning", np.log(_smooth(np.abs(_rate(bodies.yaw))) + 0.1)
    yield "fidgeting", np.log(_smooth(np.linalg.norm(_rate(bodies.ego), axis=-1).mean(axis=2)) + 0.1)
    slow, middle, fast = (band_power(bodies.trembling, band) for band in BANDS_HZ)
    for name, power in (("slow", slow), ("middle", middle), ("fast", fast)):
        yield f"tremble_{name}", _loudness(power.mean(axis=2))
    yield "head_fast", _loudness(fast[:, :, list(bodies.head_points)].mean(axis=2))
    yield "limbs_middle", _loudness(middle[:, :, list(bodies.limbs)].mean(axis=2))
    yield "sway_slow", _loudness(band_power(bodies.yaw[..., None, None], BANDS_HZ[0])[:, :, 0], floor=1e-4)


def _social(bodies: Bodies, nearest: NDArray[np.int64], speed: Array) -> Iterator[tuple[str, Array]]:
    """Each animal and the one nearest to it; what is said of one far away fades with its distance."""
    frame, who = np.arange(len(nearest))[:, None], np.arange(bodies.animals)[None]
    raw = bodies.closest[frame, who, nearest]
    distance = _smooth(raw)
    near, around = np.exp(-distance), np.exp(-distance / 3)
    aim = bodies.centre[frame, nearest] - bodies.centre
    ahead = (bodies.axis * aim).sum(axis=-1) / np.maximum(np.linalg.norm(aim, axis=-1), 1e-9)
    others = speed[frame, nearest]
    together = around * np.log1p(np.minimum(speed, others))
    yield "distance", np.log(distance + 0.2)
    yield "facing", _smooth(np.exp(-raw) * (np.arccos(np.clip(ahead, -1, 1)) - np.pi / 2))
    yield "others_speed", near * np.log(others + 0.1)
    yield "running_together", together
    yield "running_behind", together * _smooth(ahead)


def _smooth(values: Array) -> Array:
    from scipy.ndimage import uniform_filter1d

    return uniform_filter1d(values, round(WINDOW_S * RATE_HZ), axis=0, mode="nearest")


def _rate(values: Array) -> Array:
    return np.gradient(values, axis=0) * RATE_HZ


def band_power(values: Array, band: tuple[float, float]) -> Array:
    """Square of what moves in a band ``(T, A, P)``, summed over the last axis."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(2, band, "band", fs=RATE_HZ, output="sos")
    pad = min(15, len(values) - 1)
    return np.square(sosfiltfilt(sections, values, axis=0, padlen=pad)).sum(axis=-1) if pad > 0 else values[..., 0] * 0


def _loudness(power: Array, floor: float = 2e-5) -> Array:
    return 0.5 * np.log(_smooth(power) + floor)


@dataclass(frozen=True, eq=False)
class Scaling:
    """How features become coordinates in which distances mean something; fitted once, applied to every stretch.

    Posture is turned to its few strongest axes, every feature measured in robust deviations from its median and
    clipped, and all turned to principal axes.
    """

    posture_middle: Array
    posture_limit: Array
    posture_axes: Array
    middle: Array
    spread: Array
    mean: Array
    axes: Array

    @classmethod
    def fit(cls, features: Features) -> Scaling:
        """Learn from a sample of features, all animals and recordings together."""
        posture = features.posture.reshape(-1, features.posture.shape[-1])
        middle = np.median(posture, axis=0)
        limit = np.percentile(np.abs(posture - middle), 98, axis=0)
        axes = _principal(np.clip(posture - middle, -limit, limit))[:, :POSTURE_AXES]
        draft = cls(middle, limit, axes, np.zeros(1), np.ones(1), np.zeros(1), np.eye(1))
        raw = draft._raw(features).reshape(-1, features.values.shape[-1] + axes.shape[1])
        centre = np.median(raw, axis=0)
        spread = 1.4826 * np.median(np.abs(raw - centre), axis=0) + 1e-9
        scaled = np.clip((raw - centre) / spread, -CLIP, CLIP)
        mean = scaled.mean(axis=0)
        variance, turned = np.linalg.eigh(np.cov((scaled - mean).T))
        share = np.cumsum(variance[::-1]) / variance.sum()
        kept = min(MOST_AXES, 1 + int(np.searchsorted(share, VARIANCE_KEPT)))
        return cls(middle, limit, axes, centre, spread, mean, turned[:, ::-1][:, :kept])

    def __call__(self, features: Features) -> NDArray[np.float32]:
        """Coordinates ``(n, A, d)``, at single precision: of a day's recording they are all in memory."""
        found = np.empty((*features.seen.shape, self.axes.shape[1]), np.float32)
        for start in range(0, len(features), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            scaled = np.clip((self._raw(features.rows(rows)) - self.middle) / self.spread, -CLIP, CLIP)
            found[rows] = (scaled - self.mean) @ self.axes
        return found

    def _raw(self, features: Features) -> Array:
        lean = np.clip(features.posture - self.posture_middle, -self.posture_limit, self.posture_limit)
        return np.concatenate([features.values, lean @ self.posture_axes], axis=-1)


def _principal(values: Array) -> Array:
    """Axes in columns, the one of largest variance first, signs fixed by their largest entry."""
    _, axes = np.linalg.eigh(np.cov(values.T))
    axes = axes[:, ::-1]
    return axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
