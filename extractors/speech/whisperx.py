"""WhisperX in an environment of its own.

It pins its own torch, which nothing else here could live with, so it is never imported: a Python that has it runs a
small script, sound goes in as a WAV file and words come out as JSON. No shell, no pickle, no network unless its models
are not there yet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow import assets
from bitflow.environment import find_whisperx, whisperx_commands
from bitflow.errors import ExtractionError, UsageError
from bitflow.extractors.speech.words import Word
from bitflow.extractors.voice_activity import SAMPLE_RATE_HZ

WORKER = Path(__file__).with_name("whisperx_worker.py")
SLOWEST = 20.0
"""The run is given up after this many times the recording's length, and ten minutes."""


def require_python() -> Path:
    """The Python of the environment whose `whisperx` program `bitflow doctor` finds.

    Raises
    ------
    UsageError
        There is none; the message says how to make it.
    """
    program = find_whisperx()
    if program is None:
        raise UsageError(
            "speech.engine=whisperx: there is no environment with WhisperX. Make one (about 7 GB) with "
            f"{' && '.join(whisperx_commands())}, or set BITFLOW_WHISPERX to its program `whisperx`"
        )
    # The program may be a link from elsewhere on the path into its environment.
    python = Path(program).resolve().with_name("python.exe" if sys.platform == "win32" else "python")
    if not python.is_file():
        raise UsageError(f"speech.engine=whisperx: {program} has no Python beside it ({python})")
    return python


@dataclass(frozen=True)
class WhisperXResult:
    """Words with speakers where diarisation ran, times in s from the start of the sound; the language."""

    words: tuple[Word, ...]
    language: str
    notes: tuple[str, ...]


class SoundFile:
    """A WAV file that sound is appended to, kept on the clock: gaps are filled with silence."""

    def __init__(self, path: Path) -> None:
        import wave

        self.path = path
        self._file = wave.open(str(path), "wb")  # noqa: SIM115 - closed by `close`
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(SAMPLE_RATE_HZ)
        self.start: float | None = None
        self._written = 0

    def append(self, start: float, samples: NDArray[np.float32]) -> None:
        """Add sound that begins at `start` s."""
        if self.start is None:
            self.start = start
        gap = round((start - self.start) * SAMPLE_RATE_HZ) - self._written
        while gap > 0:
            step = min(gap, SAMPLE_RATE_HZ * 60)
            self._write(np.zeros(step, dtype=np.float32))
            gap -= step
        self._write(samples)

    def _write(self, samples: NDArray[np.float32]) -> None:
        self._file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        self._written += len(samples)

    @property
    def duration(self) -> float:
        """s."""
        return self._written / SAMPLE_RATE_HZ

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def transcribe(
    sound: Path,
    duration: float,
    *,
    python: Path,
    model: str,
    language: str,
    device: str,
    speakers: int | None,
) -> WhisperXResult:
    """Run WhisperX over a WAV file.

    Raises
    ------
    ExtractionError
        It failed or took too long; the message ends with its last line.
    """
    with tempfile.TemporaryDirectory(prefix="bitflow-whisperx-") as folder:
        request, answer = Path(folder) / "request.json", Path(folder) / "answer.json"
        request.write_text(
            json.dumps(
                {
                    "audio": str(sound),
                    "model": model,
                    "language": language or None,
                    "device": "cuda" if device.startswith("cuda") else "cpu",
                    "speakers": speakers,
                    "offline": assets.offline(),
                }
            ),
            encoding="utf-8",
        )
        try:
            run = _run([str(python), "-I", str(WORKER), str(request), str(answer)], 600 + SLOWEST * duration)
        except subprocess.TimeoutExpired as error:
            raise ExtractionError(f"WhisperX was stopped after {error.timeout:.0f} s") from error
        if run.returncode or not answer.is_file():
            lines = [line for line in run.stderr.splitlines() if line.strip()]
            raise ExtractionError(f"WhisperX failed: {lines[-1] if lines else f'exit code {run.returncode}'}")
        return _result(json.loads(answer.read_text(encoding="utf-8")))


def _result(answer: dict[str, Any]) -> WhisperXResult:
    return WhisperXResult(tuple(_words(answer["words"])), str(answer.get("language") or ""), tuple(answer["notes"]))


def _words(rows: Iterable[dict[str, Any]]) -> Iterable[Word]:
    """Words; one that alignment left without times (a number, say) stands at the end of the one before."""
    last = 0.0
    for row in rows:
        start = float(row["start"]) if row.get("start") is not None else last
        end = float(row["end"]) if row.get("end") is not None else start
        score = row.get("score")
        last = max(end, start)
        confidence = float(np.clip(score, 0, 1)) if score is not None else float("nan")
        yield Word(start, last, str(row["word"]).strip(), confidence, str(row.get("speaker") or ""))


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
    )
