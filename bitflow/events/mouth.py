"""The mouth: how far it opens, and whether it moves as in speech."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.person import Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.speech import VoiceActivity

OPEN = 0.10
"""Inner lips this far apart, in inter-ocular distances, are an open mouth."""

SPEECH_WINDOW_S = 0.5


@dataclass(frozen=True, eq=False)
class MouthSeries:
    """Distance of the inner lips over the inter-ocular distance."""

    opening: Signal

    @classmethod
    def of(cls, person: Person) -> MouthSeries:
        """From `face_actions`."""
        opening = person.signal("face_actions", "mouth_opening")
        if not opening.known.any():
            raise Undefined("no_face")
        return cls(opening)

    @property
    def restlessness(self) -> Signal:
        """Standard deviation of the opening in a window of 0.5 s."""
        from scipy.ndimage import uniform_filter1d

        known = self.opening.known
        size = max(3, round(SPEECH_WINDOW_S * self.opening.rate))
        filled = np.where(known, self.opening.values, 0.0)
        share = uniform_filter1d(known.astype(float), size)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = uniform_filter1d(filled, size) / share
            square = uniform_filter1d(filled**2, size) / share
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        return replace(self.opening, values=np.where(known & (share > 0.5), spread, np.nan))


@behaviour("mouth_open", needs=("face_actions",), title="mouth open")
def find_mouth_openings(mouth: MouthSeries, level: Level = Level.STRICT) -> Events:
    """Inner lips more than 0.10 inter-ocular distances apart for 0.25 s (lenient: 0.06, 0.1 s)."""
    enter, shortest = (OPEN, 0.25) if level is Level.STRICT else (0.06, 0.1)
    return mouth.opening.hysteresis(enter, 0.8 * enter).events(shortest=shortest, merge=0.1).named("mouth_open")


def speaking_face(mouth: MouthSeries, voice: VoiceActivity) -> Mask:
    """Where the mouth moves more than it does in silence.

    The reference is the restlessness of the mouth while nobody speaks: what lies above its 95th percentile and above
    0.005 is speech-like.

    Raises
    ------
    Undefined
        There is no silence to compare with.
    """
    restless = mouth.restlessness
    silent = ~voice.on_clock(restless)
    reference = restless.where(silent).known_values
    if len(reference) < restless.rate:
        raise Undefined("not_calibrated", "no second of silence to compare with")
    return restless > max(0.005, 1.2 * float(np.quantile(reference, 0.95)))
