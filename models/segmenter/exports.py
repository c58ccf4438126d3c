"""A segmenter's timeline in other programs' files: JABS' HDF5, BORIS' CSV, BANOS' CSV."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitflow import __version__
from bitflow.annotations.binary_csv import write_binary_csv
from bitflow.annotations.boris import write_boris
from bitflow.annotations.labels import Annotations, Label
from bitflow.drafts import drafted


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a model says of one recording, on rows of 0.1 s and the frames that fall into them.

    Parameters
    ----------
    rows
        ``(T,)`` the row of each frame.
    probability
        ``(n, A, C)``; 0 where there is no prediction.
    raw, timeline
        ``(n, A)`` most probable class, and the class of the decoded timeline; −1 where there is no prediction.
    """

    recording: str
    rows: NDArray[np.int64]
    animals: tuple[str, ...]
    classes: tuple[str, ...]
    probability: NDArray[np.float32]
    raw: NDArray[np.int64]
    timeline: NDArray[np.int64]
    bouts: tuple[Label, ...]
    duration: float
    model: str
    poses: bytes


def write_jabs(path: Path, said: Predicted) -> None:
    """Write predictions as JABS does: a group a behaviour with class ``(A, T)`` 1, 0, −1 and its probability.

    As in JABS, the probability is that of the class which was predicted, and 0 without a prediction.
    """
    import h5py

    with drafted(path) as draft, h5py.File(draft, "w") as file:
        file.attrs["pose_file"] = said.recording
        file.attrs["pose_hash"] = hashlib.blake2b(said.poses, digest_size=20).hexdigest()
        file.attrs["version"] = 1
        for kind, name in enumerate(said.classes):
            group = file.create_group(f"predictions/{name.replace('/', '_')}")
            group.attrs["classifier_file"] = said.model
            group.attrs["classifier_hash"] = hashlib.blake2b(said.model.encode(), digest_size=20).hexdigest()
            group.attrs["app_version"] = __version__
            group.attrs["prediction_date"] = datetime.now(UTC).isoformat(timespec="seconds")
            own = said.probability[said.rows, :, kind].T
            for dataset, classes in (
                ("predicted_class", said.raw),
                ("predicted_class_postprocessed", said.timeline),
            ):
                flags = np.where(classes < 0, -1, classes == kind).astype(np.int8)[said.rows].T
                group.create_dataset(dataset, data=flags, compression="gzip")
            raw = said.raw[said.rows].T
            sure = np.where(raw < 0, 0.0, np.where(kind == raw, own, 1 - own)).astype(np.float32)
            group.create_dataset("probabilities", data=sure, compression="gzip")


def write_predicted(folder: Path, said: Predicted) -> list[Path]:
    """Write one recording in all three formats: ``ID.h5``, ``ID.boris.csv`` and a ``ID.ANIMAL.banos.csv`` each."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = said.recording.replace("/", "_")
    files = [folder / f"{stem}.h5", folder / f"{stem}.boris.csv"]
    write_jabs(files[0], said)
    write_boris(files[1], Annotations.of(said.bouts, duration=said.duration, media=said.recording))
    for who, animal in enumerate(said.animals):
        files.append(folder / f"{stem}.{animal.replace('/', '_')}.banos.csv")
        write_binary_csv(
            files[-1], {name: said.timeline[said.rows, who] == kind for kind, name in enumerate(said.classes)}
        )
    return files


def rows_of_frames(times: NDArray[np.float64], frames: NDArray[np.float64]) -> NDArray[np.int64]:
    """The row at `times` that each frame falls into."""
    return np.clip(np.searchsorted(times, frames + 1e-6, "right") - 1, 0, len(times) - 1)
