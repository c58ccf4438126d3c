"""WhisperX's subprocess, with a stand-in of the package in a real environment: files, exit codes and JSON are real."""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bitflow.errors import ExtractionError, UsageError
from bitflow.extractors.speech import Speech, whisperx
from tests.voices import RATE, chunks, extract, scene

STAND_IN = """
import wave

def load_audio(path):
    with wave.open(path) as file:
        assert (file.getframerate(), file.getnchannels()) == (16000, 1)
        return file.getnframes()

class Model:
    def transcribe(self, audio, batch_size):
        return {"language": "en", "segments": [{"start": 1.0, "end": 4.0, "text": "the quick fox"}]}

def load_model(name, device, compute_type, language, vad_method):
    if name == "broken":
        raise RuntimeError("no such model")
    return Model()

def load_align_model(language, device):
    return None, None

def align(segments, model, metadata, audio, device):
    words = [
        {"word": "the", "start": 1.0, "end": 1.3, "score": 0.9},
        {"word": "3"},
        {"word": "fox", "start": 3.0, "end": 3.4, "score": 1.2},
    ]
    return {"segments": [{**segments[0], "words": words}]}
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `whisperx` program of an environment."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.rglob("site-packages"))
    (packages / "whisperx.py").write_text(STAND_IN)
    program = folder / ("Scripts/whisperx.exe" if sys.platform == "win32" else "bin/whisperx")
    program.write_text("")
    program.chmod(0o755)
    return program


@pytest.fixture
def found(environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITFLOW_WHISPERX", str(environment))
    return environment


@pytest.mark.usefixtures("found")
def test_words_come_back_on_the_media_clock_with_what_could_not_be_done(
    models_available: Callable[..., object],
) -> None:
    models_available("silero_vad_sequence", "speaker_embedding")
    made = scene(gap=0.8)
    tables, notes = extract(Speech(engine="whisperx"), chunks(made.samples, start=5.0))
    words = tables["words"]
    assert words["word"].tolist() == ["the", "3", "fox"]
    assert words["start"].iloc[0] == pytest.approx(6.0, abs=0.06)
    assert words["start"].is_monotonic_increasing
    assert np.isnan(words["confidence"].iloc[1])
    assert words["confidence"].iloc[2] == 1.0
    assert set(words["source"]) == {"whisperx small"}
    assert set(words["speaker"]) == {"S1"}
    assert [note for note in notes if "did not tell speakers apart" in note]


@pytest.mark.usefixtures("found")
def test_its_failure_is_an_error_with_its_last_line(tmp_path: Path) -> None:
    sound = whisperx.SoundFile(tmp_path / "a.wav")
    sound.append(0.0, np.zeros(RATE, np.float32))
    sound.close()
    with pytest.raises(ExtractionError, match="no such model"):
        whisperx.transcribe(
            sound.path, 1.0, python=whisperx.require_python(), model="broken", language="", device="cpu", speakers=None
        )


def test_without_an_environment_the_message_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BITFLOW_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BITFLOW_WHISPERX", raising=False)
    with pytest.raises(UsageError, match="pip install whisperx"):
        whisperx.require_python()


def test_gaps_in_the_sound_become_silence_of_their_length(tmp_path: Path) -> None:
    sound = whisperx.SoundFile(tmp_path / "a.wav")
    sound.append(2.0, np.ones(RATE, np.float32))
    sound.append(4.5, np.ones(RATE, np.float32))
    sound.close()
    with wave.open(str(tmp_path / "a.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) == 3.5 * RATE == sound.duration * RATE
    assert not samples[RATE : round(2.5 * RATE)].any()
