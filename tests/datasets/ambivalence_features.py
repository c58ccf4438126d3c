"""The least that tells the simulator's claims apart: statistics of streams, and products of streams."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from scipy.ndimage import uniform_filter1d

from bitflow.datasets.simulate.ambivalence import STREAMS, Clip

PAIRS = tuple(combinations(STREAMS, 2))


def labels(clips: list[Clip]) -> np.ndarray:
    return np.array([clip.label for clip in clips])


def people(clips: list[Clip]) -> np.ndarray:
    return np.array([clip.participant for clip in clips])


def recorded(clip: Clip, stream: str) -> np.ndarray:
    values = clip.streams[stream]
    return np.full_like(values, np.nan) if clip.missing == stream else values


def pooled(clips: list[Clip], streams: tuple[str, ...]) -> np.ndarray:
    """Mean, spread, tails, slope and steps of every channel: additive in the streams."""
    rows = []
    for clip in clips:
        values = np.concatenate([recorded(clip, stream) for stream in streams], axis=1)
        steps = np.abs(np.diff(values, axis=0))
        slope = np.polyfit(clip.times, values, 1)[0]
        tails = np.quantile(values, (0.1, 0.9), axis=0)
        rows.append(np.concatenate([values.mean(0), values.std(0), *tails, slope, steps.mean(0), steps.std(0)]))
    return np.array(rows)


def centred(clips: list[Clip], *, by: str, smoothed: int = 5) -> Iterator[dict[str, np.ndarray]]:
    """Signals, each the mean over so many samples, less the median of the participant, of the clip, or of nothing."""
    whose = people(clips)
    zero = {
        (person, stream): np.nanmedian(
            np.concatenate([recorded(clips[i], stream)[:, 0] for i in np.flatnonzero(whose == person)])
        )
        for person in np.unique(whose)
        for stream in STREAMS
    }
    for clip in clips:
        signals = {}
        for stream in STREAMS:
            signal = uniform_filter1d(recorded(clip, stream)[:, 0], smoothed, mode="nearest")
            middle = {"participant": zero[clip.participant, stream], "clip": np.median(signal), "none": 0.0}[by]
            signals[stream] = signal - middle
        yield signals


def discord(clips: list[Clip], *, by: str = "participant") -> np.ndarray:
    """Disagreement of each pair of a clip's signals; 0 for a pair that was not recorded."""
    return np.array([disagreement(signals) for signals in centred(clips, by=by)])


def disagreement(signals: dict[str, np.ndarray]) -> np.ndarray:
    """How far, how long and how strongly each pair of signals disagrees."""
    row = []
    for a, b in PAIRS:
        product = signals[a] * signals[b]
        if np.isnan(product).any():
            row += [0.0] * 6
            continue
        ordered = np.sort(product)
        tenth = max(1, len(ordered) // 10)
        against = np.mean(product < -0.3)
        both = (product.mean(), product.std(), ordered[:tenth].mean(), ordered[-tenth:].mean())
        row += [*both, against, np.log(1e-3 + against)]
    return np.array(row)
