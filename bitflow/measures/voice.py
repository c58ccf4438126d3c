"""The voice: pitch, level, resonances, spectrum; and cycle to cycle irregularity where the sound itself is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bitflow.events.mask import Mask
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.speech import Turns, voice_signal
from bitflow.events.view import View
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.signals.rhythm import welch_spectrum
from bitflow.timeline import Interval

_VOICE = ("voice",)
_BOERSMA = ("Boersma 1993, IFA Proceedings 17:97",)
SEMITONE_REFERENCE_HZ = 55.0
"""Semitones count from the note A1."""

LEAST_VOICED_S = 2.0


@dataclass(frozen=True, eq=False)
class VoiceSeries:
    """What `voice` says while the person speaks, every 10 ms; missing elsewhere."""

    columns: dict[str, Signal]
    speech: Mask

    @classmethod
    def of(cls, view: View) -> VoiceSeries:
        """Columns of `voice` in the person's own speech."""
        speech = view.get(Turns).own_speech
        if not speech.yes.any():
            raise Undefined("no_speech")
        names = view.scene.schema("voice").names  # pyright: ignore[reportAttributeAccessIssue]
        wanted = [n for n in names if n in ("f0", "hnr", "loudness") or n.startswith(("formant_", "mfcc_"))]
        return cls({name: voice_signal(view, name).where(speech) for name in wanted}, speech)

    def spoken(self, column: str, least_s: float) -> tuple[NDArray[np.float64], float]:
        """The signal's samples during speech ``(m,)`` without gaps between stretches, and their share of speech.

        Values of the voice exist in speech alone; what was not spoken is not missing, so coverage is counted in speech.
        """
        if column not in self.columns:
            raise Undefined("missing_column", f"voice.{column}")
        signal = self.columns[column]
        values = signal.values[self.speech.yes]
        seconds = float(np.isfinite(values).sum()) / signal.rate
        if seconds < least_s:
            raise Undefined("too_short", f"{seconds:.1f} s of {column}, {least_s:g} s are needed")
        return values, signal.rate


def _during_speech(values: NDArray[np.float64], rate: float, combine=None, *columns) -> Estimate:
    """A statistic of what is known; unvoiced moments of speech are no gaps."""
    known = values[np.isfinite(values)]
    stacked = np.stack([known, *(c(known) for c in columns)], axis=1)
    found = statistics.of_means(stacked, rate, combine) if combine else statistics.of_means(stacked, rate)
    return found


def _semitones(f0: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return 12 * np.log2(f0 / SEMITONE_REFERENCE_HZ)


def _as_signal(values: NDArray[np.float64], rate: float) -> Signal:
    return Signal(values[np.isfinite(values)], 0.0, rate)


@measure(
    id="voice_f0_mean_hz",
    unit="Hz",
    needs=_VOICE,
    minimum=Minimum(coverage=0),
    cite=_BOERSMA,
    range=(0, None),
    core=True,
)
def f0_mean(voice: VoiceSeries) -> Estimate:
    """Mean fundamental frequency of voiced speech; moments without voice are left out, never zero. At least 2 s."""
    return _during_speech(*voice.spoken("f0", LEAST_VOICED_S))


@measure(id="voice_f0_median_st", unit="semitone", needs=_VOICE, minimum=Minimum(coverage=0), cite=_BOERSMA, core=True)
def f0_median(voice: VoiceSeries) -> Estimate:
    """Median fundamental frequency in semitones above 55 Hz."""
    values, rate = voice.spoken("f0", LEAST_VOICED_S)
    return statistics.quantile(_as_signal(_semitones(values), rate), 0.5)


@measure(
    id="voice_f0_sd_st",
    unit="semitone",
    needs=_VOICE,
    minimum=Minimum(coverage=0),
    cite=_BOERSMA,
    range=(0, None),
    core=True,
)
def f0_sd(voice: VoiceSeries) -> Estimate:
    """Standard deviation of the fundamental frequency in semitones: the same for high and low voices."""
    values, rate = voice.spoken("f0", LEAST_VOICED_S)
    return statistics.standard_deviation(_as_signal(_semitones(values), rate))


@measure(
    id="voice_f0_range90_st",
    unit="semitone",
    needs=_VOICE,
    minimum=Minimum(coverage=0),
    cite=_BOERSMA,
    range=(0, None),
    core=True,
)
def f0_range(voice: VoiceSeries) -> Estimate:
    """From the 5th to the 95th percentile of the fundamental frequency, in semitones."""
    values, rate = voice.spoken("f0", LEAST_VOICED_S)
    return statistics.quantile_spread(_as_signal(_semitones(values), rate), 0.05, 0.95)


@measure(id="voice_voiced_fraction", unit="1", needs=_VOICE, minimum=Minimum(coverage=0), range=(0, 1))
def voiced_fraction(voice: VoiceSeries) -> Estimate:
    """Share of speech in which the voice vibrates; at least 4 s of speech."""
    values = voice.columns["f0"].values[voice.speech.yes]
    rate = voice.speech.rate
    if len(values) < 4 * rate - 1:
        raise Undefined("too_short", "less than 4 s of speech")
    return statistics.fraction(Mask(np.isfinite(values), np.ones(len(values), bool), 0.0, rate))


@measure(id="voice_hnr_db", unit="dB", needs=_VOICE, minimum=Minimum(coverage=0), cite=_BOERSMA)
def hnr(voice: VoiceSeries) -> Estimate:
    """Mean harmonics-to-noise ratio of voiced speech; at least 1 s."""
    return _during_speech(*voice.spoken("hnr", 1.0))


@measure(id="voice_formant_mean_hz[1-3]", unit="Hz", needs=_VOICE, minimum=Minimum(coverage=0), range=(0, None))
def formants(voice: VoiceSeries):
    """Mean frequency of the first three resonances in voiced speech; at least 1 s."""
    return {str(i): _during_speech(*voice.spoken(f"formant_{i}", 1.0)) for i in (1, 2, 3)}


@measure(
    id="voice_mfcc_mean[0-12]", unit="1", needs=_VOICE, minimum=Minimum(coverage=0), cite=("Davis & Mermelstein 1980",)
)
def mfcc(voice: VoiceSeries):
    """Mean mel-frequency cepstral coefficients in speech, of sound at 16 kHz; at least 3 s."""
    return {str(i): _during_speech(*voice.spoken(f"mfcc_{i:02d}", 3.0)) for i in range(13)}


@measure(id="voice_intensity_sd_db", unit="dB", needs=_VOICE, minimum=Minimum(coverage=0), range=(0, None), core=True)
def intensity_sd(voice: VoiceSeries) -> Estimate:
    """Standard deviation of the level in speech; at least 5 s."""
    values, rate = voice.spoken("loudness", 5.0)
    return statistics.standard_deviation(_as_signal(values, rate))


@measure(
    id="voice_intensity_range90_db", unit="dB", needs=_VOICE, minimum=Minimum(coverage=0), range=(0, None), core=True
)
def intensity_range(voice: VoiceSeries) -> Estimate:
    """From the 5th to the 95th percentile of the level in speech; at least 5 s."""
    values, rate = voice.spoken("loudness", 5.0)
    return statistics.quantile_spread(_as_signal(values, rate), 0.05, 0.95)


def sustained(voice: VoiceSeries, least_s: float) -> list[Interval]:
    """Stretches of at least `least_s` in which the voice vibrates without a break."""
    f0 = voice.columns["f0"]
    return [stretch for stretch in (f0 > 0).events(shortest=least_s)]


@measure(
    id="voice_tremor_frequency_hz",
    unit="Hz",
    needs=_VOICE,
    minimum=Minimum(coverage=0),
    cite=("Brückl 2012",),
    range=(1.5, 15),
)
def tremor_frequency(voice: VoiceSeries) -> Estimate:
    """Strongest rhythm of the fundamental frequency between 1.5 and 15 Hz on the longest held note; at least 3 s."""
    contour, rate = _held_contour(voice)
    spectrum = welch_spectrum(contour, rate, min(2.0, len(contour) / rate))
    if spectrum is None:
        raise Undefined("too_short")
    peak, prominence = spectrum.peak(1.5, 15.0)
    if not prominence >= 4:
        raise Undefined("too_few_events", "no rhythm stands out")
    seconds = len(contour) / rate
    return Estimate(peak, n=1, seconds=seconds, coverage=1.0).exact("ci_none_single")


@measure(
    id="voice_tremor_intensity_pct",
    unit="%",
    needs=_VOICE,
    minimum=Minimum(coverage=0),
    cite=("Brückl 2012",),
    range=(0, None),
)
def tremor_intensity(voice: VoiceSeries) -> Estimate:
    """Amplitude of that rhythm in percent of the mean fundamental frequency."""
    contour, rate = _held_contour(voice)
    spectrum = welch_spectrum(contour, rate, min(2.0, len(contour) / rate))
    if spectrum is None:
        raise Undefined("too_short")
    peak, _ = spectrum.peak(1.5, 15.0)
    value = 100 * float(np.sqrt(2 * spectrum.power(peak - 1.0, peak + 1.0)))
    return Estimate(value, n=1, seconds=len(contour) / rate, coverage=1.0).exact("ci_none_single")


def _held_contour(voice: VoiceSeries) -> tuple[NDArray[np.float64], float]:
    f0 = voice.columns["f0"]
    held = sustained(voice, 3.0)
    if not held:
        raise Undefined("too_short", "no note is held for 3 s")
    longest = f0.crop(max(held, key=lambda stretch: stretch.duration)).values
    return longest / longest.mean() - 1.0, f0.rate


class HeldSound:
    """The waveform of voiced stretches of at least 1 s, read from the input file.

    Irregularity from cycle to cycle means something on held notes only: on running speech the melody moves it.
    """

    longest_s = 60.0
    rate_hz = 16000

    def __init__(self, samples: tuple[NDArray[np.float32], ...]):
        self.samples = samples

    @classmethod
    def of(cls, view: View) -> HeldSound:
        """Read from the recording's input, at most a minute of it."""
        held = sustained(view.get(VoiceSeries), 1.0)
        if not held:
            raise Undefined("too_short", "no note is held for 1 s")
        source = view.scene.recording.source  # pyright: ignore[reportAttributeAccessIssue]
        if source is None or not source.is_file():
            raise Undefined("no_audio", "the input file is not at hand")
        return cls(tuple(_read_stretches(source, held, cls.rate_hz, cls.longest_s)))

    @property
    def seconds(self) -> float:
        """Length of all stretches."""
        return sum(len(part) for part in self.samples) / self.rate_hz

    @cached_property
    def perturbation(self):
        """Jitter and shimmer of the longest stretch."""
        from bitflow.signals.perturbation import glottal_cycles, perturbation

        cycles = glottal_cycles(max(self.samples, key=len), sample_rate_hz=self.rate_hz)
        if len(cycles.times) < 20:
            raise Undefined("too_few_events", "fewer than 20 glottal cycles")
        return perturbation(cycles)


def _read_stretches(source, held: list[Interval], rate: int, most_s: float) -> list[NDArray[np.float32]]:
    from bitflow.errors import MediaError
    from bitflow.media import AudioReader

    wanted, total = [], 0.0
    for stretch in sorted(held, key=lambda each: -each.duration):
        if total < most_s:
            wanted.append(stretch)
            total += stretch.duration
    parts: list[NDArray[np.float32]] = []
    try:
        with AudioReader(source, sample_rate_hz=rate) as reader:
            for chunk in reader:
                for stretch in wanted:
                    a = max(0, round((stretch.start - chunk.start) * rate))
                    b = min(len(chunk.samples), round((stretch.end - chunk.start) * rate))
                    if b - a >= rate // 2:
                        parts.append(chunk.samples[a:b].copy())
    except MediaError as error:
        raise Undefined("no_audio", str(error)) from error
    if not parts:
        raise Undefined("no_audio")
    return parts


_HELD = {
    "voice_jitter_local": (
        "jitter_local",
        "1",
        "Mean difference of a glottal period from the one before, over the mean.",
    ),
    "voice_jitter_rap": (
        "jitter_rap",
        "1",
        "Mean difference of a glottal period from the mean of three, over the mean.",
    ),
    "voice_jitter_ppq5": (
        "jitter_ppq5",
        "1",
        "Mean difference of a glottal period from the mean of five, over the mean.",
    ),
    "voice_shimmer_local": (
        "shimmer_local",
        "1",
        "Mean difference of a cycle's amplitude from the one before, over the mean.",
    ),
    "voice_shimmer_apq3": ("shimmer_apq3", "1", "Mean difference of a cycle's amplitude from the mean of three."),
    "voice_shimmer_apq11": ("shimmer_apq11", "1", "Mean difference of a cycle's amplitude from the mean of eleven."),
}


def _register_held(id: str, field: str, unit: str, doc: str) -> None:
    @measure(
        id=id, unit=unit, needs=_VOICE, minimum=Minimum(coverage=0), cite=("Boersma & Weenink, Praat",), range=(0, None)
    )
    def irregularity(sound: HeldSound) -> Estimate:
        value = float(getattr(sound.perturbation, field))
        if not np.isfinite(value):
            raise Undefined("too_few_events")
        return Estimate(value, n=sound.perturbation.cycles, seconds=sound.seconds, coverage=1.0).exact("ci_none_single")

    irregularity.__doc__ = f"{doc[:-1]}, on the longest note held for 1 s or more."


for _id, (_field, _unit, _doc) in _HELD.items():
    _register_held(_id, _field, _unit, _doc)


@measure(
    id="voice_cpps_db",
    unit="dB",
    needs=_VOICE,
    minimum=Minimum(coverage=0),
    cite=("Hillenbrand & Houde 1996, JSHR 39:311",),
)
def cpps(sound: HeldSound) -> Estimate:
    """Smoothed cepstral peak prominence, with pre-emphasis, on notes held for 1 s or more; gain does not matter."""
    from bitflow.signals.cepstrum import cepstral_peak_prominence

    longest = max(sound.samples, key=len)
    value = float(cepstral_peak_prominence(longest, sample_rate_hz=sound.rate_hz))
    return Estimate(value, n=1, seconds=sound.seconds, coverage=1.0).exact("ci_none_single")
