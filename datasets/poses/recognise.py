"""Which layout a file has: by what it holds, never by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bitflow.datasets.poses import (
    anipose,
    arrays,
    calms21,
    coco,
    deeplabcut_csv,
    deeplabcut_h5,
    hdf5,
    jabs,
    movement,
    nwb,
    sleap,
    superanimal,
)
from bitflow.datasets.poses.source import PoseSource
from bitflow.errors import MediaError, SchemaError

#: Layouts that are known, as messages list them.
LAYOUTS = (
    "DeepLabCut (CSV, HDF5), SLEAP (analysis HDF5, .slp), JABS v2 to v8, NWB with ndx-pose, movement netCDF, "
    "Lightning Pose, Anipose, CalMS21, MABe22 as npy or npz, COCO keypoints, SuperAnimal JSON"
)

_HEAD = 1 << 16


def open_poses(
    path: Path, *, keypoints: tuple[str, ...] | None = None, prefixes: Sequence[str] = ()
) -> Iterable[PoseSource]:
    """Open a file of poses, whatever program wrote it.

    Parameters
    ----------
    keypoints
        Names of the keypoints, for layouts that have none.
    prefixes
        Beginnings of names that stand for animals, for DeepLabCut files of one individual.

    Returns
    -------
    iterable of PoseSource
        One a sequence; most files hold one.

    Raises
    ------
    MediaError
        The file cannot be read.
    SchemaError
        It has none of the layouts, or breaks its own.
    UnsafeFileError
        It would run code.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not head:
        raise SchemaError(f"{path}: is empty")
    if head.startswith(hdf5.SIGNATURE):
        return _from_hdf5(path, prefixes)
    if arrays.looks_like(head):
        return arrays.read(path, keypoints)
    if head.startswith(b"CDF"):
        raise SchemaError(f"{path}: is a netCDF of the classic format; save it as netCDF-4, movement's own format")
    if head.startswith((b"\x80", b"cos\n", b"(dp0", b"(lp0")):
        raise SchemaError(f"{path}: is a pickle, which would run code; export the poses as CSV or HDF5")
    text = head.decode("utf-8-sig", "replace")
    if text.lstrip()[:1] in ("{", "["):
        return _from_json(path, text, keypoints)
    if deeplabcut_csv.looks_like(head):
        return [deeplabcut_csv.read(path, prefixes)]
    if anipose.looks_like(head):
        return [anipose.read(path)]
    raise SchemaError(f"{path}: has none of the layouts of poses that are known: {LAYOUTS}")


def _from_hdf5(path: Path, prefixes: Sequence[str]) -> Iterable[PoseSource]:
    with hdf5.opened(path) as file:
        names = set(file)
        kind = None
        if "tracks" in names and "node_names" in names:
            kind = "analysis"
        elif {"frames", "instances", "tracks_json"} <= names:
            kind = "project"
        elif "poseest" in names:
            kind = "jabs"
        elif "nwb_version" in file.attrs:
            kind = "nwb"
        elif "position" in names:
            kind = "movement"
        elif deeplabcut_h5.key_of(file) is not None:
            kind = "deeplabcut"
    if kind == "analysis":
        return [sleap.read_analysis(path)]
    if kind == "project":
        return sleap.read_project(path)
    if kind == "jabs":
        return [jabs.read(path)]
    if kind == "nwb":
        return [nwb.read(path)]
    if kind == "movement":
        return [movement.read(path)]
    if kind == "deeplabcut":
        return [deeplabcut_h5.read(path, prefixes)]
    # A name that is no UTF-8 comes as bytes.
    there = ", ".join(sorted(str(name) for name in names)[:12]) or "nothing"
    raise SchemaError(f"{path}: an HDF5 file with {there}, which is none of the layouts of poses: {LAYOUTS}")


def _from_json(path: Path, head: str, keypoints: tuple[str, ...] | None) -> Iterable[PoseSource]:
    if superanimal.looks_like(head):
        return [superanimal.read(path, keypoints)]
    if calms21.looks_like(head):
        return calms21.read(path)
    if coco.looks_like(head):
        return [coco.read(path, keypoints)]
    raise SchemaError(f"{path}: a JSON file that is none of COCO keypoints, CalMS21 and SuperAnimal")
