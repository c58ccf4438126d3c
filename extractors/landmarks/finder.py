"""A single-shot detector at work: pictures in, what is in them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bitflow.extractors.landmarks import ssd
from bitflow.extractors.landmarks.crops import Crops
from bitflow.extractors.landmarks.roi import letterbox

if TYPE_CHECKING:
    import numpy as np

    from bitflow.extraction.protocol import Runtime
    from bitflow.media import Frame


class Finder:
    """One detector with its model; owned by one thread.

    Parameters
    ----------
    asset
        The model.
    detector
        Its figures.
    min_score
        Detections below this probability are left out.
    apart
        See `ssd.suppress`.
    """

    def __init__(
        self,
        runtime: Runtime,
        asset: str,
        detector: ssd.Detector,
        *,
        min_score: float,
        apart: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self._session = runtime.session(asset, normalise=(detector.scale, detector.offset))
        self._detector, self._min_score, self._apart = detector, min_score, apart
        self._crops = Crops(detector.size, "zero")

    def find(self, frames: Sequence[Frame]) -> list[ssd.Detections]:
        """What is in each of some pictures, in px of the picture."""
        if not frames:
            return []
        crops, _ = self._crops.cut([(frame, letterbox(frame.width, frame.height)) for frame in frames])
        rows, logits = self._session.run(crops)
        found = []
        for frame, values, scores in zip(frames, rows, logits, strict=True):
            candidates = ssd.decode(self._detector, values, scores, self._min_score)
            kept = ssd.suppress(candidates, apart=self._apart)
            found.append(ssd.detections_in_image(kept, frame.width, frame.height))
        return found
