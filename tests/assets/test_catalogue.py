"""The catalogue is complete, pinned, and leads only to sources that can be trusted to be what they say."""

from __future__ import annotations

import re

import pytest

from bitflow.assets import BundleMember, Url, WheelMember, asset, catalogue
from bitflow.errors import AssetError


def test_every_asset_has_a_full_hash_a_size_a_licence_and_a_source() -> None:
    for asset_id, entry in catalogue().items():
        assert entry.id == asset_id
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256), asset_id
        assert entry.size > 1000, asset_id
        assert entry.licence, asset_id
        assert entry.description, asset_id
        assert entry.sources, asset_id


def test_no_two_assets_share_an_id_or_their_bytes() -> None:
    entries = list(catalogue().values())
    assert len({entry.sha256 for entry in entries}) == len(entries)


def test_addresses_are_encrypted_and_wheels_are_pinned_to_one_release() -> None:
    for entry in catalogue().values():
        for source in entry.sources:
            if isinstance(source, Url):
                assert source.url.startswith("https://"), entry.id
            elif isinstance(source, WheelMember):
                assert re.fullmatch(r"\d+(\.\d+)+", source.wheel.version), entry.id
            else:
                assert isinstance(source, BundleMember)
                assert source.bundle in catalogue(), entry.id


def test_file_names_are_plain_so_that_none_leads_out_of_the_cache() -> None:
    for entry in catalogue().values():
        assert re.fullmatch(r"\w[\w.-]*", entry.file_name), entry.id


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(AssetError, match="face_mesh_478"):
        asset("face_mesh_487")
