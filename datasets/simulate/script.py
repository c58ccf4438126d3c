"""What a simulated person does and when, as continuous functions of time: nothing here knows a frame rate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]


@dataclass(frozen=True)
class PersonScript:
    """Onsets in seconds of everything the person does, in a recording of `duration` s.

    `delay` shifts the movements of the head: a second person with a delay of 0.8 s follows the first by that much.
    """

    duration: float = 120.0
    delay: float = 0.0
    phase: float = 0.0
    speaker: int = 0
    speakers: int = 1
    silent: bool = False
    blinks: tuple[float, ...] = field(default=())
    half_blinks: tuple[float, ...] = field(default=())
    closures: tuple[float, ...] = field(default=())
    smiles: tuple[float, ...] = field(default=())
    genuine: tuple[float, ...] = field(default=())
    frowns: tuple[float, ...] = field(default=())
    nods: tuple[float, ...] = field(default=())
    shakes: tuple[float, ...] = field(default=())
    turns_aside: tuple[float, ...] = field(default=())
    looks_away: tuple[float, ...] = field(default=())
    gestures: tuple[float, ...] = field(default=())
    touches: tuple[float, ...] = field(default=())

    @property
    def turns(self) -> list[tuple[float, float]]:
        """Turns at talk: of one speaker 6.5 s with a pause of 0.5 s, every 10 s; two speakers alternate with 0.2 s
        between."""
        if self.silent:
            return []
        if self.speakers == 1:
            return [(float(t), float(t) + 6.5) for t in np.arange(1.0, self.duration - 6.5, 10.0)]
        starts = np.arange(1.0 + 6.7 * self.speaker, self.duration - 6.5, 6.7 * self.speakers)
        return [(float(t), float(t) + 6.5) for t in starts]

    @property
    def utterances(self) -> list[tuple[float, float]]:
        """Stretches of speech: 3 s, pause 0.5 s, 3 s."""
        return [part for a, b in self.turns for part in ((a, a + 3.0), (a + 3.5, b))]

    @property
    def words(self) -> list[tuple[float, float, str]]:
        """Ten words to an utterance, 0.3 s each."""
        said: list[tuple[float, float, str]] = []
        for a, _ in self.utterances:
            said += [(a + 0.3 * k, a + 0.3 * (k + 1), VOCABULARY[(len(said) + k) % len(VOCABULARY)]) for k in range(10)]
        return said


VOCABULARY = (
    *("yes", "I", "went", "to", "the", "market", "and", "um", "bought", "seven", "green", "apples", "because", "my"),
    *("sister", "wanted", "them", "for", "a", "party", "that", "was", "planned", "last", "week", "but", "it", "rained"),
    *(
        "so",
        "we",
        "stayed",
        "inside",
        "played",
        "cards",
        "drank",
        "tea",
        "listened",
        "old",
        "music",
        "until",
        "evening",
    ),
    *("came", "then", "everybody", "walked", "home", "slowly", "under", "big", "umbrellas", "laughing"),
)


def person_script(duration: float = 120.0, *, seed: int = 0, speaker: int = 0, speakers: int = 1) -> PersonScript:
    """The standard script: rates a minute are 17 blinks, 4 smiles (half with the cheeks), 6 nods, 3 shakes."""
    random = np.random.default_rng(seed)

    def spread(per_min: float, lasting: float, offset: float = 0.0) -> tuple[float, ...]:
        count = max(1, round(per_min * duration / 60))
        slot = duration / count
        room = max(0.0, slot - lasting - 0.6)
        jitter = random.uniform(0.0, 1.0, count) * min(room, 0.4 * slot)
        return tuple(float(slot * k + 0.3 + (j + offset * slot) % max(room, 1e-6)) for k, j in enumerate(jitter))

    closures = spread(2, 1.0, 0.5)
    blinks = tuple(t for t in spread(17, 0.4) if all(abs(t - c - 0.5) > 1.2 for c in closures))
    half = spread(3, 0.4, 0.3)
    half = tuple(
        t for t in half if all(abs(t - b) > 0.7 for b in blinks) and all(abs(t - c - 0.5) > 1.2 for c in closures)
    )
    smiles = spread(4, 2.0)
    nods = spread(6, 1.5)
    shakes = tuple(t for t in spread(3, 1.5, 0.6) if all(abs(t - n) > 2.5 for n in nods))
    aside = tuple(t for t in spread(1, 3.5, 0.2) if all(abs(t - n) > 4 for n in (*nods, *shakes)))
    return PersonScript(
        duration,
        delay=0.8 * speaker,
        phase=0.7 * speaker,
        speaker=speaker,
        speakers=speakers,
        blinks=blinks,
        half_blinks=half,
        closures=closures,
        smiles=smiles,
        genuine=smiles[::2],
        frowns=spread(2, 1.5, 0.5),
        nods=nods,
        shakes=shakes,
        turns_aside=aside,
        looks_away=spread(3, 1.5, 0.4),
        gestures=spread(3, 1.5, 0.7),
        touches=spread(1.5, 1.2, 0.1),
    )


def plateau(t: Times, onsets: tuple[float, ...], lasting: float, ramp: float = 0.3) -> Times:
    """0 to 1 over `ramp`, 1, and back to 0 `lasting` s after each onset; half height at onset and end."""
    value = np.zeros(len(t))
    for onset in onsets:
        rise = np.clip((t - onset) / ramp + 0.5, 0, 1)
        fall = np.clip((t - onset - lasting) / ramp + 0.5, 0, 1)
        value = np.maximum(value, 0.5 * (np.cos(np.pi * fall) - np.cos(np.pi * rise)))
    return value


def bursts(t: Times, onsets: tuple[float, ...], hz: float, cycles: int) -> Times:
    """Sine bursts of whole cycles, faded in and out over a quarter cycle."""
    value = np.zeros(len(t))
    for onset in onsets:
        x = t - onset
        length = cycles / hz
        window = np.clip(4 * hz * np.minimum(x, length - x), 0, 1)
        value += np.where((x > 0) & (x < length), np.sin(2 * np.pi * hz * x) * window, 0.0)
    return value


def dips(t: Times, centres: tuple[float, ...], fwhm: float) -> Times:
    """Gaussian bells of height 1."""
    width = fwhm / 2.354820
    value = np.zeros(len(t))
    for centre in centres:
        near = np.abs(t - centre) < 6 * width
        value[near] = np.maximum(value[near], np.exp(-0.5 * ((t[near] - centre) / width) ** 2))
    return value


def wander(t: Times, phase: float, scale: float) -> Times:
    """Slow, smooth, never repeating: four sines whose periods share no multiple."""
    periods = (41.0, 23.0, 13.0, 7.1)
    waves = [np.sin(2 * np.pi * t / p + phase * (k + 1) + k) for k, p in enumerate(periods)]
    return scale * np.sum(waves, axis=0) / 2.0
