"""Batches bound to a graph's memory: the same as plain runs, here with the CPU as the device."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

from bitflow.errors import DeviceError
from bitflow.inference.onnx import OnnxSession
from bitflow.inference.providers import BATCHES
from bitflow.inference.session import shared_session
from bitflow.inference.transfer import Transfer, lock_pages

from .tiny_onnx import write_model


@pytest.fixture
def graph(tmp_path):
    return OnnxSession(write_model(tmp_path / "tiny.onnx", ("n", 2, 3)))


@pytest.fixture
def transfer(graph):
    return Transfer(graph._session, graph.inputs, graph.outputs, ("cpu", 0))


@pytest.mark.parametrize("count", [1, 3, 8, 17, 64, 65, 150])
def test_batches_of_any_size_come_back_whole_and_in_order(graph, transfer, count):
    values = np.random.default_rng(count).normal(size=(count, 2, 3)).astype(np.float32)
    bound = transfer.run([values], onnxruntime.RunOptions())
    for ours, plain in zip(bound, graph.run(values), strict=True):
        np.testing.assert_array_equal(ours, plain)


def test_the_device_sees_a_few_sizes_only(transfer, monkeypatch):
    seen = []
    bind = Transfer._bind
    monkeypatch.setattr(Transfer, "_bind", lambda self, size: (seen.append(size), bind(self, size))[1])
    for count in range(1, 140):
        transfer.run([np.ones((count, 2, 3), np.float32)], onnxruntime.RunOptions())
    assert sorted(seen) == list(BATCHES)


def test_results_stay_what_they_were_when_the_memory_is_filled_anew(transfer):
    options = onnxruntime.RunOptions()
    first = transfer.run([np.full((3, 2, 3), 1, np.float32)], options)
    transfer.run([np.full((3, 2, 3), 7, np.float32)], options)
    np.testing.assert_array_equal(first[0], np.full((3, 2, 3), -1))


def test_a_gpu_that_runs_out_of_memory_says_what_helps(graph, transfer, monkeypatch):
    def fail(self, inputs, options):
        raise RuntimeException("Failed to allocate memory for requested buffer\nof size 1")

    monkeypatch.setattr(Transfer, "run", fail)
    graph._transfer = transfer
    with pytest.raises(DeviceError, match=r"batch of 5: Failed to allocate memory .* fewer --workers"):
        graph.run(np.zeros((5, 2, 3), np.float32))


class Runtime:
    """Stands in for the CUDA runtime library."""

    def __init__(self, answer: int) -> None:
        self.answer = answer
        self.locked: list[int] = []

    def cudaHostRegister(self, address, size, flags):  # noqa: N802 - the library's name
        if self.answer == 0:
            self.locked.append(address.value)
        assert size.value > 0
        return self.answer

    def cudaHostUnregister(self, address):  # noqa: N802
        self.locked.remove(address.value)
        return 0


def test_memory_is_locked_for_as_long_as_it_lives():
    runtime = Runtime(0)
    stage = np.zeros((4, 8), np.uint8)
    assert lock_pages(stage, runtime)
    assert runtime.locked == [stage.ctypes.data]
    del stage
    gc.collect()
    assert runtime.locked == []


def test_where_memory_cannot_be_locked_copies_go_the_slower_way():
    assert not lock_pages(np.zeros(4, np.uint8), Runtime(2))
    assert not lock_pages(np.zeros(4, np.uint8), None)


def test_threads_share_one_session_and_do_not_disturb_each_other(tmp_path):
    path = write_model(tmp_path / "tiny.onnx", ("n", 2, 3))

    def work(number: int) -> tuple[int, np.ndarray]:
        session = shared_session(path, device="cpu")
        return id(session), session.run(np.full((5, 2, 3), number, np.float32))[1]

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(work, range(40)))
    assert len({session for session, _ in done}) == 1
    for number, (_, size) in enumerate(done):
        np.testing.assert_array_equal(size, np.full((5, 2, 3), number))
