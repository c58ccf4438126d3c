"""A person, or two in conversation, as a feature store: every table that extraction makes, with values that are known.

Every table says in its metadata that it is simulated; so does recording.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.face_scores import EMOTION_CLASSES, EMOTIONS
from bitflow.datasets.simulate.keeping import SOURCE, keep_description, keep_table
from bitflow.datasets.simulate.script import PersonScript, Times, bursts, dips, person_script, plateau, wander
from bitflow.errors import UsageError
from bitflow.extractors.bodies import BODIES
from bitflow.extractors.face_actions import FACE_ACTIONS
from bitflow.extractors.faces import FACE_LANDMARKS, FACES
from bitflow.extractors.frames import FRAMES
from bitflow.extractors.gaze import GAZE
from bitflow.extractors.hands import HANDS
from bitflow.extractors.head_pose import HEAD_POSE
from bitflow.extractors.speech.tables import SPEAKERS, SPEECH, WORDS
from bitflow.extractors.voice import VOICE
from bitflow.measures.geometry import PAIRS
from bitflow.people import PEOPLE
from bitflow.signals.angles import rotation_matrices
from bitflow.store import FeatureStore, Recording
from bitflow.tables import Schema

NOTE = "Simulated: nobody was recorded, all values follow from a script."

OCULAR_PX = 100.0
BROW_ASYMMETRY = 0.04
"""By how much the left brow is higher throughout, in inter-ocular distances."""

EYE_OPEN, EYE_SHUT = 0.30, 0.06
TREMOR_HZ, TREMOR_PALM = 5.0, 0.06
TAP_HZ = 1.5
F0_HZ = 150.0


@dataclass(frozen=True)
class Truth:
    """What measures of a simulated recording must find."""

    scripts: tuple[PersonScript, ...]


def simulate_person(
    store: str | Path,
    *,
    recording: str = "simulated",
    duration: float = 120.0,
    rate_hz: float = 30.0,
    people: int = 1,
    seed: int = 0,
    start: float = 0.0,
    times: NDArray[np.float64] | None = None,
    noise: float = 0.0,
    scripts: tuple[PersonScript, ...] | None = None,
) -> Truth:
    """Write a simulated recording into a store.

    Parameters
    ----------
    duration, rate_hz, start
        Length (s), pictures a second, and first instant (s).
    people
        1 or 2; the second moves the head as the first does, 0.8 s later.
    times
        Presentation times ``(n,)`` s from 0 in the place of a constant rate.
    noise
        Jitter of the landmarks and of all that follows from them, 1 being that of a good video.
    scripts
        What each person does; by default the standard script.

    Returns
    -------
    Truth
        The scripts.
    """
    if people not in (1, 2):
        raise UsageError(f"one or two people can be simulated, not {people}")
    if scripts is None:
        scripts = tuple(person_script(duration, seed=seed, speaker=k, speakers=people) for k in range(people))
    clock = np.arange(round(duration * rate_hz)) / rate_hz if times is None else np.asarray(times, float)
    place = FeatureStore.create(store).draft(recording)
    random = np.random.default_rng(seed + 1)
    tables: dict[str, tuple[Schema, list[dict[str, Any]]]] = {}

    def add(schema: Schema, columns: dict[str, Any]) -> None:
        tables.setdefault(schema.name, (schema, []))[1].append(columns)

    add(FRAMES, _frames(clock, scripts, duration))
    for track, script in enumerate(scripts):
        for schema, columns in _person_tables(clock, script, track, random, noise):
            add(schema, columns)
    add(VOICE, _voice(duration, scripts))
    for schema, columns in _speech_tables(scripts):
        add(schema, columns)
    add(PEOPLE, _people(scripts, duration))
    for schema, parts in tables.values():
        _write(place, schema, parts, start)
    media = {
        "duration": start + duration,
        "video": {"average_rate_hz": rate_hz},
        "audio": {"sample_rate_hz": 16000},
    }
    keep_description(place, NOTE, media)
    FeatureStore(store).index()
    return Truth(scripts)


def _write(place: Recording, schema: Schema, parts: list[dict[str, Any]], start: float) -> None:
    names = schema.names
    joined = {name: _stacked(schema, name, parts) for name in names}
    for key in ("time", "start", "end"):
        if key in joined and schema.rows != "entity":
            joined[key] = np.asarray(joined[key], float) + start
    clock = {"frame": "time", "signal": "time", "interval": "start"}.get(schema.rows)
    if clock:
        order = np.argsort(np.asarray(joined[clock]), kind="stable")
        joined = {name: _taken(values, order) for name, values in joined.items()}
    keep_table(place, schema, schema.batch(joined), NOTE)


def _stacked(schema: Schema, name: str, parts: list[dict[str, Any]]) -> Any:
    column = schema[name]
    pieces = []
    for part in parts:
        rows = next(len(values) for values in part.values())
        values = part.get(name)
        if column.dtype == "string":
            pieces.append([None] * rows if values is None else list(values))
        elif values is None:
            empty = np.nan if column.dtype.startswith("float") else 0
            pieces.append(np.full((rows, *column.shape), empty, column.dtype))
        else:
            pieces.append(np.asarray(values, column.dtype))
    return [each for piece in pieces for each in piece] if column.dtype == "string" else np.concatenate(pieces)


def _taken(values: Any, order: NDArray[np.int64]) -> Any:
    return [values[i] for i in order] if isinstance(values, list) else values[order]


def _frames(t: Times, scripts: tuple[PersonScript, ...], duration: float) -> dict[str, Any]:
    # Half of the time the picture moves: the first half of every ten seconds.
    moving = (t % 10.0) < 5.0
    step = np.diff(t, append=max(duration, t[-1] + 1e-3) if len(t) else 0.0)
    before = np.diff(t, prepend=t[0] - step[0]) if len(t) else step
    return {
        "frame": np.arange(len(t)),
        "time": t,
        "keyframe": np.arange(len(t)) % 30 == 0,
        "duration": step,
        "brightness": np.full(len(t), 0.5),
        "blur": np.full(len(t), 0.3),
        "motion_energy": np.where(moving, 0.02 * 25 * before, 0.0),
    }


def _person_tables(t: Times, script: PersonScript, track: int, random: np.random.Generator, noise: float):
    n = len(t)
    keys = {"frame": np.arange(n), "time": t, "track": np.full(n, track)}
    angles = head_angles(t, script) + noise * 0.1 * random.standard_normal((n, 3))
    actions = face_actions(t, script)
    if noise:
        actions = {name: v + noise * 0.004 * random.standard_normal(n) for name, v in actions.items()}
        actions = {name: np.clip(v, 0, 1) if name in _shape_names() else v for name, v in actions.items()}
    left = 200.0 + 400.0 * track
    yield (
        FACES,
        {
            **keys,
            "box_x": left + wander(t, script.phase, 2.0),
            "box_y": np.full(n, 150.0),
            "box_width": np.full(n, 1.5 * OCULAR_PX),
            "box_height": np.full(n, 1.9 * OCULAR_PX),
            "score": np.full(n, 0.9),
            "quality": np.full(n, 0.9),
            "size": np.full(n, OCULAR_PX),
        },
    )
    mesh = face_mesh(t, script, angles, np.array([left + 0.75 * OCULAR_PX, 150 + OCULAR_PX, 0.0]))
    mesh += noise * 0.2 * random.standard_normal(mesh.shape)
    yield FACE_LANDMARKS, {**keys, "points": mesh.astype(np.float32), "presence": np.full(n, 0.95)}
    yield FACE_ACTIONS, {**keys, **actions}
    place = np.stack(
        [wander(t - script.delay, 1.0, 2.0), wander(t - script.delay, 2.0, 1.0), 60 + wander(t, 3.0, 1.0)], 1
    )
    yield (
        HEAD_POSE,
        {
            **keys,
            **dict(zip(("pitch", "yaw", "roll"), angles.T, strict=True)),
            **dict(zip(("tx", "ty", "tz"), place.T, strict=True)),
            "reprojection_error": np.full(n, 0.5),
        },
    )
    yaw = 25.0 * plateau(t, script.looks_away, 1.5, 0.1) + wander(t, script.phase + 4, 2.0)
    pitch = wander(t, script.phase + 5, 1.0)
    sigma = np.full(n, 7.0)
    yield (
        GAZE,
        {
            **keys,
            **{name: yaw for name in GAZE.names if name.endswith("yaw")},
            **{name: pitch for name in GAZE.names if name.endswith("pitch") and "sigma" not in name},
            **{name: sigma for name in GAZE.names if name.startswith("sigma")},
        },
    )
    yield EMOTIONS, {**keys, **_emotions(t, script)}
    body = _body(t, script, left)
    yield (
        BODIES,
        {
            **keys,
            "points": body,
            "world": np.zeros((n, 33, 3)),
            "box_x": np.full(n, left - 100),
            "box_y": np.full(n, 100.0),
            "box_width": np.full(n, 350.0),
            "box_height": np.full(n, 600.0),
            "score": np.full(n, 0.95),
        },
    )
    yield (
        HANDS,
        {
            **keys,
            "handedness": ["right"] * n,
            "handedness_score": np.full(n, 0.9),
            "points": _hand(t, left),
            "world": np.zeros((n, 21, 3)),
            "box_x": np.full(n, left - 60),
            "box_y": np.full(n, 560.0),
            "box_width": np.full(n, 80.0),
            "box_height": np.full(n, 80.0),
            "score": np.full(n, 0.9),
        },
    )


def head_angles(t: Times, script: PersonScript) -> NDArray[np.float64]:
    """Pitch, yaw, roll ``(n, 3)`` deg: slow wandering, nods of ±5° at 2 Hz, shakes of ±6°, turns of 30° for 2 s."""
    x = t - script.delay
    pitch = wander(x, 0.3, 1.5) + 5.0 * bursts(x, script.nods, 2.0, 3)
    yaw = wander(x, 1.1, 2.0) + 6.0 * bursts(x, script.shakes, 2.0, 3) + 30.0 * plateau(x, script.turns_aside, 2.0, 0.8)
    return np.stack([pitch, yaw, wander(x, 2.2, 1.0)], axis=1)


def face_actions(t: Times, script: PersonScript) -> dict[str, NDArray[np.float64]]:
    """Columns of `face_actions`: eyes, mouth and 52 blendshapes."""
    shut = np.maximum(dips(t, script.blinks, 0.15), plateau(t, script.closures, 1.0, 0.15))
    shut = np.maximum(shut, 0.5 * dips(t, script.half_blinks, 0.15))
    eye = EYE_OPEN - (EYE_OPEN - EYE_SHUT) * shut
    smile, cheeks = plateau(t, script.smiles, 2.0), plateau(t, script.genuine, 2.0)
    frown = plateau(t, script.frowns, 1.5)
    talk = talking(t, script)
    mouth = 0.02 + 0.05 * talk * (1 - np.cos(2 * np.pi * 4.0 * t))
    geometry = {name: np.full(len(t), 0.3) + wander(t, k, 0.003) for k, name in enumerate(_geometry_names())}
    shapes = {name: 0.03 + wander(t, script.phase + 0.37 * k, 0.01) for k, name in enumerate(_shape_names())}
    for side in ("Left", "Right"):
        geometry[f"mouth_corner_lift_{side.lower()}"] += 0.07 * smile
        shapes[f"mouthSmile{side}"] = shapes[f"mouthSmile{side}"] + 0.75 * smile
        shapes[f"cheekSquint{side}"] = shapes[f"cheekSquint{side}"] + 0.6 * cheeks
        shapes[f"browDown{side}"] = shapes[f"browDown{side}"] + 0.7 * frown
        shapes[f"eyeBlink{side}"] = np.clip(0.02 + 0.9 * shut, 0, 1)
    shapes["jawOpen"] = shapes["jawOpen"] + 5 * (mouth - 0.02)
    shapes = {name: np.clip(values, 0, 1) for name, values in shapes.items()}
    return {**geometry, **shapes, "eye_openness_left": eye, "eye_openness_right": eye, "mouth_opening": mouth}


def talking(t: Times, script: PersonScript) -> NDArray[np.float64]:
    """1 during the person's utterances, 0 otherwise."""
    value = np.zeros(len(t))
    for a, b in script.utterances:
        value[(t >= a) & (t < b)] = 1.0
    return value


def _geometry_names() -> list[str]:
    return [
        name for name in FACE_ACTIONS.names if name.islower() and name not in ("frame", "time", "track", "_neutral")
    ]


def _shape_names() -> list[str]:
    return [name for name in FACE_ACTIONS.names if not name.islower() or name == "_neutral"]


def face_mesh(
    t: Times, script: PersonScript, angles: NDArray[np.float64], centre: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points ``(n, 478, 3)`` px: a symmetric face but for the left brow, lips that talk and smile."""
    shape = np.broadcast_to(_TEMPLATE, (len(t), 478, 3)).copy()
    brow_left = [a for a, _ in PAIRS["brow"]]
    shape[:, brow_left, 1] += BROW_ASYMMETRY
    mouth = 0.05 * talking(t, script) * (1 - np.cos(2 * np.pi * 4.0 * t))
    for upper, lower in ((13, 14), (0, 17), (37, 84), (267, 314), (39, 181), (269, 405)):
        shape[:, upper, 1] += mouth[:, None][:, 0] / 2
        shape[:, lower, 1] -= mouth / 2
    smile = plateau(t, script.smiles, 2.0)
    for point in (61, 291):
        shape[:, point, 1] += 0.08 * smile
    turned = np.einsum("nij,nkj->nki", rotation_matrices(angles * np.array([-1.0, 1.0, -1.0])), shape) * OCULAR_PX
    turned[:, :, 1:] *= -1.0
    return turned + centre


def _template() -> NDArray[np.float64]:
    """478 points in inter-ocular distances: x to the subject's left, y up, z to the camera; mirrored pairs exact."""
    random = np.random.default_rng(7)
    x, y = random.uniform(-0.7, 0.7, 478), random.uniform(-1.0, 0.9, 478)
    points = np.stack([x, y, 0.6 - 0.5 * x**2 - 0.2 * y**2], axis=1)
    heights = {"eye": 0.0, "brow": 0.28, "mouth": -0.65}
    for feature, pairs in PAIRS.items():
        for k, (left, right) in enumerate(pairs):
            px, py = 0.12 + 0.035 * k, heights[feature] + 0.02 * (k % 3 - 1)
            points[left] = (px, py, 0.5 - 0.4 * px**2)
            points[right] = (-px, py, 0.5 - 0.4 * px**2)
    for left, right, px in ((263, 33, 0.5), (362, 133, 0.2)):
        points[left], points[right] = (px, 0.0, 0.42 - 0.3 * px), (-px, 0.0, 0.42 - 0.3 * px)
    for k, point in enumerate((10, 168, 6, 197, 195, 4, 2, 0, 13, 14, 17, 152)):
        points[point] = (0.0, 0.8 - 0.16 * k, 0.55 + 0.12 * np.exp(-((k - 4) ** 2) / 4))
    for left, right in ((297, 67), (280, 50), (425, 205), (411, 187), (377, 148), (400, 176)):
        points[right] = points[left] * np.array([-1.0, 1.0, 1.0])
    return points


_TEMPLATE = _template()


def _emotions(t: Times, script: PersonScript) -> dict[str, Any]:
    smile, frown = plateau(t, script.smiles, 2.0), plateau(t, script.frowns, 1.5)
    scores = {name: np.full(len(t), 0.02) for name in EMOTION_CLASSES}
    scores["happiness"] = 0.02 + 0.9 * smile
    scores["anger"] = 0.02 + 0.8 * frown * (1 - smile)
    scores["neutral"] = 1.0 - np.sum([values for name, values in scores.items() if name != "neutral"], axis=0)
    scores["neutral"] = np.clip(scores["neutral"], 0, 1)
    return {
        **scores,
        "valence": 0.6 * smile - 0.5 * frown * (1 - smile) + wander(t, 1.0, 0.05),
        "arousal": wander(t, 2.0, 0.3),
    }


def _body(t: Times, script: PersonScript, left: float) -> NDArray[np.float64]:
    n, width = len(t), 200.0
    points = np.zeros((n, 33, 4))
    points[:, :, 3] = 0.9
    centre = np.stack([left + 75 + wander(t, 6.0, 3.0), 400 + wander(t, 7.0, 1.0)], axis=1)
    points[:, :, :2] = centre[:, None]
    points[:, 0, :2] = centre + np.array([0, -160])
    for joint, offset in (
        (11, (100, 0)),
        (12, (-100, 0)),
        (13, (120, 120)),
        (14, (-120, 120)),
        (23, (70, 260)),
        (24, (-70, 260)),
    ):
        points[:, joint, :2] = centre + offset
    # A gesture: the right wrist swings at about 1.5 shoulder widths a second for 1.5 s.
    swing = 0.4 * width * bursts(t, script.gestures, 1.0, 2)
    points[:, 16, :2] = centre + np.array([-110, 200])
    points[:, 16, 0] -= swing
    touch = plateau(t, script.touches, 1.2, 0.4)
    rest, face = centre + np.array([110, 230]), np.array([left + 75.0, 250.0])
    points[:, 15, :2] = rest + touch[:, None] * (face - rest)
    return points


def _hand(t: Times, left: float) -> NDArray[np.float64]:
    palm = 30.0
    points = np.zeros((len(t), 21, 3))
    points[:, :, 0], points[:, :, 1] = left - 30, 600.0
    points[:, 5, 0], points[:, 17, 0] = left - 30 + palm / 2, left - 30 - palm / 2
    points[:, 8, 0] = left
    points[:, 8, 1] = 570 + TREMOR_PALM * palm * np.sin(2 * np.pi * TREMOR_HZ * t)
    points[:, 4, 0] = left - palm * (0.6 - 0.4 * np.cos(2 * np.pi * TAP_HZ * t))
    points[:, 4, 1] = 570
    return points


def _voice(duration: float, scripts: tuple[PersonScript, ...]) -> dict[str, Any]:
    t = 0.005 + np.arange(round(duration * 100)) / 100
    speaks = np.zeros(len(t))
    f0 = np.full(len(t), np.nan)
    for script in scripts:
        mine = talking(t, script) > 0
        speaks[mine] = 1.0
        # A vibrato of one semitone; the last tenth of every 0.3 s is unvoiced.
        voiced = mine & ((t * 10) % 3 < 2.7)
        f0[voiced] = F0_HZ * (1 + 0.4 * script.speaker) * 2 ** (np.sin(2 * np.pi * 0.7 * t[voiced]) / 12)
    voiced = np.isfinite(f0)
    nan = np.nan
    columns: dict[str, Any] = {
        "time": t,
        "speech": np.where(speaks > 0, 0.98, 0.02),
        "f0": f0,
        "voicing": np.where(voiced, 0.9, 0.1),
        "loudness": np.where(speaks > 0, -20 + 3 * np.sin(2 * np.pi * 1.3 * t), -60.0),
        "hnr": np.where(voiced, 15.0 + np.sin(t), nan),
        "clipped": np.zeros(len(t)),
    }
    for i, hz in enumerate((700.0, 1200.0, 2500.0)):
        columns[f"formant_{i + 1}"] = np.where(voiced, hz + 20 * np.sin(3 * t), nan)
    for k, name in enumerate(name for name in VOICE.names if name.startswith("mfcc_")):
        columns[name] = 10.0 / (k + 1) + np.sin(t * (k + 1))
    columns["spectral_centroid"] = np.where(speaks > 0, 1500.0, 3000.0)
    return columns


def _speech_tables(scripts: tuple[PersonScript, ...]):
    said, uttered, turns = [], [], []
    for script in scripts:
        who = script.speaker
        said += [(a, b, w, who) for a, b, w in script.words]
        uttered += [(a, b, " ".join(w for s, _, w in script.words if a <= s < b), who) for a, b in script.utterances]
        turns += [(a, b, "", who) for a, b in script.turns]
    yield WORDS, _intervals(said, "word", {"word": [row[2] for row in said], "language": ["en"] * len(said)})
    yield (
        SPEECH,
        _intervals(uttered, "utterance", {"text": [row[2] for row in uttered], "language": ["en"] * len(uttered)}),
    )
    yield SPEAKERS, _intervals(turns, "turn", {})


def _intervals(rows: list[tuple[float, float, str, int]], name: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    n = len(rows)
    return {
        "start": [row[0] for row in rows],
        "end": [row[1] for row in rows],
        "name": [name] * n,
        "track": [row[3] for row in rows],
        "target": [-1] * n,
        "confidence": [0.9] * n,
        "source": [SOURCE] * n,
        "coverage": [1.0] * n,
        "speaker": [f"S{row[3] + 1}" for row in rows],
        **columns,
    }


def _people(scripts: tuple[PersonScript, ...], duration: float) -> dict[str, Any]:
    kinds = ("face", "body", "hand", "speaker")
    rows = [(kind, k) for k in range(len(scripts)) for kind in kinds]
    return {
        "kind": [kind for kind, _ in rows],
        "track": [k for _, k in rows],
        "person": [k for _, k in rows],
        "confidence": np.ones(len(rows)),
        "role": [None] * len(rows),
        "start": np.zeros(len(rows)),
        "end": np.full(len(rows), duration),
        "seconds": np.full(len(rows), duration),
    }
