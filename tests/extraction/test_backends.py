"""The GPU's way of working, taken on the CPU: the same tables as LiteRT's, within the stated tolerances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bitflow.extraction.plan import make_request
from bitflow.extraction.recording import Source, extract_recording
from bitflow.media import VideoReader
from bitflow.store import FeatureStore, Recording
from tests.composites import write_video
from tests.table_gaps import table_gaps

FACE = ("faces", "face_landmarks", "face_actions", "head_pose", "gaze", "frames")
ALL = (*FACE, "bodies", "hands")


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return tmp_path_factory.mktemp("backends")


def extract(
    stores: Path, path: Path, tables: tuple[str, ...], *settings: str, threads: int = 1, device: str = "cpu"
) -> tuple[Recording, tuple[str, ...]]:
    store = FeatureStore.create(stores / f"store{len(list(stores.iterdir()))}")
    request = make_request(extractors=tables, parameters=settings, device=device, threads=threads)
    outcome = extract_recording(store.path, Source(path.stem, path), request)
    assert outcome.error is None
    return store[path.stem], outcome.notes


@dataclass(frozen=True)
class Clip:
    """Part of a shared clip: what is in it, from which frame on, and how many."""

    name: str
    start: int
    count: int


@pytest.fixture(
    scope="module",
    params=[Clip("pyfeat_wolfgang.mp4", 40, 48), Clip("openwillis_baseline.mp4", 0, 24)],
    ids=["a hand comes up", "1080p"],
)
def part(request, shared_clip, tmp_path_factory) -> Path:
    clip: Clip = request.param
    with VideoReader(shared_clip(f"people/{clip.name}")) as reader:
        pictures = [frame.rgb() for frame, _ in zip(reader, range(clip.start + clip.count), strict=False)]
    return write_video(tmp_path_factory.mktemp("part") / clip.name, pictures[clip.start :])


def test_every_table_equals_litert_within_its_tolerance(part, stores, models_available):
    models_available("face_mesh_478", "face_blendshapes", "pose_landmarks_full", "hand_landmarks")
    one_by_one, notes = extract(stores, part, ALL, "faces.max_people=2")
    in_batches, other_notes = extract(stores, part, ALL, "faces.max_people=2", "inference.backend=onnx")
    with VideoReader(part) as reader:
        size = (reader.info.video.width, reader.info.video.height)
    figures = list(table_gaps(one_by_one, in_batches, size))
    # gaze is not known of a head that is turned away
    assert {figure.table for figure in figures} >= {*ALL} - {"frames", "gaze", "hands"}
    assert not [figure for figure in figures if not figure.holds]
    assert notes == other_notes
    # no model is behind this one: it is the same, byte for byte
    for name in ("frame", "time", "brightness", "motion_energy"):
        np.testing.assert_array_equal(
            one_by_one.file("frames").column(name), in_batches.file("frames").column(name), strict=True
        )


def test_people_side_by_side_are_the_same_people(shared_clip, models_available, stores, tmp_path):
    import cv2

    models_available("face_mesh_468")
    picture = cv2.cvtColor(cv2.imread(str(shared_clip("people/pyfeat_multi_face.jpg"))), cv2.COLOR_BGR2RGB)
    pictures = [np.ascontiguousarray(picture[t : t + 640, t : t + 960]) for t in range(14)]
    group = write_video(tmp_path / "group.mp4", pictures)
    settings = ("faces.max_people=10", "face_landmarks.model=mesh468")
    one_by_one, _ = extract(stores, group, ("faces", "face_landmarks", "gaze"), *settings)
    in_batches, _ = extract(stores, group, ("faces", "face_landmarks", "gaze"), *settings, "inference.backend=onnx")
    tracks = in_batches.file("faces").column("track")
    assert np.bincount(tracks).tolist() == [14] * 5
    ours, theirs = (each.file("face_landmarks").points()[..., :2] for each in (one_by_one, in_batches))
    np.testing.assert_allclose(ours, theirs, atol=3.0)  # px of 960


def test_results_in_batches_do_not_depend_on_the_number_of_threads(shared_clip, models_available, stores):
    clip = shared_clip("people/pyfeat_single_face.mp4")
    settings = ("inference.backend=onnx", "face_landmarks.model=mesh468")
    one, _ = extract(stores, clip, ("faces",), *settings)
    three, _ = extract(stores, clip, ("faces",), *settings, threads=3)
    for table in ("faces", "face_landmarks", "face_appearance"):
        assert one.file(table).path.read_bytes() == three.file(table).path.read_bytes()


def test_what_ran_the_models_is_in_the_provenance_and_makes_tables_stale(shared_clip, models_available, stores):
    clip = shared_clip("people/pyfeat_no_face.mp4")
    store = FeatureStore.create(stores / "provenance")

    def run(*settings: str) -> dict[str, int]:
        request = make_request(extractors=["faces", "head_pose", "frames"], parameters=settings, device="cpu")
        return dict(extract_recording(store.path, Source("p", clip), request).rows)

    assert {"faces", "frames"} <= run("inference.backend=litert").keys()
    assert run() == {}  # auto is the same
    again = run("inference.backend=onnx")
    assert "faces" in again
    assert "frames" not in again, "nothing of frames depends on a model"
    provenance = store["p"].file("faces").metadata["provenance"]
    assert provenance["device"] == "cpu"
    assert provenance["inference"] == {"backend": "onnx", "provider": "cpu", "tf32": False}
    assert provenance["decoder"] == "cpu"
    assert store["p"].file("frames").metadata["provenance"]["inference"] is None
    assert "onnxruntime" in store["p"].info["software"]


def test_the_way_of_a_gpu_end_to_end_with_the_cpu_standing_in_for_the_card(
    shared_clip, models_available, stores, monkeypatch
):
    from bitflow.inference import devices, onnx, providers, session, transfer

    opened: list[str] = []
    bind = transfer.Transfer.__init__

    def open_runtime(model, device, *arguments, **options):
        opened.append(str(model))
        return providers.open_runtime(model, "cpu", *arguments)[0], device

    card = devices.Device("cuda", "ONNX Runtime", True)
    monkeypatch.setattr(devices, "_built_for_cuda", lambda: True)
    monkeypatch.setattr(devices, "_onnx", lambda gpu="cuda": (card,))
    monkeypatch.setattr(onnx, "open_runtime", open_runtime)
    monkeypatch.setattr(
        transfer.Transfer,
        "__init__",
        lambda self, graph, inputs, outputs, device: bind(self, graph, inputs, outputs, ("cpu", 0)),
    )
    monkeypatch.setattr(session, "_shared", {})
    clip = shared_clip("people/pyfeat_single_face.mp4")
    settings = ("face_landmarks.model=mesh468", "inference.decoder=cpu", "inference.tensorrt=off")
    on_card, _ = extract(stores, clip, ("faces", "gaze"), *settings, device="auto", threads=3)
    assert on_card.file("faces").metadata["provenance"]["inference"]["provider"] == "cuda"
    # detector, mesh and iris, once each for all threads
    assert len(opened) == len(set(opened)) >= 3
    on_cpu, _ = extract(stores, clip, ("faces", "gaze"), *settings, "inference.backend=onnx")
    np.testing.assert_allclose(
        on_card.file("face_landmarks").points(), on_cpu.file("face_landmarks").points(), atol=1 / 16
    )
