"""The command as its users run it: a process of its own, its exit code and what it prints where."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "bitflow.cli.main"]


@dataclass(frozen=True)
class Run:
    """How one run of the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of stdout, as JSON."""
        return json.loads(self.out.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def bitflow() -> Callable[..., Run]:
    """``bitflow("show", store)`` runs the command; keyword arguments are environment variables."""

    def run(*words: object, cwd: Path | None = None, **environment: str) -> Run:
        done = subprocess.run(
            [*COMMAND, *(str(word) for word in words)],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**os.environ, **environment},
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """``here("show", store)`` runs the command in this process with `tmp_path` as the current folder."""
    from bitflow.cli.main import main

    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Run:
        code = main([str(word) for word in words])
        return Run(code, *capsys.readouterr())

    return run


@pytest.fixture
def start() -> Any:
    """``start("extract", …)`` starts the command in a process group of its own, ended with the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: object, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *(str(word) for word in words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., Path]) -> Path:
    """Two seconds of a moving test picture with a tone, 25 frames a second."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=2"),
        *("-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", path),
    )


@pytest.fixture
def videos(tmp_path: Path, clip: Path) -> Path:
    """A folder with three recordings, one of them in a folder of its own."""
    folder = tmp_path / "videos"
    for name in ("p1/visit", "p2", "p3"):
        path = folder / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, path)
    return folder
