"""A recogniser's expert that listens to a language model: what it said of each recording, kept in the store.

It reads votes, log-odds and cues from before any calibration, so nothing that it reads has seen a label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.errors import UsageError
from bitflow.models.recognition.experts import DenseExpert


class ZeroShotExpert(DenseExpert):
    """A linear model on what a zero-shot model said. Settings: ``source``, ``names``."""

    kind: ClassVar[str] = "zero-shot"

    @classmethod
    def settle(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Who was asked, and the numbers that came."""
        sources = sorted({clip.said.source for clip in clips if clip.said is not None})
        if len(sources) != 1:
            told = " and ".join(sources) or "nobody"
            raise UsageError(f"the expert zero-shot listens to one model, here is {told}: `bitflow predict` it first")
        names = next(sorted(clip.said.numbers) for clip in clips if clip.said is not None)
        return {**settings, "source": sources[0], "names": names}

    @classmethod
    def features(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> NDArray[np.float64]:
        """``(n, numbers)``; NaN where that model said nothing."""
        rows = [
            [clip.said.numbers.get(name, np.nan) for name in settings["names"]]
            if clip.said is not None and clip.said.source == settings["source"]
            else [np.nan] * len(settings["names"])
            for clip in clips
        ]
        return np.array(rows, float).reshape(len(clips), len(settings["names"]))
