"""A person, or two in conversation, as a feature store: every table that extraction makes, with values that are known.

Every table says in its metadata that it is simulated; so does recording.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.face_scores import EMOTIONS
from bitflow.datasets.simulate.keeping import keep_description, keep_table
from bitflow.datasets.simulate.person_body import (
    OCULAR_PX,
    body_points,
    emotions,
    face_actions,
    face_mesh,
    hand_points,
    head_angles,
    shape_names,
)
from bitflow.datasets.simulate.person_speech import speech_tables, voice
from bitflow.datasets.simulate.script import PersonScript, Times, person_script, plateau, wander
from bitflow.errors import UsageError
from bitflow.extractors.bodies import BODIES
from bitflow.extractors.face_actions import FACE_ACTIONS
from bitflow.extractors.faces import FACE_LANDMARKS, FACES
from bitflow.extractors.frames import FRAMES
from bitflow.extractors.gaze import GAZE
from bitflow.extractors.hands import HANDS
from bitflow.extractors.head_pose import HEAD_POSE
from bitflow.extractors.voice import VOICE
from bitflow.people import PEOPLE
from bitflow.store import FeatureStore, Recording
from bitflow.tables import Schema

NOTE = "Simulated: nobody was recorded, all values follow from a script."


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
    add(VOICE, voice(duration, scripts))
    for schema, columns in speech_tables(scripts):
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
        actions = {name: np.clip(v, 0, 1) if name in shape_names() else v for name, v in actions.items()}
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
    yield EMOTIONS, {**keys, **emotions(t, script)}
    body = body_points(t, script, left)
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
            "points": hand_points(t, left),
            "world": np.zeros((n, 21, 3)),
            "box_x": np.full(n, left - 60),
            "box_y": np.full(n, 560.0),
            "box_width": np.full(n, 80.0),
            "box_height": np.full(n, 80.0),
            "score": np.full(n, 0.9),
        },
    )


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
