"""A feature store in the atlas' form: a manifest a split, descriptors beside it, and a map of the labels."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bitflow
from bitflow.datasets.human_behavior_atlas.descriptors import audio_descriptors, video_descriptors, write_descriptors
from bitflow.datasets.human_behavior_atlas.manifest import write_manifest
from bitflow.datasets.human_behavior_atlas.samples import HbaSample, sample_of, signature_of
from bitflow.datasets.human_behavior_atlas.vocabulary import ATLAS, LabelMap
from bitflow.drafts import replace_file
from bitflow.errors import BitflowError, StoreError, UsageError

if TYPE_CHECKING:
    from bitflow.datasets.labels import Labels
    from bitflow.store import FeatureStore, Recording

#: How a prompt is put together; ``{tags}`` and ``{transcript}`` stand on lines of their own.
TEMPLATE = (
    "{tags}\n{transcript}\nThe above is a recording of a person with its transcript. {question} "
    "Answer with one word from the following: {options}."
)

QUESTION = "Which of the labels of the task {task!r} describes it?"


@dataclass
class AtlasExport:
    """What was written: manifests with their rows, recordings that could not be, and what is worth knowing."""

    path: Path
    files: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {"path": str(self.path), "files": self.files, "failed": self.failed, "notes": self.notes}


def export_atlas(
    store: FeatureStore,
    output: Path,
    labels: Labels,
    *,
    task: str = "ambivalence",
    dataset: str | None = None,
    names: Mapping[str, str] | None = None,
    recordings: Sequence[str] | None = None,
    template: str = TEMPLATE,
    question: str | None = None,
    media: bool = True,
    torch_too: bool = False,
    progress: Callable[[str], None] = lambda recording: None,
) -> AtlasExport:
    """Write one row a labelled recording.

    Parameters
    ----------
    output
        A folder that holds no files yet; receives ``<split>.jsonl``, ``videos/``, ``pose/``, ``opensmile/`` and
        label_map.json.
    labels
        Of the recordings; a column `split` makes several manifests.
    task, dataset
        The row's ``<task>_cls`` and ``dataset``; by default the data set is called like the task.
    names
        How labels are called in answers; ``0`` and ``1`` become ``no <task>`` and ``<task>`` by default.
    media
        Whether the recordings' own files are put beside the manifest (linked where the disk allows, else copied).
        Without, rows hold text and descriptors only.
    torch_too
        Whether descriptors are written as ``.pt``, too, and rows name those.

    Raises
    ------
    UsageError
        The folder holds files, or people stand in two splits.
    """
    if output.exists() and any(output.iterdir()):
        raise UsageError(f"{output}: holds files; name a folder that is not there yet")
    shared = labels.shared_groups()
    if shared:
        who = next(iter(shared))
        raise UsageError(f"{labels.source}: {labels.group} {who!r} is in the splits {', '.join(shared[who])}")
    dataset = dataset or task
    texts = {value: (names or {}).get(value) or _answer(value, task) for value in labels.classes}
    options = tuple(texts.values())
    known = ATLAS.extended(dataset, task, options)
    done = AtlasExport(output)
    by_split: dict[str, list[HbaSample]] = {}
    output.mkdir(parents=True, exist_ok=True)
    for at, name in enumerate(labels.recordings):
        if recordings is not None and name not in recordings:
            continue
        try:
            if name not in store:
                raise StoreError(f"{labels.source}: {store.path} has no recording {name!r}")
            place = store[name]
            split = labels.row(name).get("split") or "all"
            asked = (question or QUESTION).format(task=task)
            row = _row(place, output, template, asked, options, media=media, torch_too=torch_too)
            row |= {"answer": texts[labels.values[at]], "class_label": texts[labels.values[at]]}
            row |= {"dataset": dataset, "task": f"{task}_cls"}
            row["x_bitflow"] |= {"subject": labels.groups[at], "recording": name}
            by_split.setdefault(split, []).append(sample_of(row, name, labels=known))
        except BitflowError as error:
            done.failed[name] = str(error)
        progress(name)
    for split, samples in by_split.items():
        done.files[f"{split}.jsonl"] = write_manifest(output / f"{split}.jsonl", samples)
    _keep_map(output, known)
    done.files["label_map.json"] = len(known.classes)
    bare = sum(sample.signature == "text" for samples in by_split.values() for sample in samples)
    if bare:
        done.notes.append(f"{bare} rows have no medium beside them")
    done.notes.append("descriptors hold 0 where nothing was seen; <part>_valid tells where")
    return done


def _row(
    place: Recording,
    output: Path,
    template: str,
    question: str,
    options: tuple[str, ...],
    *,
    media: bool,
    torch_too: bool,
) -> dict[str, Any]:
    row: dict[str, Any] = {"images": [], "videos": [], "audios": [], "texts": []}
    info = place.info.get("media") or {}
    if media and place.source is not None and place.source.is_file():
        kind = "videos" if info.get("video") else "audios"
        row[kind] = [_beside(place.source, output, f"{kind}/{place.id}{place.source.suffix.lower()}")]
    clip = (row["videos"] or row["audios"] or [place.id])[0]
    row["ext_video_feats"] = _video_files(place, output, clip, torch_too)
    row["ext_audio_feats"] = _audio_files(place, output, clip, torch_too)
    tags = "".join(tag for kind, tag in (("videos", "<video>"), ("audios", "<audio>")) for _ in row[kind])
    row["problem"] = template.format(
        tags=tags, transcript=_transcript(place), question=question, options=", ".join(options)
    )
    row["modality_signature"] = signature_of({kind: tuple(row[kind]) for kind in ("videos", "audios", "images")})
    row["x_bitflow"] = {
        "start_s": 0.0,
        "end_s": info.get("duration"),
        "sha256": info.get("sha256"),
        "tool_version": bitflow.__version__,
    }
    return row


def _video_files(place: Recording, output: Path, clip: str, torch_too: bool) -> list[str]:
    arrays = video_descriptors(place)
    if arrays is None:
        return []
    files = write_descriptors(output / "pose" / clip, arrays, torch_too=torch_too)
    return [files[-1].relative_to(output).as_posix()]


def _audio_files(place: Recording, output: Path, clip: str, torch_too: bool) -> list[str]:
    found = audio_descriptors(place)
    if found is None:
        return []
    arrays, told = found
    files = write_descriptors(output / "opensmile" / clip, arrays, torch_too=torch_too)
    replace_file(files[0].with_suffix(".json"), json.dumps(told).encode())
    return [files[-1].relative_to(output).as_posix()]


def _transcript(place: Recording) -> str:
    for table, column in (("speech", "text"), ("words", "word")):
        if table in place:
            said = [text for text in place.table(table)[column] if isinstance(text, str) and text.strip()]
            if said:
                return " ".join(" ".join(said).split())
    return ""


def _beside(source: Path, output: Path, name: str) -> str:
    target = output / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error
    return name


def _answer(value: str, task: str) -> str:
    return {"0": f"no {task}", "1": task}.get(value, value.lower())


def _keep_map(output: Path, labels: LabelMap) -> None:
    replace_file(output / "label_map.json", json.dumps(labels.as_dict(), indent=1, ensure_ascii=False).encode())
