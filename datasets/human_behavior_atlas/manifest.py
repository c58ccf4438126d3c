"""Manifests of the atlas: JSONL or Parquet in, JSONL out."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bitflow.datasets.human_behavior_atlas.samples import DESCRIPTORS, MEDIA, HbaSample, MediaBytes, sample_of
from bitflow.datasets.human_behavior_atlas.vocabulary import ATLAS, LabelMap
from bitflow.drafts import replace_file
from bitflow.errors import MediaError, SchemaError, UsageError


@dataclass(frozen=True)
class Found:
    """What a manifest holds, for people."""

    samples: int
    by_dataset: dict[str, int]
    by_task: dict[str, int]
    by_signature: dict[str, int]
    labels: dict[str, dict[str, int]]
    groups: int
    ungrouped: int
    missing: int

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return dict(vars(self))


def read_manifest(
    path: Path, *, media_root: Path | None = None, labels: LabelMap = ATLAS, strict: bool = True
) -> Iterator[HbaSample]:
    """Stream the samples of a manifest; no medium is loaded.

    Parameters
    ----------
    path
        A ``.jsonl`` or ``.jsonl.gz`` file, a Parquet file, or a folder of such.
    media_root
        The folder that paths are relative to; by default that of the manifest.
    strict
        See `sample_of`.

    Raises
    ------
    MediaError
        A file cannot be read.
    SchemaError
        A row is not one of the atlas; the message names file and line.
    """
    for file in _files(path):
        root = media_root or file.parent
        rows = _parquet_rows(file) if file.suffix == ".parquet" else _json_rows(file)
        for where, row in rows:
            sample = sample_of(row, where, labels=labels, strict=strict)
            named = [
                each
                for part in (sample.media, sample.descriptors)
                for paths in part.values()
                for each in paths
                if isinstance(each, str)
            ]
            absent = tuple(each for each in named if not (root / each).is_file())
            yield replace(sample, missing=absent) if absent else sample


def write_manifest(path: Path, samples: Iterable[HbaSample]) -> int:
    """Write samples as JSONL, one a line, in the order given; the same samples give the same bytes.

    Returns
    -------
    int
        Number of rows.
    """
    lines = [json.dumps(sample.as_row(), ensure_ascii=False) for sample in samples]
    content = "".join(f"{line}\n" for line in lines).encode()
    replace_file(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return len(lines)


def describe(samples: Iterable[HbaSample]) -> Found:
    """Count what is there: data sets, tasks, signatures, labels, people, missing files."""
    datasets: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    signatures: Counter[str] = Counter()
    labels: dict[str, Counter[str]] = {}
    groups: set[str] = set()
    number = ungrouped = missing = 0
    for sample in samples:
        number += 1
        datasets[sample.dataset] += 1
        tasks[sample.task] += 1
        signatures[sample.signature] += 1
        if sample.label is not None:
            labels.setdefault(sample.dataset, Counter())[sample.label.text] += 1
        groups.add(sample.group) if sample.group else None
        ungrouped += sample.group is None
        missing += len(sample.missing)
    counted = {name: dict(sorted(each.items())) for name, each in sorted(labels.items())}
    return Found(
        number,
        dict(sorted(datasets.items())),
        dict(sorted(tasks.items())),
        dict(sorted(signatures.items())),
        counted,
        len(groups),
        ungrouped,
        missing,
    )


def groups_of(samples: Sequence[HbaSample], *, allow_ungrouped: bool = False) -> list[str]:
    """Whose each sample is, for splits that keep people together.

    Raises
    ------
    UsageError
        A data set does not tell; a split over its rows may have one person on both sides.
    """
    unknown = sorted({sample.dataset for sample in samples if sample.group is None})
    if unknown and not allow_ungrouped:
        raise UsageError(
            f"nothing tells whose samples those of {', '.join(unknown)} are, so a split may share people; "
            "use the published splits, or allow it with --allow-leak"
        )
    return [sample.group or sample.id for sample in samples]


def shared_groups(splits: dict[str, Sequence[HbaSample]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """People who are in two splits, by pair of splits; only pairs that share somebody."""
    names = list(splits)
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    people = {name: {sample.group for sample in each if sample.group} for name, each in splits.items()}
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            both = tuple(sorted(people[one] & people[other]))
            if both:
                found[one, other] = both
    return found


def read_text(path: Path) -> str:
    """A text file in UTF-8.

    Raises
    ------
    MediaError, SchemaError
        It cannot be read, or is no such text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: is no text in UTF-8: {error.reason}") from error


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(each for each in path.iterdir() if each.name.endswith((".jsonl", ".jsonl.gz", ".parquet")))
        if not found:
            raise MediaError(f"{path}: holds no .jsonl, .jsonl.gz or .parquet file")
        return found
    if not path.is_file():
        raise MediaError(f"{path}: there is no such file")
    return [path]


def _json_rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                where = f"{file}, line {number}"
                try:
                    row = json.loads(line)
                except (json.JSONDecodeError, RecursionError) as error:
                    raise SchemaError(f"{where}: is no JSON: {error}") from error
                if not isinstance(row, dict):
                    raise SchemaError(f"{where}: a row is an object, not {type(row).__name__}")
                yield where, row
    except (OSError, EOFError) as error:
        raise MediaError(f"{file}: cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{file}: is no text in UTF-8: {error.reason}") from error


def _parquet_rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows without their media, which stay in the file behind `MediaBytes`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise SchemaError(f"{file}: is no Parquet file that can be read: {error}") from error
    binary = [
        field.name
        for field in opened.schema_arrow
        if field.name in (*MEDIA, *DESCRIPTORS)
        and pa.types.is_list(field.type)
        and (pa.types.is_binary(field.type.value_type) or pa.types.is_large_binary(field.type.value_type))
    ]
    plain = [name for name in opened.schema_arrow.names if name not in binary]
    number = 0
    for group in range(opened.num_row_groups):
        rows = opened.read_row_group(group, columns=plain).to_pylist()
        counts = {name: _lengths(opened, group, name) for name in binary}
        for at, row in enumerate(rows):
            number += 1
            for name in binary:
                row[name] = [MediaBytes(str(file), group, at, name, k) for k in range(counts[name][at])]
            yield f"{file}, row {number}", row


def _lengths(opened: Any, group: int, column: str) -> list[int]:
    cells = opened.read_row_group(group, columns=[column]).column(0)
    return [0 if each is None else len(each) for each in cells.to_pylist()]
