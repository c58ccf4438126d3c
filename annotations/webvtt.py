"""WebVTT, the subtitles that browsers and players show."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from bitflow.annotations.labels import Annotations, Label
from bitflow.errors import SchemaError


def read_webvtt(path: Path) -> Annotations:
    """Read cues: the text is the label, a voice (``<v mother>``) its subject.

    Raises
    ------
    SchemaError
        It is no WebVTT file.
    """
    import webvtt
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    try:
        cues = webvtt.from_string(path.read_text(encoding="utf-8-sig"), strict=True)
    except (MalformedFileError, MalformedCaptionError, UnicodeDecodeError, ValueError) as error:
        said = str(error) or type(error).__name__
        raise SchemaError(f"{path}: is no WebVTT file that can be read: {said}") from error
    labels: list[Label] = []
    for cue in cues:
        text = html.unescape(" ".join(cue.text.split()))
        start, end = _seconds(cue.start_time), _seconds(cue.end_time)
        if end < start:
            raise SchemaError(f"{path}: the cue {text!r} ends ({end} s) before it begins ({start} s)")
        labels.append(Label(start, end, text, subject=html.unescape(cue.voice or "")))
    return Annotations.of(labels)


def write_webvtt(path: Path, annotations: Annotations) -> tuple[str, ...]:
    """Write a cue a label, times in whole milliseconds.

    Returns
    -------
    tuple of str
        What the format cannot hold.
    """
    from webvtt import Caption, WebVTT
    from webvtt.models import Timestamp

    shown = [label for label in annotations.labels if round(label.end * 1000) > round(label.start * 1000)]
    captions = WebVTT()
    for label in shown:
        if label.start < 0:
            raise SchemaError(f"{path}: cues begin at 0 or later, the label {label.name!r} at {label.start} s")
        text = html.escape(" ".join(label.name.split()), quote=False)
        voice = html.escape(" ".join(label.subject.split()), quote=False)
        start, end = (str(Timestamp.from_seconds(time)) for time in (label.start, label.end))
        captions.captions.append(Caption(start, end, f"<v {voice}>{text}</v>" if voice else text))
    path.write_text(captions.content, encoding="utf-8")
    notes = []
    if len(shown) < len(annotations.labels):
        notes.append(f"{len(annotations.labels) - len(shown)} labels without a length are left out: a cue has one")
    lost = [
        kept
        for kept in ("annotator", "comment", "value")
        if any(getattr(label, kept) not in ("", None) for label in annotations.labels)
    ]
    if any(label.tier not in ("", label.name) for label in annotations.labels):
        lost.append("tier")
    if lost:
        notes.append(f"WebVTT has no place for: {', '.join(lost)}")
    return tuple(notes)


def _seconds(time: Any) -> float:
    hours, minutes, seconds, milliseconds = time.to_tuple()
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
