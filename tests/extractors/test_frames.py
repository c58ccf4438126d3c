"""The table of frames says when the picture is repeated, blurred, moves or is cut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bitflow.extractors.frames import Frames, blur_effect
from bitflow.media import Frame, FrameChunk
from bitflow.tables import tensor


def texture(seed: int, size: tuple[int, int] = (180, 320)) -> np.ndarray:
    draw = np.random.default_rng(seed)
    grey = cv2.GaussianBlur(draw.uniform(0, 255, size).astype(np.float32), (0, 0), 1.5)
    grey = cv2.normalize(grey, None, 30, 220, cv2.NORM_MINMAX).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def measure(pictures: list[np.ndarray], chunk: int = 5) -> dict[str, np.ndarray]:
    frames = [Frame.from_rgb(picture, index=at, time=at / 25) for at, picture in enumerate(pictures)]
    chunks = [FrameChunk(at // chunk, tuple(frames[at : at + chunk])) for at in range(0, len(frames), chunk)]
    extractor = Frames()
    worker = extractor.open(None, None)
    batches = [batch for _, batch in extractor.join((worker(chunk) for chunk in reversed(chunks[::-1])), None, None)]
    schema = extractor.tables[0]
    return {
        name: np.concatenate([tensor(batch.column(at), schema[name]) for batch in batches])
        for at, name in enumerate(schema.names)
    }


def test_blur_effect_grows_with_blur_and_is_one_without_edges():
    sharp = texture(0)[:, :, 0]
    figures = [blur_effect(cv2.GaussianBlur(sharp, (0, 0), sigma)) for sigma in (0.1, 1, 2, 4, 8)]
    assert figures == sorted(figures)
    assert blur_effect(np.full((100, 100), 90, np.uint8)) == 1.0


@pytest.mark.parametrize("chunk", [1, 4, 5, 20])
def test_a_cut_is_its_first_frame_also_at_a_chunk_border(chunk):
    shots = [texture(1)] * 5 + [np.roll(texture(2), at, axis=1) for at in range(5)] + [255 - texture(3)] * 4
    assert np.flatnonzero(measure(shots, chunk)["is_cut"]).tolist() == [5, 10]


def test_steady_fast_motion_is_no_cut():
    moving = [np.roll(texture(4), 9 * at, axis=1) for at in range(20)]
    assert not measure(moving)["is_cut"].any()


def test_a_repeated_picture_is_a_duplicate_and_a_slowly_moving_one_is_not():
    pictures = [texture(5), texture(5), np.roll(texture(5), 1, axis=1), np.roll(texture(5), 1, axis=1)]
    assert measure(pictures)["is_duplicate"].tolist() == [False, True, False, True]


def test_motion_energy_is_the_mean_change_of_luma_and_missing_for_the_first_frame():
    dark, bright = np.full((90, 160, 3), 60, np.uint8), np.full((90, 160, 3), 111, np.uint8)
    energy = measure([dark, bright, bright], chunk=2)["motion_energy"]
    assert np.isnan(energy[0])
    # full-range grey steps by 51/255 = 0.2; stored luma is limited to 219 of its 255 levels
    assert energy[1] == pytest.approx(0.2, abs=0.03)
    assert energy[2] == 0


def test_brightness_runs_from_black_to_white():
    levels = [np.full((90, 160, 3), level, np.uint8) for level in (0, 128, 255)]
    assert measure(levels)["brightness"] == pytest.approx([0, 0.5, 1], abs=0.08)
