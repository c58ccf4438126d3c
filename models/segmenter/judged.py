"""What a segmenter says of a whole recording, a few minutes of poses at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.features import STEP
from bitflow.models.segmentation.reading import stretches
from bitflow.models.segmenter.model import Model
from bitflow.models.segmenter.windows import windows_of
from bitflow.store import Recording

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows of a recording, ten a second.

    Parameters
    ----------
    time
        ``(n,)`` s.
    end
        Where the last row ends, s.
    probability
        ``(n, A, C)``, calibrated.
    seen
        ``(n, A)`` share of the body that was seen.
    nearest, apart
        ``(n, A)`` the nearest other animal, −1 where there is none, and the distance of the two bodies in body
        lengths.
    """

    animals: tuple[str, ...]
    time: Array
    end: float
    probability: NDArray[np.float32]
    seen: NDArray[np.float32]
    nearest: NDArray[np.int8]
    apart: NDArray[np.float32]


def judged(model: Model, recording: Recording) -> Judged:
    """Probabilities of every row; windows are kept no longer than their stretch, so that a day fits into memory.

    Raises
    ------
    StoreError
        It has no poses.
    UsageError
        Its poses are not of the kind that the model learned from.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    animals: tuple[str, ...] = ()
    for stretch in stretches(recording):
        animals = stretch.poses.animals
        windows = windows_of(stretch.bodies)  # with the surroundings: a network looks farther than the windows
        own = slice(-(-stretch.first // STEP), -(-stretch.last // STEP))
        probability = model.probabilities(windows, stretch.poses.keypoints)[own].astype(np.float32)
        apart = np.full(probability.shape[:2], np.inf, np.float32)
        if "closest" in windows.quantities:
            apart = np.exp(windows.instant[own, :, windows.quantities.index("closest")]) - np.float32(0.1)
        seen, nearest = windows.seen[own].astype(np.float32), windows.nearest[own].astype(np.int8)
        parts.append((windows.time[own], probability, seen, nearest, apart))
    time, probability, seen, nearest, apart = (np.concatenate(each) for each in zip(*parts, strict=True))
    end = float(time[-1]) + (float(np.median(np.diff(time))) if len(time) > 1 else 0.1)
    return Judged(animals, time, end, probability, seen, nearest, apart)
