"""BORIS' exported events, tabular (a row a START, STOP or POINT) and aggregated (a row a bout)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from bitflow.annotations.labels import Annotations, Label
from bitflow.errors import SchemaError
from bitflow.exporting.csv_files import as_written, inert

#: What the columns are called in the versions of the two exports.
_TABULAR = {
    "behavior": ("Behavior", "Behaviour"),
    "time": ("Time", "Time (s)", "Start (s)"),
    "kind": ("Behavior type", "Status", "Behavioral type"),
}
_AGGREGATED = {
    "behavior": ("Behavior", "Behaviour"),
    "start": ("Start (s)", "Start"),
    "stop": ("Stop (s)", "Stop"),
}
_CATEGORY = ("Behavioral category", "Category")
_COMMENT = ("Comment", "Comment start")
_MEDIA = ("Media file name", "Media file path", "Media file", "Source")
_LENGTH = ("Media duration (s)", "Total length", "Coding duration")

#: BORIS' word for events that are nobody's.
_NOBODY = "No focal subject"

_HEADER = (
    *("Observation id", "Media file name", "Media duration (s)", "FPS (frame/s)", "Subject", "Behavior"),
    *("Behavioral category", "Behavior type", "Time", "Comment"),
)


def read_boris(path: Path) -> Annotations:
    """Read BORIS' tabular or aggregated events, CSV or TSV.

    Lines above the header (versions up to 7) are passed over. Each STOP ends the START of the same subject and
    behaviour; a START that nothing stops lasts to the end of the media, if the file says where that is.

    Raises
    ------
    SchemaError
        There is no header of BORIS, a time is no number, or START and STOP do not pair; the message names the line.
    """
    lines, header = _lines(path)
    if header is None:
        raise SchemaError(
            f"{path}: holds no events of BORIS: there is no header with the columns Behavior, Time and Behavior type, "
            "or Behavior, Start (s) and Stop (s)"
        )
    delimiter = "\t" if lines[header].count("\t") > lines[header].count(",") else ","
    rows = list(csv.DictReader(lines[header:], delimiter=delimiter))
    names = tuple(lines[header].split(delimiter))
    media = next((Path(name).name for row in rows if (name := _cell(row, _MEDIA))), "")
    observations = {row.get("Observation id") or "" for row in rows}
    if len(observations) > 1:
        some = ", ".join(sorted(observations)[:3])
        raise SchemaError(
            f"{path}: holds {len(observations)} observations ({some}…), which would be one recording: export one a file"
        )
    length = max((_number(path, header + 2, _cell(row, _LENGTH) or "0") for row in rows), default=0.0) or None
    reader = _aggregated if _column(names, _AGGREGATED["stop"]) else _tabular
    labels, notes = reader(path, rows, header + 2, length)
    return Annotations.of(labels, duration=length, media=media, notes=notes)


def is_boris(path: Path) -> bool:
    """Whether a file has a header of BORIS' events."""
    return _lines(path)[1] is not None


def write_boris(path: Path, annotations: Annotations) -> tuple[str, ...]:
    """Write tabular events, as BORIS 8 exports them: a row a START, STOP or POINT.

    Returns
    -------
    tuple of str
        What the format cannot hold.
    """
    events: list[tuple[float, int, str, Label]] = []
    for label in annotations.labels:
        if label.duration == 0:
            events.append((label.start, 1, "POINT", label))
        else:
            events += [(label.start, 2, "START", label), (label.end, 0, "STOP", label)]
    events.sort(key=lambda event: event[:2])
    fixed = {
        "Observation id": Path(annotations.media).stem or path.stem,
        "Media file name": annotations.media,
        "Media duration (s)": "" if annotations.duration is None else f"{annotations.duration:.3f}",
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _HEADER, restval="")
        writer.writeheader()
        for time, _, kind, label in events:
            row = {
                "Subject": label.subject or _NOBODY,
                "Behavior": label.name,
                "Behavioral category": label.tier if label.tier != label.name else "",
                "Behavior type": kind,
                "Time": f"{time:.3f}",
                "Comment": label.comment,
            }
            writer.writerow({name: inert(cell) for name, cell in (fixed | row).items()})
    lost = [kept for kept in ("annotator", "value") if any(getattr(label, kept) for label in annotations.labels)]
    return (f"events of BORIS have no place for: {', '.join(lost)}",) if lost else ()


def _tabular(path: Path, rows: list[dict[str, str]], first: int, length: float | None) -> tuple[list[Label], list[str]]:
    labels: list[Label] = []
    notes: list[str] = []
    open_since: dict[tuple[str, str], tuple[float, int, Mapping[str, str]]] = {}
    for line, row in enumerate(rows, first):
        behavior = _cell(row, _TABULAR["behavior"])
        if not behavior:
            continue
        time = _number(path, line, _cell(row, _TABULAR["time"]))
        kind, key = _cell(row, _TABULAR["kind"]).upper(), (_subject(row), behavior)
        if kind == "POINT":
            labels.append(_label(row, time, time))
        elif kind == "START" and key not in open_since:
            open_since[key] = (time, line, row)
        elif kind == "STOP" and key in open_since:
            started, _, begun = open_since.pop(key)
            if time < started:
                raise SchemaError(f"{path}, line {line}: {behavior!r} stops at {time} s, before it starts")
            labels.append(_label(begun, started, time))
        elif kind in ("START", "STOP"):
            other = "has not started" if kind == "STOP" else "goes on already"
            raise SchemaError(f"{path}, line {line}: {kind} of {behavior!r} at {time} s, which {other}")
        else:
            raise SchemaError(f"{path}, line {line}: {kind!r} is neither START, STOP nor POINT")
    for (_, behavior), (started, line, row) in open_since.items():
        if length is None or length < started:
            raise SchemaError(f"{path}, line {line}: {behavior!r} starts at {started} s and never stops")
        labels.append(_label(row, started, length))
        notes.append(f"{behavior!r} from {started} s never stops; it was taken to last to the end of the media")
    return labels, notes


def _aggregated(
    path: Path, rows: list[dict[str, str]], first: int, length: float | None
) -> tuple[list[Label], list[str]]:
    labels: list[Label] = []
    for line, row in enumerate(rows, first):
        if not _cell(row, _AGGREGATED["behavior"]):
            continue
        start = _number(path, line, _cell(row, _AGGREGATED["start"]))
        stop = _cell(row, _AGGREGATED["stop"])
        end = start if stop in ("", "NA") else _number(path, line, stop)
        if end < start:
            raise SchemaError(f"{path}, line {line}: stops at {end} s, before it starts at {start} s")
        labels.append(_label(row, start, end))
    return labels, []


def _label(row: Mapping[str, str], start: float, end: float) -> Label:
    behavior = _cell(row, _TABULAR["behavior"])
    category = _cell(row, _CATEGORY)
    return Label(start, end, behavior, category, _subject(row), comment=_cell(row, _COMMENT))


def _lines(path: Path) -> tuple[list[str], int | None]:
    """The lines of the file, and which of them is the header."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: is no text in UTF-8: {error.reason}") from error
    return lines, next((number for number, line in enumerate(lines) if _is_header(line)), None)


def _subject(row: Mapping[str, str]) -> str:
    subject = as_written((row.get("Subject") or "").strip())
    return "" if subject == _NOBODY else subject


def _cell(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return as_written(next((row[name].strip() for name in names if row.get(name)), ""))


def _column(header: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return any(name in header for name in names)


def _is_header(line: str) -> bool:
    names = tuple(cell.strip().strip('"') for cell in line.replace("\t", ",").split(","))
    return any(all(_column(names, each) for each in wanted.values()) for wanted in (_TABULAR, _AGGREGATED))


def _number(path: Path, line: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SchemaError(f"{path}, line {line}: {text!r} is no time in seconds") from None
