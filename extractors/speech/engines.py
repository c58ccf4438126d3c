"""Speech recognisers: what one is, which can run on this machine, and faster-whisper."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bitflow import assets
from bitflow.errors import AssetError, UsageError
from bitflow.extractors.speech.words import Word
from bitflow.extras import to_install

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

EngineName = Literal["auto", "faster-whisper", "whisperx", "none", "missing"]

DEFAULT_MODEL = "tiny.en"
DEFAULT_FILES = {
    "model.bin": "whisper_tiny_en",
    "config.json": "whisper_tiny_en_config",
    "tokenizer.json": "whisper_tiny_en_tokenizer",
    "vocabulary.txt": "whisper_tiny_en_vocabulary",
}
"""Files of the model that comes along, by the names that faster-whisper looks for: asset ids."""

REPETITIVE = 2.4
"""Text that compresses better than this is the recogniser going in circles (Whisper's own threshold)."""

MISSING = (
    f"No words were recognised, because faster-whisper is not installed: {to_install('asr')}; "
    "or bring transcripts with --transcript."
)


@dataclass(frozen=True)
class Heard:
    """What a recogniser made of one window: words with times in s from its first sample, and the language."""

    words: tuple[Word, ...]
    language: str


class Recogniser(Protocol):
    """Turns a window of sound into words; may be used by several threads at once."""

    source: str

    def transcribe(self, samples: NDArray[np.float32]) -> Heard:
        """Words in `samples`, shape (n,), 16 kHz, at most 30 s."""
        ...


def faster_whisper_installed() -> bool:
    """Whether the extra `asr` is there, without importing it."""
    return importlib.util.find_spec("faster_whisper") is not None


def settle_engine(engine: EngineName, model: str) -> EngineName:
    """What ``auto`` means on this machine.

    Raises
    ------
    UsageError
        An engine was asked for by name and cannot run here.
    """
    if engine == "faster-whisper" and not faster_whisper_installed():
        raise UsageError("speech.engine=faster-whisper: it is not installed; install bitflow's extra `asr`")
    if engine != "auto":
        return engine
    if not faster_whisper_installed():
        return "missing"
    if model == DEFAULT_MODEL:
        try:
            for asset_id in DEFAULT_FILES.values():
                assets.fetch(asset_id)
        except AssetError:
            return "missing"
    return "faster-whisper"


def english_only(model: str) -> bool:
    """Whether a model's name says that it knows no other language."""
    return Path(model).name.endswith(".en")


@cache
def _default_folder() -> tempfile.TemporaryDirectory[str]:
    """The verified files of the default model under the names that faster-whisper expects."""
    folder = tempfile.TemporaryDirectory(prefix="bitflow-whisper-")
    for name, asset_id in DEFAULT_FILES.items():
        path = assets.fetch(asset_id)
        try:
            os.symlink(path, Path(folder.name) / name)
        except OSError:  # not allowed on some Windows machines
            shutil.copy(path, Path(folder.name) / name)
    return folder


class FasterWhisper:
    """Whisper through CTranslate2.

    Decoding is greedy with beams and no temperature: sampling would give other words at each run.

    Parameters
    ----------
    model
        ``tiny.en`` (comes along), a folder with a CTranslate2 model, or a name that the hub knows.
    language
        Code such as ``en``; empty to have it detected in each window.
    device
        ``cpu``, ``cuda``, ``cuda:N`` or ``auto``.
    threads
        Windows transcribed at a time.
    beams
        Beam width.
    """

    def __init__(self, *, model: str, language: str, device: str, threads: int, beams: int) -> None:
        self._language = language or None
        self._beams = beams
        self._model = _open_model(model, device, threads)
        self.source = f"faster-whisper {Path(model).name}"

    @property
    def multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return bool(self._model.model.is_multilingual)

    def transcribe(self, samples: NDArray[np.float32]) -> Heard:
        """See `Recogniser.transcribe`."""
        heard, repetition = self._decode(samples, no_repeat_ngram_size=0)
        if repetition > REPETITIVE:
            heard, _ = self._decode(samples, no_repeat_ngram_size=3)
        return heard

    def _decode(self, samples: NDArray[np.float32], *, no_repeat_ngram_size: int) -> tuple[Heard, float]:
        segments, info = self._model.transcribe(
            samples,
            language=self._language if self.multilingual else "en",
            beam_size=self._beams,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,  # the windows hold what our VAD heard, and little else
            no_repeat_ngram_size=no_repeat_ngram_size,
        )
        words: list[Word] = []
        repetition = 0.0
        for segment in segments:
            repetition = max(repetition, segment.compression_ratio)
            words += [
                Word(float(w.start), float(w.end), w.word.strip(), float(np.clip(w.probability, 0, 1)))
                for w in segment.words or ()
                if any(c.isalnum() for c in w.word)
            ]
        return Heard(tuple(words), info.language), repetition


def whisper_device(device: str) -> tuple[str, str]:
    """Where CTranslate2 runs, and why it is not where it was asked to: it needs CUDA libraries of its own choice.

    They may be another release than those of ONNX Runtime, so that a GPU works for one and not for the other.
    """
    if not device.startswith("cuda"):
        return device, ""
    import ctranslate2

    if ctranslate2.get_cuda_device_count() == 0:
        return "cpu", "CTranslate2, which runs the speech model, finds no GPU"
    library = "cublas64_12.dll" if sys.platform == "win32" else "libcublas.so.12"
    try:
        ctypes.CDLL(library)
    except OSError:
        return "cpu", f"CTranslate2, which runs the speech model, needs {library} (pip install nvidia-cublas-cu12)"
    return device, ""


def _open_model(model: str, device: str, threads: int) -> WhisperModel:
    from faster_whisper import WhisperModel

    kind, _, ordinal = device.partition(":")
    options = {
        "device": kind,
        "device_index": int(ordinal or 0),
        "compute_type": "float16" if kind == "cuda" else "int8" if kind == "cpu" else "default",
        "cpu_threads": 1,
        "num_workers": threads,
    }
    if model == DEFAULT_MODEL:
        return WhisperModel(_default_folder().name, local_files_only=True, **options)
    if Path(model).is_dir():
        return WhisperModel(str(Path(model)), local_files_only=True, **options)
    if os.sep in model and not _hub_name(model):
        raise UsageError(f"speech.model: there is no folder {model}")
    try:
        return WhisperModel(model, local_files_only=True, **options)
    except Exception as error:  # the hub's client raises many types for "not in the cache"
        if assets.offline():
            raise AssetError(
                f"the Whisper model {model!r} is not on this machine, and BITFLOW_OFFLINE forbids the network"
            ) from error
    try:
        return WhisperModel(model, local_files_only=False, **options)
    except Exception as error:  # likewise for every way a download can fail
        raise AssetError(
            f"the Whisper model {model!r} could not be had ({error}); give a folder with --asr-model PATH"
        ) from error


def _hub_name(model: str) -> bool:
    return model.count("/") == 1 and not model.startswith((".", "/", "~"))
