"""Crops straight from YUV planes: the hot path of every detector and landmark model.

A full-frame RGB conversion costs 1.2-2.6 ms at 1080p; a crop needs only its own pixels. Luma is sampled at
the output's size, chroma at half of it, and the 3x4 colour matrix is applied to the crop alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

_FLAGS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

# Kr and Kb of each matrix: ITU-R BT.601-7, BT.709-6, BT.2020-2 (non-constant luminance).
_LUMA_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}

# Above this share of pixels inside the picture, OpenCV's own replication is the cheaper one.
_MOSTLY_INSIDE = 0.6

_scratch = threading.local()


@lru_cache(maxsize=8)
def color_transform(matrix: str, full_range: bool) -> np.ndarray:
    """The affine map from (Y, U, V) to (R, G, B), both in 0..255.  # (3, 4) float32."""
    kr, kb = _LUMA_WEIGHTS[matrix]
    kg = 1 - kr - kb
    black, luma, chroma = (0.0, 1.0, 1.0) if full_range else (16.0, 255 / 219, 255 / 224)
    rv, bu = 2 * (1 - kr) * chroma, 2 * (1 - kb) * chroma
    gu, gv = -bu * kb / kg, -rv * kr / kg
    linear = np.array([[luma, 0, rv], [luma, gu, gv], [luma, bu, 0]])
    offset = -linear @ np.array([black, 128.0, 128.0])
    return np.column_stack([linear, offset]).astype(np.float32)


def convert_yuv(planes: tuple[np.ndarray, np.ndarray, np.ndarray], transform: np.ndarray) -> np.ndarray:
    """The whole picture as (h, w, 3) uint8 RGB, chroma interpolated as in :func:`warp_yuv`.

    swscale's own conversion is twice as fast and 1.2 grey levels too dark on average.
    """
    y = planes[0]
    height, width = y.shape
    full = (2 * planes[1].shape[1], 2 * planes[1].shape[0])
    u, v = (cv2.resize(p, full, interpolation=cv2.INTER_LINEAR)[:height, :width] for p in planes[1:])
    return cv2.transform(cv2.merge((y, u, v)), transform)


def warp_yuv(
    planes: tuple[np.ndarray, np.ndarray, np.ndarray],
    matrix: np.ndarray,
    size: tuple[int, int],
    transform: np.ndarray,
    *,
    black: int,
    zero_border: bool,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Sample 8-bit 4:2:0 planes on an affine grid and convert to RGB.

    Parameters
    ----------
    planes : (h, w), (ceil h/2, ceil w/2), (ceil h/2, ceil w/2) uint8
    matrix : (2, 3) float
        Output pixel to luma pixel, both as plain array indices.
    size : (width, height) of the output, px
    transform : (3, 4) float32
        As of :func:`color_transform`.
    black : int
        Luma of black: 16, or 0 for full range.
    zero_border : bool
        Outside the picture: RGB (0, 0, 0); otherwise its nearest edge pixel.
    out : (height, width, 3) uint8, optional
        Filled and returned.

    Returns
    -------
    np.ndarray
        (height, width, 3) uint8 RGB.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    inside = _covered(matrix, size, planes[0].shape)
    if not zero_border or inside == 1:
        return _sampled(planes, matrix, size, transform, inside, None, out)
    if out is None:
        out = np.empty((size[1], size[0], 3), np.uint8)
    (a, b, c), (d, e, f) = matrix.tolist()
    if b != 0 or d != 0:
        _sampled(planes, matrix, size, transform, inside, black, out)
        _blacken(out, matrix, planes[0].shape)
        return out
    # A letterbox: only the rectangle that the picture covers is worked on.
    out[:] = 0
    left, right = _reached(a, c, size[0], planes[0].shape[1])
    top, bottom = _reached(e, f, size[1], planes[0].shape[0])
    if left < right and top < bottom:
        shifted = np.array([[a, 0.0, c + a * left], [0.0, e, f + e * top]])
        part = (right - left, bottom - top)
        out[top:bottom, left:right] = _sampled(planes, shifted, part, transform, 1.0, black, None)
    return out


def warp_rgb(
    image: np.ndarray,
    matrix: np.ndarray,
    size: tuple[int, int],
    *,
    zero_border: bool,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Sample an RGB picture on an affine grid; parameters as :func:`warp_yuv`."""
    border = cv2.BORDER_CONSTANT if zero_border else cv2.BORDER_REPLICATE
    return cv2.warpAffine(image, np.asarray(matrix, np.float64), size, out, _FLAGS, border, (0, 0, 0))


def _buffers(width: int, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Y, U, V and interleaved YUV of a crop, this thread's own: fresh pages cost more than the sampling."""
    shape = (height, width)
    return _kept(("crop", shape), lambda: (*np.empty((3, *shape), np.uint8), np.empty((*shape, 3), np.uint8)))


def _maps(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for the coordinates of a crop, this thread's own."""
    shape = (height, width)
    return _kept(("maps", shape), lambda: (np.empty(shape, np.float32), np.empty(shape, np.float32)))


def _kept(key: tuple[str, tuple[int, int]], make: Callable[[], Any]) -> Any:
    kept = getattr(_scratch, "kept", None)
    if kept is None:
        kept = _scratch.kept = {}
    if key not in kept:
        if len(kept) > 32:
            kept.clear()
        kept[key] = make()
    return kept[key]


def _sampled(
    planes: tuple[np.ndarray, np.ndarray, np.ndarray],
    matrix: np.ndarray,
    size: tuple[int, int],
    transform: np.ndarray,
    inside: float,
    black: int | None,
    out: np.ndarray | None,
) -> np.ndarray:
    """RGB on an affine grid; luma continues as ``black`` outside the picture, or its edges do (None)."""
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    y, u, v, yuv = _buffers(*size)
    # Where no sample reaches an edge the borders are all the same, and a constant one is the fastest.
    well_inside = inside == 1 and _clear_of_edges(matrix, size, planes[0].shape)
    border = cv2.BORDER_CONSTANT if well_inside else cv2.BORDER_REPLICATE
    if black is not None:
        cv2.warpAffine(planes[0], matrix, size, y, _FLAGS, cv2.BORDER_CONSTANT, (black,))
    elif inside > _MOSTLY_INSIDE:
        cv2.warpAffine(planes[0], matrix, size, y, _FLAGS, border)
    else:
        maps = _held_inside(matrix, size, planes[0].shape)
        cv2.remap(planes[0], *maps, cv2.INTER_LINEAR, y, cv2.BORDER_REPLICATE)
    # Chroma is replicated even where black follows: neutral grey would bleed into the picture's last column.
    chroma = _chroma_matrix(matrix, size, half)
    if inside > _MOSTLY_INSIDE:
        crops = [cv2.warpAffine(p, chroma, half, None, _FLAGS, border) for p in planes[1:]]
    else:
        maps = _held_inside(chroma, half, planes[1].shape)
        crops = [cv2.remap(p, *maps, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE) for p in planes[1:]]
    cv2.resize(crops[0], size, u, interpolation=cv2.INTER_LINEAR)
    cv2.resize(crops[1], size, v, interpolation=cv2.INTER_LINEAR)
    cv2.merge((y, u, v), yuv)
    return cv2.transform(yuv, transform, out)


def _covered(matrix: np.ndarray, size: tuple[int, int], shape: tuple[int, ...]) -> float:
    """Rough share of the output that lies inside the picture; 1.0 exactly when all of it does."""
    width, height = size[0] - 1, size[1] - 1
    (a, b, c), (d, e, f) = matrix.tolist()
    share = 1.0
    for along, across, origin, last in (
        (a * width, b * height, c, shape[1] - 1),
        (d * width, e * height, f, shape[0] - 1),
    ):
        low = origin + min(along, 0.0) + min(across, 0.0)
        high = origin + max(along, 0.0) + max(across, 0.0)
        if low < 0 or high > last:
            seen = min(high, last) - max(low, 0.0)
            share *= min(max(seen / max(high - low, 1e-9), 0.0), 1.0 - 1e-9)
    return share


def _clear_of_edges(matrix: np.ndarray, size: tuple[int, int], shape: tuple[int, ...]) -> bool:
    """Whether the output, and its coarser chroma grid, stay two pixels and one output pixel off the edges."""
    width, height = size
    (a, b, c), (d, e, f) = matrix.tolist()
    for along, across, origin, last in ((a, b, c, shape[1] - 1), (d, e, f, shape[0] - 1)):
        margin = 2.0 + abs(along) + abs(across)
        low = origin + min(along * width, 0.0) + min(across * height, 0.0)
        high = origin + max(along * width, 0.0) + max(across * height, 0.0)
        if low < margin or high > last - margin:
            return False
    return True


def _reached(scale: float, origin: float, count: int, length: int) -> tuple[int, int]:
    """The first and one past the last output index that touch the picture along one axis."""
    at = scale * np.arange(count) + origin
    touched = np.flatnonzero((at > -1) & (at < length))
    return (int(touched[0]), int(touched[-1]) + 1) if touched.size else (0, 0)


def _held_inside(matrix: np.ndarray, size: tuple[int, int], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of an affine grid, held inside the picture: edges replicated beforehand.

    OpenCV takes a slow path for every pixel that it has to replicate itself.
    """
    columns, rows = _steps(*size)
    maps = _maps(*size)
    for grid, (along, across, origin), length in zip(maps, matrix.tolist(), (shape[1], shape[0]), strict=True):
        np.add(columns * np.float32(along), rows * np.float32(across) + np.float32(origin), out=grid)
        np.maximum(grid, np.float32(0), out=grid)
        np.minimum(grid, np.float32(max(length - 1.001, 0)), out=grid)
    return maps


@lru_cache(maxsize=32)
def _steps(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]


def _chroma_matrix(matrix: np.ndarray, size: tuple[int, int], half: tuple[int, int]) -> np.ndarray:
    """The grid for half-size chroma planes.

    Output: sample q of the half-size crop is resized to the middle of pixels 2q and 2q+1. Picture: chroma
    sits on every second luma column and between two rows (left-sited 4:2:0), at (x/2, y/2 - 1/4).
    """
    scale_x, scale_y = size[0] / half[0], size[1] / half[1]
    (a, b, c), (d, e, f) = matrix.tolist()
    shift_x, shift_y = scale_x / 2 - 0.5, scale_y / 2 - 0.5
    return np.array(
        [
            [a * scale_x / 2, b * scale_y / 2, (c + a * shift_x + b * shift_y) / 2],
            [d * scale_x / 2, e * scale_y / 2, (f + d * shift_x + e * shift_y) / 2 - 0.25],
        ]
    )


def _blacken(image: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...]) -> None:
    """Make exact black of the pixels that no pixel of the picture reaches."""
    (a, b, c), (d, e, f) = matrix.tolist()
    columns, rows = np.arange(image.shape[1]), np.arange(image.shape[0])
    x = a * columns + (b * rows + c)[:, None]
    y = d * columns + (e * rows + f)[:, None]
    image[(x <= -1) | (x >= shape[1]) | (y <= -1) | (y >= shape[0])] = 0
