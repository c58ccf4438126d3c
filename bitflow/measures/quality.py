"""How well the recording shows what is measured; computed before all else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.events.head import HeadSeries, off_axis
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.scene import Scene
from bitflow.events.signal import Signal
from bitflow.events.speech import SPEAKING, voice_signal
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.timeline import Interval

SPEECH_SNR_S = 3.0


@dataclass(frozen=True, eq=False)
class FrameTimes:
    """Presentation times of the pictures, ``(n,)`` s."""

    times: NDArray[np.float64]

    @classmethod
    def of(cls, scene: Scene) -> FrameTimes:
        """From `frames`, else from the table of faces or poses with the most instants."""
        for table in ("frames", "faces", "head_pose", "face_actions", "bodies"):
            if table in scene.tables and len(scene.frame(table)):
                return cls(np.unique(scene.frame(table)["time"].to_numpy("float64")))
        raise Undefined("too_short", "there are no pictures")

    def crop(self, interval: Interval) -> FrameTimes:
        """Times in an interval."""
        return FrameTimes(self.times[(self.times >= interval.start - 1e-9) & (self.times < interval.end - 1e-9)])


@dataclass(frozen=True, eq=False)
class Presence:
    """In which pictures the person's face was seen.

    Parameters
    ----------
    times
        ``(n,)`` s, of all pictures.
    seen
        ``(n,)``.
    tracks
        ``(n,)`` the face's track, −1 where it was not seen.
    """

    times: NDArray[np.float64]
    seen: NDArray[np.bool_]
    tracks: NDArray[np.int64]
    end: float

    @classmethod
    def of(cls, person: Person) -> Presence:
        """From `frames` and `faces`."""
        times = person.scene.get(FrameTimes).times
        rows = person.rows("faces")
        mine, tracks = rows["time"].to_numpy("float64"), rows["track"].to_numpy("int64")
        at = np.searchsorted(times, mine - 1e-6)
        at = np.minimum(at, max(0, len(times) - 1))
        near = np.abs(times[at] - mine) < 1e-3 if len(times) else np.empty(0, bool)
        seen = np.zeros(len(times), bool)
        track = np.full(len(times), -1, np.int64)
        seen[at[near]] = True
        track[at[near]] = tracks[near]
        return cls(times, seen, track, person.scene.video.end)

    def crop(self, interval: Interval) -> Presence:
        """Pictures in an interval."""
        inside = (self.times >= interval.start - 1e-9) & (self.times < interval.end - 1e-9)
        return Presence(self.times[inside], self.seen[inside], self.tracks[inside], min(self.end, interval.end))

    @property
    def seconds(self) -> float:
        """Time that the pictures span."""
        return float(self.end - self.times[0]) if len(self.times) else 0.0


@measure(id="face_coverage_fraction", unit="1", needs=("faces",), range=(0, 1), core=True, minimum=Minimum(coverage=0))
def face_coverage(presence: Presence) -> Estimate:
    """Share of the pictures in which the person's face was seen with a score of at least 0.5."""
    n = len(presence.times)
    if n < 2:
        raise Undefined("too_short")
    share = float(presence.seen.mean())
    return Estimate(share, n=n, seconds=presence.seconds, coverage=1.0).exact()


@measure(id="face_gap_max_s", unit="s", needs=("faces",), range=(0, None), core=True, minimum=Minimum(coverage=0))
def face_gap_max(presence: Presence) -> Estimate:
    """Longest time in which the person's face was not seen."""
    if len(presence.times) < 2:
        raise Undefined("too_short")
    edges = np.concatenate(([presence.times[0]], presence.times[presence.seen], [presence.end]))
    step = float(np.median(np.diff(presence.times)))
    gap = float(np.diff(edges).max()) - step
    return Estimate(max(0.0, gap), n=len(presence.times), seconds=presence.seconds, coverage=1.0).exact()


@measure(id="track_switch_count", unit="1", needs=("faces",), range=(0, None), core=True, minimum=Minimum(coverage=0))
def track_switches(presence: Presence) -> Estimate:
    """How often the person's face goes on under another track number: where two sightings were joined to one person."""
    tracks = presence.tracks[presence.seen]
    if len(presence.times) < 2:
        raise Undefined("too_short")
    changes = float(np.count_nonzero(np.diff(tracks)))
    return Estimate(changes, n=len(tracks), seconds=presence.seconds, coverage=1.0).exact()


@measure(
    id="frame_rate_effective_hz",
    unit="Hz",
    needs=("frames|faces|head_pose|face_actions|bodies",),
    scope="recording",
    range=(0, None),
    core=True,
)
def frame_rate(pictures: FrameTimes) -> Estimate:
    """One over the median time between pictures; the note gives their interquartile range."""
    steps = np.diff(pictures.times)
    if not len(steps):
        raise Undefined("too_short")
    q1, median, q3 = np.quantile(steps, (0.25, 0.5, 0.75))
    span = float(pictures.times[-1] - pictures.times[0])
    note = f"interquartile range of the steps: {1000 * (q3 - q1):.2f} ms"
    return Estimate(float(1 / median), n=len(steps), seconds=span, coverage=1.0, note=note).exact()


@measure(
    id="head_pose_offaxis_fraction",
    unit="1",
    needs=("head_pose",),
    minimum=Minimum(seconds=5),
    range=(0, 1),
    core=True,
)
def head_pose_offaxis(head: HeadSeries, *, yaw_deg: float = 30.0, pitch_deg: float = 20.0) -> Estimate:
    """Share of the time in which yaw exceeds 30° or pitch 20°: face models lose accuracy there."""
    return statistics.fraction(off_axis(head, yaw=yaw_deg, pitch=pitch_deg))


@dataclass(frozen=True, eq=False)
class Sound:
    """Level, speech probability and clipping, every 10 ms."""

    level: Signal
    speech: Signal

    @classmethod
    def of(cls, scene: Scene) -> Sound:
        """From `voice`."""
        return cls(voice_signal(scene, "loudness"), voice_signal(scene, "speech"))


@dataclass(frozen=True, eq=False)
class Clipping:
    """Share of clipped samples, every 10 ms."""

    clipped: Signal

    @classmethod
    def of(cls, scene: Scene) -> Clipping:
        """From `voice`."""
        return cls(voice_signal(scene, "clipped"))


@measure(id="audio_snr_db", unit="dB", needs=("voice",), scope="recording", core=True, minimum=Minimum(seconds=6))
def audio_snr(sound: Sound) -> Estimate:
    """Power of the sound while somebody speaks over its power while nobody does: ``10·log10(P_speech / P_silence −
    1)``.

    At least 3 s of each are needed; moments within 50 ms of a change count for neither.
    """
    power = 10.0 ** (sound.level.values / 10.0)
    known = np.isfinite(power) & sound.speech.known
    speaking = known & (np.nan_to_num(sound.speech.values) >= SPEAKING)
    silent = known & ~speaking
    pad = round(0.05 * sound.level.rate)
    borders = np.flatnonzero(np.diff(speaking.astype(np.int8)))
    for shift in range(-pad, pad + 1):
        at = np.clip(borders + shift, 0, len(power) - 1)
        speaking[at], silent[at] = False, False
    if speaking.sum() < SPEECH_SNR_S * sound.level.rate:
        raise Undefined("no_speech", "less than 3 s of speech")
    if silent.sum() < SPEECH_SNR_S * sound.level.rate:
        raise Undefined("too_few_valid", "less than 3 s without speech")

    def ratio(m: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return 10 * np.log10((m[..., 0] / m[..., 1]) / (m[..., 2] / m[..., 3]) - 1)

    scale = float(np.median(power[silent])) or 1e-12
    columns = np.stack(
        [np.where(speaking, power / scale, 0), speaking, np.where(silent, power / scale, 0), silent], axis=1
    ).astype(float)
    columns[~known] = np.nan
    means = columns[known].mean(axis=0)
    if not means[0] / means[1] > means[2] / means[3]:
        raise Undefined("bad_input", "the sound is no louder in speech than out of it")
    return statistics.of_means(columns, sound.level.rate, ratio)


@measure(
    id="audio_clipping_fraction",
    unit="1",
    needs=("voice",),
    scope="recording",
    core=True,
    range=(0, 1),
    minimum=Minimum(seconds=1),
)
def audio_clipping(sound: Clipping) -> Estimate:
    """Share of the sound's samples that touch full scale."""
    return statistics.mean(sound.clipped)
