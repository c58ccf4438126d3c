"""Crops of many pictures for one model, cut into memory that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bitflow.extractors.landmarks.roi import Roi, crop_matrix

if TYPE_CHECKING:
    from bitflow.media import Frame

#: A picture and the region of it to look at.
View = tuple["Frame", Roi]


class Crops:
    """Square crops for one model; owned by one thread.

    Parameters
    ----------
    size
        Side of the model's input in px.
    border
        What lies outside the picture, as in `Frame.warp`.
    """

    def __init__(self, size: int, border: str = "replicate") -> None:
        self._size, self._border = size, border
        self._room = np.empty((1, size, size, 3), np.uint8)

    def cut(self, views: Sequence[View]) -> tuple[np.ndarray, list[np.ndarray]]:
        """Cut regions out of their pictures.

        Returns
        -------
        crops
            ``(n, size, size, 3)`` uint8 RGB, valid until the next call.
        matrices
            The map ``(2, 3)`` from px of each crop to px of its picture.
        """
        size = self._size
        if len(views) > len(self._room):
            self._room = np.empty((len(views), size, size, 3), np.uint8)
        matrices = [crop_matrix(roi, size) for _, roi in views]
        for (frame, _), matrix, room in zip(views, matrices, self._room, strict=False):
            frame.warp(matrix, (size, size), border=self._border, out=room)
        return self._room[: len(views)], matrices
