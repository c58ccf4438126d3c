"""What is at hand on this machine, found without the network."""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bitflow.assets.entries import Asset, BundleMember, Wheel, WheelMember, asset, catalogue
from bitflow.assets.files import cached, matches, place
from bitflow.errors import AssetError

if TYPE_CHECKING:
    from collections.abc import Iterator

Origin = Literal["mirror", "cache", "installed", "archive"]

_MIRROR_DEPTH = 2
_MIRROR_ENTRIES = 20_000  # a mirror is a folder of models; someone's whole disk is not searched


@dataclass(frozen=True)
class AssetState:
    """What is known about one asset on this machine.

    `status` is `present` (bytes verified), `absent`, or `damaged` (a file of this name with other bytes);
    `origin` says where a present one lies: a folder of `BITFLOW_ASSETS`, the cache, an installed package, or
    still inside a bundle or wheel at hand.
    """

    asset: Asset
    status: Literal["present", "absent", "damaged"]
    path: Path | None = None
    origin: Origin | None = None


def locate(asset_id: str) -> Path | None:
    """Path of an asset that is on this machine with the pinned bytes, or None.

    Looked at in this order: the folders of `BITFLOW_ASSETS` (by name, then by size and hash), the cache,
    installed packages (read as files, never imported), and last the bundles and wheels among these, out of
    which all that the catalogue knows is unpacked into the cache.

    Raises
    ------
    AssetError
        No asset has this id, or an archive at hand cannot be unpacked because the cache cannot be written.
    """
    found = _find(asset(asset_id))
    return found[0] if found else None


def state(asset_id: str, *, fresh: bool = False) -> AssetState:
    """State of one asset, without unpacking anything; `fresh` reads and hashes its bytes again."""
    entry = asset(asset_id)
    if found := _plain(entry, fresh=fresh):
        return AssetState(entry, "present", *found)
    if cached(entry).exists():
        return AssetState(entry, "damaged", cached(entry), "cache")
    for folder in mirrors():
        if (folder / entry.file_name).exists():
            return AssetState(entry, "damaged", folder / entry.file_name, "mirror")
    for archive, _ in _archives(entry):
        return AssetState(entry, "present", archive, "archive")
    return AssetState(entry, "absent")


def verify() -> tuple[AssetState, ...]:
    """State of every asset in the catalogue, its bytes read and hashed again."""
    return tuple(state(asset_id, fresh=True) for asset_id in catalogue())


def mirrors() -> tuple[Path, ...]:
    """Folders named by `BITFLOW_ASSETS`, separated as in `PATH`."""
    named = os.environ.get("BITFLOW_ASSETS", "").split(os.pathsep)
    return tuple(Path(name).expanduser() for name in named if name.strip())


def unpack(archive: Path, members: dict[str, Asset]) -> dict[str, Path]:
    """Unpack catalogued members of a zip into the cache, each under the catalogue's own name.

    Names inside the archive decide nothing about where a file goes, and a member of another size than the
    pinned one is not read at all.

    Parameters
    ----------
    archive
        A zip file (wheel or bundle).
    members
        Path inside the archive to the asset that it is.

    Returns
    -------
    dict
        Asset id to path.

    Raises
    ------
    AssetError
        Not a zip, a member is missing, or its bytes are not the pinned ones.
    """
    paths: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for member, entry in members.items():
                if matches(cached(entry), entry):
                    paths[entry.id] = cached(entry)
                    continue
                info = opened.getinfo(member)
                if info.file_size != entry.size:
                    raise AssetError(
                        f"{entry.id}: {member} in {archive.name} has {info.file_size} bytes, expected {entry.size}"
                    )
                with opened.open(info) as stream:
                    paths[entry.id] = place(stream, entry)  # pyright: ignore[reportArgumentType]
    except KeyError as error:
        raise AssetError(f"{archive.name} holds no member {error.args[0]!r}") from error
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise AssetError(f"{archive} is not a readable zip archive: {error}") from error
    return paths


def members_of(container: Wheel | str) -> dict[str, Asset]:
    """All catalogued members of a wheel, or of a bundle named by its asset id."""
    return {
        source.member: entry
        for entry in catalogue().values()
        for source in entry.sources
        if (isinstance(source, WheelMember) and source.wheel == container)
        or (isinstance(source, BundleMember) and source.bundle == container)
    }


def _find(entry: Asset) -> tuple[Path, Origin] | None:
    if found := _plain(entry):
        return found
    for archive, members in _archives(entry):
        return unpack(archive, members)[entry.id], "cache"
    return None


def _plain(entry: Asset, *, fresh: bool = False) -> tuple[Path, Origin] | None:
    for path in _mirrored(entry):
        if matches(path, entry, fresh=fresh):
            return path, "mirror"
    if matches(cached(entry), entry, fresh=fresh):
        return cached(entry), "cache"
    for path in _installed(entry):
        if matches(path, entry, fresh=fresh):
            return path, "installed"
    return None


def _mirrored(entry: Asset) -> Iterator[Path]:
    for folder in mirrors():
        yield folder / entry.file_name
        yield from (path for path, size in _listing(folder) if size == entry.size)


def _installed(entry: Asset) -> Iterator[Path]:
    from importlib import metadata

    for source in entry.sources:
        if isinstance(source, WheelMember):
            try:
                yield Path(str(metadata.distribution(source.wheel.distribution).locate_file(source.member)))
            except metadata.PackageNotFoundError:
                continue


def _archives(entry: Asset) -> Iterator[tuple[Path, dict[str, Asset]]]:
    """Verified bundles and named wheels at hand that hold `entry`."""
    for source in entry.sources:
        if isinstance(source, BundleMember):
            bundle = _plain(asset(source.bundle))
            if bundle:
                yield bundle[0], members_of(source.bundle)
        elif isinstance(source, WheelMember):
            for folder in mirrors():
                yield from (
                    (path, members_of(source.wheel))
                    for path, _ in _listing(folder)
                    if path.suffix == ".whl" and is_wheel_of(path.name, source.wheel)
                )


def is_wheel_of(file_name: str, wheel: Wheel) -> bool:
    """Whether a wheel's file name says that it is this release of this distribution."""
    name, _, rest = file_name.removesuffix(".whl").partition("-")
    return _normalised(name) == _normalised(wheel.distribution) and rest.split("-", 1)[0] == wheel.version


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _listing(folder: Path) -> tuple[tuple[Path, int], ...]:
    return tuple(islice(_walk(folder, _MIRROR_DEPTH), _MIRROR_ENTRIES))


def _walk(folder: Path, depth: int) -> Iterator[tuple[Path, int]]:
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_file():
                yield Path(entry.path), entry.stat().st_size
            elif depth and entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), depth - 1)
        except OSError:
            continue
