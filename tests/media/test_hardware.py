"""Decoding on a GPU: what works is settled before, and where it does not the same pictures come from the CPU."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.media import VideoReader, hardware
from bitflow.media.hardware import HardwareDecoder, hardware_decoders, settle_decoder


@pytest.fixture
def with_decoder(monkeypatch):
    monkeypatch.setattr(hardware, "hardware_decoders", lambda: (HardwareDecoder("cuda", True),))


def test_a_decoder_that_does_not_work_says_why():
    for decoder in hardware_decoders():
        assert decoder.detail


def test_auto_decodes_where_the_models_run(with_decoder):
    assert settle_decoder("auto", on_gpu=True) == "cuda"
    assert settle_decoder("auto", on_gpu=False) == "cpu"
    assert settle_decoder("cuda", on_gpu=False) == "cuda"
    assert settle_decoder("cpu", on_gpu=True) == "cpu"


def test_the_same_pictures_come_whatever_decodes_them(shared_clip):
    # On a machine without the device this is the way back to software.
    path = shared_clip("people/pyfeat_single_face.mp4")
    with VideoReader(path) as plain, VideoReader(path, decoder="cuda") as asked:
        pairs = list(zip(plain, asked, strict=True))
    assert len(pairs) == 72
    for ours, theirs in pairs[::12]:
        assert (ours.time, ours.keyframe, ours.color_matrix) == (theirs.time, theirs.keyframe, theirs.color_matrix)
        for one, other in zip(ours.planes, theirs.planes, strict=True):
            np.testing.assert_array_equal(one, other)


def test_semi_planar_pictures_of_a_device_are_the_planar_ones(shared_clip):
    from bitflow.media import Frame

    with VideoReader(shared_clip("people/pyfeat_single_face.mp4")) as reader:
        planar = next(iter(reader))
    downloaded = Frame(planar._source.reformat(format="nv12"))
    for one, other in zip(planar.planes, downloaded.planes, strict=True):
        np.testing.assert_array_equal(one, other)
