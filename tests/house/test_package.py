"""What is installed is what is in the repository."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("annotations", "cli", "datasets", "extractors", "models")


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Files under version control (links too), or the test is skipped outside a checkout."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a checkout: there is no list of tracked files to compare with")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="module")
def packaged(tracked: list[str]) -> set[str]:
    """Paths that an installed bitflow must hold."""
    core = {name for name in tracked if name.startswith("bitflow/") and not (ROOT / name).is_symlink()}
    return core | {f"bitflow/{name}" for name in tracked if name.split("/")[0] in ROOMS}


def built(kind: str, folder: Path) -> Path:
    """Build with the installed hatchling, which needs no network."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel (in the extra `dev`)")
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = folder.iterdir()
    return file


def test_the_wheel_holds_the_tracked_files_and_nothing_else(packaged, tmp_path):
    with zipfile.ZipFile(built("wheel", tmp_path)) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    # Files on their way into the repository are no reason to fail.
    untracked = {name for name in inside - packaged if (ROOT / name).exists()}
    assert inside - untracked == packaged
    assert not [name for name in inside if "__pycache__" in name or name.endswith(".pyc")]


def test_the_source_archive_holds_the_rooms_once(packaged, tmp_path):
    with tarfile.open(built("sdist", tmp_path)) as archive:
        inside = {name.split("/", 1)[1] for name in archive.getnames()}
    for name in packaged:
        parts = name.split("/")
        assert ("/".join(parts[1:]) if parts[1] in ROOMS else name) in inside
    assert not [name for name in inside if name.startswith("bitflow/") and name.split("/")[1] in ROOMS]


def test_the_rooms_are_linked_for_editors(tracked):
    for room in ROOMS:
        assert f"bitflow/{room}" in tracked
        link = ROOT / "bitflow" / room
        if link.is_symlink():  # a checkout without links has small files in their place
            assert link.resolve() == ROOT / room


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for(room):
    assert len((ROOT / room / "README.md").read_text(encoding="utf-8").split()) > 20


def test_entry_points_lead_somewhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    targets = list(project["scripts"].values())
    for group in project["entry-points"].values():
        targets += group.values()
    for target in targets:
        module, name = target.split(":")
        assert callable(getattr(import_module(module), name)), target


def test_the_version_is_said_once():
    import bitflow

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert "version" in project["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", bitflow.__version__)


def test_the_lock_names_no_host_and_covers_the_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    locked = set(re.findall(r"^([a-z0-9_.-]+)==", lock, re.M))
    for dependency in project["dependencies"]:
        name = re.split(r"[ <>=!~;\[]", dependency)[0].lower().replace("_", "-")
        assert name in locked | {"pip"}, f"{name} is not in requirements.lock"
