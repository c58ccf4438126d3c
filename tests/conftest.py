"""Fixtures for real clips, real models and the ffmpeg that makes known ones.

``BITFLOW_TEST_DATA`` names a folder with the shared clips and ``BITFLOW_ASSETS`` one with model files.
Without them the tests that need a clip are skipped, and models come from the cache or the package index.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, however busy the machine is; `--hypothesis-profile=default` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


@pytest.fixture(scope="session")
def shared_clip() -> Callable[[str], Path]:
    """``shared_clip("people/pyfeat_single_face.mp4")`` is that file, or skips the test with the reason."""

    def find(name: str) -> Path:
        folder = os.environ.get("BITFLOW_TEST_DATA")
        if not folder:
            pytest.skip(f"BITFLOW_TEST_DATA is not set, so there is no {name}")
        path = Path(folder) / name
        if not path.is_file():
            pytest.skip(f"BITFLOW_TEST_DATA holds no {name}")
        return path

    return find


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[..., Path]:
    """``ffmpeg(*arguments, path)`` runs ffmpeg quietly, overwriting, and returns the last path."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("ffmpeg is not installed (Debian: apt-get install ffmpeg)")

    def run(*arguments: object) -> Path:
        words = [str(a) for a in arguments]
        done = subprocess.run(
            [program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"ffmpeg {' '.join(words)}\n{done.stderr}"
        return Path(words[-1])

    return run


@pytest.fixture(scope="session")
def ffprobe() -> Callable[..., str]:
    """``ffprobe(*arguments)`` is what ffprobe prints."""
    program = shutil.which("ffprobe")
    if program is None:
        pytest.skip("ffprobe is not installed (Debian: apt-get install ffmpeg)")

    def run(*arguments: object) -> str:
        words = [program, "-v", "error", *(str(a) for a in arguments)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    return run


@pytest.fixture
def ctrl_c_is_heard() -> Iterator[None]:
    """Processes that the test starts hear Ctrl-C.

    A shell that runs the tests in the background has it ignored, and who is started by them inherits that; what a
    process listens to becomes the default in those that it starts.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def models_available() -> Callable[..., dict[str, Path]]:
    """Skip the test when models cannot be had here.

    Asking for the fixture needs the face detector; ``models_available("pose_landmarks_full", …)`` needs those
    and gives their paths.
    """
    from bitflow.assets import fetch
    from bitflow.errors import AssetError

    def need(*ids: str) -> dict[str, Path]:
        try:
            return {asset: fetch(asset) for asset in ids}
        except AssetError as error:
            pytest.skip(f"models cannot be had here: {error}")

    need("face_detection_short")
    return need
