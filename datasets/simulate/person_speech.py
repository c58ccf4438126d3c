"""How simulated persons sound and what they say: the voice at every instant, speech, words and speakers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bitflow.datasets.simulate.keeping import SOURCE
from bitflow.datasets.simulate.person_body import talking
from bitflow.datasets.simulate.script import PersonScript
from bitflow.extractors.speech.tables import SPEAKERS, SPEECH, WORDS
from bitflow.extractors.voice import VOICE

F0_HZ = 150.0


def voice(duration: float, scripts: tuple[PersonScript, ...]) -> dict[str, Any]:
    """Columns of `voice`, every 10 ms."""
    t = 0.005 + np.arange(round(duration * 100)) / 100
    speaks = np.zeros(len(t))
    f0 = np.full(len(t), np.nan)
    for script in scripts:
        mine = talking(t, script) > 0
        speaks[mine] = 1.0
        # A vibrato of one semitone; the last tenth of every 0.3 s is unvoiced.
        voiced = mine & ((t * 10) % 3 < 2.7)
        f0[voiced] = F0_HZ * (1 + 0.4 * script.speaker) * 2 ** (np.sin(2 * np.pi * 0.7 * t[voiced]) / 12)
    voiced = np.isfinite(f0)
    nan = np.nan
    columns: dict[str, Any] = {
        "time": t,
        "speech": np.where(speaks > 0, 0.98, 0.02),
        "f0": f0,
        "voicing": np.where(voiced, 0.9, 0.1),
        "loudness": np.where(speaks > 0, -20 + 3 * np.sin(2 * np.pi * 1.3 * t), -60.0),
        "hnr": np.where(voiced, 15.0 + np.sin(t), nan),
        "clipped": np.zeros(len(t)),
    }
    for i, hz in enumerate((700.0, 1200.0, 2500.0)):
        columns[f"formant_{i + 1}"] = np.where(voiced, hz + 20 * np.sin(3 * t), nan)
    for k, name in enumerate(name for name in VOICE.names if name.startswith("mfcc_")):
        columns[name] = 10.0 / (k + 1) + np.sin(t * (k + 1))
    columns["spectral_centroid"] = np.where(speaks > 0, 1500.0, 3000.0)
    return columns


def speech_tables(scripts: tuple[PersonScript, ...]):
    """Schema and columns of words, speech and speakers."""
    said, uttered, turns = [], [], []
    for script in scripts:
        who = script.speaker
        said += [(a, b, w, who) for a, b, w in script.words]
        uttered += [(a, b, " ".join(w for s, _, w in script.words if a <= s < b), who) for a, b in script.utterances]
        turns += [(a, b, "", who) for a, b in script.turns]
    yield WORDS, _intervals(said, "word", {"word": [row[2] for row in said], "language": ["en"] * len(said)})
    yield (
        SPEECH,
        _intervals(uttered, "utterance", {"text": [row[2] for row in uttered], "language": ["en"] * len(uttered)}),
    )
    yield SPEAKERS, _intervals(turns, "turn", {})


def _intervals(rows: list[tuple[float, float, str, int]], name: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    n = len(rows)
    return {
        "start": [row[0] for row in rows],
        "end": [row[1] for row in rows],
        "name": [name] * n,
        "track": [row[3] for row in rows],
        "target": [-1] * n,
        "confidence": [0.9] * n,
        "source": [SOURCE] * n,
        "coverage": [1.0] * n,
        "speaker": [f"S{row[3] + 1}" for row in rows],
        **columns,
    }
