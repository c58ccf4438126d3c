"""eGeMAPS: the 25 low-level descriptors of the extended Geneva minimalistic acoustic parameter set, by openSMILE.

openSMILE is free for research and private use only, so it is an extra, made only when asked for by name, and only by
somebody who has said that the licence fits. Eyben et al. (2016), "The Geneva minimalistic acoustic parameter set".
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.signals.framing import frame_range, frame_times
from bitflow.tables import TIME, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.media import AudioChunk

LICENCE = (
    "eGeMAPS is computed by openSMILE (audEERING GmbH), whose licence allows private, research and educational use "
    "only; commercial use needs a licence of its own."
)

CONTEXT_S = 2.0
"""Sound before and after a chunk that openSMILE's smoothing and pitch path get to see."""

_RATE = 16000

# Name in the table, openSMILE's name, unit, description.
_FEATURES = (
    ("loudness", "Loudness_sma3", "1", "estimate of perceived loudness"),
    ("alpha_ratio", "alphaRatio_sma3", "dB", "energy of 50-1000 Hz over 1-5 kHz"),
    ("hammarberg_index", "hammarbergIndex_sma3", "dB", "strongest peak of 0-2 kHz over 2-5 kHz"),
    ("slope_0_500", "slope0-500_sma3", "dB/Hz", "spectral slope, 0-500 Hz"),
    ("slope_500_1500", "slope500-1500_sma3", "dB/Hz", "spectral slope, 500-1500 Hz"),
    ("spectral_flux", "spectralFlux_sma3", "1", "difference of neighbouring spectra"),
    *((f"mfcc_{k}", f"mfcc{k}_sma3", "1", f"mel-frequency cepstral coefficient {k}") for k in (1, 2, 3, 4)),
    ("f0_semitones", "F0semitoneFrom27.5Hz_sma3nz", "1", "F0 in semitones above 27.5 Hz; missing where unvoiced"),
    ("jitter", "jitterLocal_sma3nz", "1", "local jitter; missing where unvoiced"),
    ("shimmer_db", "shimmerLocaldB_sma3nz", "dB", "local shimmer; missing where unvoiced"),
    ("hnr", "HNRdBACF_sma3nz", "dB", "harmonics-to-noise ratio; missing where unvoiced"),
    ("h1_h2", "logRelF0-H1-H2_sma3nz", "dB", "first over second harmonic; missing where unvoiced"),
    ("h1_a3", "logRelF0-H1-A3_sma3nz", "dB", "first harmonic over third formant; missing where unvoiced"),
    *(
        (f"{name}_{k}", f"F{k}{theirs}_sma3nz", unit, f"{said} of formant {k}; missing where unvoiced")
        for k in (1, 2, 3)
        for name, theirs, unit, said in (
            ("formant", "frequency", "Hz", "frequency"),
            ("bandwidth", "bandwidth", "Hz", "bandwidth"),
            ("amplitude", "amplitudeLogRelF0", "dB", "amplitude relative to F0"),
        )
    ),
)

EGEMAPS = Schema(
    "egemaps",
    "signal",
    (TIME, *(Column(name, "float32", unit, said, resample="mean") for name, _, unit, said in _FEATURES)),
    "Low-level descriptors of eGeMAPS v02 every 10 ms, by openSMILE (research licence).",
)


@dataclass(frozen=True)
class Egemaps:
    """Makes the table `egemaps`.

    Parameters
    ----------
    licence
        ``research`` says that the use is covered by openSMILE's licence; without it nothing runs.
    """

    name: ClassVar[str] = "egemaps"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("audio",)
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (EGEMAPS,)
    on_request: ClassVar[tuple[str, ...]] = ("egemaps",)

    licence: Literal["unknown", "research"] = "unknown"

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Refuse to run unread and uninstalled."""
        if self.licence != "research":
            raise UsageError(f"{LICENCE} If yours is such a use, say so with --set egemaps.licence=research")
        if importlib.util.find_spec("opensmile") is None:
            raise UsageError("egemaps: openSMILE is not installed; install bitflow's extra `opensmile`")
        return self

    def models(self) -> tuple[str, ...]:
        """None: openSMILE brings its own configuration."""
        return ()

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[AudioChunk], AudioChunk]:
        """Chunks are handed on: openSMILE needs what lies around them."""
        return lambda chunk: chunk

    def join(
        self, parts: Iterator[AudioChunk], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Rows in time order."""
        import opensmile

        runtime.note(LICENCE)
        smile = opensmile.Smile(
            feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.LowLevelDescriptors
        )

        def describe(samples: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
            found = smile.process_signal(samples, _RATE)
            return {column: found[column].to_numpy(np.float32) for column in found}

        for start, end, before, samples in _with_context(parts):
            yield from _rows(describe, start, end, before, samples)


def _with_context(parts: Iterator[AudioChunk]) -> Iterator[tuple[float, float, float, NDArray[np.float32]]]:
    """(start, end, start of the samples, samples): each chunk with sound around it, as far as there is any."""
    reach = round(CONTEXT_S * _RATE)
    past = np.zeros(0, np.float32)
    now: AudioChunk | None = None
    for after in parts:
        if now is not None:
            joined = abs(after.start - now.end) < 0.001
            future = after.samples[:reach] if joined else past[:0]
            yield now.start, now.end, now.start - len(past) / _RATE, np.concatenate([past, now.samples, future])
            past = np.concatenate([past, now.samples])[-reach:] if joined else past[:0]
        now = after
    if now is not None:
        yield now.start, now.end, now.start - len(past) / _RATE, np.concatenate([past, now.samples])


def _rows(
    describe: Callable[[NDArray[np.float32]], dict[str, NDArray[np.float32]]],
    start: float,
    end: float,
    before: float,
    samples: NDArray[np.float32],
) -> Iterator[tuple[str, pa.RecordBatch]]:
    wanted = frame_range(start, end)
    # openSMILE's frame j is centred 10 ms · (j + 1) after its first sample; that sample is put half a frame off the
    # grid, so that its centres lie on ours.
    first = frame_range(before, end).start + 1
    skip = max(round((frame_times(range(first, first + 1))[0] - 0.01 - before) * _RATE), 0)
    if len(samples) - skip < 0.1 * _RATE or not len(wanted):
        return
    found = describe(samples[skip:])
    count = len(next(iter(found.values())))
    inside = [k for k in wanted if 0 <= k - first < count]
    if not inside:
        return
    rows = slice(inside[0] - first, inside[-1] + 1 - first)
    columns: dict[str, NDArray[np.float32] | NDArray[np.float64]] = {
        "time": frame_times(range(inside[0], inside[-1] + 1))
    }
    for name, theirs, _, _ in _FEATURES:
        values = found[theirs][rows]
        # openSMILE writes 0 for what has no value in unvoiced frames.
        columns[name] = np.where(values == 0, np.nan, values) if re.search(r"sma3nz$", theirs) else values
    yield EGEMAPS.name, EGEMAPS.batch(columns)
