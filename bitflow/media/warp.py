"""Crops straight from YUV planes: the hot path of every detector and landmark model.

A full-frame RGB conversion costs 1.2-2.6 ms at 1080p; a crop needs only its own pixels. Luma is sampled at
the output's size, chroma at half of it, and the 3x4 colour matrix is applied to the crop alone.
"""

from __future__ import annotations

import math
import threading
from functools import lru_cache

import cv2
import numpy as np

_FLAGS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

# Kr and Kb of each matrix: ITU-R BT.601-7, BT.709-6, BT.2020-2 (non-constant luminance).
_LUMA_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}

# A crop of which the picture covers less than this is sampled in that part alone.
_MOSTLY_OUTSIDE = 0.5
# Rows and columns of it that are sampled beyond the picture: the last of them holds nothing but its edge.
_MARGIN = 2

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
        Outside the picture: RGB (0, 0, 0); otherwise its edges go on.
    out : (height, width, 3) uint8, optional
        Filled and returned.

    Returns
    -------
    np.ndarray
        (height, width, 3) uint8 RGB.

    Notes
    -----
    OpenCV takes a slow path for every pixel whose edge it has to replicate itself. That matters little where a hand
    reaches over the picture's edge, but the crop about a body of which only the head is in the picture holds nearly
    nothing else. There only the box that the picture covers is sampled, and beyond it the box's own edges go on along
    the rows and columns of the crop: in one that is turned by a few degrees, its streaks are turned as much.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    if out is None:
        out = np.empty((size[1], size[0], 3), np.uint8)
    left, top, right, bottom = _box(matrix, size, planes[0].shape, 0 if zero_border else _MARGIN)
    share = (right - left) * (bottom - top) / (size[0] * size[1])
    if share == 1.0 or not (zero_border or share < _MOSTLY_OUTSIDE):
        _sampled(planes, matrix, size, transform, black if zero_border else None, out)
    elif not zero_border:
        part = _sampled(planes, _moved(matrix, left, top), (right - left, bottom - top), transform, None, None)
        cv2.copyMakeBorder(part, top, size[1] - bottom, left, size[0] - right, cv2.BORDER_REPLICATE, out)
    else:
        out[:] = 0
        if left < right and top < bottom:
            part = (right - left, bottom - top)
            out[top:bottom, left:right] = _sampled(planes, _moved(matrix, left, top), part, transform, black, None)
    if zero_border and (matrix[0, 1] != 0 or matrix[1, 0] != 0):
        _blacken(out, matrix, planes[0].shape)
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


def _buffers(width: int, height: int) -> tuple[np.ndarray, ...]:
    """Y, U, V of a crop, U and V at half its size, and interleaved YUV, in this thread's own memory: fresh pages
    cost more than the sampling.
    """
    kept: dict[tuple[int, int], tuple[np.ndarray, ...]] | None = getattr(_scratch, "kept", None)
    if kept is None or len(kept) > 64:
        kept = _scratch.kept = {}
    if (width, height) not in kept:
        half = ((height + 1) // 2, (width + 1) // 2)
        full, coarse = np.empty((3, height, width), np.uint8), np.empty((2, *half), np.uint8)
        kept[width, height] = (*full, *coarse, np.empty((height, width, 3), np.uint8))
    return kept[width, height]


def _sampled(
    planes: tuple[np.ndarray, np.ndarray, np.ndarray],
    matrix: np.ndarray,
    size: tuple[int, int],
    transform: np.ndarray,
    black: int | None,
    out: np.ndarray | None,
) -> np.ndarray:
    """RGB on an affine grid; luma continues as ``black`` outside the picture, or its edges do (None)."""
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    y, u, v, half_u, half_v, yuv = _buffers(*size)
    # Where no sample reaches an edge the borders are all the same, and a constant one is the fastest.
    border = cv2.BORDER_CONSTANT if _clear_of_edges(matrix, size, planes[0].shape) else cv2.BORDER_REPLICATE
    if black is None:
        cv2.warpAffine(planes[0], matrix, size, y, _FLAGS, border)
    else:
        cv2.warpAffine(planes[0], matrix, size, y, _FLAGS, cv2.BORDER_CONSTANT, (black,))
    # Chroma is replicated even where black follows: neutral grey would bleed into the picture's last column.
    chroma = _chroma_matrix(matrix, size, half)
    for plane, coarse, fine in ((planes[1], half_u, u), (planes[2], half_v, v)):
        cv2.warpAffine(plane, chroma, half, coarse, _FLAGS, border)
        cv2.resize(coarse, size, fine, interpolation=cv2.INTER_LINEAR)
    cv2.merge((y, u, v), yuv)
    return cv2.transform(yuv, transform, out)


def _moved(matrix: np.ndarray, left: int, top: int) -> np.ndarray:
    """The same grid, begun at another of its pixels."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, 0] * left + matrix[:, 1] * top
    return moved


def _box(matrix: np.ndarray, size: tuple[int, int], shape: tuple[int, ...], margin: int) -> tuple[int, int, int, int]:
    """The part of the output that the picture touches: left, top, and right, bottom as one past the last.

    With a margin it is never empty, and begins at even numbers, so that chroma is sampled as in the whole crop.
    """
    (a, b, c), (d, e, f) = matrix.tolist()
    area = a * e - b * d
    if not abs(area) > 0.0:
        return (0, 0, *size)
    corners = [(x - c, y - f) for x in (-1.0, float(shape[1])) for y in (-1.0, float(shape[0]))]
    across = [(e * x - b * y) / area for x, y in corners]
    down = [(a * y - d * x) / area for x, y in corners]
    left, right = _span(min(across), max(across), size[0], margin)
    top, bottom = _span(min(down), max(down), size[1], margin)
    return left, top, right, bottom


def _span(low: float, high: float, length: int, margin: int) -> tuple[int, int]:
    """The whole numbers strictly between two, and `margin` more on each side, that number one of `length` pixels."""
    first, last = math.floor(low) + 1 - margin, math.ceil(high) - 1 + margin
    if not margin:
        return max(first, 0), min(last + 1, length)
    first = min(max(first, 0), length - 1) & ~1
    return first, min(max(last, first + 1) + 1, length)


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
