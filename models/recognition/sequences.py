"""Clips as sequences for networks: the columns that move, about each participant's own baseline, with masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.models.adaptation.normalisation import ParticipantNorm
from bitflow.models.recognition import discord

Floats = NDArray[np.float32]

#: Stands among a stream's columns for its signed channel.
SIGNED = ".signed"

#: A value this many spreads from the baseline says that something broke.
FARTHEST = 8.0


@dataclass(frozen=True, eq=False)
class Batch:
    """Clips of different lengths side by side.

    Parameters
    ----------
    values
        A stream ``(B, T, D)`` float32; 0 where the mask is false, which says nothing.
    masks
        A stream ``(B, T)``: where it was seen.
    """

    values: tuple[Floats, ...]
    masks: tuple[NDArray[np.bool_], ...]


@dataclass(frozen=True)
class SequenceInputs:
    """Which columns of which streams a network reads.

    Parameters
    ----------
    columns
        Stream → its columns; one called ``.signed`` is the stream's signed channel (`discord.channels`).
    """

    columns: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, clips: Sequence[Clip]) -> SequenceInputs:
        """The columns that move in any of the clips, and the streams' signed channels; text first."""
        found: dict[str, list[str]] = {}
        for clip in clips:
            for name, stream in clip.streams.items():
                low, high = (_extreme(stream.values, of) for of in (np.fmin, np.fmax))
                moving = [c for c, a, b in zip(stream.names, low, high, strict=True) if b - a > 1e-6]
                there = found.setdefault(name, [])
                there += [c for c in moving if c not in there]
            for name in discord.channels(clip):
                if SIGNED not in found.setdefault(name, []):
                    found[name].append(SIGNED)
        return cls.ordered({name: tuple(sorted(names)) for name, names in found.items() if names})

    @classmethod
    def ordered(cls, columns: Mapping[str, tuple[str, ...]]) -> SequenceInputs:
        """The columns with text first, as networks take them."""
        order = [*discord.ORDER, *sorted(set(columns) - set(discord.ORDER))]
        return cls({name: columns[name] for name in order if name in columns})

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns a stream."""
        return tuple(len(names) for names in self.columns.values())

    def read(self, clips: Sequence[Clip]) -> list[list[NDArray[np.float64]]]:
        """For each clip a stream's columns ``(bins, D)`` about the participant's baseline; NaN where not seen.

        Baselines are those of the clips given: a participant's other clips make them better.
        """
        who = np.array([clip.participant or f"\0{i}" for i, clip in enumerate(clips)])
        streams = []
        for name, columns in self.columns.items():
            signals = [_columns(clip, name, columns) for clip in clips]
            normal = ParticipantNorm().signals(signals, who, rate=clips[0].rate)
            streams.append([np.clip(values, -FARTHEST, FARTHEST) for values in normal])
        return [list(parts) for parts in zip(*streams, strict=True)]

    def batch(self, sequences: Sequence[Sequence[NDArray[Any]]]) -> Batch:
        """Sequences of `read`, padded at their end to the longest."""
        longest = max(len(parts[0]) for parts in sequences)
        values, masks = [], []
        for place, width in enumerate(self.widths):
            filled = np.zeros((len(sequences), longest, width), np.float32)
            seen = np.zeros((len(sequences), longest), bool)
            for row, parts in enumerate(sequences):
                part = parts[place]
                known = np.isfinite(part)
                filled[row, : len(part)] = np.where(known, part, 0.0)
                seen[row, : len(part)] = known.any(axis=1)
            values.append(filled)
            masks.append(seen)
        return Batch(tuple(values), tuple(masks))


def _columns(clip: Clip, name: str, columns: tuple[str, ...]) -> NDArray[np.float64]:
    found = np.full((clip.bins, len(columns)), np.nan)
    stream = clip.streams.get(name)
    place = {} if stream is None else {column: i for i, column in enumerate(stream.names)}
    for at, column in enumerate(columns):
        if column == SIGNED:
            signed = discord.channels(clip).get(name)
            if signed is not None:
                found[:, at] = signed
        elif stream is not None and column in place:
            found[:, at] = stream.values[:, place[column]]
    return found


def _extreme(values: NDArray[Any], of: np.ufunc) -> NDArray[Any]:
    return of.reduce(values, axis=0) if len(values) else np.zeros(values.shape[1])
