"""Model and sample files: named, pinned by sha256, and found or fetched from several sources.

>>> from bitflow import assets
>>> assets.catalogue()["face_mesh_468"].licence
'Apache-2.0'

`locate` looks on this machine only: the folders of `BITFLOW_ASSETS`, the cache, installed packages. `fetch`
also downloads, unless `BITFLOW_OFFLINE=1`. Every file handed out has the pinned hash.
"""

from __future__ import annotations

from bitflow.assets.entries import Asset, BundleMember, Source, Url, WheelMember, asset, catalogue
from bitflow.assets.fetching import fetch, fetch_first, offline
from bitflow.assets.files import cache_dir, sha256_of
from bitflow.assets.local import AssetState, locate, mirrors, state, verify

__all__ = [
    "Asset",
    "AssetState",
    "BundleMember",
    "Source",
    "Url",
    "WheelMember",
    "asset",
    "cache_dir",
    "catalogue",
    "fetch",
    "fetch_first",
    "locate",
    "mirrors",
    "offline",
    "sha256_of",
    "state",
    "verify",
]
