"""Voices with known answers: glides, glottal pulses through resonances, and sentences spoken by espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

from bitflow.extraction.protocol import RecordingInfo
from bitflow.extraction.scheduler import LocalRuntime, StreamTask, WorkerPool, run_stream
from bitflow.inference.engine import ON_CPU
from bitflow.media import AudioChunk

RATE = 16000

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "I would like a cup of tea with milk and sugar.",
    "My brother moved to a new house last summer.",
    "Please call me back as soon as you can.",
    "We walked along the river until it was dark.",
    "The weather has been very cold this week.",
)


def noise(samples: NDArray[np.float32], snr_db: float, *, seed: int = 0) -> NDArray[np.float32]:
    """White noise `snr_db` below the RMS of the sounding part of `samples`."""
    sounding = samples[np.abs(samples) > 0]
    level = np.sqrt(np.mean(np.square(sounding, dtype=float))) * 10 ** (-snr_db / 20)
    return (np.random.default_rng(seed).standard_normal(len(samples)) * level).astype(np.float32)


def glides(
    low: float, high: float, *, seconds: float, tilt_db: float, straight: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Up and down twice with half a second of silence between: samples, and the true F0 of each (0: silent)."""
    samples, truth = [], []
    t = np.arange(int(seconds * RATE)) / RATE
    for start, end in ((low, high), (high, low)) * 2:
        f0 = start + (end - start) * t / seconds if straight else start * (end / start) ** (t / seconds)
        phase = 2 * np.pi * np.cumsum(f0) / RATE
        voice = sum(
            np.where(f0 * h < 7500, h ** (-tilt_db / 6.02) * np.sin(h * phase + 0.3 * h * h), 0) for h in range(1, 60)
        )
        pause = np.zeros(RATE // 2)
        samples += [pause, 0.1 * voice / np.sqrt(np.mean(np.square(voice)))]
        truth += [pause, f0]
    return np.concatenate(samples).astype(np.float32), np.concatenate(truth)


@dataclass(frozen=True)
class PulseVoice:
    """A synthetic vowel and what its source truly did."""

    samples: NDArray[np.float32]
    jitter: float
    shimmer: float


def pulse_voice(
    *, f0: float = 120.0, jitter: float = 0.0, shimmer: float = 0.0, snr_db: float = 60.0, seconds: float = 3.0
) -> PulseVoice:
    """Glottal pulses with the given standard deviations of period and amplitude, through the resonances of a vowel."""
    rng, rate = np.random.default_rng(0), 3 * RATE
    source = np.zeros(int(seconds * rate))
    times, amplitudes, t = [], [], 0.05
    while t < seconds - 0.05:
        amplitude = 1 + shimmer * rng.standard_normal()
        at, between = int(t * rate), t * rate - int(t * rate)
        source[at] += amplitude * (1 - between)
        source[at + 1] += amplitude * between
        times.append(t)
        amplitudes.append(amplitude)
        t += (1 + jitter * rng.standard_normal()) / f0
    voice = source
    for frequency, bandwidth in ((0, 100), (600, 80), (1200, 100), (2500, 140), (3500, 200)):
        r = np.exp(-np.pi * bandwidth / rate)
        poles = [1, -r] if frequency == 0 else [1, -2 * r * np.cos(2 * np.pi * frequency / rate), r * r]
        voice = lfilter([sum(poles)], poles, voice)
    voice = np.asarray(resample_poly(voice, 1, 3))
    voice = (voice / np.abs(voice).max() * 0.5).astype(np.float32)
    periods = np.diff(times)
    return PulseVoice(
        voice + noise(voice, snr_db),
        float(np.abs(np.diff(periods)).mean() / periods.mean()),
        float(np.abs(np.diff(amplitudes)).mean() / np.mean(amplitudes)),
    )


@cache
def spoken(text: str, voice: str = "en-us", speed: int = 150) -> NDArray[np.float32]:
    """A sentence by espeak-ng without the silence around it, peak .5; skips the test where it is not installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng is not installed (Debian: apt-get install espeak-ng)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run([program, "-v", voice, "-s", str(speed), "-w", str(path), text], check=True, capture_output=True)
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            heard = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    samples = np.asarray(resample_poly(heard, 320, rate // 50 if rate % 50 == 0 else rate))
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    samples = samples[loud[0] : loud[-1] + 1]
    return (samples / np.abs(samples).max() * 0.5).astype(np.float32)


@dataclass(frozen=True)
class Scene:
    """Sentences with silence between: samples, and (start, end, text, voice) of each."""

    samples: NDArray[np.float32]
    said: tuple[tuple[float, float, str, str], ...]

    @property
    def speech(self) -> NDArray[np.bool_]:
        """Whether somebody truly speaks, for each 10 ms."""
        mask = np.zeros(len(self.samples) // 160, bool)
        for start, end, _, _ in self.said:
            mask[round(start * 100) : round(end * 100)] = True
        return mask


def scene(
    voices: Sequence[str] = ("en-us",), *, gap: float = 0.8, sentences: Sequence[str] = SENTENCES, lead: float = 1.0
) -> Scene:
    """Sentences by turns of the voices."""
    parts = [np.zeros(round(lead * RATE), np.float32)]
    said, at = [], lead
    for k, text in enumerate(sentences):
        voice = voices[k % len(voices)]
        samples = spoken(text, voice)
        said.append((at, at + len(samples) / RATE, text, voice))
        parts += [samples, np.zeros(round(gap * RATE), np.float32)]
        at = sum(map(len, parts)) / RATE
    return Scene(np.concatenate(parts), tuple(said))


def chunks(
    samples: NDArray[np.float32], *, start: float = 0.0, seconds: float = 30.0, first: int = 0
) -> list[AudioChunk]:
    """Sound as the reader hands it out."""
    size = round(seconds * RATE)
    return [
        AudioChunk(first + k, start + at / RATE, samples[at : at + size], RATE)
        for k, at in enumerate(range(0, len(samples), size))
    ]


def extract(
    extractor: Any, sound: Iterable[AudioChunk], *, tables: Sequence[str] | None = None, threads: int = 1
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Tables of an audio extractor by name, and its notes, through the real scheduler."""
    names = frozenset(tables or (schema.name for schema in extractor.tables))
    resolved = extractor.resolve(names)
    batches: dict[str, list[pd.DataFrame]] = {schema.name: [] for schema in extractor.tables}
    with WorkerPool(threads) as pool:
        runtime = LocalRuntime(ON_CPU, pool, names)
        task = StreamTask(resolved, runtime, lambda name, batch: batches[name].append(batch.to_pandas()))
        recording = RecordingInfo("made", Path("made"), None)  # type: ignore[arg-type]
        run_stream(sound, [task], recording, pool, lambda seconds: None)
    if task.error is not None:
        raise task.error
    empty = {schema.name: schema.empty().to_pandas() for schema in extractor.tables}
    return (
        {name: pd.concat(found, ignore_index=True) if found else empty[name] for name, found in batches.items()},
        runtime.notes,
    )
