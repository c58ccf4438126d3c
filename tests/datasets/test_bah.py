"""BAH's files: traps named in its split lines, segments with gaps, frame labels, consent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.datasets import bah
from bitflow.datasets.labels import read_labels
from bitflow.errors import UsageError


def line(who=82725, question=1, label=0, said="Well, I get up.", day="2024-11-19", clock="_15-12-23", suffix=""):
    return f"Videos/{who}/Visite_1/{who}_Question_{question}_{day}{clock}_Video{suffix}.mp4,{label},{said}"


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=("Cs",))), st.integers(0, 1))
def test_a_transcript_keeps_every_comma(said, label):
    (answer,) = bah.parse_split(line(label=label, said=said), "train", "train.txt")
    assert answer.transcript == said.strip()
    assert answer.label == label


@pytest.mark.parametrize(("clock", "suffix"), [("_15-12-23", ""), (" 15-12-23", ""), ("_15-12-23", "-DESKTOP-NQ55E0P")])
def test_all_spellings_of_a_file_name_are_read(clock, suffix):
    (answer,) = bah.parse_split(line(question=7, clock=clock, suffix=suffix), "val", "val.txt")
    assert (answer.participant, answer.question, answer.visit) == ("82725", 7, "Visite_1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Videos/1/Visite_1/x.mp4,1,hello", "line 1"),
        (line(label=2), "label 0 or 1"),
        ("no commas at all", "path,label,transcript"),
        (line().replace("Videos/82725", "Videos/82726"), "different participants"),
        ("\n\n", "holds no videos"),
    ],
)
def test_a_line_that_is_none_of_bah_is_refused_with_its_number(text, says):
    with pytest.raises(UsageError, match=says):
        bah.parse_split(text, "train", "train.txt")


def test_a_participant_in_two_splits_is_refused_and_named(tmp_path):
    (tmp_path / "train.txt").write_text(line() + "\n" + line(1, 2, 1), encoding="utf-8")
    (tmp_path / "val.txt").write_text(line(question=3), encoding="utf-8")
    with pytest.raises(UsageError, match=r"82725 \(train and val\).*--allow-leak"):
        bah.read_bah(tmp_path)
    assert bah.read_bah(tmp_path, allow_leak=True).labels().shared_groups() == {"82725": ["train", "val"]}


def test_the_shipped_splits_are_release_one_and_share_nobody(shared_clip, tmp_path):
    folder = shared_clip("bah/train.txt").parent
    found = bah.read_bah(folder)
    assert found.release == "v1"
    assert {name: len(found.split(name)) for name in ("train", "val")} == {"train": 616, "val": 110}
    assert "none" in found.sentences()[-2]
    labels = found.labels()
    assert labels.recordings[0] == found.answers[0].path.removesuffix(".mp4")
    labels.write(tmp_path / "labels.csv")
    again = read_labels(tmp_path / "labels.csv")
    assert (again.recordings, again.values, again.groups) == (labels.recordings, labels.values, labels.groups)
    assert again.covariates["transcript"] == labels.covariates["transcript"]
    assert labels.described()["splits"]["train"]["participants"] == 143
    assert sum(labels.split("train")) == 616


def test_runs_join_only_where_frames_follow_each_other(tmp_path):
    path = tmp_path / "segments.csv"
    rows = ["a.mp4,0,0,10,0,9", "a.mp4,1,1,5,10,14", "a.mp4,2,1,5,15,19", "a.mp4,3,1,5,30,34"]
    path.write_text("video,segment_id,label,num_frames,start_frame,end_frame\n" + "\n".join(rows), encoding="utf-8")
    runs = bah.read_segments(path)["a.mp4"]
    assert runs == [bah.FrameRun(0, 0, 9), bah.FrameRun(1, 10, 19), bah.FrameRun(1, 30, 34)]
    times = np.arange(40) / 25.0
    times[20:] += 5.0  # the camera paused: dividing by a rate would be 5 s off
    intervals = bah.run_intervals(runs, times)
    assert intervals[1][1].end == pytest.approx(times[20])
    assert intervals[2][1].start == pytest.approx(times[30])
    with pytest.raises(UsageError, match="the video has 20"):
        bah.run_intervals(runs, times[:20])


def test_a_segment_that_is_no_run_is_refused_by_line(tmp_path):
    path = tmp_path / "segments.csv"
    path.write_text("video,segment_id,label,num_frames,start_frame,end_frame\na,0,1,9,0,9\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 2"):
        bah.read_segments(path)


def test_frame_labels_and_consent_come_from_yaml_and_nothing_is_executed(tmp_path):
    pytest.importorskip("yaml", reason="PyYAML reads BAH's annotation files (extra train)")
    path = tmp_path / "video_annotation.yaml"
    path.write_text("a.mp4:\n  frame_annotation: [[0, 0], [1, 1], [2, 1]]\n", encoding="utf-8")
    labels = bah.read_frame_labels(path)["a.mp4"]
    assert bah.frame_runs(labels) == [bah.FrameRun(0, 0, 0), bah.FrameRun(1, 1, 2)]
    path.write_text("a.mp4: !!python/object/apply:os.system ['touch /tmp/never']\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not readable YAML"):
        bah.read_frame_labels(path)
    meta = tmp_path / "meta_data.yml"
    meta.write_text("1: {consent_publish: true}\n2: {consent_publish: false}\n3: {age: 20}\n", encoding="utf-8")
    assert bah.read_consent(meta, "consent_publish") == {"1"}
