"""How far the mouth opens, and how much it moves as in speech."""

from __future__ import annotations

from bitflow.events.mouth import MouthSeries, speaking_face
from bitflow.events.speech import VoiceActivity
from bitflow.measures import statistics
from bitflow.measures.estimate import Estimate
from bitflow.measures.registry import Minimum, measure
from bitflow.signals.smoothing import MOUTH_CUTOFF_HZ

_NEEDS = ("face_actions",)
_BANDINI = ("Bandini et al. 2018, IEEE FG",)


@measure(
    id="mouth_opening_mean_io",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=5),
    cite=_BANDINI,
    range=(0, None),
    core=True,
)
def mouth_opening_mean(mouth: MouthSeries) -> Estimate:
    """Mean distance of the inner lips in inter-ocular distances."""
    return statistics.mean(mouth.opening)


@measure(
    id="mouth_opening_range_io",
    unit="1",
    needs=_NEEDS,
    minimum=Minimum(seconds=5),
    cite=_BANDINI,
    range=(0, None),
    core=True,
)
def mouth_opening_range(mouth: MouthSeries) -> Estimate:
    """Distance of the inner lips between its 5th and 95th percentile, in inter-ocular distances."""
    return statistics.quantile_spread(mouth.opening, 0.05, 0.95)


@measure(
    id="mouth_speed_mean_io_per_s",
    unit="1/s",
    needs=_NEEDS,
    minimum=Minimum(seconds=5, rate_hz=23.9),
    cite=_BANDINI,
    range=(0, None),
)
def mouth_speed(mouth: MouthSeries) -> Estimate:
    """Mean speed at which the inner lips part and close, below 10 Hz."""
    return statistics.mean(abs(mouth.opening.low_passed(MOUTH_CUTOFF_HZ).difference()))


@measure(
    id="speaking_face_fraction",
    unit="1",
    needs=("face_actions", "voice"),
    minimum=Minimum(seconds=10, rate_hz=12),
    range=(0, 1),
)
def speaking_face_time(mouth: MouthSeries, voice: VoiceActivity) -> Estimate:
    """Share of the time in which the mouth moves more than it does while nobody speaks."""
    return statistics.fraction(speaking_face(mouth, voice))
