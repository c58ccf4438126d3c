"""Where speech is recognised when models run on a GPU: CTranslate2 needs a CUDA of its own."""

from __future__ import annotations

import ctypes

import pytest

from bitflow.extractors.speech.engines import whisper_device

ctranslate2 = pytest.importorskip("ctranslate2", reason="speech recognition is an extra and not installed here")


def test_on_the_cpu_nothing_is_asked():
    assert whisper_device("cpu") == ("cpu", "")


def test_without_a_gpu_or_its_libraries_speech_goes_to_the_cpu_and_says_so(monkeypatch):
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    assert whisper_device("cuda") == ("cpu", "CTranslate2, which runs the speech model, finds no GPU")
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: (_ for _ in ()).throw(OSError(name)))
    device, reason = whisper_device("cuda:1")
    assert device == "cpu"
    assert "cublas" in reason


def test_with_both_it_follows_the_models(monkeypatch):
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert whisper_device("cuda:1") == ("cuda:1", "")
