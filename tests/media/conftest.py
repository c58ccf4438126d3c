"""Clips whose content is known, made once a session by ffmpeg."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
# ultrafast makes no B-frames; these clips are about them.
B_FRAMES = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "3")


def pattern(seconds: float = 2, rate: object = 25, size: str = "320x240") -> tuple[str, ...]:
    """ffmpeg's input for a moving test picture."""
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}")


def tone(seconds: float = 2, hz: int = 440) -> tuple[str, ...]:
    """ffmpeg's input for a sine."""
    return ("-f", "lavfi", "-i", f"sine=frequency={hz}:duration={seconds}:sample_rate=44100")


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., Path]) -> Callable[[str], Path]:
    """``clips("vfr.mp4")`` is that clip, made when first asked for."""
    folder = tmp_path_factory.mktemp("clips")
    made: dict[str, Path] = {}

    def clip(name: str) -> Path:
        if name not in made:
            path = folder / name
            made[name] = ffmpeg(*_recipe(name, clip), path)
        return made[name]

    return clip


def _recipe(name: str, clip: Callable[[str], Path]) -> tuple[object, ...]:
    gappy = "select='not(mod(n,3))+not(mod(n,7))',setpts=PTS+0.3/TB"
    plain: dict[str, tuple[object, ...]] = {
        "b_frames.mp4": (*pattern(), *B_FRAMES),
        "film.mp4": (*pattern(rate="24000/1001"), *B_FRAMES),
        "ntsc.mkv": (*pattern(rate="30000/1001"), *H264),
        "fast.mp4": (*pattern(1, 120), *H264),
        "vfr.mp4": (*pattern(), "-vf", gappy, "-vsync", "vfr", *B_FRAMES),
        "vfr.mkv": (*pattern(), "-vf", gappy, "-vsync", "vfr", *B_FRAMES),
        "offset.mkv": (*pattern(), *tone(), *H264, "-c:a", "aac", "-output_ts_offset", 5),
        "offset.ts": (*pattern(), *tone(), *H264, "-c:a", "aac", "-output_ts_offset", 5),
        "sound_and_pictures.mp4": (*pattern(3), *tone(3), *H264, "-g", 25, "-c:a", "aac"),
        "ten_bit.mp4": (*pattern(1), "-c:v", "libx264", "-pix_fmt", "yuv420p10le"),
        "yuv422.mp4": (*pattern(1), "-c:v", "libx264", "-pix_fmt", "yuv422p"),
        "yuv444.mp4": (*pattern(1), "-c:v", "libx264", "-pix_fmt", "yuv444p"),
        "grey.mkv": (*pattern(1), "-c:v", "ffv1", "-pix_fmt", "gray"),
        "rgb.mkv": (*pattern(1), "-c:v", "ffv1", "-pix_fmt", "bgr0"),
        "odd.mkv": (*pattern(1), "-vf", "scale=321:241", "-c:v", "ffv1", "-pix_fmt", "yuv420p"),
        "mjpeg.avi": (*pattern(), "-c:v", "mjpeg", "-q:v", 3),
        "b_frames.avi": (*pattern(), "-c:v", "mpeg4", "-bf", 2),
        "h264.avi": (*pattern(), *B_FRAMES),
        "vp9.webm": (*pattern(1), "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", 8),
        "hevc.mp4": (*pattern(1), "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"),
        "raw.h264": (*pattern(1), *H264),
        "sound.m4a": (*tone(), "-c:a", "aac"),
        "picture.png": (*pattern(1), "-frames:v", 1),
        "picture.jpg": (*pattern(1), "-frames:v", 1),
        # 20 s, so that damage in the middle leaves something on either side.
        "long.mp4": (*pattern(20, 30), *tone(20), *B_FRAMES, "-g", 30, "-c:a", "aac", "-movflags", "+faststart"),
    }
    if name in plain:
        return plain[name]
    if name == "late_picture.mp4":
        late = ("-itsoffset", 1.2, "-i", clip("b_frames.mp4"))
        return (*tone(4), *late, "-map", "1:v", "-map", "0:a", "-c:v", "copy", "-c:a", "aac")
    if name == "late_sound.mp4":
        return (*pattern(), "-itsoffset", 0.737, *tone(1), *H264, "-c:a", "aac")
    if name == "cut_by_edit.mp4":
        return ("-ss", 1.3, "-i", clip("sound_and_pictures.mp4"), "-c", "copy")
    if name.startswith("turned_"):
        degrees = name.removeprefix("turned_").removesuffix(".mp4")
        return ("-i", clip("b_frames.mp4"), "-c", "copy", "-metadata:s:v", f"rotate={degrees}")
    if name.startswith("long."):
        return ("-i", clip("long.mp4"), "-c", "copy")
    raise KeyError(name)


@pytest.fixture(scope="session")
def true_times(ffprobe: Callable[..., str]) -> Callable[[Path], list[float | None]]:
    """Presentation times of a clip's pictures as ffprobe tells them, on the media clock."""

    def times(path: Path) -> list[float | None]:
        told = json.loads(
            ffprobe(
                "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time:format=start_time",
                "-of", "json", path,
            )
        )  # fmt: skip
        start = float(told["format"].get("start_time", 0))
        found = [frame.get("best_effort_timestamp_time") for frame in told["frames"]]
        return [None if time is None else float(time) - start for time in found]

    return times
