"""The environment in which MediaPipe itself runs, beside ours: its wheel asks for numpy 1."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

PEER_REQUIREMENTS = ("mediapipe==0.10.21", "numpy<2")


def peer_python(given: str | None = None) -> Path:
    """Interpreter that has MediaPipe 0.10.21: the one given, that of ``BITFLOW_PEER_PYTHON``, or a new environment."""
    named = given or os.environ.get("BITFLOW_PEER_PYTHON")
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bitflow" / "peer"
    python = cache / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"making an environment with {' and '.join(PEER_REQUIREMENTS)} in {cache}", file=sys.stderr)
        venv.create(cache, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER_REQUIREMENTS], check=True)
    return python


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """``--data``, the folder with the clips of people; below ``BITFLOW_TEST_DATA`` when it is not given."""
    folder = os.environ.get("BITFLOW_TEST_DATA")
    default = Path(folder) / "people" if folder else None
    told = "folder with the shared clips of people (default: people/ below BITFLOW_TEST_DATA)"
    parser.add_argument("--data", type=Path, default=default, required=default is None, help=told)


def run_peer(python: Path, *arguments: object) -> str:
    """Standard output of one of the peer's scripts, its log held back."""
    quiet = {**os.environ, "GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([str(python), *map(str, arguments)], capture_output=True, text=True, check=False, env=quiet)
    if done.returncode != 0:
        raise SystemExit(f"the peer failed: {done.stderr[-2000:]}")
    return done.stdout
