"""Poses of a file onto a recording's clock, and into a store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.imported import Origin, media_facts, picture_times, refuse_other
from bitflow.datasets.poses.recognise import open_poses
from bitflow.datasets.poses.source import PoseSource
from bitflow.drafts import replace_file
from bitflow.errors import MediaError, SchemaError, UsageError
from bitflow.poses import PoseFacts, PoseSeries, Scale, write_poses
from bitflow.regions import FILE as REGIONS_FILE
from bitflow.regions import Regions, picture_size, write_regions
from bitflow.tables import canonical_json

if TYPE_CHECKING:
    from bitflow.store import FeatureStore, Recording

VERSION = "1"
IMPORTER = "poses"

#: Poses may speak about so many more frames than the video has, as a share of them, before it must be another video.
_BEYOND = 0.01

#: Rates that are given twice agree within this share.
_SAME_RATE = 0.01


@dataclass(frozen=True)
class Reading:
    """What the user says of files of poses.

    Parameters
    ----------
    fps
        Frames a second, where neither the file nor a video tells.
    cm_per_px
        Scale, where the file does not tell it or tells it wrongly.
    media
        The video; the times of its pictures are those of the poses.
    keypoints
        Names, for layouts that have none.
    prefixes
        Beginnings of names that stand for animals.
    sequence
        The one to take, of a file of several.
    """

    fps: float | None = None
    cm_per_px: float | None = None
    media: Path | None = None
    keypoints: tuple[str, ...] | None = None
    prefixes: tuple[str, ...] = ()
    sequence: str | None = None

    def parameters(self) -> dict[str, Any]:
        """What of it changes the tables."""
        given = {"fps": self.fps, "cm_per_px": self.cm_per_px, "prefixes": list(self.prefixes)}
        given["keypoints"] = list(self.keypoints or ())
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Kept:
    """A recording that was written."""

    recording: str
    rows: dict[str, int]
    notes: tuple[str, ...] = field(default=())


def import_poses(
    store: FeatureStore, path: Path, recording: str, reading: Reading | None = None, *, overwrite: bool = False
) -> list[Kept]:
    """Take a file of poses into a store.

    Parameters
    ----------
    recording
        Id that it gets; the sequences of a file that holds several lie below it.
    overwrite
        Whether poses that came from elsewhere are replaced.

    Raises
    ------
    UsageError
        The frame rate is not known, or the poses do not fit the video.
    SchemaError, UnsafeFileError, MediaError
        The file has no known layout, breaks it, would run code, or cannot be read.
    StoreError
        The recording has other poses already.
    """
    said = Reading() if reading is None else reading
    origin = Origin(path, _digest(path), IMPORTER, VERSION, said.parameters())
    kept: list[Kept] = []
    skipped: list[str] = []
    for source in open_poses(path, keypoints=said.keypoints, prefixes=said.prefixes):
        if said.sequence is not None and source.name != said.sequence:
            skipped.append(source.name)
            continue
        alone = not source.name or said.sequence is not None
        id = recording if alone else f"{recording}/{_plain(source.name)}"
        kept.append(_keep(store, source, id, origin, said, overwrite=overwrite))
    if not kept:
        from difflib import get_close_matches

        near = get_close_matches(said.sequence or "", skipped, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        there = ", ".join(name for name in skipped[:8] if name) or "one without a name"
        raise UsageError(f"{path}: holds no sequence {said.sequence!r}; {hint}there are {there}")
    return kept


def _keep(store: FeatureStore, source: PoseSource, id: str, origin: Origin, said: Reading, *, overwrite: bool) -> Kept:
    place = store.draft(id)
    try:
        if not overwrite:
            refuse_other(place, "poses", origin)
        shown, whence = _pictures(place, said)
        notes = [f"imported from {source.path.name} ({source.format})", *source.notes]
        clock = _Clock(source, said, shown, whence, notes)
        facts = _facts(source, said, clock.fps, _image_size(place, said), notes)
        blocks = _series(source, facts, clock)
        first = next(blocks)  # what is wrong with the file shows before anything is written
        provenance = origin.provenance()
        # How long the recording is shows when all of the file was read.
        known = media_facts(said.media, None)
        if shown is not None and whence == "frames":
            provenance["inputs"] = {"frames": place.file("frames").metadata.get("fingerprint")}
        _forget_earlier(place)
        write_poses(
            place,
            _chained(first, blocks, clock, known),
            provenance=provenance,
            notes=notes,
            facts=known,
            replace_frames=whence != "frames",
        )
    except BaseException:
        if place.path.is_dir() and not any(place.path.iterdir()):
            place.path.rmdir()
        raise
    if source.regions and not (place.path / REGIONS_FILE).is_file():
        write_regions(place, Regions(source.regions, facts.image_size))
    rows = {name: place.file(name).rows for name in ("poses", "frames")}
    return Kept(id, rows, tuple(dict.fromkeys(notes)))


def _forget_earlier(place: Recording) -> None:
    """Drop what an earlier import of poses said of the recording: its length, and sentences that no longer hold."""
    if "poses" not in place:
        return
    info = place.info
    told = set(place.file("poses").metadata.get("notes", []))
    info["notes"] = [note for note in info.get("notes", []) if note not in told]
    if not info.get("path"):
        info["media"] = None
    replace_file(place.path / "recording.json", canonical_json(info).encode())


class _Clock:
    """Times of frames: those of the video's pictures, of the file, or of a rate; in this order."""

    def __init__(
        self, source: PoseSource, said: Reading, shown: NDArray[np.float64] | None, whence: str, notes: list[str]
    ) -> None:
        self.path, self.shown, self.notes = source.path, shown, notes
        self.last: float | None = None
        self.beyond = 0
        told = source.facts.fps
        self.rate = said.fps or told
        if told and said.fps and abs(said.fps - told) > _SAME_RATE * told:
            notes.append(f"the file says {told:g} frames a second; {said.fps:g} are taken, as given")
        if shown is not None:
            notes.append(f"times are those of the pictures {'in the store' if whence == 'frames' else 'of the video'}")
            steps = np.diff(shown)
            measured = float(1 / np.median(steps)) if len(steps) and np.median(steps) > 0 else None
            if measured and self.rate and abs(measured - self.rate) > _SAME_RATE * measured:
                notes.append(f"the video shows {measured:g} pictures a second, not {self.rate:g}: its times are taken")
            self.fps = measured or self.rate
        else:
            self.fps = self.rate
            if said.fps:
                notes.append(f"times from {said.fps:g} frames a second, as given")

    def times(self, frames: NDArray[np.int64], told: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """Seconds on the media clock; UsageError where nothing tells them."""
        if self.shown is not None:
            return self.shown[frames]
        if self.rate is not None:
            return frames / self.rate
        if told is not None:
            if self.fps is None and len(told) > 1:
                self.fps = _round_rate(told)
            return told
        raise UsageError(
            f"{self.path}: does not say how many frames a second it has; give --fps, or --media VIDEO, whose pictures' "
            "times are then those of the poses"
        )

    def kept(self, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Frames that the video has; UsageError where it must be another video."""
        if self.shown is None:
            return np.ones(len(frames), bool)
        here = frames < len(self.shown)
        self.beyond += int((~here).sum())
        if self.beyond > max(2, _BEYOND * len(self.shown)):
            raise UsageError(
                f"{self.path}: speaks about frame {int(frames[-1])}, and the video has {len(self.shown)}: is it the "
                "right video? Import the poses under another --recording, or with another --media"
            )
        return here


def _series(source: PoseSource, facts: PoseFacts, clock: _Clock) -> Iterator[PoseSeries]:
    """The file's stretches on the clock; refused when frames run backwards, or no point is ever known."""
    last, known, tracks = -1, False, tuple(range(len(facts.animals)))
    for part in source.stretches():
        if not len(part.frames):
            continue
        order = np.argsort(part.frames, kind="stable")
        frames = part.frames[order]
        if frames[0] <= last or (np.diff(frames) == 0).any():
            raise SchemaError(
                f"{source.path}: frame {int(frames[0])} comes twice or after later ones; it may hold several videos"
            )
        last = int(frames[-1])
        keep = clock.kept(frames)
        order, frames = order[keep], frames[keep]
        if not len(frames):
            continue
        times = clock.times(frames, None if part.times is None else part.times[order])
        clock.last = float(times[-1]) + (1 / clock.fps if clock.fps else 0.0)
        points = part.points[order]
        known = known or bool(np.isfinite(points).any())
        told = facts if facts.fps is not None or clock.fps is None else replace(facts, fps=clock.fps)
        yield PoseSeries(frames, times, points, part.confidence[order], told, tracks)
    if last < 0:
        raise SchemaError(f"{source.path}: holds no frames")
    if not known:
        raise SchemaError(f"{source.path}: no point is known in any frame; is it the file that was meant?")
    if clock.beyond:
        clock.notes.append(f"{clock.beyond} frames after the video's last are left out")


def _facts(
    source: PoseSource, said: Reading, fps: float | None, size: tuple[int, int] | None, notes: list[str]
) -> PoseFacts:
    scale = source.facts.scale
    if said.cm_per_px is not None:
        if source.facts.dimensions == 3:
            raise UsageError(f"{source.path}: holds poses in space, which have no cm per px: leave --cm-per-px out")
        if scale.cm_per_px is not None and abs(scale.cm_per_px - said.cm_per_px) > 1e-6 * scale.cm_per_px:
            notes.append(f"the file says {scale.cm_per_px:g} cm per px; {said.cm_per_px:g} are taken, as given")
        scale = Scale(said.cm_per_px)
    if not scale.known:
        notes.append("no scale: lengths are in px and body lengths; --cm-per-px gives one")
    return replace(source.facts, fps=fps, scale=scale, image_size=size or source.facts.image_size)


def _pictures(place: Recording, said: Reading) -> tuple[NDArray[np.float64] | None, str]:
    """Times of the recording's pictures, and whether they are of its `frames` or of a video that was named."""
    if "frames" in place and place.file("frames").rows:
        made = place.file("frames").metadata.get("provenance", {}).get("extractor", "")
        if made != f"import {IMPORTER}":
            rows = place.file("frames").read(["frame", "time"])
            frames, times = rows.column("frame").to_numpy(), rows.column("time").to_numpy()
            # A video that was read at a lower rate has pictures between those of the table.
            return np.interp(np.arange(int(frames[-1]) + 1), frames, times), "frames"
    return (picture_times(said.media), "media") if said.media is not None else (None, "")


def _image_size(place: Recording, said: Reading) -> tuple[int, int] | None:
    if said.media is not None:
        from bitflow.media.probe import probe

        video = probe(said.media).video
        return None if video is None else (video.width, video.height)
    return picture_size(place)


def _chained(
    first: PoseSeries, rest: Iterator[PoseSeries], clock: _Clock, known: dict[str, Any]
) -> Iterator[PoseSeries]:
    yield first
    yield from rest
    if clock.shown is None:
        known["media"] = {"duration": clock.last}


def _round_rate(times: NDArray[np.float64]) -> float:
    return float(np.round(1 / np.median(np.diff(times)), 6))


def _plain(name: str) -> str:
    """A sequence's name as a part of a recording's id."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "sequence"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()
