"""Files of labels: which format a file has, reading and writing any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bitflow.annotations.boris import is_boris, read_boris, write_boris
from bitflow.annotations.elan import read_elan, write_elan
from bitflow.annotations.labels import Annotations
from bitflow.annotations.table import read_csv_labels, write_csv_labels
from bitflow.annotations.textgrid import read_textgrid, write_textgrid
from bitflow.annotations.webvtt import read_webvtt, write_webvtt
from bitflow.drafts import drafted
from bitflow.errors import MediaError, UsageError


@dataclass(frozen=True)
class Format:
    """A format: its name, its suffix, and what reads and writes it."""

    name: str
    suffix: str
    read: Callable[[Path], Annotations]
    write: Callable[[Path, Annotations], tuple[str, ...]]


FORMATS = {
    each.name: each
    for each in (
        Format("elan", ".eaf", read_elan, write_elan),
        Format("textgrid", ".TextGrid", read_textgrid, write_textgrid),
        Format("webvtt", ".vtt", read_webvtt, write_webvtt),
        Format("boris", ".csv", read_boris, write_boris),
        Format("csv", ".csv", read_csv_labels, write_csv_labels),
    )
}


def read_annotations(path: Path, format: str | None = None) -> Annotations:
    """Read a file of labels.

    Parameters
    ----------
    format
        One of `FORMATS`; by default told by the suffix, and a CSV file by its header.

    Raises
    ------
    MediaError
        The file cannot be read.
    SchemaError
        It is no file of its format; the message names the line where there is one.
    UsageError
        The format is unknown.
    """
    if not path.is_file():
        raise MediaError(f"{path}: there is no such file")
    try:
        return _format_of(path, format).read(path)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error


def write_annotations(path: Path, annotations: Annotations, format: str | None = None) -> tuple[str, ...]:
    """Write a file of labels, whole or not at all.

    Returns
    -------
    tuple of str
        What the format cannot hold, a sentence each.

    Raises
    ------
    UsageError
        The format cannot be told from the name.
    StoreError
        The file cannot be written.
    """
    chosen = _named(format) if format else _by_suffix(path)
    with drafted(path) as draft:
        return chosen.write(draft, annotations)


def _format_of(path: Path, format: str | None) -> Format:
    if format:
        return _named(format)
    found = _by_suffix(path)
    if found.name != "csv":
        return found
    return FORMATS["boris"] if is_boris(path) else found


def _by_suffix(path: Path) -> Format:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        return FORMATS["csv"]
    found = next((each for each in FORMATS.values() if each.suffix.lower() == suffix), None)
    if found is None:
        known = ", ".join(sorted({each.suffix for each in FORMATS.values()}))
        raise UsageError(f"{path}: the format cannot be told from {path.suffix!r}; known are {known}, or name it")
    return found


def _named(format: str) -> Format:
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}; there are: {', '.join(FORMATS)}")
    return FORMATS[format]
