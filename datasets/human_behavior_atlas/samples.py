"""One row of the atlas: a prompt with media, an answer, and what can be read out of both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Literal

from bitflow.datasets.human_behavior_atlas.vocabulary import ATLAS, ClassLabel, LabelMap
from bitflow.errors import SchemaError

Kind = Literal["cls", "qa"]

#: Media columns, the tag of each in a prompt, and the order in which a signature names them.
MEDIA: Mapping[str, str] = {"videos": "<video>", "audios": "<audio>", "images": "<image>"}
DESCRIPTORS = ("ext_video_feats", "ext_audio_feats")

#: Columns of a row, in the order in which they are written.
COLUMNS = (
    *("problem", "answer", "images", "videos", "audios", "texts", "dataset", "modality_signature"),
    *("ext_video_feats", "ext_audio_feats", "task", "class_label"),
)

#: What bitflow adds to a row; other readers pass over it.
OWN = "x_bitflow"

_OPTIONS = re.compile(r"following:\s*(.+?)\s*\.?\s*$", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?:video|audio|image)>")
_SUBJECTS: Mapping[str, re.Pattern[str]] = {
    "cremad": re.compile(r"(?:^|/)(\d{4})_"),
    "tess": re.compile(r"(OAF|YAF)"),
    "daicwoz": re.compile(r"(?:^|/)(\d{3})(?=[_/.])"),
    "meld_senti": re.compile(r"(dia\d+)"),
    "meld_emotion": re.compile(r"(dia\d+)"),
}


@dataclass(frozen=True)
class MediaBytes:
    """A medium that lies inside a Parquet file: read only when it is asked for."""

    file: str
    row_group: int
    row: int
    column: str
    position: int

    def read(self) -> bytes:
        """The bytes."""
        import pyarrow.parquet as pq

        cells = pq.ParquetFile(self.file).read_row_group(self.row_group, columns=[self.column]).column(0)
        return cells[self.row].as_py()[self.position]


@dataclass(frozen=True)
class HbaSample:
    """A row of the atlas.

    Parameters
    ----------
    id
        16 hexadecimal digits of the data set and the first medium, or the prompt where there is none.
    prompt, answer
        As in the file.
    task, kind
        ``sentiment_cls``; its last part tells whether the answer is a class (``cls``) or free text (``qa``).
    label
        The class, where the answer is one.
    media, descriptors
        By column: paths relative to the manifest, or `MediaBytes`.
    missing
        Paths that are named and not there.
    group
        Whose sample it is, where the data set's file names tell; None where nobody can know.
    own
        What bitflow wrote beside the atlas' own columns.
    """

    id: str
    dataset: str
    prompt: str
    answer: str
    task: str
    kind: Kind
    label: ClassLabel | None
    media: Mapping[str, tuple[str | MediaBytes, ...]]
    descriptors: Mapping[str, tuple[str | MediaBytes, ...]]
    signature: str
    group: str | None = None
    missing: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def modalities(self) -> tuple[str, ...]:
        """``text``, ``video``, ``audio``, ``image``, as the signature names them."""
        return tuple(part for part in self.signature.split("_") if part)

    @property
    def options(self) -> tuple[str, ...]:
        """The answers among which the prompt asks to choose; empty for an open question."""
        match = _OPTIONS.search(self.prompt)
        return tuple(part.strip() for part in match[1].split(",") if part.strip()) if match else ()

    @property
    def transcript(self) -> str:
        """What was said: the prompt between its tags and the sentence that describes it."""
        rest = _TAG.sub("", self.prompt).strip()
        said, mark, _ = rest.partition("The above is")
        return said.strip() if mark else ""

    def as_row(self) -> dict[str, Any]:
        """The row again, for a JSONL file."""
        row: dict[str, Any] = {
            "problem": self.prompt,
            "answer": self.answer,
            **{name: list(self.media.get(name, ())) for name in ("images", "videos", "audios")},
            "texts": list(self.texts),
            "dataset": self.dataset,
            "modality_signature": self.signature,
            **{name: list(self.descriptors.get(name, ())) for name in DESCRIPTORS},
            "task": self.task,
            "class_label": self.answer if self.kind == "cls" else "",
        }
        return {**row, OWN: dict(self.own)} if self.own else row


def sample_of(row: Mapping[str, Any], where: str, *, labels: LabelMap = ATLAS, strict: bool = True) -> HbaSample:
    """Make a sample of a row.

    Parameters
    ----------
    where
        File and line, for messages.
    strict
        Refuse a prompt whose tags do not fit the media; otherwise the first media count.

    Raises
    ------
    SchemaError
        A column is missing, a path leaves the manifest's folder, the task has no kind, a label is unknown, or tags and
        media do not fit.
    """
    for name in ("problem", "answer", "dataset", "task"):
        if not isinstance(row.get(name), str):
            raise SchemaError(f"{where}: {name!r} must be a text, not {row.get(name)!r}")
    kind = row["task"].rpartition("_")[2]
    if kind not in ("cls", "qa"):
        raise SchemaError(f"{where}: the task {row['task']!r} must end in _cls or _qa")
    media = {name: _paths(row.get(name), where, name) for name in MEDIA}
    if strict:
        for name, tag in MEDIA.items():
            if row["problem"].count(tag) != len(media[name]):
                raise SchemaError(
                    f"{where}: the prompt has {row['problem'].count(tag)} tags {tag}, the row {len(media[name])} {name}"
                )
    label = None
    if kind == "cls":
        try:
            label = labels.label(row["dataset"], row["answer"])
        except SchemaError as error:
            raise SchemaError(f"{where}: {error}") from error
    own = row.get(OWN) or {}
    first = next((path for name in MEDIA for path in media[name] if isinstance(path, str)), None)
    digest = hashlib.sha1(f"{row['dataset']}\n{first or row['problem']}".encode(), usedforsecurity=False)
    return HbaSample(
        digest.hexdigest()[:16],
        row["dataset"],
        row["problem"],
        row["answer"],
        row["task"],
        kind,  # type: ignore[arg-type]
        label,
        media,
        {name: _paths(row.get(name), where, name) for name in DESCRIPTORS},
        row.get("modality_signature") or signature_of(media),
        own.get("subject") or _subject(row["dataset"], first),
        texts=tuple(row.get("texts") or ()),
        own=own,
    )


def signature_of(media: Mapping[str, tuple[Any, ...]]) -> str:
    """``text_video_audio``: text, which every prompt has, then the media that are there."""
    return "_".join(("text", *(name[:-1] for name in MEDIA if media.get(name))))


def _paths(given: Any, where: str, column: str) -> tuple[str | MediaBytes, ...]:
    """Relative paths below the manifest's folder; a row names no others."""
    paths: list[str | MediaBytes] = []
    for path in given or ():
        if isinstance(path, MediaBytes):
            paths.append(path)
            continue
        if not isinstance(path, str) or not path:
            raise SchemaError(f"{where}: {column!r} holds {path!r}, which is no path")
        parts = (*PurePosixPath(path).parts, *PureWindowsPath(path).parts)
        if ".." in parts or PurePosixPath(path).is_absolute() or PureWindowsPath(path).anchor or "\0" in path:
            raise SchemaError(f"{where}: the path {path!r} leaves the folder of the manifest; it is refused")
        paths.append(path)
    return tuple(paths)


def _subject(dataset: str, path: str | None) -> str | None:
    rule = _SUBJECTS.get(dataset)
    match = rule.search(path) if rule and path else None
    return f"{dataset}:{match[1]}" if match else None
