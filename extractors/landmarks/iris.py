"""Eyes refined by the iris network: lids, brow and iris in place of the mesh's own, for many frames at once.

The network looks at one eye, as a right eye; left ones are mirrored. It adds the ten iris points to the
468 of the mesh and corrects the 71 points about each eye, which the mesh alone lets close too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bitflow.extractors.landmarks import mesh
from bitflow.extractors.landmarks.roi import crop_matrix, to_image

if TYPE_CHECKING:
    from bitflow.extraction.protocol import Runtime
    from bitflow.media import Frame

_SIZE = 64
_CROP_SCALE = 2.3
_MIRROR = np.array([[-1.0, 0.0, _SIZE - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])

#: First corner, second corner (left to right in the picture), region, first iris point, mirrored.
_EYES = (
    (mesh.RIGHT_EYE_OUTER, mesh.RIGHT_EYE_INNER, mesh.RIGHT_EYE_REGION, 468, False),
    (mesh.LEFT_EYE_INNER, mesh.LEFT_EYE_OUTER, mesh.LEFT_EYE_REGION, 473, True),
)


def eye_rois(points: np.ndarray, first: int, second: int) -> np.ndarray:
    """Crops ``(n, 4)`` about an eye, from the corners in mesh points ``(n, 468, 3)`` px."""
    a, b = points[:, first, :2], points[:, second, :2]
    across = b - a
    centre = (a + b) / 2.0
    side = np.abs(across).max(axis=1) * _CROP_SCALE
    return np.column_stack([centre, side, np.arctan2(across[:, 1], across[:, 0])])


class IrisRefiner:
    """The iris network; owned by one thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._session = runtime.session("iris", normalise=(1 / 255, 0.0))

    def refine(self, frames: Sequence[Frame], points: np.ndarray) -> np.ndarray:
        """Mesh points with refined eyes.

        Parameters
        ----------
        frames
            The n pictures.
        points
            ``(n, 468, 3)`` px of the picture.

        Returns
        -------
        np.ndarray
            ``(n, 478, 3)`` px; the iris has the mean depth of the lid.
        """
        refined = np.concatenate([points, np.empty((len(points), mesh.IRIS_POINTS, 3))], axis=1)
        for first, second, region, iris, mirrored in _EYES:
            rois = eye_rois(points, first, second)
            seen = self._look(frames, rois, mirrored)
            placed = to_image(seen, rois, _SIZE)
            refined[:, region, :2] = placed[:, : len(region)]
            refined[:, iris : iris + 5, :2] = placed[:, len(region) :]
            depth = points[:, region[: mesh.LID_POINTS], 2].mean(axis=1)
            refined[:, iris : iris + 5, 2] = depth[:, None]
        return refined

    def _look(self, frames: Sequence[Frame], rois: np.ndarray, mirrored: bool) -> np.ndarray:
        """Region and iris points ``(n, 76, 2)`` px of the crops, unmirrored."""
        crops = np.empty((len(frames), _SIZE, _SIZE, 3), np.uint8)
        for frame, (x, y, side, angle), crop in zip(frames, rois.tolist(), crops, strict=True):
            matrix = crop_matrix((x, y, side, angle), _SIZE)
            frame.warp(matrix @ _MIRROR if mirrored else matrix, (_SIZE, _SIZE), out=crop)
        region, iris = self._session.run(crops)
        points = [values.reshape(len(frames), -1, 3)[..., :2] for values in (region, iris)]
        seen = np.concatenate(points, axis=1).astype(np.float64)
        if mirrored:
            seen[..., 0] = _SIZE - seen[..., 0]
        return seen
