"""Places of keypoints from the maps that pose networks give: one map a keypoint, offsets where there are any."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Below this a map's value is taken for nothing when its logarithm is wanted.
_FLOOR = 1e-6


def peaks(
    maps: NDArray[np.floating], offsets: NDArray[np.floating] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The highest place of each map, between its cells.

    Parameters
    ----------
    maps
        ``(n, K, height, width)``.
    offsets
        ``(n, K, 2, height, width)`` cells from a cell's middle to the point, x and y; without them a parabola is laid
        through the logarithms of the highest cell and its neighbours, which finds the middle of a Gaussian exactly.

    Returns
    -------
    places, heights : numpy.ndarray
        ``(n, K, 2)`` x and y in cells, the middle of the first being 0; and ``(n, K)`` the maps' values there.

    Examples
    --------
    >>> x = np.arange(9)
    >>> bell = np.exp(-((x - 4.3) ** 2 + (x[:, None] - 2.8) ** 2) / 2)
    >>> peaks(bell[None, None])[0].round(3).tolist()
    [[[4.3, 2.8]]]
    """
    count, keypoints, height, width = maps.shape
    flat = maps.reshape(count, keypoints, -1)
    best = flat.argmax(axis=2)
    y, x = np.divmod(best, width)
    heights = np.take_along_axis(flat, best[..., None], axis=2)[..., 0]
    places = np.stack([x, y], axis=-1).astype(np.float64)
    row, column = np.indices((count, keypoints))
    if offsets is not None:
        places += offsets[row, column, :, y, x]
    else:
        places[..., 0] += _vertex(maps, row, column, y, x, 1, width)
        places[..., 1] += _vertex(maps, row, column, y, x, 0, height)
    return places, heights.astype(np.float32)


def _vertex(
    maps: NDArray[np.floating],
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    axis: int,
    size: int,
) -> NDArray[np.float64]:
    """Where between −½ and ½ cell the parabola along one axis is highest; 0 at the map's border."""

    def at(step: int) -> NDArray[np.float64]:
        shifted = (np.clip(y + step, 0, size - 1), x) if axis == 0 else (y, np.clip(x + step, 0, size - 1))
        return np.log(np.maximum(maps[row, column, *shifted].astype(np.float64), _FLOOR))

    before, here, after = at(-1), at(0), at(1)
    curvature = before - 2 * here + after
    shift = np.where(curvature < 0, 0.5 * (before - after) / np.where(curvature < 0, curvature, -1.0), 0.0)
    place = y if axis == 0 else x
    inside = (place > 0) & (place < size - 1)
    return np.where(inside, np.clip(shift, -0.5, 0.5), 0.0)
