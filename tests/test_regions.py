"""Regions of interest: geometry, files and places in a store."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.errors import BitflowError, UsageError
from bitflow.regions import Region, Regions, read_regions, read_regions_file, write_regions
from bitflow.store import FeatureStore

L_SHAPE = Region("L", "polygon", ((0, 0), (10, 0), (10, 4), (4, 4), (4, 10), (0, 10)))


def test_inside_is_inside_and_the_border_counts():
    places = np.array([[2.0, 8.0], [8.0, 8.0], [4.0, 7.0], [0.0, 0.0], [10.0, 4.0], [np.nan, 1.0], [-1e-3, 5.0]])
    assert L_SHAPE.contains(places).tolist() == [True, False, True, True, True, False, False]


def test_distance_is_signed_and_goes_to_the_nearest_border():
    np.testing.assert_allclose(L_SHAPE.distance(np.array([[2.0, 8.0], [8.0, 8.0], [13.0, -4.0]])), [-2, 4, 5])
    line = Region("wall", "line", ((0, 0), (10, 0), (10, 10)))
    np.testing.assert_allclose(line.distance(np.array([[[3.0, 2.0], [12.0, 5.0]]])), [[2, 2]])
    np.testing.assert_allclose(line.nearest(np.array([[12.0, 5.0], [np.nan, 0.0]])), [[10, 5], [np.nan, np.nan]])


def test_a_circle_of_edges_has_the_distance_of_a_circle():
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    circle = Region("c", "polygon", tuple(zip(100 * np.cos(angle), 100 * np.sin(angle), strict=True)))
    random = np.random.default_rng(1).uniform(-200, 200, (500, 2))
    np.testing.assert_allclose(circle.distance(random), np.linalg.norm(random, axis=1) - 100, atol=2e-3)


def test_regions_survive_a_trip_through_the_store(tmp_path):
    recording = FeatureStore.create(tmp_path).draft("one")
    assert len(read_regions(recording)) == 0
    regions = Regions((L_SHAPE, Region("spout", "point", ((1.5, 2.5),))), (640, 480))
    write_regions(recording, regions)
    assert read_regions(recording) == regions


def test_geojson_is_read(tmp_path):
    ring = [[0, 0], [5, 0], [5, 5], [0, 0]]
    features = [
        {
            "type": "Feature",
            "properties": {"name": "nest"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        },
        {"type": "Feature", "id": "wall", "geometry": {"type": "LineString", "coordinates": [[0, 0, 7], [1, 1, 7]]}},
    ]
    path = tmp_path / "regions.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    regions = read_regions_file(path)
    assert regions.names == ("nest", "wall")
    assert regions["nest"].points == ((0, 0), (5, 0), (5, 5))
    features[0]["geometry"]["coordinates"].append(ring)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.raises(UsageError, match=r"regions\.geojson.*'nest'.*holes"):
        read_regions_file(path)


def test_what_is_no_region_is_named():
    with pytest.raises(UsageError, match=r"'thin'.*enclose nothing"):
        Region("thin", "polygon", ((0, 0), (5, 5), (10, 10)))
    with pytest.raises(UsageError, match=r"'a'.*at least 3"):
        Region("a", "polygon", ((0, 0), (5, 5)))
    with pytest.raises(UsageError, match="two regions are called 'L'"):
        Regions((L_SHAPE, L_SHAPE))
    with pytest.raises(UsageError, match="there is no region 'M'; there are L"):
        _ = Regions((L_SHAPE,))["M"]
    with pytest.raises(UsageError, match="outside the picture of 640 × 480"):
        Regions((Region("far", "line", ((700, 0), (800, 9))),)).refuse_outside(640, 480)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ("regions", "type", "features", "geometry", "coordinates", "name", "kind", "points", "image_size")
            ),
            inner
            | st.sampled_from(
                ("FeatureCollection", "Feature", "Polygon", "LineString", "Point", "polygon", "line", "x")
            ),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(json_values)
def test_any_json_is_regions_or_a_sentence(value):
    with suppress(BitflowError):
        assert isinstance(Regions.from_dict(value), Regions)


@pytest.mark.parametrize("wrap", [lambda named: named, lambda named: {"regions": named}])
def test_polygons_may_stand_by_their_names(wrap):
    found = Regions.from_dict(wrap({"arena": [[0, 0], [9, 0], [9, 9]], "corner": [[0, 0], [3, 0], [3, 3]]}))
    assert found.names == ("arena", "corner")
    assert found["corner"].points == ((0.0, 0.0), (3.0, 0.0), (3.0, 3.0))


def test_other_json_is_told_how_regions_are_written():
    for described in ({"a": 5}, {}, {"regions": 3}, {"regions": [3]}, {"arena": [[1, 2], "x"]}):
        with pytest.raises(UsageError):
            Regions.from_dict(described)
    with pytest.raises(UsageError, match='"name": "arena"'):
        Regions.from_dict({"a": 5})
