"""One person's part of a picture: neighbours hidden from a model that is made for one person.

Where two people sit close together, the crop about one of them holds both, and the pose model puts the joints of one
between them. The picture is therefore cut between the two and its edge repeated beyond the cut, which to the model
looks like the border of a picture, which it knows well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from bitflow.extractors.landmarks.roi import Roi

if TYPE_CHECKING:
    from bitflow.media import Frame

#: Neighbours are hidden whose axis is this far from one's own, in sides of the crop: nearer, one stands before the
#: other and no line parts them; further, the model is not misled, and an arm stretched out to them should be seen.
_NEAR, _FAR = 0.08, 0.3
#: The cut lies this far toward the neighbour.
_CUT = 0.5


@dataclass(frozen=True)
class Veiled:
    """A frame of which only what lies on one side of each cut is seen; a cut is ``(nx, ny, d)``: seen is n·x ≤ d."""

    frame: Frame
    cuts: tuple[tuple[float, float, float], ...]

    def warp(
        self, matrix: np.ndarray, size: tuple[int, int], *, border: str = "replicate", out: np.ndarray | None = None
    ) -> np.ndarray:
        """As `Frame.warp`, with rows continued beyond a cut by their last pixel before it."""
        crop = self.frame.warp(matrix, size, border=border, out=out)
        columns = np.arange(size[0])
        low, high = np.zeros(size[1]), np.full(size[1], size[0] - 1.0)
        rows = np.arange(size[1])
        for nx, ny, d in self.cuts:
            # The same cut in px of the crop: where along each row it lies.
            a, b = nx * matrix[0, 0] + ny * matrix[1, 0], nx * matrix[0, 1] + ny * matrix[1, 1]
            if abs(a) < 1e-9:
                continue
            at = (d - nx * matrix[0, 2] - ny * matrix[1, 2] - b * rows) / a
            if a > 0:
                high = np.minimum(high, at)
            else:
                low = np.maximum(low, at)
        low, high = low.clip(0, size[0] - 1), high.clip(0, size[0] - 1)
        # Two cuts may cross above or below the person: what lies beyond the crossing shows the nearer edge.
        shown = np.clip(columns, np.minimum(low, high)[:, None], np.maximum(low, high)[:, None]).astype(np.intp)
        crop[:] = crop[rows[:, None], shown]
        return crop


def veil(frame: Frame, roi: Roi, others: Sequence[Roi]) -> Frame:
    """The frame as seen for the body in a crop, those beside it in the crops of `others` hidden."""
    cx, cy, side, angle = roi
    across = (math.cos(angle), math.sin(angle))
    cuts = []
    for x, y, other, _ in others:
        apart = (x - cx) * across[0] + (y - cy) * across[1]
        if not _NEAR * side < abs(apart) < _FAR * side or other > 2.0 * side or side > 2.0 * other:
            continue
        nx, ny = across if apart > 0 else (-across[0], -across[1])
        cuts.append((nx, ny, nx * cx + ny * cy + _CUT * abs(apart)))
    return cast("Frame", Veiled(frame, tuple(cuts))) if cuts else frame
