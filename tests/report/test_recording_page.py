"""The page of one recording: what it shows is what the tables hold, and it needs nothing but itself."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bitflow.errors import MediaError
from bitflow.report.recording_page import MAX_PICTURES, MAX_WIDTH, write_recording_page
from bitflow.store import FeatureStore, Recording
from bitflow.tables import TIME, TRACK_KEYS, Column, Schema, write_table

POINTS = Schema(
    "face_landmarks",
    "frame",
    (*TRACK_KEYS, Column("points", "float32", "px", shape=(5, 3))),
    tracks="face",
)
POSE = Schema("head_pose", "frame", (*TRACK_KEYS, Column("yaw", "float32", "deg")), tracks="face")


class Tags(HTMLParser):
    """Gathers tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., Path]) -> Path:
    """Eight seconds at 25 frames a second, 1280 px wide, each frame a grey of its own: 4 levels brighter a frame."""
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    return ffmpeg(
        *("-f", "lavfi", "-i", "color=black:size=32x18:rate=25:duration=8"),
        *(
            "-vf",
            "geq=lum='mod(N,50)*4+16':cb=128:cr=128,scale=1280:720:flags=neighbor",
            "-c:v",
            "ffv1",
            "-pix_fmt",
            "yuv420p",
            path,
        ),
    )


@pytest.fixture
def recording(tmp_path: Path, clip: Path) -> Recording:
    """A recording with a mesh and a head pose in every frame but those of the fourth second."""
    store = FeatureStore.create(tmp_path / "features")
    made = store.draft("one")
    shutil.copy(clip, tmp_path / "one.mkv")
    info = {"id": "one", "path": str(tmp_path / "one.mkv"), "status": "done", "error": None, "notes": ["a <note>"]}
    (made.path / "recording.json").write_text(json.dumps(info))
    frames = np.array([frame for frame in range(200) if not 75 <= frame < 100])
    keys = {"frame": frames, "time": frames / 25, "track": np.zeros(len(frames), int)}
    points = np.arange(15, dtype=np.float32).reshape(5, 3) * 7.3 + frames[:, None, None]
    write_table(made.path / "face_landmarks.parquet", POINTS, [POINTS.batch({**keys, "points": points})])
    write_table(made.path / "head_pose.parquet", POSE, [POSE.batch({**keys, "yaw": frames / 10})])
    return made


def written(recording: Recording, page: Path, **options: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The page, its pictures and its plot."""
    html = write_recording_page(recording, page, **options).read_text()
    data = {
        name: json.loads(line.removeprefix(f"const {name} = ").removesuffix(";"))
        for name in ("pictures", "plot")
        for line in html.splitlines()
        if line.startswith(f"const {name} = ")
    }
    return html, data["pictures"], data["plot"]


def test_landmarks_lie_on_the_frame_from_which_they_were_measured(recording: Recording, tmp_path: Path) -> None:
    _, pictures, _ = written(recording, tmp_path / "index.html")
    scale = pictures["width"] / 1280
    assert pictures["width"] == MAX_WIDTH
    assert 90 <= len(pictures["frames"]) <= MAX_PICTURES
    for shown in pictures["frames"]:
        frame = round(shown["time"] * 25)
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(shown["jpeg"]), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture.shape == (pictures["height"], pictures["width"])
        assert abs(picture.mean() - frame % 50 * 4 * 255 / 219) < 3
        if 75 <= frame < 100:
            assert shown["layers"] == [[]]
            continue
        points = np.frombuffer(base64.b64decode(shown["layers"][0][0]), "<i2").reshape(-1, 2) / pictures["tenths"]
        expected = (np.arange(15).reshape(5, 3)[:, :2] * 7.3 + frame) * scale
        np.testing.assert_allclose(points, expected, atol=0.051)


def test_a_line_holds_the_tables_values_and_breaks_where_nothing_was_measured(
    recording: Recording, tmp_path: Path
) -> None:
    _, _, plot = written(recording, tmp_path / "index.html")
    (line,) = plot["data"]
    values = dict(zip(line["x"], line["y"], strict=True))
    assert values[1.0] == 2.5
    assert values[7.96] == pytest.approx(19.9)
    missing = [time for time, value in values.items() if value is None]
    assert missing == [3.0]
    assert plot["layout"]["yaxis"]["title"]["text"] == "head yaw (deg)"


def test_a_signal_that_never_moves_is_not_drawn(recording: Recording, tmp_path: Path) -> None:
    voice = Schema("voice", "signal", (TIME, Column("loudness", "float32", "dB"), Column("f0", "float32", "Hz")))
    time = np.arange(800) / 100
    silent = voice.batch({"time": time, "loudness": np.full(800, -120.0), "f0": np.full(800, np.nan)})
    write_table(recording.path / "voice.parquet", voice, [silent])
    assert len(written(recording, tmp_path / "index.html")[2]["data"]) == 1
    heard = voice.batch({"time": time, "loudness": np.sin(time), "f0": np.where(time < 4, 200 + time, np.nan)})
    write_table(recording.path / "voice.parquet", voice, [heard])
    plot = written(recording, tmp_path / "index.html")[2]
    assert len(plot["data"]) == 3
    assert plot["layout"]["yaxis3"]["title"]["text"] == "pitch of the voice (Hz)"


def test_the_page_needs_no_other_file_and_no_network(recording: Recording, tmp_path: Path) -> None:
    html, _, _ = written(recording, tmp_path / "index.html")
    parser = Tags()
    parser.feed(html)
    assert [tag for tag, attributes in parser.tags if {"src", "href"} & set(attributes)] == []
    assert len([tag for tag, _ in parser.tags if tag == "script"]) == 2


def test_text_from_outside_stays_text(recording: Recording, tmp_path: Path) -> None:
    html, _, _ = written(recording, tmp_path / "index.html", title="</script><script>alert(1)</script>", origin="<b>")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "a &lt;note&gt;" in html


def test_a_recording_whose_file_is_gone_says_so(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "one.mkv").unlink()
    with pytest.raises(MediaError, match=r"one\.mkv: the recording's file is not there"):
        write_recording_page(recording, tmp_path / "index.html")
