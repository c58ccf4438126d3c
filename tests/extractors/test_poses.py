"""Poses of a simulated animal by a network that was trained on its pictures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import av
import numpy as np
import pytest

from bitflow.cli.main import main
from bitflow.errors import AssetError, UsageError
from bitflow.extractors.poses import Poses
from bitflow.poses import read_poses
from bitflow.store import open_store

_spec = importlib.util.spec_from_file_location("pose_network", Path(__file__).with_name("pose_network.py"))
network = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(network)

TIMES = 100 + np.arange(40) / 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of pictures that the networks have not seen, two networks, and the names."""
    folder = tmp_path_factory.mktemp("poses")
    with av.open(str(folder / "cage.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "8"})
        stream.width = stream.height = network.SIDE
        stream.pix_fmt = "yuv420p"
        for picture in network.pictures(network.points_at(TIMES), 7):
            frame = av.VideoFrame.from_ndarray(np.repeat(picture[..., None], 3, axis=2), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    network.trained(folder / "with_offsets.onnx", offsets=True)
    network.trained(folder / "maps.onnx", offsets=False)
    (folder / "names.txt").write_text("\n".join(network.NAMES) + "\n")
    return folder


@pytest.mark.parametrize(("model", "error"), [("with_offsets.onnx", 0.9), ("maps.onnx", 1.4)])
def test_points_are_found_between_the_cells(folder, tmp_path, model, error):
    arguments = [str(folder / "cage.mp4"), "-o", str(tmp_path), "--pose-model", str(folder / model)]
    assert main(["extract", *arguments, "--keypoints", str(folder / "names.txt"), "--device", "cpu"]) == 0
    recording = open_store(tmp_path)["cage"]
    poses = read_poses(recording)
    assert recording.tables == ("frames", "poses")
    assert poses.facts.keypoints == network.NAMES
    assert poses.facts.image_size == (network.SIDE, network.SIDE)
    assert poses.rate == pytest.approx(25.0)
    off = np.linalg.norm(poses.points[:, 0] - network.points_at(TIMES), axis=-1)
    assert np.median(off) < error / 2  # cells are 8 px wide
    assert np.percentile(off, 95) < error
    assert (poses.confidence > 0.2).all()


def test_another_size_of_picture_gives_the_same_places_in_its_px(folder, tmp_path):
    model = folder / "fixed.onnx"
    content = (folder / "with_offsets.onnx").read_bytes()
    assert content.count(b"\x12\x01h") == 1
    # The free height and width become 160 px, and the picture is twice as large.
    fixed = content.replace(b"\x12\x01h", b"\x08\xa0\x01", 1).replace(b"\x12\x01w", b"\x08\xa0\x01", 1)
    model.write_bytes(fixed)
    clip = folder / "large.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "8"})
        stream.width = stream.height = 2 * network.SIDE
        stream.pix_fmt = "yuv420p"
        for picture in network.pictures(network.points_at(TIMES[:5]), 7):
            large = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)
            frame = av.VideoFrame.from_ndarray(np.repeat(large[..., None], 3, axis=2), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    arguments = [str(clip), "-o", str(tmp_path), "--pose-model", str(model)]
    assert main(["extract", *arguments, "--keypoints", str(folder / "names.txt"), "--device", "cpu"]) == 0
    found = read_poses(open_store(tmp_path)["large"]).points[:, 0]
    truth = 2 * network.points_at(TIMES[:5]) + 0.5  # pixel n became pixels 2n and 2n + 1
    assert np.median(np.linalg.norm(found - truth, axis=-1)) < 1.2


def test_a_network_of_other_keypoints_is_refused_before_anything_is_read(folder):
    names = folder / "three.txt"
    names.write_text("nose\nneck\ntail\n")
    with pytest.raises(AssetError, match="maps of 3 keypoints were expected"):
        Poses(model=str(folder / "maps.onnx"), keypoints=str(names)).resolve(frozenset({"poses"}))


@pytest.mark.parametrize("keypoints", [10, 20])
def test_as_many_keypoints_as_a_map_has_columns_are_told_apart(folder, tmp_path, keypoints):
    names = tmp_path / "names.txt"
    names.write_text("\n".join([*network.NAMES, *(f"p{n}" for n in range(2, keypoints))]))
    model = network.trained(
        tmp_path / "wide.onnx", offsets=False, spare=keypoints - 2
    )  # of pictures 160 px wide the maps are 20 by 20
    arguments = [str(folder / "cage.mp4"), "-o", str(tmp_path / "store"), "--pose-model", str(model)]
    assert main(["extract", *arguments, "--keypoints", str(names), "--device", "cpu"]) == 0
    points = read_poses(open_store(tmp_path / "store")["cage"]).points[:, 0, :2]
    assert np.median(np.linalg.norm(points - network.points_at(TIMES), axis=-1)) < 0.7


def test_what_is_missing_is_named(folder, capsys):
    with pytest.raises(UsageError, match="--pose-model"):
        Poses().resolve(frozenset())
    with pytest.raises(AssetError, match="no such ONNX file"):
        Poses(model="nowhere.onnx", keypoints=str(folder / "names.txt")).resolve(frozenset())
    assert main(["extract", str(folder / "cage.mp4"), "--pose-model", str(folder / "maps.onnx")]) == 2
    assert "belong together" in capsys.readouterr().err


def test_another_list_of_names_makes_the_table_anew(folder):
    names = folder / "renamed.txt"
    names.write_text("snout\ntail_base\n")
    one, other = (
        Poses(model=str(folder / "maps.onnx"), keypoints=str(path)).resolve(frozenset())
        for path in (folder / "names.txt", names)
    )
    assert one.sha256 != other.sha256
