"""What a voice sounds like, as a vector: the same speaker's vectors point the same way.

The network is Resemblyzer's voice encoder (Apache-2.0), a three-layer LSTM trained for speaker verification (Wan et
al. 2018, "Generalized end-to-end loss"). Its published file is a pickle of another library. Nothing is ever unpickled
here: the file's bytes are pinned by their hash, so the weights lie at known places and are read from there as plain
numbers.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bitflow import assets
from bitflow.signals.framing import frame_range, frame_times
from bitflow.signals.pitch import track_pitch
from bitflow.signals.spectrum import mfcc_of, power_spectra

MODEL = "speaker_embedding"
SAMPLE_RATE_HZ = 16000
FRAME_S = 0.01

_HIDDEN = 256
_BANDS = 40
_FFT = 400
_LEVEL_DBFS = -30.0
_LSTM_AT = 269_883
_LINEAR_WEIGHT_AT = 7_731
_LINEAR_BIAS_AT = 6_699


class Encoder(Protocol):
    """Turns stretches of one voice into vectors of unit length."""

    source: str

    def embed(self, sounds: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Vectors (n, d) of `sounds`, each shape (m,) at 16 kHz, of 0.3 s or more."""
        ...


class VoiceEncoder:
    """Resemblyzer's encoder in numpy."""

    source = "Resemblyzer 0.1.4"

    def __init__(self) -> None:
        path = assets.fetch(MODEL)
        flat = np.fromfile(path, "<f4", 1_357_824, offset=_LSTM_AT)
        # Weights of all layers come first, then all biases.
        self._layers: list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]] = []
        at = 0
        shapes = [(4 * _HIDDEN, _BANDS), (4 * _HIDDEN, _HIDDEN), (4 * _HIDDEN, _HIDDEN)]
        weights = []
        for from_below in shapes:
            for shape in (from_below, (4 * _HIDDEN, _HIDDEN)):
                size = shape[0] * shape[1]
                weights.append(np.ascontiguousarray(flat[at : at + size].reshape(shape).T))
                at += size
        for layer in range(len(shapes)):
            below, before = (flat[at + k * 4 * _HIDDEN : at + (k + 1) * 4 * _HIDDEN] for k in (0, 1))
            at += 8 * _HIDDEN
            self._layers.append((weights[2 * layer], weights[2 * layer + 1], below + before))
        self._linear = np.fromfile(path, "<f4", _HIDDEN * _HIDDEN, offset=_LINEAR_WEIGHT_AT).reshape(_HIDDEN, -1).T
        self._bias = np.fromfile(path, "<f4", _HIDDEN, offset=_LINEAR_BIAS_AT)

    def embed(self, sounds: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """See `Encoder.embed`."""
        vectors = np.zeros((len(sounds), _HIDDEN), dtype=np.float32)
        spectra = [_mel(sound) for sound in sounds]
        for length in sorted({len(s) for s in spectra}):
            members = [i for i, s in enumerate(spectra) if len(s) == length]
            for first in range(0, len(members), 64):
                some = members[first : first + 64]
                vectors[some] = self._encode(np.stack([spectra[i] for i in some]))
        return vectors

    def _encode(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors (n, 256) of spectra (n, frames, 40)."""
        from scipy.special import expit

        sequence = mel.transpose(1, 0, 2)
        hidden = np.zeros((mel.shape[0], _HIDDEN), dtype=np.float32)
        for from_below, from_before, bias in self._layers:
            gates = sequence @ from_below + bias
            hidden, cell = np.zeros_like(hidden), np.zeros_like(hidden)
            outputs = np.empty((len(gates), *hidden.shape), dtype=np.float32)
            for t, gate in enumerate(gates):
                gate += hidden @ from_before
                keep_in, forget, new, out = np.split(gate, 4, axis=1)
                cell = expit(forget) * cell + expit(keep_in) * np.tanh(new)
                hidden = outputs[t] = expit(out) * np.tanh(cell)
            sequence = outputs
        vectors = np.maximum(hidden @ self._linear + self._bias, 0)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _mel(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mel power spectra (frames, 40) as the encoder saw them in training: linear power, quiet sound raised."""
    from scipy import fft

    level = 10 * np.log10(max(float(np.mean(np.square(sound, dtype=np.float64))), 1e-12))
    if level < _LEVEL_DBFS:
        sound = sound * np.float32(10 ** ((_LEVEL_DBFS - level) / 20))
    padded = np.pad(sound.astype(np.float32), _FFT // 2)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)).astype(np.float32)
    step = round(FRAME_S * SAMPLE_RATE_HZ)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::step] * window
    spectrum: Any = fft.rfft(frames, axis=1)
    return (spectrum.real**2 + spectrum.imag**2) @ _mel_filters().T


@cache
def _mel_filters() -> NDArray[np.float32]:
    """Slaney's mel scale (linear below 1 kHz) with filters of unit area, shape (40, 201): what training used."""

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1e-9) / 1000) * 27 / np.log(6.4))

    def hertz(value: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(value < 15, value * 200 / 3, 1000 * np.exp((value - 15) * np.log(6.4) / 27))

    edges = hertz(np.linspace(0, mel(np.array(SAMPLE_RATE_HZ / 2)), _BANDS + 2))
    frequency = np.linspace(0, SAMPLE_RATE_HZ / 2, _FFT // 2 + 1)
    rising = (frequency - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequency) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


class TimbreEncoder:
    """Mean and spread of cepstral coefficients and pitch: tells clearly different voices apart, needs no model.

    Its vectors are not of unit length; they are compared after `speakers.whitened`.
    """

    source = "MFCC statistics"

    def embed(self, sounds: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        """See `Encoder.embed`."""
        return np.stack([_timbre(sound) for sound in sounds]) if sounds else np.zeros((0, 25), np.float32)


def _timbre(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    times = frame_times(frame_range(0.0, len(sound) / SAMPLE_RATE_HZ))
    power = power_spectra(sound, times, sample_rate_hz=SAMPLE_RATE_HZ)
    loud = power.sum(axis=1)
    mfcc = mfcc_of(power, sample_rate_hz=SAMPLE_RATE_HZ)[loud >= 0.01 * loud.max(initial=0.0)][:, 1:]
    f0 = track_pitch(sound, times, sample_rate_hz=SAMPLE_RATE_HZ).f0
    octave = np.log2(np.nanmedian(f0) / 100) if np.isfinite(f0).any() else np.nan
    return np.concatenate([mfcc.mean(axis=0), mfcc.std(axis=0), [octave]]).astype(np.float32)
