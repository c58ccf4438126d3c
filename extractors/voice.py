"""The voice every 10 ms: who may be speaking, pitch, loudness, resonances, shape of the spectrum.

A worker computes what its chunk of sound suffices for; the join computes the few frames whose windows reach over a
border between chunks, lays the pitch path through all, and runs the recurrent VAD in time order. So nothing depends on
where the sound was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.extractors import voice_activity
from bitflow.signals.formants import COUNT as FORMANTS
from bitflow.signals.formants import formants
from bitflow.signals.framing import HOP_S, frame_range, frame_times
from bitflow.signals.loudness import SILENCE_DBFS, audio_quality, clipped_fraction, rms_level
from bitflow.signals.pitch import (
    CEILING_HZ,
    FLOOR_HZ,
    SILENT_PEAK,
    Pitch,
    PitchCandidates,
    PitchPath,
    concatenate,
    pitch_candidates,
)
from bitflow.signals.spectrum import COEFFICIENTS, spectral_shape
from bitflow.tables import TIME, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.media import AudioChunk

MARGIN_S = 0.06
"""A frame nearer to a chunk's end waits for the next chunk: half the longest window, and then some."""

FORMANT_VOICING = 0.4
"""Resonances are looked for where the sound is at least this periodic: elsewhere they mean nothing."""

_MFCC = tuple(f"mfcc_{i:02d}" for i in range(COEFFICIENTS))
_FORMANTS = tuple(f"formant_{i + 1}" for i in range(FORMANTS))


def _mean(name: str, unit: str, description: str, low: float | None = None, high: float | None = None) -> Column:
    bounds = None if low is None and high is None else (low, high)
    return Column(name, "float32", unit, description, range=bounds, resample="mean")


VOICE = Schema(
    "voice",
    "signal",
    (
        TIME,
        _mean("speech", "1", "probability that somebody speaks", 0, 1),
        _mean("f0", "Hz", "fundamental frequency; missing where the voice does not vibrate", 20, 2000),
        _mean("voicing", "1", "how periodic the sound is: normalised autocorrelation at the pitch period", 0, 1),
        _mean("loudness", "dB", "RMS level of 25 ms, relative to full scale (a full-scale sine reads -3.01)", -120),
        _mean("hnr", "dB", "harmonics-to-noise ratio; missing where unvoiced"),
        *(
            _mean(name, "Hz", f"frequency of resonance {i + 1} of the vocal tract; missing where unvoiced", 0, 8000)
            for i, name in enumerate(_FORMANTS)
        ),
        _mean("spectral_centroid", "Hz", "power-weighted mean frequency", 0, 8000),
        _mean("spectral_spread", "Hz", "standard deviation of frequency around the centroid", 0, 8000),
        _mean("spectral_flux", "1", "distance between the unit-norm spectra of now and 10 ms before", 0, 1.5),
        _mean("spectral_rolloff", "Hz", "frequency below which 85 % of the power lies", 0, 8000),
        _mean("spectral_slope", "dB/kHz", "regression line through the log power from 50 Hz to 5 kHz"),
        _mean("spectral_flatness", "1", "geometric over arithmetic mean of the power: 0 tone, near 1 noise", 0, 1),
        *(_mean(name, "dB", f"mel-frequency cepstral coefficient {i}") for i, name in enumerate(_MFCC)),
        _mean("clipped", "1", "fraction of samples within 25 ms that touch full scale", 0, 1),
    ),
    "The sound, one row every 10 ms, time at the centre of each frame; rows only where there is sound.",
)


@dataclass(frozen=True)
class _Features:
    """Frames [first, first + n) of the grid with what needs no other frame."""

    frames: range
    columns: dict[str, NDArray[np.float32]]
    candidates: PitchCandidates


@dataclass(frozen=True)
class _Part:
    start: float
    samples: NDArray[np.float32]
    inner: _Features


@dataclass(frozen=True)
class Voice:
    """Makes the table `voice` from sound at 16 kHz.

    Parameters
    ----------
    vad
        ``silero`` (network), ``energy`` (level over the noise floor) or ``auto``: silero where its file can be had.
    pitch_floor, pitch_ceiling
        Range in which the fundamental frequency is looked for, Hz.
    """

    name: ClassVar[str] = "voice"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("audio",)
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (VOICE,)

    vad: voice_activity.Kind = "auto"
    pitch_floor: float = FLOOR_HZ
    pitch_ceiling: float = CEILING_HZ

    def __post_init__(self) -> None:
        if not 40 <= self.pitch_floor < self.pitch_ceiling <= 2000:
            raise ValueError(
                f"pitch is looked for from 40 to 2000 Hz at most, not from {self.pitch_floor:g} to "
                f"{self.pitch_ceiling:g} Hz"
            )

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Settle which VAD runs."""
        return replace(self, vad=voice_activity.at_hand(self.vad))

    def models(self) -> tuple[str, ...]:
        """The VAD's file."""
        return voice_activity.models(self.vad)

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[AudioChunk], _Part]:
        """A worker: features of the frames that a chunk suffices for."""

        def work(chunk: AudioChunk) -> _Part:
            if chunk.sample_rate_hz != voice_activity.SAMPLE_RATE_HZ:
                raise UsageError(f"voice is made from sound at 16 kHz, {chunk.sample_rate_hz} Hz came")
            samples = voice_activity.finite(chunk.samples)
            inner = frame_range(chunk.start + self._margin, chunk.end - self._margin)
            return _Part(chunk.start, samples, self._features(samples, chunk.start, inner))

        return work

    @property
    def _margin(self) -> float:
        # Three periods of a low floor make a longer window than the default.
        return max(MARGIN_S, np.ceil(100 * 2.0 / self.pitch_floor) / 100)

    def _features(self, samples: NDArray[np.float32], start: float, frames: range) -> _Features:
        times = frame_times(frames)
        rate = voice_activity.SAMPLE_RATE_HZ
        candidates = pitch_candidates(
            samples,
            times,
            start=start,
            sample_rate_hz=rate,
            floor_hz=self.pitch_floor,
            ceiling_hz=self.pitch_ceiling,
        )
        shape = spectral_shape(samples, times, start=start, sample_rate_hz=rate)
        resonances = np.full((len(times), FORMANTS), np.nan, dtype=np.float32)
        voiced = (candidates.strength[:, 0] >= FORMANT_VOICING) & (candidates.peak >= SILENT_PEAK)
        resonances[voiced] = formants(samples, times[voiced], start=start, sample_rate_hz=rate)
        columns = {
            "loudness": rms_level(samples, times, start=start, sample_rate_hz=rate),
            "clipped": clipped_fraction(samples, times, start=start, sample_rate_hz=rate),
            "spectral_centroid": shape.centroid,
            "spectral_spread": shape.spread,
            "spectral_flux": shape.flux,
            "spectral_rolloff": shape.rolloff,
            "spectral_slope": shape.slope,
            "spectral_flatness": shape.flatness,
            **{name: shape.mfcc[:, i] for i, name in enumerate(_MFCC)},
            **{name: resonances[:, i] for i, name in enumerate(_FORMANTS)},
        }
        return _Features(frames, columns, candidates)

    def join(
        self, parts: Iterator[_Part], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Rows in time order: border frames added, pitch path and VAD run through."""
        detector = voice_activity.open_detector(self.vad, runtime)
        path = PitchPath(floor_hz=self.pitch_floor)
        quality = _Quality()
        run: _Run | None = None
        for part in parts:
            if run is not None and abs(part.start - run.end) > 0.001:
                yield from quality.watch(run.finish())
                run = None
            if run is None:
                run = _Run(self, part.start, path, detector)
            yield from quality.watch(run.push(part))
        if run is not None:
            yield from quality.watch(run.finish())
        quality.tell(runtime)


@dataclass
class _Quality:
    """Watches the rows go by and says at the end what is wrong with the sound."""

    kept: list[tuple[NDArray[np.float32], ...]] = field(default_factory=list)

    def watch(self, blocks: Iterator[dict[str, NDArray]]) -> Iterator[tuple[str, pa.RecordBatch]]:
        for columns in blocks:
            self.kept.append(tuple(columns[name] for name in ("loudness", "speech", "clipped")))
            yield VOICE.name, VOICE.batch(columns)

    def tell(self, runtime: Runtime) -> None:
        if not self.kept:
            return
        loudness, speech, clipped = (np.concatenate(column) for column in zip(*self.kept, strict=True))
        if np.nanmax(loudness, initial=SILENCE_DBFS) < -80:
            runtime.note("The sound track is silent throughout.")
            return
        found = audio_quality(loudness, speech, clipped)
        if not np.any(speech >= 0.5):
            runtime.note("No speech was found in the sound.")
        for complaint in found.complaints():
            runtime.note(complaint)


class _Run:
    """A stretch of sound without gaps."""

    def __init__(self, voice: Voice, start: float, path: PitchPath, detector: voice_activity.ActivityDetector) -> None:
        self._voice = voice
        self._path = path
        self._detector = detector
        self.end = start
        self._start = start
        self._carry_start = start
        self._carry = np.zeros(0, dtype=np.float32)
        self._next = frame_range(start, start + 1).start
        self._waiting: list[_Features] = []
        self._pitch: list[Pitch] = []
        self._speech: list[NDArray[np.float32]] = []
        self._speech_from = 0

    def push(self, part: _Part) -> Iterator[dict[str, NDArray]]:
        rate = voice_activity.SAMPLE_RATE_HZ
        margin = self._voice._margin
        keep = round(2 * margin * rate)
        if len(part.inner.frames):
            head = np.concatenate([self._carry, part.samples[:keep]])
            self._take(self._border(head, range(self._next, part.inner.frames.start)))
            self._take(part.inner)
            tail = part.samples[-keep:]
            self._carry, self._carry_start = tail, part.start + (len(part.samples) - len(tail)) / rate
        else:
            self._carry = np.concatenate([self._carry, part.samples])
        self.end = part.start + len(part.samples) / rate
        self._speech.append(self._detector.push(part.samples))
        yield from self._emit()

    def finish(self) -> Iterator[dict[str, NDArray]]:
        last = frame_range(self.end, self.end + 1).start
        self._take(self._border(self._carry, range(self._next, max(last, self._next))))
        self._pitch.append(self._path.finish())
        self._speech.append(self._detector.finish())
        yield from self._emit()

    def _border(self, samples: NDArray[np.float32], frames: range) -> _Features:
        return self._voice._features(samples, self._carry_start, frames)

    def _take(self, features: _Features) -> None:
        if len(features.frames):
            self._waiting.append(features)
            self._next = features.frames.stop
            self._pitch.append(self._path.push(features.candidates))

    def _emit(self) -> Iterator[dict[str, NDArray]]:
        """Rows for which both the pitch path and the VAD are settled."""
        pitch = concatenate(self._pitch) if self._pitch else None
        speech = np.concatenate(self._speech)
        done = 0
        while pitch is not None and self._waiting:
            block = self._waiting[0]
            times = frame_times(block.frames)
            window = ((times - self._start) / voice_activity.WINDOW_S).astype(np.int64) - self._speech_from
            n = min(len(block.frames), len(pitch) - done, int(np.searchsorted(window, len(speech))))
            if n <= 0:
                break
            settled = slice(done, done + n)
            voiced = np.isfinite(pitch.f0[settled])
            columns: dict[str, NDArray] = {name: values[:n] for name, values in block.columns.items()}
            for name in _FORMANTS:
                columns[name] = np.where(voiced, columns[name], np.nan).astype(np.float32)
            yield {
                "time": times[:n],
                "speech": np.clip(speech[np.clip(window[:n], 0, None)], 0, 1),
                "f0": pitch.f0[settled],
                "voicing": pitch.voicing[settled],
                "hnr": pitch.hnr[settled],
                **columns,
            }
            done += n
            self._waiting.pop(0)
            if n < len(block.frames):
                rest = range(block.frames.start + n, block.frames.stop)
                left = {name: values[n:] for name, values in block.columns.items()}
                self._waiting.insert(0, _Features(rest, left, block.candidates[n:]))
                break
        if pitch is not None:
            self._pitch = [Pitch(pitch.f0[done:], pitch.voicing[done:], pitch.hnr[done:])]
        self._speech = [speech]
        if self._waiting:
            needed = (self._waiting[0].frames.start + 0.5) * HOP_S
            used = int((needed - self._start) / voice_activity.WINDOW_S) - self._speech_from
            used = min(max(used - 1, 0), len(speech))
            self._speech, self._speech_from = [speech[used:]], self._speech_from + used
