"""A store of known contents, its report, and a browser to look at it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bitflow.events.table import EVENTS
from bitflow.measures.records import MEASURES, Record, record_batch
from bitflow.report.site import write_report
from bitflow.store import FeatureStore, Recording, open_store
from bitflow.tables import INTERVAL_KEYS, TIME, TRACK_KEYS, Column, Schema

RATE, SECONDS, SIZE = 25, 8, (640, 360)
EVIL = '<script>window.pwned = "words"</script>'
EVIL_ID = "<img src=x onerror=window.pwned='id'>"

POINTS = Schema(
    "face_landmarks", "frame", (*TRACK_KEYS, Column("points", "float32", "px", shape=(4, 3))), tracks="face"
)
POSE = Schema(
    "head_pose", "frame", (*TRACK_KEYS, *(Column(n, "float32", "deg") for n in ("pitch", "yaw", "roll"))), tracks="face"
)
PHYSIOLOGY = Schema("eda", "signal", (TIME, Column("eda", "float64", "uS")))
WORDS = Schema("words", "interval", (*INTERVAL_KEYS, Column("word", "string"), Column("speaker", "string")))

MADE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}


def place_at(frame: np.ndarray) -> np.ndarray:
    """Where the small square that stands for a face is in a frame, ``(n, 2)`` px."""
    return np.stack([60.0 + 2.5 * frame, 80.0 + 0.5 * frame], axis=1)


def intervals(schema: Schema, starts: list[float], ends: list[float], **columns: Any) -> Any:
    """Rows of an interval table; columns that are not given are missing."""
    given = {"start": starts, "end": ends, **columns}
    tracks = {"track": np.full(len(starts), -1), "target": np.full(len(starts), -1), "person": np.full(len(starts), -1)}
    return schema.batch({name: given.get(name, tracks.get(name)) for name in schema.names})


def fill(recording: Recording, clip: Path | None, yaw: float = 10.0) -> None:
    """Eight seconds: a square that moves, yaw that rises, three words, two blinks, a spike in a long signal."""
    facts = {} if clip is None else {"path": str(clip)}
    stream = {"width": SIZE[0], "height": SIZE[1], "average_rate_hz": RATE}
    facts["media"] = {"duration": float(SECONDS), "video": stream if clip else None}
    frames = np.arange(RATE * SECONDS)
    keys = {"frame": frames, "time": frames / RATE, "track": np.zeros(len(frames), int)}
    corners = np.array([[-8, -8], [8, -8], [8, 8], [-8, 8]])
    points = np.zeros((len(frames), 4, 3), np.float32)
    points[..., :2] = place_at(frames)[:, None] + corners

    def write(schema: Schema, batch: Any) -> None:
        recording.write(schema, [batch], provenance=MADE, facts=facts, notes=["a <b>note</b>"])

    write(POINTS, POINTS.batch({**keys, "points": points}))
    zero = np.zeros(len(frames))
    write(POSE, POSE.batch({**keys, "pitch": zero, "yaw": yaw * frames / len(frames), "roll": zero}))
    times = np.arange(200_000) * SECONDS / 200_000
    write(PHYSIOLOGY, PHYSIOLOGY.batch({"time": times, "eda": np.where(np.arange(200_000) == 123_456, 50.0, 1.0)}))
    words = intervals(WORDS, [1, 2, 3], [1.5, 2.5, 3.5], word=["first", EVIL, "third"], speaker=["S1", "S1", "S1"])
    write(WORDS, words)
    write(EVENTS, intervals(EVENTS, [2.0, 5.0], [2.2, 5.2], name=["blink", "blink"]))
    none = (float("nan"), float("nan"))
    whole, who = (0.0, float(SECONDS), 200), (recording.id, "0")
    records = [
        Record(*who, "head_yaw_mean_deg", yaw / 2, "deg", *whole, 8.0, 1.0, 4.0, 6.0, "ok", "", "1", "x"),
        Record(
            *who, "face_coverage_fraction", yaw / 100, "1", *whole, 8.0, 1.0, *none, "ok", "ci_none_counted", "1", "x"
        ),
        Record(recording.id, "", "audio_snr_db", none[0], "dB", *whole, 0, 0, *none, "undefined", "no_audio", "1", "x"),
    ]
    write(MEASURES, record_batch(records))


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., Path]) -> Path:
    """Eight seconds at 25 frames a second in H.264, each frame a grey of its own."""
    path = tmp_path_factory.mktemp("clip") / "clip & co.mp4"
    return ffmpeg(
        *("-f", "lavfi", "-i", f"color=black:size=32x18:rate={RATE}:duration={SECONDS}"),
        *("-vf", "geq=lum='N+20':cb=128:cr=128,scale=640:360:flags=neighbor"),
        *("-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p", "-g", "25", path),
    )


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> FeatureStore:
    """Three recordings: one with a clip, one with a bad name and no clip, one simulated."""
    store = FeatureStore.create(tmp_path_factory.mktemp("store") / "features")
    fill(store.draft("talk"), clip, 20.0)
    fill(store.draft(EVIL_ID), None, 10.0)
    fill(store.draft("played"), None, 30.0)
    path = store.path / "played" / "recording.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "simulated": True}))
    return open_store(store.path)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, store: FeatureStore) -> Path:
    """The report's folder."""
    return write_report(store, tmp_path_factory.mktemp("report") / "report").parent


def _driver() -> ModuleType:
    path = Path(__file__).with_name("browser.py")
    spec = importlib.util.spec_from_file_location("bitflow_test_browser", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium."""
    driver = _driver()
    if driver.program() is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    with driver.Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened
