"""Simulated clips as data sets, without files: the streams' signals are their valence."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from bitflow.datasets.clips import Clip, Stream
from bitflow.datasets.simulate.ambivalence import RATE_HZ, simulate_clips
from bitflow.datasets.windows import FeatureDataset
from bitflow.timeline import Interval


@cache
def dataset(preset: str, seed: int, participants: int | None = None, missing: float = 0.0) -> FeatureDataset:
    made = simulate_clips(preset, seed=seed, participants=participants, missing=missing)
    columns = ("valence", "a", "b", "c", "d")
    clips = [
        Clip(
            f"p{clip.participant:02d}/v{clip.video}",
            RATE_HZ,
            len(clip.times),
            {
                name: Stream(tuple(f"{name}.{c}" for c in columns), ("1",) * 5, values.astype(np.float32))
                for name, values in clip.streams.items()
                if name != clip.missing
            },
            participant=f"p{clip.participant:02d}",
            label=str(clip.label),
            covariates={} if clip.question is None else {"question": str(clip.question)},
            segments=tuple(Interval(float(a), float(b)) for a, b in clip.segments),
        )
        for clip in made
    ]
    return FeatureDataset.of(clips)


@pytest.fixture(scope="session")
def simulated() -> Callable[..., FeatureDataset]:
    """``simulated("phasic", 0)`` are its clips."""
    return dataset


@pytest.fixture(scope="session")
def small(simulated):
    """Twelve people: enough to train, not to believe."""
    return simulated("easy", 0, 12)
