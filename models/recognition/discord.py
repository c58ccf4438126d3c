"""Where streams disagree: signed channels of text, face, voice and body, compared in pairs.

In BAH, 86 % of the annotated inconsistencies set language against something, so text comes first in every pair. Only
the product of two channels can tell agreement from disagreement; no sum of them can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip, Stream
from bitflow.measures.polarity import polarity
from bitflow.models.recognition.memory import remembered

#: Streams that may have a signed channel, in the order in which they are named in a pair.
ORDER = ("text", "face", "voice", "body")

#: Seconds over which channels are averaged before they are compared: an annotated segment lasts about 4 s.
SMOOTHING_S = 1.2

#: Share of the clip's strongest and weakest moments that are looked at on their own.
EXTREME = 0.1

#: In units of spread²: from this opposition on, a moment counts as discord.
OPPOSED = 0.5

POOLED = (
    *("mean_product", "sd_product", "top_product", "low_product"),
    *("mean_opposition", "top_opposition", "share_opposed"),
    *("mean_distance", "top_distance", "correlation"),
)

#: What one unit of activation is: so many decibels, or an octave above this pitch.
LOUDNESS_DB, PITCH_HZ = 6.0, 150.0

#: Action units that go with pleasure and with displeasure, and the blendshapes that stand for them.
PLEASED = ("au12", "au06", "mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight")
DISPLEASED = ("au04", "au15", "browDownLeft", "browDownRight", "mouthFrownLeft", "mouthFrownRight")


#: Where a person's channel rests, and how much it moves: median and scaled median deviation.
Baseline = tuple[float, float]


def signed_channel(clip: Clip, stream: str) -> NDArray[np.float64] | None:
    """Pleasure (positive) against displeasure of one stream on the clip's clock, ``(bins,)``; None where it has none.

    A column called ``valence`` is taken as it is. Without one, the face gives action units 12 and 6 less 4 and 15, the
    voice how loud and high it is (activation, for want of valence), the body whether the person comes nearer or draws
    back, and the text the polarity of words while they are said.
    """
    there = clip.streams.get(stream)
    if there is not None and (valence := there.column("valence")) is not None:
        return valence.astype(np.float64)
    if stream == "text":
        return _word_polarity(clip)
    if there is None:
        return None
    if stream == "face":
        return _difference(there, PLEASED, DISPLEASED)
    if stream == "voice":
        return _activation(there)
    if stream == "body" and (nearer := there.column("approach")) is not None:
        return nearer.astype(np.float64)
    return None


def channels(clip: Clip) -> dict[str, NDArray[np.float64]]:
    """The signed channels that a clip has, by stream."""
    return remembered(clip, "channels", _channels)


def baselines(clips: Sequence[Clip]) -> dict[str, dict[str, Baseline]]:
    """Each participant's baseline of each channel, from the participant's own clips and no label.

    Nobody else's clips matter, so that it does not depend on who else is in the training part. Clips without
    participant are left out.
    """
    pooled: dict[str, dict[str, list[NDArray[np.float64]]]] = {}
    for clip in clips:
        if clip.participant:
            for stream, values in channels(clip).items():
                pooled.setdefault(clip.participant, {}).setdefault(stream, []).append(values[np.isfinite(values)])
    return {
        who: {stream: _baseline(np.concatenate(parts)) for stream, parts in own.items()} for who, own in pooled.items()
    }


def with_baselines(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    """The clips, each with the baselines of its participant."""
    known = baselines(clips)
    own = [known.get(clip.participant) for clip in clips]
    return tuple(
        clip if clip.baselines == base else replace(clip, baselines=base) for clip, base in zip(clips, own, strict=True)
    )


def centred_channels(clip: Clip, how: str) -> dict[str, NDArray[np.float64]]:
    """Channels about their baseline, in units of spread, smoothed; NaN where a stream was not seen.

    Parameters
    ----------
    how
        ``participant`` (the clip's own baseline where the participant has none), ``clip``, or ``none``: as measured.
    """
    return remembered(clip, ("centred", how), lambda c: _centred(c, how))


def pairs(streams: Sequence[str]) -> list[tuple[str, str]]:
    """Every two of the streams, text first."""
    return list(combinations([stream for stream in ORDER if stream in streams], 2))


def pair_names(streams: Sequence[str]) -> tuple[str, ...]:
    """Names of `discord_features`."""
    return tuple(f"{a}×{b}.{name}" for a, b in pairs(streams) for name in POOLED)


def discord_features(clip: Clip, how: str, streams: Sequence[str]) -> NDArray[np.float64]:
    """Ten numbers a pair of streams, ``(pairs × 10,)``; NaN for a pair of which one is missing."""
    centred = centred_channels(clip, how)

    def both(a: str, b: str) -> NDArray[np.float64]:
        if a not in centred or b not in centred:
            return np.full(len(POOLED), np.nan)
        return remembered(clip, ("pooled", how, a, b), lambda _: _pooled(centred[a], centred[b]))

    parts = [both(a, b) for a, b in pairs(streams)]
    return np.concatenate(parts) if parts else np.empty(0)


def moments(clip: Clip, how: str, streams: Sequence[str]) -> NDArray[np.float64]:
    """For every moment product, opposition and distance of each pair, ``(bins, pairs × 3)``; NaN where not seen."""
    centred = centred_channels(clip, how)
    parts = []
    for a, b in pairs(streams):
        if a in centred and b in centred:
            product = centred[a] * centred[b]
            parts.append(np.column_stack([product, np.maximum(0.0, -product), np.abs(centred[a] - centred[b])]))
        else:
            parts.append(np.full((clip.bins, 3), np.nan))
    return np.hstack(parts) if parts else np.empty((clip.bins, 0))


def _channels(clip: Clip) -> dict[str, NDArray[np.float64]]:
    found = {stream: signed_channel(clip, stream) for stream in ORDER}
    return {stream: values for stream, values in found.items() if values is not None and np.isfinite(values).any()}


def _baseline(values: NDArray[np.float64]) -> Baseline:
    centre = float(np.median(values))
    return centre, _spread(values, centre)


def _centred(clip: Clip, how: str) -> dict[str, NDArray[np.float64]]:
    found = {}
    for stream, values in channels(clip).items():
        if how == "none":
            centre, spread = 0.0, 1.0
        elif how == "participant" and clip.baselines is not None and stream in clip.baselines:
            centre, spread = clip.baselines[stream]
        else:
            centre, spread = _baseline(values[np.isfinite(values)])
        found[stream] = _smooth((values - centre) / spread, clip.rate)
    return found


def _pooled(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3:
        return np.full(len(POOLED), np.nan)
    a, b = a[both], b[both]
    product, distance = a * b, np.abs(a - b)
    opposition = np.maximum(0.0, -product)
    ordered = np.sort(product)
    few = max(1, round(EXTREME * len(product)))
    moving = a.std() > 1e-9 and b.std() > 1e-9
    correlation = float(np.mean((a - a.mean()) * (b - b.mean())) / (a.std() * b.std())) if moving else np.nan
    return np.array(
        [
            *(product.mean(), product.std(), ordered[-few:].mean(), ordered[:few].mean()),
            *(opposition.mean(), np.sort(opposition)[-few:].mean(), (opposition > OPPOSED).mean()),
            *(distance.mean(), np.sort(distance)[-few:].mean(), correlation),
        ]
    )


def _spread(values: NDArray[np.float64], median: float) -> float:
    spread = 1.4826 * float(np.median(np.abs(values - median)))
    return spread if spread > 1e-6 else max(float(np.std(values)), 1e-6)


def _smooth(values: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Mean over `SMOOTHING_S` of what was seen; NaN stays NaN."""
    width = max(1, round(SMOOTHING_S * rate))
    known = np.isfinite(values)
    kernel = np.ones(width)
    total = np.convolve(np.where(known, values, 0.0), kernel, "full")
    count = np.convolve(known.astype(float), kernel, "full")
    first = (width - 1) // 2
    inside = slice(first, first + len(values))
    smooth = total[inside] / np.maximum(count[inside], 1.0)
    return np.where(known, smooth, np.nan)


def _difference(stream: Stream, plus: Sequence[str], minus: Sequence[str]) -> NDArray[np.float64] | None:
    up = [v for name in plus if (v := stream.column(name)) is not None]
    down = [v for name in minus if (v := stream.column(name)) is not None]
    if not up or not down:
        return None
    return np.mean(up, axis=0).astype(np.float64) - np.mean(down, axis=0)


def _activation(stream: Stream) -> NDArray[np.float64] | None:
    """How loud and how high, in fixed units (6 dB, an octave): where the person rests is taken away later."""
    loudness, pitch = stream.column("loudness"), stream.column("f0")
    parts = []
    if loudness is not None and np.isfinite(loudness).any():
        parts.append(loudness.astype(np.float64) / LOUDNESS_DB)
    if pitch is not None and np.isfinite(pitch).any():
        parts.append(np.log2(np.maximum(pitch.astype(np.float64), 1.0) / PITCH_HZ))
    if not parts:
        return None
    known = np.isfinite(parts)
    total = np.where(known, parts, 0.0).sum(axis=0)
    return np.divide(total, known.sum(axis=0), out=np.full(len(total), np.nan), where=known.all(axis=0))


def _word_polarity(clip: Clip) -> NDArray[np.float64] | None:
    """Polarity of the words that are being said; 0 between words that have none; NaN where nobody speaks."""
    if clip.words is None or not len(clip.words.starts):
        return None
    values = np.full(clip.bins, np.nan)
    for start, end, word in zip(clip.words.starts, clip.words.ends, clip.words.texts, strict=True):
        first = min(int(start * clip.rate), clip.bins - 1)
        values[first : max(first + 1, int(np.ceil(end * clip.rate)))] = _polarity(word)
    return values if np.nanstd(values) > 0 else None


@lru_cache(maxsize=4096)
def _polarity(word: str) -> float:
    return polarity(word)
