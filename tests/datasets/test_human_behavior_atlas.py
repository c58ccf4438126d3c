"""The Human Behavior Atlas: rows in and out, descriptors, and a store in that form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bitflow.cli.main import main
from bitflow.datasets.human_behavior_atlas.descriptors import (
    PARTS,
    POOLED,
    pooled_audio,
    pooled_video,
    read_descriptors,
)
from bitflow.datasets.human_behavior_atlas.manifest import (
    describe,
    groups_of,
    read_manifest,
    shared_groups,
    write_manifest,
)
from bitflow.datasets.human_behavior_atlas.vocabulary import ATLAS
from bitflow.errors import SchemaError, UsageError


def row(dataset="cremad", answer="sad", task="emotion_cls", **more):
    """A row with one video, unless told otherwise."""
    media = {"images": [], "videos": ["v/1001_a.mp4"], "audios": [], "texts": []} | {
        name: more.pop(name) for name in ("images", "videos", "audios", "texts") if name in more
    }
    tags = "<video>" * len(media["videos"]) + "<audio>" * len(media["audios"]) + "<image>" * len(media["images"])
    question = "Which emotion? Answer with one word from the following: anger, sad, happy."
    signature = "_".join(["text", *(name[:-1] for name in ("videos", "audios", "images") if media[name])])
    return {
        "problem": f"{tags}\nit is over\nThe above is a clip. {question}",
        "answer": answer,
        **media,
        "dataset": dataset,
        "modality_signature": signature,
        "ext_video_feats": [],
        "ext_audio_feats": [],
        "task": task,
        "class_label": answer if task.endswith("_cls") else "",
        **more,
    }


#: Every signature, every task of the atlas.
ROWS = [
    row(),
    row(videos=["v/1002_b.mp4"], audios=["a/1002_b.wav"]),
    row("tess", "pleasant surprise", videos=[], audios=["OAF_back.wav"]),
    row("mosei_senti", "Highly Positive", "sentiment_cls", videos=["m/1.mp4"], audios=["m/1.wav"]),
    row("meld_senti", "neutral", "sentiment_cls", videos=["dia12_utt3.mp4"]),
    row("chsimsv2", "weakly negative", "sentiment_cls", videos=["c/1.mp4"]),
    row("daicwoz", "depression", "depression_cls", videos=[], audios=["daic/301_AUDIO.wav"]),
    row("mmpsy_anxiety", "no anxiety", "anxiety_cls", videos=[]),
    row("ptsd_in_the_wild", "ptsd", "ptsd_cls", videos=["p/1.mp4"]),
    row("mmsd", "sarcasm", "sarcasm_cls", videos=[], images=["i/1.jpg"]),
    row("urfunny", "humor", "humour_cls", videos=["u/1.mp4"]),
    row("siq2", "Because he is shy.", "social_qa", videos=["s/1.mp4"]),
]


def manifest(path: Path, rows=ROWS) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return path


def test_there_are_25_classes_in_the_atlas_order():
    assert len(ATLAS.classes) == 25
    assert [
        ATLAS.label(*pair).index for pair in [("meld_senti", "neutral"), ("tess", "Surprised"), ("mmsd", "sarcasm")]
    ] == [3, 14, 22]
    with pytest.raises(SchemaError, match="do you mean 'sad'"):
        ATLAS.label("tess", "sadd")
    with pytest.raises(SchemaError, match="unknown data set 'tes'; do you mean 'tess'"):
        ATLAS.label("tes", "sad")


def test_write_read_write_gives_the_same_bytes(tmp_path):
    first = list(read_manifest(manifest(tmp_path / "a.jsonl")))
    write_manifest(tmp_path / "b.jsonl", first)
    write_manifest(tmp_path / "c.jsonl.gz", read_manifest(tmp_path / "b.jsonl"))
    again = list(read_manifest(tmp_path / "c.jsonl.gz"))
    write_manifest(tmp_path / "d.jsonl", again)
    assert (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "d.jsonl").read_bytes()
    assert [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()] == ROWS


def test_a_sample_knows_its_options_transcript_subject_and_what_is_not_there(tmp_path):
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "1001_a.mp4").touch()
    samples = list(read_manifest(manifest(tmp_path / "a.jsonl")))
    assert samples[0].options == ("anger", "sad", "happy")
    assert samples[0].transcript == "it is over"
    assert samples[0].missing == ()
    assert samples[1].missing == ("v/1002_b.mp4", "a/1002_b.wav")
    assert [sample.group for sample in samples[:5]] == [
        "cremad:1001",
        "cremad:1002",
        "tess:OAF",
        None,
        "meld_senti:dia12",
    ]
    assert samples[6].group == "daicwoz:301"
    assert samples[9].modalities == ("text", "image")


def test_what_was_found_is_counted(tmp_path):
    found = describe(read_manifest(manifest(tmp_path / "a.jsonl")))
    assert (found.samples, found.by_dataset["cremad"], found.by_signature["text"]) == (12, 2, 1)
    assert found.labels["tess"] == {"surprise": 1}
    assert found.ungrouped == 7


def test_splits_by_people_are_refused_where_nobody_can_know_them(tmp_path):
    samples = list(read_manifest(manifest(tmp_path / "a.jsonl")))
    with pytest.raises(UsageError, match="mosei_senti"):
        groups_of(samples)
    assert len(set(groups_of(samples, allow_ungrouped=True))) == 12
    assert shared_groups({"train": samples[:2], "test": samples[1:3]}) == {("train", "test"): ("cremad:1002",)}


@pytest.mark.parametrize("path", ["../secret.mp4", "/etc/passwd", "a/../../b.mp4", "C:\\x.mp4", "\\\\host\\x.mp4", ""])
def test_a_path_out_of_the_manifests_folder_is_refused(path, tmp_path):
    with pytest.raises(SchemaError, match="line 1"):
        list(read_manifest(manifest(tmp_path / "a.jsonl", [row(videos=[path])])))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "emotion"}, "_cls or _qa"),
        ({"answer": "melancholy"}, "unknown label"),
        ({"problem": "no tag"}, "0 tags <video>"),
        ({"problem": 3}, "must be a text"),
        ({"videos": [3]}, "is no path"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_line(change, said, tmp_path):
    with pytest.raises(SchemaError, match=said) as caught:
        list(read_manifest(manifest(tmp_path / "a.jsonl", [row(), row() | change])))
    assert "line 2" in str(caught.value)


def test_parquet_media_stay_in_the_file_until_asked_for(tmp_path):
    rows = [each | {"videos": [b"film"] * len(each["videos"]), "audios": [], "images": []} for each in ROWS[:1]]
    table = pa.Table.from_pylist([{k: v for k, v in each.items() if k != "texts"} for each in rows])
    table = table.set_column(
        table.schema.get_field_index("videos"), "videos", pa.array([[b"film"]], pa.list_(pa.binary()))
    )
    pq.write_table(table, tmp_path / "test-0.parquet")
    (sample,) = read_manifest(tmp_path)
    assert sample.media["videos"][0].read() == b"film"
    assert sample.label.text == "sad"


def test_pooled_points_have_the_length_that_adapters_take():
    points = {name: np.ones((4, n, 3), np.float32) for name, n in PARTS.items() if name != "left_hand"}
    points["pose"][1:] = 3
    pooled = pooled_video(points)
    assert len(pooled) == POOLED == 3318
    assert pooled[0] == 2.5
    assert pooled[POOLED // 2] == pytest.approx(np.std([1, 3, 3, 3]))
    hand = 3 * (PARTS["pose"] + PARTS["face"])
    assert np.isnan(pooled[hand : hand + 63]).all()
    assert np.linalg.norm(pooled_audio(np.array([[3.0, 4.0]], np.float32))) == pytest.approx(1)


def test_descriptors_of_another_shape_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", pose=np.zeros((5, 32, 3)))
    with pytest.raises(SchemaError, match=r"'pose' is \(T, 33, 2 or 3\), not \(5, 32, 3\)"):
        read_descriptors(tmp_path / "a.npz", "video")
    np.savez(tmp_path / "b.npz", features=np.zeros((2, 3, 4)))
    with pytest.raises(SchemaError, match="features"):
        read_descriptors(tmp_path / "b.npz", "audio")
    np.savez(tmp_path / "c.npz", pose=np.array([object()]))
    with pytest.raises(SchemaError, match="plain arrays"):
        read_descriptors(tmp_path / "c.npz", "video")


class Hostile:
    """Runs a command when it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("pwned"),))


def test_a_hostile_pt_file_is_refused_and_nothing_runs(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason="PyTorch reads .pt files (extra `train`)")
    monkeypatch.chdir(tmp_path)
    torch.save({"features": Hostile()}, tmp_path / "bad.pt")
    with pytest.raises(SchemaError, match="nothing else is loaded"):
        read_descriptors(tmp_path / "bad.pt", "audio")
    assert not (tmp_path / "pwned").exists()
    torch.save({"features": torch.ones(6373)}, tmp_path / "good.pt")
    assert read_descriptors(tmp_path / "good.pt", "audio")["features"].shape == (1, 6373)


def test_a_simulated_store_leaves_as_rows_that_read_back(tmp_path, capsys):
    store, out = tmp_path / "features", tmp_path / "atlas"
    assert main(["simulate", "person", "-o", str(store), "--duration", "20"]) == 0
    capsys.readouterr()
    recording = next(path.name for path in store.iterdir() if path.is_dir())
    labels = tmp_path / "labels.csv"
    labels.write_text(f"recording,label,participant\n{recording},1,p1\nghost,0,p2\n")
    arguments = ["export", str(store), "-o", str(out), "--format", "hba", "--labels", str(labels)]
    assert main([*arguments, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "ghost" in told["failed"]
    assert told["files"] == {"all.jsonl": 1, "label_map.json": 27}
    known = ATLAS.extended("ambivalence", "ambivalence", ("no ambivalence", "ambivalence"))
    (sample,) = read_manifest(out / "all.jsonl", labels=known)
    assert (sample.answer, sample.label.index, sample.group, sample.missing) == ("ambivalence", 26, "p1", ())
    audio = read_descriptors(out / sample.descriptors["ext_audio_feats"][0], "audio")["features"]
    told = json.loads((out / sample.descriptors["ext_audio_feats"][0]).with_suffix(".json").read_text())
    assert audio.shape[1] == len(told["names"])
