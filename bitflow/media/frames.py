"""One decoded picture, held as the decoder made it and converted only to what is asked for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from bitflow.media.probe import color_matrix, is_full_range, quarter_turns
from bitflow.media.warp import color_transform, convert_yuv, warp_rgb, warp_yuv

# AVColorSpace and AVColorRange numbers (ITU-T H.273) that swscale takes for each matrix and range.
_COLORSPACE = {"bt601": 5, "bt709": 1, "bt2020": 9}
_RANGE = {False: 1, True: 2}

_PLANAR = {"yuv420p", "yuvj420p"}
_GREY = {"gray", "gray8"}

_threads = threading.local()


class Frame:
    """One decoded picture.

    Holds libav's frame by reference: its planes are views, not copies. Every form is made on first use and
    kept. Arrays that come out are read-only, since the decoder predicts later pictures from the same memory.

    Attributes
    ----------
    index : int
        Number of the decoded picture in presentation order; -1 when it was reached by seeking.
    time : float
        s on the media clock.
    duration : float
        s until the next picture.
    keyframe : bool
        Coded without reference to others.
    corrupt : bool
        The decoder knows that part of it is missing or guessed.
    width, height : int
        px as displayed, after rotation.
    color_matrix : str
        bt601, bt709 or bt2020: how the planes relate to RGB.
    full_range : bool
        Black is luma 0 and white 255, not 16 and 235.
    """

    __slots__ = (
        "__weakref__",
        "_lock",
        "_planes",
        "_rgb",
        "_source",
        "_stored",
        "_turns",
        "color_matrix",
        "corrupt",
        "duration",
        "full_range",
        "height",
        "index",
        "keyframe",
        "time",
        "width",
    )

    def __init__(
        self,
        picture: VideoFrame,
        *,
        index: int = 0,
        time: float = 0.0,
        duration: float = 0.0,
        corrupt: bool | None = None,
    ) -> None:
        self.index, self.time, self.duration = index, time, duration
        self.keyframe = bool(picture.key_frame)
        self.corrupt = bool(picture.is_corrupt) if corrupt is None else corrupt
        self._turns = quarter_turns(picture)
        self.width, self.height = picture.width, picture.height
        if self._turns % 2:
            self.width, self.height = self.height, self.width
        self._source = picture
        # Several extractors ask for one frame at once, and swscale's binding retags its source as it works.
        self._lock = threading.RLock()
        self._stored: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._planes: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._rgb: np.ndarray | None = None
        if _is_rgb(picture):
            # RGB has no matrix of its own: its planes are made as JPEG makes them.
            self.color_matrix, self.full_range = "bt601", True
        else:
            self.color_matrix = color_matrix(picture.colorspace)
            self.full_range = is_full_range(picture.format.name, picture.color_range)

    @classmethod
    def from_rgb(cls, rgb: np.ndarray, index: int = 0, time: float = 0.0) -> Frame:
        """A frame around an RGB picture of one's own.

        Parameters
        ----------
        rgb : (height, width, 3) uint8
            Copied.
        """
        rgb = np.ascontiguousarray(rgb)
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise ValueError(f"expected (height, width, 3) uint8, got {rgb.shape} {rgb.dtype}")
        return cls(VideoFrame.from_ndarray(rgb, format="rgb24"), index=index, time=time, corrupt=False)

    @property
    def nbytes(self) -> int:
        """Size of the picture as held, in bytes."""
        held = sum(abs(plane.line_size) * plane.height for plane in self._source.planes)
        return held + (0 if self._rgb is None else self._rgb.nbytes)

    @property
    def planes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Y (h, w) and U, V (ceil h/2, ceil w/2), uint8, in displayed orientation, read-only.

        Rows may be further apart than their width; 8-bit 4:2:0 pictures are not copied.
        """
        if self._planes is None:
            y, u, v = self._stored_planes()
            if self._turns:
                y, u, v = (_read_only(np.rot90(plane, self._turns)) for plane in (y, u, v))
            self._planes = (y, u, v)
        return self._planes

    def rgb(self) -> np.ndarray:
        """The whole picture as (h, w, 3) uint8 RGB, with the stream's own matrix and range, read-only."""
        if self._rgb is None:
            stored = self._native_rgb()
            if stored is None:
                transform = color_transform(self.color_matrix, self.full_range)
                stored = convert_yuv(self._stored_planes(), transform)
            self._rgb = _read_only(np.rot90(stored, self._turns))
        return self._rgb

    def warp(
        self,
        matrix: np.ndarray,
        size: tuple[int, int],
        *,
        border: str = "replicate",
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Sample the picture on an affine grid, bilinearly, without a full-frame conversion.

        Parameters
        ----------
        matrix : (2, 3) float
            Output pixel to picture pixel, in displayed orientation and plain array indices: index (0, 0) is
            the first pixel itself, not its corner.
        size : (width, height)
            Of the output, px.
        border : {"replicate", "zero"}
            Outside the picture: its nearest edge pixel, or RGB black.
        out : (height, width, 3) uint8, optional
            Filled and returned.

        Returns
        -------
        np.ndarray
            (height, width, 3) uint8 RGB.
        """
        if border not in ("replicate", "zero"):
            raise ValueError(f"border is 'replicate' or 'zero', not {border!r}")
        matrix = self._to_stored(np.asarray(matrix, dtype=np.float64))
        zero = border == "zero"
        native = self._native_rgb()
        if native is not None:
            return warp_rgb(native, matrix, size, zero_border=zero, out=out)
        return warp_yuv(
            self._stored_planes(),
            matrix,
            size,
            color_transform(self.color_matrix, self.full_range),
            black=0 if self.full_range else 16,
            zero_border=zero,
            out=out,
        )

    def _to_stored(self, matrix: np.ndarray) -> np.ndarray:
        """The same grid on the picture as it lies in memory, before rotation for display."""
        if not self._turns:
            return matrix
        x, y = matrix
        right, bottom = np.array([0.0, 0.0, self.width - 1.0]), np.array([0.0, 0.0, self.height - 1.0])
        if self._turns == 1:
            return np.stack([bottom - y, x])
        if self._turns == 2:
            return np.stack([right - x, bottom - y])
        return np.stack([y, right - x])

    def _native_rgb(self) -> np.ndarray | None:
        """The picture as stored (not rotated) where it is RGB by nature, else None."""
        if not _is_rgb(self._source):
            return None
        with self._lock:
            picture = self._source = self._to("rgb24")
        rows = _plane(picture, 0, width=3 * picture.width)
        return np.lib.stride_tricks.as_strided(
            rows, (picture.height, picture.width, 3), (rows.strides[0], 3, 1), writeable=False
        )

    def _stored_planes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The picture as stored (not rotated) as 8-bit 4:2:0."""
        if self._stored is None:
            with self._lock:
                source = self._source
                if source.format.name in _GREY:
                    half = ((source.height + 1) // 2, (source.width + 1) // 2)
                    neutral = _read_only(np.full(half, 128, np.uint8))
                    self._stored = (_plane(source, 0), neutral, neutral)
                else:
                    picture = source if source.format.name in _PLANAR else self._to("yuv420p")
                    if not _is_rgb(source):
                        self._source = picture  # lets go of the larger original
                    self._stored = (_plane(picture, 0), _plane(picture, 1), _plane(picture, 2))
        return self._stored

    def _to(self, pixel_format: str) -> VideoFrame:
        source = self._source
        if source.format.name == pixel_format:
            return source
        colorspace, color_range = _COLORSPACE[self.color_matrix], _RANGE[self.full_range]
        return _reformatter(source.format.name, pixel_format).reformat(
            source,
            format=pixel_format,
            src_colorspace=colorspace,
            dst_colorspace=colorspace,
            src_color_range=2 if _is_rgb(source) else color_range,
            dst_color_range=2 if pixel_format == "rgb24" else color_range,
            threads=1,
        )


@dataclass(frozen=True)
class FrameChunk:
    """Consecutive frames, about a second of them: the unit of work of every extractor."""

    index: int
    frames: tuple[Frame, ...]

    @property
    def start(self) -> float:
        """Time of the first frame, s."""
        return self.frames[0].time

    @property
    def end(self) -> float:
        """End of the last frame, s."""
        return self.frames[-1].time + self.frames[-1].duration

    @property
    def nbytes(self) -> int:
        """Size of the pictures as held, in bytes."""
        return sum(frame.nbytes for frame in self.frames)


def resized(picture: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    """The decoder's picture scaled to (width, height) px, colours and rotation kept."""
    return _reformatter(picture.format.name, "other size").reformat(picture, width=size[0], height=size[1], threads=1)


def _is_rgb(picture: VideoFrame) -> bool:
    kind = picture.format
    return kind.is_rgb or kind.has_palette


def _plane(picture: VideoFrame, number: int, width: int | None = None) -> np.ndarray:
    """One plane of libav's frame as a read-only view of its rows without their padding."""
    plane: Any = picture.planes[number]
    rows = np.frombuffer(plane, np.uint8, count=plane.line_size * plane.height)
    view = rows.reshape(plane.height, plane.line_size)[:, : width or plane.width]
    view.flags.writeable = False
    return view


def _read_only(array: np.ndarray) -> np.ndarray:
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array


def _reformatter(source: str, target: str) -> VideoReformatter:
    """One swscale context a thread and conversion: setting one up costs more than a small picture."""
    kept = getattr(_threads, "kept", None)
    if kept is None:
        kept = _threads.kept = {}
    return kept.setdefault((source, target), VideoReformatter())
