"""People whose every behaviour is scripted, measured well or badly: what claims about behaviour are tried on.

Eight behaviours come at random times with random lengths and strengths. Around them stand what misleads: blinks, a
mouth that moves in speech and pulls its corners, a head that moves in speech, eyes that narrow in a smile, looking away
with the eyes alone or with the head, and a person's own way of resting. `hard` adds noise and loses what trackers lose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.simulate.keeping import SOURCE, keep_description, keep_table
from bitflow.errors import UsageError
from bitflow.extractors.face_actions import FACE_ACTIONS
from bitflow.extractors.faces import FACES
from bitflow.extractors.frames import FRAMES
from bitflow.extractors.gaze import GAZE
from bitflow.extractors.hands import HANDS
from bitflow.extractors.head_pose import HEAD_POSE
from bitflow.extractors.voice import VOICE
from bitflow.people import PEOPLE
from bitflow.store import FeatureStore
from bitflow.tables import INTERVAL_KEYS, Schema

NOTE = "Simulated: nobody was recorded; the table `annotations` says what was scripted."

#: What is scripted, as claims call it.
BEHAVIOURS = (
    *("smiling", "eyes_closed", "looking_away", "nodding", "shaking_head"),
    *("speaking", "hand_to_face", "leaning_forward"),
)

TRUTH = Schema("annotations", "interval", INTERVAL_KEYS, "what was scripted")


@dataclass(frozen=True)
class Quality:
    """How well the person is measured.

    Parameters
    ----------
    action
        Standard deviation of noise on blendshapes and openness.
    angle, gaze
        The same of head pose and gaze, deg.
    bursts
        Share of the time that is missing in bursts of 0.1 to 0.8 s.
    turned_loss
        Share of the frames lost beyond 35° of yaw.
    hand_loss
        Share of the time a hand is missing.
    """

    action: float = 0.02
    angle: float = 0.4
    gaze: float = 2.0
    bursts: float = 0.02
    turned_loss: float = 0.1
    hand_loss: float = 0.03


QUALITIES = {
    "easy": Quality(),
    "hard": Quality(action=0.075, angle=2.0, gaze=6.0, bursts=0.10, turned_loss=0.6, hand_loss=0.15),
}

#: Lengths in s, and how often a minute each comes at most.
_LENGTHS = {
    "smiling": (1.0, 5.0),
    "eyes_closed": (0.8, 2.5),
    "looking_away": (0.8, 4.0),
    "nodding": (1.0, 3.0),
    "shaking_head": (1.0, 3.0),
    "speaking": (1.5, 8.0),
    "hand_to_face": (0.8, 4.0),
    "leaning_forward": (1.5, 6.0),
}
_PER_MIN = {"speaking": 5, "smiling": 4, "looking_away": 4}
_OTHERS_PER_MIN = 3

_OCULAR_PX = 100.0


@dataclass(frozen=True)
class Scripted:
    """A scripted recording.

    Parameters
    ----------
    truth
        By behaviour ``(n, 2)`` s: when it happens.
    """

    recording: str
    duration: float
    truth: dict[str, NDArray[np.float64]]
    columns: dict[str, dict[str, Any]] = field(repr=False, default_factory=dict)


def script_behaviours(
    *,
    duration: float = 60.0,
    rate_hz: float = 30.0,
    quality: str | Quality = "easy",
    seed: int = 0,
    recording: str = "scripted",
    share: dict[str, float] | None = None,
) -> Scripted:
    """Script a person and measure them.

    Parameters
    ----------
    quality
        ``easy``, ``hard``, or a `Quality`.
    share
        Behaviours that hold for about that share of the whole time: a person who smiles nearly always.
    """
    if isinstance(quality, str) and quality not in QUALITIES:
        raise UsageError(f"a person is measured easy or hard, not {quality!r}")
    how = QUALITIES[quality] if isinstance(quality, str) else quality
    random = np.random.default_rng((seed, 92))
    truth: dict[str, NDArray[np.float64]] = {}
    for name in BEHAVIOURS:
        # Nobody nods and shakes the head at once.
        taken = truth["nodding"] if name == "shaking_head" else None
        mostly = (share or {}).get(name)
        truth[name] = _times(name, duration, random, taken) if mostly is None else _mostly(duration, mostly, random)
    t = np.arange(round(duration * rate_hz)) / rate_hz
    columns = _measured(t, truth, how, random)
    columns[VOICE.name] = _voice(duration, truth["speaking"], random)
    return Scripted(recording, duration, truth, columns)


def write_behaviours(store: str | Path, scripted: Scripted) -> None:
    """Write a scripted recording into a store, the truth as the table `annotations`."""
    opened = FeatureStore.create(store)
    place = opened.draft(scripted.recording)
    for schema in (FRAMES, FACES, FACE_ACTIONS, HEAD_POSE, GAZE, HANDS, VOICE, PEOPLE):
        given = scripted.columns[schema.name]
        rows = len(next(iter(given.values())))
        full = {column.name: _filled(schema, column.name, given, rows) for column in schema.columns}
        keep_table(place, schema, schema.batch(full), NOTE)
    rows = sorted((float(a), float(b), name) for name, times in scripted.truth.items() for a, b in times)
    empty: dict[str, Any] = {name: None for name in TRUTH.names}
    told = {"start": [row[0] for row in rows], "end": [row[1] for row in rows], "name": [row[2] for row in rows]}
    known = {"track": [0] * len(rows), "target": [-1] * len(rows), "source": [SOURCE] * len(rows)}
    keep_table(place, TRUTH, TRUTH.batch({**empty, **told, **known}), NOTE)
    keep_description(place, NOTE, {"duration": scripted.duration, "video": {"average_rate_hz": 30.0}})
    opened.index()


def _times(
    name: str, duration: float, random: np.random.Generator, taken: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Up to so many stretches a minute, 0.8 s or more from each other and from those that are taken."""
    low, high = _LENGTHS[name]
    most = round(_PER_MIN.get(name, _OTHERS_PER_MIN) * duration / 60)
    found: list[tuple[float, float]] = []
    for _ in range(random.integers(1, most + 1)):
        for _ in range(20):
            length = random.uniform(low, high)
            start = random.uniform(0.5, duration - length - 0.5)
            others = [*found, *([] if taken is None else taken.tolist())]
            if all(start > b + 0.8 or start + length < a - 0.8 for a, b in others):
                found.append((start, start + length))
                break
    return np.array(sorted(found)).reshape(-1, 2)


def _mostly(duration: float, share: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Nearly always, with pauses of about 2 s."""
    pauses = max(1, round((1 - share) * duration / 2.0))
    length = (1 - share) * duration / pauses
    slot = duration / pauses
    starts = slot * np.arange(pauses) + random.uniform(0.2, max(0.3, slot - length - 0.2), pauses)
    edges = np.concatenate(([0.0], np.stack((starts, starts + length), 1).ravel(), [duration]))
    return edges.reshape(-1, 2)


def _raised(
    t: NDArray[np.float64], times: NDArray[np.float64], heights: Any, ramp: float = 0.25
) -> NDArray[np.float64]:
    """0, and the height of each stretch during it, eased over `ramp` s inside its ends."""
    value = np.zeros(len(t))
    for (a, b), height in zip(times, np.broadcast_to(heights, len(times)), strict=True):
        rise, fall = np.clip((t - a) / ramp, 0, 1), np.clip((b - t) / ramp, 0, 1)
        value = np.where((t >= a) & (t < b), height * 0.5 * (1 - np.cos(np.pi * np.minimum(rise, fall))), value)
    return value


def _swings(
    t: NDArray[np.float64], times: NDArray[np.float64], random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A swing of 4 to 9° at 1.2 to 2.6 Hz in each stretch, and the little of it that goes to the other axis."""
    value, across = np.zeros(len(t)), np.zeros(len(t))
    for a, b in times:
        size, hz = random.uniform(4.0, 9.0), random.uniform(1.2, 2.6)
        inside = (t >= a) & (t < b)
        fade = np.clip(4 * hz * np.minimum(t - a, b - t), 0, 1)
        wave = size * np.sin(2 * np.pi * hz * (t - a)) * fade
        value = np.where(inside, wave, value)
        across = np.where(inside, random.uniform(0.1, 0.35) * wave, across)
    return value, across


def _slow(t: NDArray[np.float64], size: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Drift: sines of 5 to 30 s."""
    waves = [np.sin(2 * np.pi * t / random.uniform(5, 30) + random.uniform(0, 2 * np.pi)) for _ in range(4)]
    return size * np.sum(waves, axis=0) / 2


def _measured(
    t: NDArray[np.float64], truth: dict[str, NDArray[np.float64]], how: Quality, random: np.random.Generator
) -> dict[str, dict[str, Any]]:
    n = len(t)

    def noise(size: float) -> NDArray[np.float64]:
        return size * random.standard_normal(n)

    talk = _raised(t, truth["speaking"], 1.0, 0.1)
    syllable = np.sin(2 * np.pi * 4.3 * t + 0.6 * np.sin(2 * np.pi * 0.7 * t))
    smile = _raised(t, truth["smiling"], random.uniform(0.45, 0.85, len(truth["smiling"])), 0.35)
    corner = random.uniform(0.0, 0.18) + smile + 0.06 * talk * np.abs(syllable)
    corner = np.clip(corner + noise(how.action), 0, 1)

    blinks = np.zeros(n)
    for at in np.sort(random.uniform(0, t[-1], round(15 * t[-1] / 60))):
        blinks = np.maximum(blinks, np.exp(-0.5 * ((t - at) / 0.055) ** 2))
    shut = np.maximum(_raised(t, truth["eyes_closed"], 1.0, 0.12), blinks)
    opened = random.uniform(0.24, 0.34)
    openness = opened * (1 - 0.85 * shut) * (1 - 0.2 * smile) * (1 + _slow(t, 0.04, random))

    aside = truth["looking_away"]
    by_head = random.random(len(aside)) < 0.5
    turn = _raised(
        t, aside[by_head], random.choice([-1, 1], by_head.sum()) * random.uniform(22, 45, by_head.sum()), 0.3
    )
    eyes = _raised(
        t, aside[~by_head], random.choice([-1, 1], (~by_head).sum()) * random.uniform(22, 35, (~by_head).sum()), 0.15
    )
    nod, nod_across = _swings(t, truth["nodding"], random)
    shake, shake_across = _swings(t, truth["shaking_head"], random)
    beat = talk * np.sin(2 * np.pi * 0.8 * t)
    pitch = random.uniform(-8, 8) + _slow(t, 2.0, random) + nod + shake_across + 1.0 * beat + noise(how.angle)
    yaw_true = random.uniform(-8, 8) + _slow(t, 2.5, random) + shake + nod_across + turn + 1.2 * beat
    yaw = yaw_true + noise(how.angle)
    roll = random.uniform(-3, 3) + _slow(t, 1.5, random) + noise(how.angle)

    lean = _raised(t, truth["leaning_forward"], random.uniform(0.16, 0.35, len(truth["leaning_forward"])), 0.6)
    size = _OCULAR_PX * (1 + lean + _slow(t, 0.015, random)) * (1 + noise(0.2 * how.action))
    height = 1.9 * size
    touch = _raised(t, truth["hand_to_face"], 1.0, 0.3)
    left, top = 300.0 + _slow(t, 4.0, random), 150.0 + _slow(t, 3.0, random)
    rest = np.stack((left + 260.0, top + 2.4 * height), 1)
    face = np.stack((left + 0.75 * size, top + 0.65 * height), 1)
    tip = rest + touch[:, None] * (face - rest) + 40 * how.action * random.standard_normal((n, 2))

    seen = ~_lost(n, how.bursts, random) & ~((np.abs(yaw_true) > 35) & (random.random(n) < how.turned_loss))
    frame = np.arange(n)
    keys = {"frame": frame[seen], "time": t[seen], "track": np.zeros(int(seen.sum()), int)}
    hand = ~_lost(n, how.hand_loss, random)
    mouth = 0.02 + 0.10 * talk * (0.5 + 0.5 * syllable) + np.abs(noise(0.1 * how.action))
    points = np.zeros((int(hand.sum()), 21, 3))
    points[:, :, :2] = tip[hand][:, None]
    points[:, 0, :2] += (20.0, 60.0)
    gaze_yaw = eyes + 0.3 * turn + _slow(t, 2.0, random) + noise(how.gaze)
    gaze_pitch = _slow(t, 1.5, random) + noise(how.gaze)
    return {
        FRAMES.name: {"frame": frame, "time": t, "duration": np.full(n, t[1] - t[0])},
        FACES.name: {
            **keys,
            "box_x": left[seen],
            "box_y": top[seen],
            "box_width": 1.5 * size[seen],
            "box_height": height[seen],
            "score": np.full(int(seen.sum()), 0.9),
            "quality": np.full(int(seen.sum()), 0.9),
            "size": size[seen],
        },
        FACE_ACTIONS.name: {
            **keys,
            "eye_openness_left": np.clip(openness + noise(0.3 * how.action), 0, None)[seen],
            "eye_openness_right": np.clip(openness + noise(0.3 * how.action), 0, None)[seen],
            "mouth_opening": mouth[seen],
            "mouthSmileLeft": np.clip(corner + noise(0.3 * how.action), 0, 1)[seen],
            "mouthSmileRight": corner[seen],
        },
        HEAD_POSE.name: {**keys, "pitch": pitch[seen], "yaw": yaw[seen], "roll": roll[seen]},
        GAZE.name: {
            **keys,
            "pitch": gaze_pitch[seen],
            "yaw": gaze_yaw[seen],
            "sigma": np.full(int(seen.sum()), 7.0),
        },
        HANDS.name: {
            "frame": frame[hand],
            "time": t[hand],
            "track": np.zeros(int(hand.sum()), int),
            "handedness": ["right"] * int(hand.sum()),
            "points": points,
            "score": np.full(int(hand.sum()), 0.9),
        },
        PEOPLE.name: {
            "kind": ["face", "hand", "speaker"],
            "track": [0, 0, 0],
            "person": [0, 0, 0],
            "confidence": np.ones(3),
            "start": np.zeros(3),
            "end": np.full(3, t[-1]),
            "seconds": np.full(3, t[-1]),
        },
    }


def _lost(n: int, share: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Frames in bursts of 3 to 24 that make up about `share` of all."""
    lost = np.zeros(n, bool)
    while lost.mean() < share:
        start, length = random.integers(0, n), random.integers(3, 25)
        lost[start : start + length] = True
    return lost


def _voice(duration: float, speaking: NDArray[np.float64], random: np.random.Generator) -> dict[str, Any]:
    t = 0.005 + np.arange(round(duration * 100)) / 100
    talk = _raised(t, speaking, 0.95, 0.05)
    speech = np.clip(talk + 0.03 * random.standard_normal(len(t)), 0, 1)
    return {"time": t, "speech": speech, "loudness": np.where(talk > 0.5, -20.0, -60.0), "clipped": np.zeros(len(t))}


def _filled(schema: Schema, name: str, given: dict[str, Any], rows: int) -> Any:
    """A column as given; what is not simulated is missing, or 0 where a table needs a number."""
    column = schema[name]
    if name in given:
        return given[name] if isinstance(given[name], list) else np.asarray(given[name], column.dtype)
    if column.is_text:
        return [None] * rows
    empty = np.nan if column.dtype.startswith("float") else 0
    return np.full((rows, *column.shape), empty, column.dtype)
