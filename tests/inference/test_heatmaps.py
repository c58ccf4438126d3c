"""Places between the cells of maps."""

from __future__ import annotations

import numpy as np
import pytest

from bitflow.inference.heatmaps import peaks


def bells(places: np.ndarray, size: tuple[int, int], sigma: float) -> np.ndarray:
    y, x = np.mgrid[: size[0], : size[1]]
    away = (x - places[..., 0, None, None]) ** 2 + (y - places[..., 1, None, None]) ** 2
    return np.exp(-away / (2 * sigma**2))


@pytest.mark.parametrize("sigma", [0.7, 1.5, 3.0])
def test_the_middle_of_a_gaussian_is_found_exactly(sigma):
    places = np.random.default_rng(0).uniform(2, 17, (40, 3, 2))
    found, heights = peaks(bells(places, (20, 20), sigma))
    np.testing.assert_allclose(found, places, atol=1e-6 if sigma > 1 else 1e-4)
    assert (heights > 0.6).all()


def test_offsets_are_added_at_the_highest_cell():
    maps = np.zeros((1, 2, 4, 5))
    maps[0, 0, 1, 3] = 0.9
    maps[0, 1, 3, 0] = 0.4
    offsets = np.zeros((1, 2, 2, 4, 5))
    offsets[0, 0, :, 1, 3] = [0.25, -0.5]
    offsets[0, 1, :, 3, 0] = [-0.75, 1.0]
    found, heights = peaks(maps, offsets)
    np.testing.assert_allclose(found[0], [[3.25, 0.5], [-0.75, 4.0]])
    np.testing.assert_allclose(heights[0], [0.9, 0.4], atol=1e-6)


def test_a_peak_at_the_border_stays_in_its_cell():
    maps = np.zeros((1, 1, 5, 5))
    maps[0, 0, 0, 4] = 1.0
    assert peaks(maps)[0].tolist() == [[[4.0, 0.0]]]
