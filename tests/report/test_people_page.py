"""The list of people and its page say what the tables say, corrections included, and no text of theirs is markup."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bitflow.cli.main import main
from bitflow.people import PEOPLE
from bitflow.report.people_page import write_people_page
from bitflow.report.people_seen import best_sights, people_seen
from bitflow.store import FeatureStore, Recording
from bitflow.tables import TRACK_KEYS, Column, Schema, write_table

FACES = Schema(
    "faces",
    "frame",
    (
        *TRACK_KEYS,
        *(Column(f"box_{p}", "float32", "px") for p in ("x", "y", "width", "height")),
        Column("quality", "float32"),
    ),
    tracks="face",
)

#: A red square moves over a blue picture; it is person 0's face.
RED, BLUE = (220, 20, 30), (10, 40, 200)


@pytest.fixture
def store(tmp_path: Path, ffmpeg) -> FeatureStore:
    video = ffmpeg(
        *(
            "-f",
            "lavfi",
            "-i",
            "color=0x0a28c8:s=320x240:r=25:d=6",
            "-f",
            "lavfi",
            "-i",
            "color=0xdc141e:s=60x60:r=25:d=6",
        ),
        *(
            "-filter_complex",
            "overlay=x='20*t':y=100:eval=frame",
            "-c:v",
            "libx264",
            "-crf",
            "10",
            "-pix_fmt",
            "yuv420p",
        ),
        tmp_path / "square.mp4",
    )
    made = FeatureStore.create(tmp_path / "store")
    recording = made.draft("p01/<script>alert(1)</script>")
    info = {"id": recording.id, "path": str(video), "status": "done", "error": None, "notes": [], "tables": {}}
    info["media"] = {"duration": 6.0}
    (recording.path / "recording.json").write_text(json.dumps(info))
    rows = {
        "kind": ["face", "face", "body", "speaker", "face"],
        "track": [0, 3, 0, 0, 4],
        "person": [0, 0, 0, 0, 1],
        "confidence": [1.0, 0.7, 0.9, 0.6, 0.8],
        "role": [None] * 5,
        "start": [0.0, 4.0, 0.0, 1.0, 2.0],
        "end": [2.0, 6.0, 6.0, 2.5, 3.0],
        "seconds": [2.0, 2.0, 5.5, 1.5, 1.0],
    }
    write_table(recording.path / "people.parquet", PEOPLE, [PEOPLE.batch(rows)])
    frames = np.arange(150)
    track = np.where(frames < 50, 0, np.where(frames < 100, 7, 3))
    columns = {"frame": frames, "time": frames / 25, "track": track}
    boxes = {"box_x": 20 * frames / 25, "box_y": 100.0 + 0 * frames, "box_width": 60.0 + 0 * frames}
    quality = np.linspace(0.1, 0.9, 150)
    faces = FACES.batch({**columns, **boxes, "box_height": 60.0 + 0 * frames, "quality": quality})
    write_table(recording.path / "faces.parquet", FACES, [faces])
    return made


@pytest.fixture
def recording(store: FeatureStore) -> Recording:
    return store[next(iter(store))]


def test_seconds_are_those_of_the_tracks(recording: Recording):
    first, second = people_seen(recording)
    assert (first.person, first.seen, first.heard, first.start, first.end) == (0, 5.5, 1.5, 0.0, 6.0)
    assert first.tracks == {"body": [0], "face": [0, 3], "speaker": [0]}
    assert first.confidence == pytest.approx(0.6)
    assert (second.person, second.seen, second.heard) == (1, 1.0, 0.0)


def test_thumbnails_are_the_best_moments_a_second_apart(recording: Recording):
    sights = best_sights(recording, people_seen(recording)[0], most=3)
    times = [sight.time for sight in sights]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(149 / 25)
    assert min(np.diff(times)) >= 1.0
    assert all(time < 2 or time >= 4 for time in times)  # track 7 is nobody's


def test_a_thumbnail_shows_the_box_in_its_middle(recording: Recording, tmp_path: Path):
    page = write_people_page([recording], tmp_path / "people.html", title="x").read_text()
    source = page.split('src="data:image/jpeg;base64,', 1)[1].split('"', 1)[0]
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(source), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    side = len(picture)
    middle, corner = picture[side // 2, side // 2].astype(int), picture[5, side - 5].astype(int)
    assert np.abs(middle - RED).max() < 25
    assert np.abs(corner - BLUE).max() < 25
    # The box is two thirds of the thumbnail.
    red = (picture[side // 2, :, 0] > 120).sum()
    assert red / side == pytest.approx(2 / 3, abs=0.04)


def test_ids_and_roles_are_text_on_the_page(store: FeatureStore, tmp_path: Path):
    name = next(iter(store))
    page = tmp_path / "people.html"
    assert main(["people", str(store.path), name, "--role", "0=<img src=x onerror=alert(1)>", "--page", str(page)]) == 0
    text = page.read_text()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert 'src="http' not in text


def test_a_page_without_the_video_says_so(recording: Recording, tmp_path: Path):
    assert recording.source is not None
    recording.source.unlink()
    page = write_people_page([recording], tmp_path / "people.html", title="x").read_text()
    assert "is not there any more, so there are no pictures" in page
    assert "Person 0" in page


def test_the_command_lists_and_corrects(store: FeatureStore, capsys: pytest.CaptureFixture[str]):
    name, path = next(iter(store)), str(store.path)
    assert main(["people", path, name, "--merge", "0,1", "--role", "0=participant", "--json"]) == 0
    (person,) = json.loads(capsys.readouterr().out)["recordings"][name]
    assert (person["person"], person["role"], person["corrected"]) == (0, "participant", True)
    assert main(["people", path, name, "--split", "face:4"]) == 0
    assert "face 4" in capsys.readouterr().out.splitlines()[-2]
    assert main(["people", path, name, "--forget", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["recordings"][name]) == 2


def test_of_several_corrections_none_is_kept_when_one_makes_no_sense(
    store: FeatureStore, capsys: pytest.CaptureFixture[str]
):
    name, path = next(iter(store)), str(store.path)
    assert main(["people", path, name, "--role", "1=parent"]) == 0
    assert main(["people", path, name, "--merge", "0,1", "--role", "7=x"]) == 2
    assert "there is no person 7; there are: 0" in capsys.readouterr().err
    roles = {person.person: person.role for person in people_seen(store[name])}
    assert roles == {0: None, 1: "parent"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--merge", "a,1"], "'a' is not a number"),
        (["--merge", "0"], "at least two persons"),
        (["--split", "face3"], "name tracks by kind and number"),
        (["--split", "face:9"], "there is no face track 9"),
        (["--role", "interviewer"], "name a person and a role"),
    ],
)
def test_a_correction_that_cannot_be_read_is_told(
    store: FeatureStore, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
):
    assert main(["people", str(store.path), *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_recording_without_a_people_table_is_named(store: FeatureStore, capsys: pytest.CaptureFixture[str]):
    other = store.draft("later")
    (other.path / "recording.json").write_text('{"id": "later", "path": null, "status": "done", "notes": []}')
    assert main(["people", str(store.path)]) == 0
    assert "'later' has no table 'people'" in capsys.readouterr().err
    assert main(["people", str(store.path), "later"]) == 2
