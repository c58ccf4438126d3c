"""Pictures come out in their own colours, upright, and crops equal those of the whole RGB picture."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitflow.media import Frame, VideoReader

Clip = Callable[[str], Path]

# Kr and Kb of ITU-R BT.601, BT.709 and BT.2020.
WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


def _first(path: Path) -> Frame:
    with VideoReader(path) as reader:
        return next(iter(reader))


def _ffmpegs_rgb(path: Path, width: int, height: int) -> np.ndarray:
    """The first picture as ffmpeg shows it, rotated by itself, with its accurate converter."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-frames:v", "1",
         "-sws_flags", "bilinear+accurate_rnd+full_chroma_int", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3)


def _error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotated_pictures_come_out_upright(degrees: int, clips: Clip, ffmpeg: Callable[..., Path]) -> None:
    path = clips(f"turned_{degrees}.mp4")
    frame = _first(path)
    assert (frame.width, frame.height) == ((240, 320) if degrees % 180 else (320, 240))
    assert frame.rgb().shape == (frame.height, frame.width, 3)
    assert [plane.shape for plane in frame.planes] == [
        (frame.height, frame.width),
        (frame.height // 2, frame.width // 2),
        (frame.height // 2, frame.width // 2),
    ]
    assert _error(frame.rgb(), _ffmpegs_rgb(path, frame.width, frame.height)) < 3


@pytest.mark.parametrize(
    "name",
    ["b_frames.mp4", "ten_bit.mp4", "yuv422.mp4", "yuv444.mp4", "grey.mkv", "rgb.mkv", "odd.mkv", "mjpeg.avi",
     "vp9.webm", "hevc.mp4", "picture.png", "picture.jpg"],
)  # fmt: skip
def test_every_pixel_format_looks_as_ffmpeg_shows_it(name: str, clips: Clip, ffmpeg: Callable[..., Path]) -> None:
    path = clips(name)
    frame = _first(path)
    # The pattern's saturated edges differ where chroma was halved on the way to 4:2:0, or has an odd width.
    bound = 4.0 if name in ("yuv422.mp4", "yuv444.mp4", "odd.mkv") else 1.5
    assert _error(frame.rgb(), _ffmpegs_rgb(path, frame.width, frame.height)) < bound
    y, u, v = frame.planes
    assert y.shape == (frame.height, frame.width)
    assert u.shape == v.shape == ((frame.height + 1) // 2, (frame.width + 1) // 2)


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("full_range", [False, True])
def test_colours_survive_each_matrix_and_range(
    matrix: str, full_range: bool, tmp_path: Path, ffmpeg: Callable[..., Path]
) -> None:
    """Patches of known RGB, encoded by the textbook formula, come back as they were."""
    colours = np.array([[255, 255, 255], [0, 0, 0], [200, 40, 30], [30, 160, 60], [40, 60, 220], [128, 128, 128]])
    kr, kb = WEIGHTS[matrix]
    rgb = colours / 255
    luma = rgb @ [kr, 1 - kr - kb, kb]
    cb, cr = (rgb[:, 2] - luma) / (2 * (1 - kb)), (rgb[:, 0] - luma) / (2 * (1 - kr))
    scale, black, chroma = (255, 0, 255) if full_range else (219, 16, 224)
    y, u, v = luma * scale + black, cb * chroma + 128, cr * chroma + 128
    planes = [np.kron(np.round(np.clip(p, 0, 255)).astype(np.uint8), np.ones((side, side), np.uint8)) for p, side in
              ((y, 32), (u, 16), (v, 16))]  # fmt: skip
    raw = tmp_path / "patches.yuv"
    raw.write_bytes(b"".join(plane.reshape(-1, 6 * side).tobytes() for plane, side in
                             zip(planes, (32, 16, 16), strict=True)))  # fmt: skip
    space = {"bt601": "smpte170m", "bt709": "bt709", "bt2020": "bt2020nc"}[matrix]
    path = ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "192x32", "-color_range", "pc" if full_range else "tv",
        "-colorspace", space, "-i", raw, "-c:v", "libx264", "-qp", 1, "-pix_fmt", "yuv420p",
        "-color_range", "pc" if full_range else "tv", "-colorspace", space, tmp_path / "patches.mp4",
    )  # fmt: skip
    frame = _first(path)
    assert (frame.color_matrix, frame.full_range) == (matrix, full_range)
    centres = frame.rgb()[16, 16::32].astype(int)
    assert np.abs(centres - colours).max() <= 3
    crop = frame.warp(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (192, 32))[16, 16::32].astype(int)
    assert np.abs(crop - colours).max() <= 3


def test_planes_are_views_that_cannot_be_written(clips: Clip) -> None:
    frame = _first(clips("b_frames.mp4"))
    y = frame.planes[0]
    assert not y.flags.owndata
    assert frame.planes[0] is y
    with pytest.raises(ValueError, match="read-only"):
        y[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        frame.rgb()[0, 0] = 1


def _square(x: float, y: float, side: float, angle: float, size: int) -> np.ndarray:
    """Crop of a rotated square around a point: crop pixel to picture pixel."""
    k = side / size
    c, s = np.cos(angle) * k, np.sin(angle) * k
    return np.array([[c, -s, x - (c - s) * size / 2], [s, c, y - (s + c) * size / 2]])


def _by_rgb(frame: Frame, matrix: np.ndarray, size: tuple[int, int], border: int) -> np.ndarray:
    return cv2.warpAffine(
        np.array(frame.rgb()), matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=border
    )


CROPS = {
    "inside": (160.0, 120.0, 120.0, 0.2),
    "upright": (160.0, 120.0, 100.0, 0.0),
    "enlarged": (150.0, 110.0, 60.0, -0.4),
    "over the corner": (20.0, 20.0, 120.0, 0.3),
    "mostly outside": (160.0, 200.0, 900.0, 0.0),
}


@pytest.fixture(scope="module")
def face(shared_clip: Clip) -> Frame:
    return _first(shared_clip("people/pyfeat_single_face.mp4"))


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("size", [(192, 192), (129, 97)])
def test_crop_from_planes_equals_crop_from_rgb(crop: str, size: tuple[int, int], face: Frame) -> None:
    x, y, side, angle = CROPS[crop]
    matrix = _square(2 * x, 1.5 * y, 2 * side, angle, size[0])
    got = face.warp(matrix, size)
    # Chroma is sampled at half the crop's size: no more than its own detail is lost.
    assert _error(got, _by_rgb(face, matrix, size, cv2.BORDER_REPLICATE)) < 0.8


def test_turned_crop_that_leaves_the_picture_equals_that_of_rgb_inside_it(face: Frame) -> None:
    """Beyond the picture its edges go on along the crop's own rows and columns, not along the picture's."""
    matrix = _square(320.0, 300.0, 1800.0, 0.1, 192)
    got, expected = face.warp(matrix, (192, 192)), _by_rgb(face, matrix, (192, 192), cv2.BORDER_REPLICATE)
    at = np.stack([*np.meshgrid(np.arange(192), np.arange(192)), np.ones((192, 192))], axis=-1) @ matrix.T
    inside = ((at >= 0) & (at <= (face.width - 1, face.height - 1))).all(axis=-1)
    assert 0.05 < inside.mean() < 0.2
    assert _error(got[inside], expected[inside]) < 1.5  # chroma, of which nine pixels fall on one here
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    assert (got[: rows[0] - 4] == got[0]).all()
    assert (got[:, : columns[0] - 4] == got[:, :1]).all()
    assert (got[:, columns[-1] + 4 :] == got[:, -1:]).all()


def test_crop_fills_the_array_it_is_given(face: Frame) -> None:
    matrix = _square(320, 180, 200, 0.1, 64)
    out = np.empty((64, 64, 3), np.uint8)
    assert face.warp(matrix, (64, 64), out=out) is out
    assert (out == face.warp(matrix, (64, 64))).all()


@pytest.mark.parametrize("angle", [0.0, 0.3])
@pytest.mark.parametrize("name", ["b_frames.mp4", "mjpeg.avi", "turned_90.mp4", "rgb.mkv", "grey.mkv"])
def test_zero_border_is_exact_black(name: str, angle: float, clips: Clip) -> None:
    frame = _first(clips(name))
    side = 2.0 * max(frame.width, frame.height)
    matrix = _square(frame.width / 2, frame.height / 2, side, angle, 128)
    got = frame.warp(matrix, (128, 128), border="zero")
    columns, rows = np.meshgrid(np.arange(128), np.arange(128))
    x = matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2]
    y = matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2]
    outside = (x <= -1) | (x >= frame.width) | (y <= -1) | (y >= frame.height)
    inside = (x >= 0) & (x <= frame.width - 1) & (y >= 0) & (y <= frame.height - 1)
    assert (got[outside] == 0).all()
    reference = _by_rgb(frame, matrix, (128, 128), cv2.BORDER_CONSTANT)
    assert _error(got[inside], reference[inside]) < 12  # the pattern's colours alternate by the pixel


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_crop_of_a_rotated_picture_is_in_displayed_pixels(degrees: int, clips: Clip) -> None:
    """A crop of the rotated clip is the crop of the plain clip, turned."""
    plain, turned = _first(clips("b_frames.mp4")), _first(clips(f"turned_{degrees}.mp4"))
    whole = turned.warp(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (turned.width, turned.height))
    upright = plain.warp(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (plain.width, plain.height))
    expected = np.rot90(upright, degrees // 90)
    assert _error(whole, expected) < 1.5


def test_luma_is_sampled_without_a_half_pixel_shift() -> None:
    ramp = np.repeat(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], 50, axis=0).repeat(3, axis=2)
    frame = Frame.from_rgb(ramp)
    got = frame.warp(np.array([[1.0, 0, 10.5], [0, 1.0, 5.0]]), (20, 20))
    assert got[0, :, 0] == pytest.approx(2 * (np.arange(20) + 10.5), abs=1)


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(-400, 1000), y=st.floats(-400, 800), side=st.floats(2, 3000), angle=st.floats(-3.2, 3.2),
    size=st.integers(1, 70), zero=st.booleans(),
)  # fmt: skip
def test_any_crop_stays_within_the_colours_of_the_picture(
    x: float, y: float, side: float, angle: float, size: int, zero: bool
) -> None:
    """Of a uniform picture every crop is uniform, black outside when asked."""
    frame = Frame.from_rgb(np.full((60, 90, 3), (200, 90, 40), np.uint8))
    planar = _planar_twin(frame)
    got = planar.warp(_square(x, y, side, angle, size), (size, size), border="zero" if zero else "replicate")
    assert got.shape == (size, size, 3)
    if not zero:
        assert np.abs(got.astype(int) - (200, 90, 40)).max() <= 3


def _planar_twin(frame: Frame) -> Frame:
    """The same picture as if it had been decoded from 4:2:0."""
    from av.video.frame import VideoFrame

    y, u, v = (np.ascontiguousarray(plane) for plane in frame.planes)
    stacked = np.concatenate([y.ravel(), u.ravel(), v.ravel()]).reshape(-1, y.shape[1])
    picture = VideoFrame.from_ndarray(stacked, format="yuvj420p")
    return Frame(picture)


def test_threads_that_share_a_frame_get_the_same_picture(clips: Clip) -> None:
    frames = list(VideoReader(clips("ten_bit.mp4")))
    alone = [frame.planes[0].copy() for frame in VideoReader(clips("ten_bit.mp4"))]
    matrix = _square(160, 120, 100, 0.2, 64)

    def work(k: int) -> list[np.ndarray]:
        return [frame.warp(matrix, (64, 64)) if k % 2 else frame.planes[0].copy() for frame in frames]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    for k in (0, 2):
        assert all((a == b).all() for a, b in zip(results[k], alone, strict=True))
    assert all((a == b).all() for a, b in zip(results[1], results[3], strict=True))


def test_frame_of_ones_own_keeps_its_pixels() -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (31, 45, 3)).astype(np.uint8)
    frame = Frame.from_rgb(rgb, index=7, time=1.5)
    assert (frame.rgb() == rgb).all()
    assert (frame.index, frame.time, frame.width, frame.height) == (7, 1.5, 45, 31)
    with pytest.raises(ValueError, match="uint8"):
        Frame.from_rgb(rgb.astype(float))
