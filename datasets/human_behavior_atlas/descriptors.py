"""Behavioural descriptors beside the atlas' rows: points of the holistic model, and features of the voice.

A file of video descriptors holds arrays ``(T, points, 2 or 3)`` under some of `PARTS`; one of audio holds ``features``,
``(D,)`` or ``(T, D)``. Where bitflow writes one, ``<part>_valid`` says at which of the T pictures the part was seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import MediaError, SchemaError, UsageError
from bitflow.extras import to_install

if TYPE_CHECKING:
    from bitflow.store import Recording

Kind = Literal["video", "audio"]

#: The parts of a person and how many points each has, in the order in which they are pooled.
PARTS: Mapping[str, int] = {"pose": 33, "face": 478, "left_hand": 21, "right_hand": 21}

#: Length of a pooled vector: mean and standard deviation of three values a point.
POOLED = 2 * 3 * sum(PARTS.values())

_VALID = "_valid"


def read_descriptors(path: Path, kind: Kind) -> dict[str, NDArray[np.float32]]:
    """Read a ``.npz`` or ``.pt`` file of descriptors; nothing in it is executed.

    Returns
    -------
    dict
        ``video``: by part ``(T, points, 3)``, NaN where a picture did not show the part or has no third value.
        ``audio``: ``features``, ``(T, D)``, T = 1 for one vector a clip.

    Raises
    ------
    MediaError
        The file is not there.
    SchemaError
        It is no such file, or an array has another shape; the key and its shape are named.
    UsageError
        A ``.pt`` file needs PyTorch, which is not installed.
    """
    if not path.is_file():
        raise MediaError(f"{path}: there is no such file")
    arrays = _torch_arrays(path) if path.suffix == ".pt" else _numpy_arrays(path)
    return _video(path, arrays) if kind == "video" else _audio(path, arrays)


def pooled_video(parts: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Mean and standard deviation over time: ``(3318,)``, all means first, NaN where a part was never seen."""
    means, deviations = [], []
    for name, points in PARTS.items():
        series = parts.get(name)
        if series is None or not np.isfinite(series).any():
            means.append(np.full(3 * points, np.nan, np.float32))
            deviations.append(means[-1])
            continue
        seen = series[np.isfinite(series).any(axis=(1, 2))].reshape(-1, 3 * points)
        means.append(_over_time(seen, np.nanmean))
        deviations.append(_over_time(seen, np.nanstd))
    return np.concatenate((*means, *deviations)).astype(np.float32)


def pooled_audio(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over time, then divided by its length: ``(D,)``, as adapters of the atlas take it."""
    mean = _over_time(features, np.nanmean)
    length = float(np.linalg.norm(np.nan_to_num(mean)))
    return (mean / length if length else mean).astype(np.float32)


def write_descriptors(path: Path, arrays: Mapping[str, NDArray[Any]], *, torch_too: bool = False) -> tuple[Path, ...]:
    """Write ``path`` with the suffix ``.npz``, and with `torch_too` the same arrays as ``.pt``.

    Missing values become 0, as readers of the atlas expect; ``<part>_valid`` keeps what was seen.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    filled = {name: np.nan_to_num(array) if array.dtype.kind == "f" else array for name, array in arrays.items()}
    written = [path.with_suffix(".npz")]
    np.savez_compressed(written[0], **filled)  # pyright: ignore[reportArgumentType]
    if torch_too:
        import torch

        written.append(path.with_suffix(".pt"))
        torch.save({name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in filled.items()}, written[1])
    return tuple(written)


def video_descriptors(recording: Recording, person: int | None = None) -> dict[str, NDArray[Any]] | None:
    """The points of one person, from `bodies`, `face_landmarks` and `hands`; None when nobody was seen.

    Coordinates are divided by the picture's width and height, z by its width, as the holistic model gives them.

    Parameters
    ----------
    person
        By default the one who was seen in most pictures.

    Returns
    -------
    dict
        By part ``(T, points, 3)`` float32 with NaN, ``<part>_valid`` ``(T,)`` bool, and ``time`` ``(T,)`` s.
    """
    chosen = _main_person(recording) if person is None else person
    size = _picture_size(recording)
    if chosen is None or size is None:
        return None
    scale = np.array([size[0], size[1], size[0]], np.float32)
    seen: dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]] = {}
    for name, table in (
        ("pose", "bodies"),
        ("face", "face_landmarks"),
        ("left_hand", "hands"),
        ("right_hand", "hands"),
    ):
        found = _rows_of(recording, table, chosen, name)
        if found is not None:
            seen[name] = found
    if not seen:
        return None
    frames, times = _clock(recording, seen)
    arrays: dict[str, NDArray[Any]] = {}
    for name, points in PARTS.items():
        series = np.full((len(frames), points, 3), np.nan, np.float32)
        if name in seen:
            at, values = seen[name]
            known = min(points, values.shape[1])
            series[np.searchsorted(frames, at), :known] = values[:, :known, :3] / scale
        arrays[name] = series
        arrays[name + _VALID] = np.asarray(np.isfinite(series).any(axis=(1, 2)))
    return {**arrays, "time": times}


def audio_descriptors(recording: Recording) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Features of the voice every 10 ms, from `egemaps` or else `voice`, and what they are called.

    Returns
    -------
    tuple
        ``features`` ``(T, D)`` float32 with NaN; and ``names``, ``set``, ``rate_hz``. None without sound.
    """
    for table, set_name in (("egemaps", "eGeMAPS v02, low-level descriptors"), ("voice", "bitflow voice")):
        if table not in recording:
            continue
        rows = recording.table(table)
        names = [name for name in rows.columns if name != "time" and rows[name].dtype.kind == "f"]
        if len(rows) < 2 or not names:
            continue
        step = float(np.median(np.diff(rows["time"].to_numpy())))
        told = {"set": set_name, "names": names, "rate_hz": round(1 / step, 6)}
        return {"features": rows[names].to_numpy(np.float32)}, told
    return None


def _rows_of(
    recording: Recording, table: str, person: int, part: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
    if table not in recording:
        return None
    keys = recording.table(table, ["frame", "track", "person", *(("handedness",) if table == "hands" else ())])
    mine = np.asarray(keys["person"].to_numpy() == person)
    if table == "hands":
        mine &= np.asarray(keys["handedness"].to_numpy() == part.removesuffix("_hand"))
    if not mine.any():
        return None
    frames, first = np.unique(keys["frame"].to_numpy()[mine], return_index=True)
    return frames, recording.points(table)[mine][first]


def _clock(
    recording: Recording, seen: Mapping[str, tuple[NDArray[np.int64], Any]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every decoded picture where the table `frames` tells, else those in which the person was seen."""
    if "frames" in recording:
        rows = recording.table("frames", ["frame", "time"])
        return rows["frame"].to_numpy(), rows["time"].to_numpy()
    frames = np.unique(np.concatenate([at for at, _ in seen.values()]))
    for table in ("bodies", "face_landmarks", "hands"):
        if table in recording:
            rows = recording.table(table, ["frame", "time"])
            known, first = np.unique(rows["frame"].to_numpy(), return_index=True)
            if np.isin(frames, known).all():
                return frames, rows["time"].to_numpy()[first][np.searchsorted(known, frames)]
    return frames, np.full(len(frames), np.nan)


def _main_person(recording: Recording) -> int | None:
    counts: dict[int, int] = {}
    for table in ("faces", "bodies"):
        if table in recording:
            for who, number in recording.table(table, ["track", "person"])["person"].value_counts().items():
                if int(who) >= 0:  # type: ignore[call-overload]
                    counts[int(who)] = counts.get(int(who), 0) + int(number)  # type: ignore[call-overload]
    return max(counts, key=lambda who: (counts[who], -who)) if counts else None


def _picture_size(recording: Recording) -> tuple[int, int] | None:
    video = (recording.info.get("media") or {}).get("video") or {}
    width, height = video.get("width"), video.get("height")
    return (int(width), int(height)) if width and height else None


def _video(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    for name, points in PARTS.items():
        if name not in arrays:
            continue
        array = np.asarray(arrays[name], np.float32)
        if array.ndim != 3 or array.shape[1] != points or array.shape[2] not in (2, 3):
            raise SchemaError(f"{path}: {name!r} is (T, {points}, 2 or 3), not {array.shape}")
        if array.shape[2] == 2:
            array = np.concatenate((array, np.full((*array.shape[:2], 1), np.nan, np.float32)), axis=2)
        valid = arrays.get(name + _VALID)
        if valid is not None:
            array = np.where(np.asarray(valid, bool)[:, None, None], array, np.nan)
        found[name] = array
    if not found:
        raise SchemaError(f"{path}: holds none of {', '.join(PARTS)}; it holds {', '.join(arrays) or 'nothing'}")
    return found


def _audio(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    if "features" not in arrays:
        raise SchemaError(f"{path}: holds no 'features'; it holds {', '.join(arrays) or 'nothing'}")
    array = np.asarray(arrays["features"], np.float32)
    if array.ndim not in (1, 2) or not array.size:
        raise SchemaError(f"{path}: 'features' is (D,) or (T, D), not {array.shape}")
    return {"features": array.reshape(-1, array.shape[-1])}


def _numpy_arrays(path: Path) -> dict[str, NDArray[Any]]:
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise SchemaError(f"{path}: is no .npz file of plain arrays: {error}") from error


def _torch_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import torch
    except ImportError:
        raise UsageError(f"{path}: reading .pt files needs PyTorch: {to_install('train')}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about other protocols of pickle
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a refused pickle, a broken archive: torch raises many kinds, and advises to trust it
        raise SchemaError(
            f"{path}: is no file of plain tensors, and nothing else is loaded: it is damaged, or holds code"
        ) from error
    if not isinstance(content, dict):
        raise SchemaError(f"{path}: holds {type(content).__name__}, not tensors by name")
    wrong = next((name for name, value in content.items() if not isinstance(value, torch.Tensor)), None)
    if wrong is not None:
        raise SchemaError(f"{path}: {wrong!r} is {type(content[wrong]).__name__}, not a tensor")
    return {str(name): value.detach().float().numpy() for name, value in content.items()}


def _over_time(values: NDArray[Any], statistic: Any) -> NDArray[np.float32]:
    """A statistic of each column, NaN for those that were never seen."""
    seen = np.isfinite(values).any(axis=0)
    found = np.full(values.shape[1], np.nan, np.float32)
    found[seen] = statistic(values[:, seen], axis=0)
    return found
