"""Converted files: made once, told apart by what they were made from and how, never half there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import onnxruntime
import pytest

from bitflow.errors import AssetError
from bitflow.inference.conversion import convert, converted

UNIT = (1 / 255, 0.0)


@pytest.fixture
def graph(models_available, tmp_path, monkeypatch):
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path / "cache"))
    return models_available("hand_recrop")["hand_recrop"]


def test_a_file_is_converted_once(graph, monkeypatch):
    made = converted(graph, normalise=UNIT)
    assert made.read_bytes() == convert(graph.read_bytes(), str(graph), UNIT)
    monkeypatch.setattr("bitflow.inference.conversion.files.convert", lambda *rest: pytest.fail("converted again"))
    assert converted(graph, normalise=UNIT) == made


def test_options_and_versions_have_files_of_their_own(graph, monkeypatch):
    files = {converted(graph), converted(graph, normalise=UNIT), converted(graph, outputs=(0,))}
    monkeypatch.setattr("bitflow.inference.conversion.files.VERSION", "2")
    files.add(converted(graph))
    assert len(files) == 4


def test_another_graph_under_the_same_name_is_converted_anew(graph, models_available, tmp_path):
    copy = tmp_path / "mine.tflite"
    copy.write_bytes(graph.read_bytes())
    first = converted(copy)
    copy.write_bytes(models_available("iris")["iris"].read_bytes())
    assert converted(copy) != first


def test_threads_that_convert_at_once_leave_one_whole_file(graph):
    with ThreadPoolExecutor(4) as pool:
        (made,) = set(pool.map(lambda _: converted(graph), range(4)))
    assert [path.name for path in made.parent.iterdir()] == [made.name]
    onnxruntime.InferenceSession(str(made), providers=["CPUExecutionProvider"])


def test_a_cache_that_cannot_be_written_is_a_sentence(graph, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path / "file"))
    with pytest.raises(AssetError, match="BITFLOW_CACHE"):
        converted(graph)
