"""A store whose numbers are known: two people, landmarks, a voice and words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bitflow.people import PEOPLE
from bitflow.store import FeatureStore
from bitflow.tables import FRAME_KEYS, INTERVAL_KEYS, TRACK_KEYS, Column, Schema, write_table

FRAMES = Schema("frames", "frame", FRAME_KEYS)
FACES = Schema(
    "faces",
    "frame",
    (
        *TRACK_KEYS,
        *(Column(f"box_{part}", "float32", "px", part, "image", resample="linear") for part in ("x", "y")),
        *(Column(f"box_{part}", "float32", "px", part, "image", resample="linear") for part in ("width", "height")),
        Column("score", "float32", "1", "how sure", range=(0, 1), resample="linear"),
    ),
    tracks="face",
)
LANDMARKS = Schema(
    "face_landmarks",
    "frame",
    (*TRACK_KEYS, Column("points", "float32", "px", "mesh", "image", None, "linear", shape=(478, 3))),
    tracks="face",
)
POSE = Schema(
    "head_pose",
    "frame",
    (
        *TRACK_KEYS,
        *(Column(name, "float32", "deg", name, "camera", resample="linear") for name in ("pitch", "yaw", "roll")),
        *(Column(name, "float32", "cm", name, "camera", resample="linear") for name in ("tx", "ty", "tz")),
    ),
    tracks="face",
)
GAZE = Schema(
    "gaze",
    "frame",
    (
        *TRACK_KEYS,
        *(Column(f"{eye}_{a}", "float32", "deg") for eye in ("left", "right") for a in ("pitch", "yaw")),
    ),
    tracks="face",
)
VOICE = Schema(
    "voice",
    "signal",
    (
        Column("time", "float64", "s", nullable=False),
        Column("f0", "float32", "Hz", "fundamental frequency", resample="mean"),
        Column("mfcc_00", "float32", "1", "cepstrum", resample="mean"),
    ),
)
WORDS = Schema("words", "interval", (*INTERVAL_KEYS, Column("word", "string"), Column("speaker", "string")))
SPEECH = Schema("speech", "interval", (*INTERVAL_KEYS, Column("text", "string"), Column("speaker", "string")))

#: 25 pictures a second for two seconds; person 0 is in all, person 1 in the second half.
TIMES = np.arange(50) / 25


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    made = FeatureStore.create(tmp_path / "store")
    recording = made.draft("clinic/anna_visit1")
    media = {"duration": 2.0, "video": {"width": 640, "height": 480}, "audio": None}
    info = {"id": recording.id, "path": "/secret/anna_visit1.mp4", "size": 9, "sha256": "ab" * 32, "media": media}
    (recording.path / "recording.json").write_text(
        json.dumps({**info, "status": "done", "error": None, "notes": ["anna"], "tables": {}, "seconds": 1.0})
    )

    def write(schema: Schema, **columns: object) -> None:
        write_table(recording.path / f"{schema.name}.parquet", schema, [schema.batch(columns)])

    frame = np.r_[np.arange(50), np.arange(25, 50)]
    track = np.r_[np.zeros(50, int), np.ones(25, int)]
    order = np.lexsort((track, frame))
    frame, track = frame[order], track[order]
    keys = {"frame": frame, "time": TIMES[frame], "track": track}
    rows = len(frame)
    write(FRAMES, frame=np.arange(50), time=TIMES)
    write(
        FACES,
        **keys,
        box_x=100.0 + 300 * track,
        box_y=np.full(rows, 50.0),
        box_width=np.full(rows, 80.0),
        box_height=np.full(rows, 100.0),
        score=np.full(rows, 0.9),
    )
    points = np.zeros((rows, 478, 3))
    points[..., 0] = np.arange(478) + 1000 * track[:, None]
    points[..., 1] = 2 * np.arange(478)
    write(LANDMARKS, **keys, points=points)
    write(
        POSE,
        **keys,
        pitch=np.full(rows, 10.0),
        yaw=np.full(rows, 20.0),
        roll=np.full(rows, 0.0),
        tx=np.full(rows, 1.0),
        ty=np.full(rows, -2.0),
        tz=np.full(rows, 60.0),
    )
    zero = np.zeros(rows)
    write(GAZE, **keys, left_pitch=zero, left_yaw=zero, right_pitch=zero, right_yaw=zero)
    write(
        VOICE,
        time=(np.arange(200) + 0.5) / 100,
        f0=np.r_[np.full(100, 200.0), np.full(100, np.nan)],
        mfcc_00=np.ones(200),
    )
    said = {"name": [None] * 2, "track": None, "target": None, "value": None, "confidence": [0.5, 0.9]}
    said |= {"start": [0.1, 1.0], "end": [0.4, 1.5], "source": ["asr", "asr"], "coverage": None}
    write(WORDS, **said, word=["Anna", 'say "hi", you'], speaker=["Dr Bo", "Anna"])
    write(SPEECH, **said, text=["Anna", "hi"], speaker=["Dr Bo", "Anna"])
    people = {"kind": ["face", "face"], "track": [0, 1], "person": [0, 1], "confidence": [1.0, 0.8]}
    people |= {"role": ["participant", "Uncle Jo"], "start": [0.0, 1.0], "end": [2.0, 2.0], "seconds": [2.0, 1.0]}
    write(PEOPLE, **people)
    made.index()
    return made
