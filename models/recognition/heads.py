"""From moments to a clip: windows that are judged one by one, and how their logits are pooled.

A clip is positive where any part of it is: ambivalence fills a third of a positive clip, so a majority vote over
moments calls nearly every clip negative, even a perfect one. It is not offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.datasets.windows import seen_statistics, window_labels, window_spans, window_statistics
from bitflow.errors import UsageError
from bitflow.models.recognition import discord
from bitflow.models.recognition.experts import C, Target
from bitflow.models.recognition.linear import Linear
from bitflow.models.recognition.memory import remembered

POOLINGS = ("topk", "lse", "attention")

#: Share of the windows that `topk` looks at.
TOP = 0.2

#: How sharply `lse` and `attention` may look at the highest window: chosen on the training clips.
SHARPNESS = (1.0, 2.0, 4.0, 8.0)


def pool(logits: NDArray[Any], how: str, sharpness: float = 4.0) -> float:
    """One logit from those of a clip's windows ``(n,)``; NaN where none is known.

    ``topk``: mean of the highest fifth. ``lse``: (1/r) log mean exp(r ℓ), between mean and maximum. ``attention``: mean
    weighted by exp(r ℓ), scaled to the windows' spread.

    Examples
    --------
    >>> pool(np.array([0.0, 0.0, 0.0, 0.0, 5.0]), "topk")
    5.0
    """
    known = logits[np.isfinite(logits)]
    if not len(known):
        return float("nan")
    if how == "topk":
        few = max(1, int(np.ceil(TOP * len(known))))
        return float(np.sort(known)[-few:].mean())
    highest = known.max()
    weights = np.exp(sharpness * (known - highest))
    if how == "lse":
        return float(highest + np.log(weights.mean()) / sharpness)
    return float((weights * known).sum() / weights.sum())


@dataclass(frozen=True, eq=False)
class WindowsExpert:
    """A linear model on windows of 3 s, pooled to the clip; it also says when.

    Where two streams have a signed channel a window is described by how they agree, else by statistics of the columns.
    Windows learn from annotated segments where there are some, otherwise from their clip's label (weakly).

    Settings: ``centring``, ``pooling``, ``seconds``, ``hop``.
    """

    model: Linear
    settings: dict[str, Any]

    kind: ClassVar[str] = "windows"

    @classmethod
    def fit(cls, clips: Sequence[Clip], target: Target, settings: Mapping[str, Any]) -> Self:
        """Train on the windows of all clips."""
        given = {"centring": "participant", "pooling": "topk", "seconds": 3.0, "hop": 1.0, **settings}
        if given["pooling"] not in POOLINGS:
            raise UsageError(f"windows are pooled by {', '.join(POOLINGS)}, not {given['pooling']!r}")
        there = {stream for clip in clips for stream in discord.channels(clip)}
        streams = [stream for stream in discord.ORDER if stream in there]
        columns = {name: len(stream.names) for clip in clips for name, stream in clip.streams.items()}
        given |= {"streams": streams if len(streams) > 1 else [], "columns": dict(sorted(columns.items()))}
        x = np.vstack([window_features(clip, given) for clip in clips])
        labels, weights = [], []
        for clip, each in zip(clips, target.weight, strict=True):
            spans = window_spans(clip, given["seconds"], given["hop"])
            label, weight = remembered(
                clip,
                ("window labels", target.classes, given["seconds"], given["hop"]),
                lambda c, s=spans: window_labels(c, s, target.classes),
            )
            labels.append(label)
            weights.append(weight * each)
        y, weight = np.concatenate(labels), np.concatenate(weights)
        weight = np.where(np.isfinite(x).any(axis=1) & (y >= 0), weight, 0.0)
        if not (weight > 0).any():
            raise UsageError("no window of any clip has data: the expert `windows` has nothing to learn from")
        model = Linear.fit(x, np.maximum(y, 0), weight, classes=len(target.classes), c=C)
        draft = cls(model, {**given, "sharpness": SHARPNESS[0], "segments": any(clip.segments for clip in clips)})
        return cls(model, {**draft.settings, "sharpness": draft._sharpest(clips, target)})

    def logits(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """``(n, K)``, pooled over windows."""
        return self._pooled(clips, self.settings["sharpness"])

    def frames(self, clips: Sequence[Clip]) -> list[NDArray[Any] | None]:
        """Mean logit of the windows over each bin, ``(bins, K)``: centred, so without delay."""
        return [
            spread_moments(clip, self.model.logits(window_features(clip, self.settings)), self.settings)
            for clip in clips
        ]

    def pack(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Settings; the linear model."""
        return self.settings, self.model.arrays()

    @classmethod
    def unpack(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `pack`."""
        return cls(Linear.of(dict(arrays)), dict(settings))

    def _pooled(self, clips: Sequence[Clip], sharpness: float) -> NDArray[np.float64]:
        how = self.settings["pooling"]
        rows = []
        for clip in clips:
            logits = self.model.logits(window_features(clip, self.settings))
            rows.append([pool(column, how, sharpness) for column in logits.T])
        return np.array(rows).reshape(len(clips), -1)

    def _sharpest(self, clips: Sequence[Clip], target: Target) -> float:
        """The sharpness whose pooled logits tell the training clips apart best."""
        if self.settings["pooling"] == "topk" or target.width > 1:
            return 4.0
        from bitflow.models.evaluation.metrics import roc_auc

        def apart(sharpness: float) -> float:
            pooled = self._pooled(clips, sharpness)[:, 0]
            known = np.isfinite(pooled)
            return roc_auc(target.y[known], pooled[known], target.weight[known])

        return max(SHARPNESS, key=apart)


def spread_moments(clip: Clip, logits: NDArray[Any], settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """Mean of the windows' logits ``(windows, K)`` over each bin, ``(bins, K)``; NaN where no window knows anything."""
    spans = window_spans(clip, settings["seconds"], settings["hop"])
    total, count = np.zeros((clip.bins, logits.shape[1])), np.zeros((clip.bins, 1))
    for (first, last), logit in zip(spans, logits[: len(spans)], strict=True):
        if np.isfinite(logit).all():
            total[first:last] += logit
            count[first:last] += 1
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def window_features(clip: Clip, settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """What each window is described by, ``(windows, d)``; NaN where missing."""
    streams, how = tuple(settings["streams"]), settings["centring"]
    seconds, hop = settings["seconds"], settings["hop"]
    columns = settings["columns"]
    return remembered(
        clip,
        ("window features", streams, how, seconds, hop, tuple(columns.items()) if not streams else None),
        lambda c: _described(c, streams, how, window_spans(c, seconds, hop), columns),
    )


def _described(
    clip: Clip, streams: tuple[str, ...], how: str, spans: NDArray[Any], columns: Mapping[str, int]
) -> NDArray[np.float64]:
    if streams:
        values = discord.moments(clip, how, streams)
        return window_statistics(values, spans).reshape(len(spans), -1, 8)[:, :, [0, 3]].reshape(len(spans), -1)
    parts = [
        seen_statistics(clip.streams[name].values, spans)
        if name in clip.streams
        else np.full((len(spans), width * 8), np.nan)
        for name, width in columns.items()
    ]
    return np.hstack(parts).astype(np.float64) if parts else np.full((len(spans), 1), np.nan)
