"""Other programs, each in an environment of its own beside ours: their wheels exclude each other."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """A program to compare with, and what installs it."""

    name: str
    distribution: str
    requirements: tuple[str, ...]

    @property
    def named_by(self) -> str:
        """Environment variable that names an interpreter which has it."""
        return f"BITFLOW_{self.name.upper()}_PYTHON"

    def python(self) -> Path:
        """Interpreter that has the program: the one named, or that of an environment made here.

        Raises
        ------
        PeerError
            It cannot be installed.
        """
        named = os.environ.get(self.named_by)
        if named:
            return Path(named)
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bitflow" / self.name
        python = cache / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        ready = cache / "ready"
        if not ready.exists():
            print(f"making an environment with {' and '.join(self.requirements)} in {cache}", file=sys.stderr)
            venv.create(cache, with_pip=True, clear=True)
            command = [str(python), "-m", "pip", "install", "--quiet", *self.requirements]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise PeerError(f"cannot be installed: {last_line(done.stderr)}")
            ready.touch()
        return python


class PeerError(Exception):
    """Why a peer cannot be measured, for a person to read."""


MEDIAPIPE = Peer("peer", "mediapipe", ("mediapipe==0.10.21", "numpy<2"))
#: Their weights are fetched at first use, from the hubs where their authors keep them.
PYFEAT = Peer("pyfeat", "py-feat", ("py-feat",))
OPENFACE = Peer("openface", "openface-test", ("openface-test",))


def peer_python(given: str | None = None) -> Path:
    """Interpreter that has MediaPipe 0.10.21: the one given, or as `Peer.python` finds it."""
    return Path(given) if given else MEDIAPIPE.python()


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """``--data``, the folder with the clips of people; below ``BITFLOW_TEST_DATA`` when it is not given."""
    folder = os.environ.get("BITFLOW_TEST_DATA")
    default = Path(folder) / "people" if folder else None
    told = "folder with the shared clips of people (default: people/ below BITFLOW_TEST_DATA)"
    parser.add_argument("--data", type=Path, default=default, required=default is None, help=told)


def run_peer(python: Path, *arguments: object, seconds: float | None = None) -> str:
    """Standard output of one of the peer's scripts, its log held back.

    Raises
    ------
    PeerError
        With the script's last words.
    """
    quiet = {**os.environ, "GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [str(python), *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise PeerError(f"gave no result within {seconds:.0f} s") from None
    if done.returncode != 0:
        raise PeerError(last_line(done.stderr) or f"ended with code {done.returncode}")
    return done.stdout


def last_line(text: str) -> str:
    """The last line that says something, files by name alone: it goes into tables, and folders are a machine's."""
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    return re.sub(r"(?<![\w/:])/(?:[^\s/()'\"]+/)+", "", last)
