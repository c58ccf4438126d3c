"""Transcripts that somebody brings: WebVTT, SRT, WhisperX's JSON, plain text."""

from __future__ import annotations

import hashlib
import html
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.errors import BitflowError, UsageError
from bitflow.extractors.speech.words import Word

SUFFIXES = (".vtt", ".srt", ".json", ".txt")
LARGEST_BYTES = 64 << 20

_TIME = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_ARROW = re.compile(rf"\s*({_TIME.pattern})\s*-->\s*({_TIME.pattern})")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"<[^>]*>")
_BRACES = re.compile(r"\{\\[^}]*\}")
_NAME = re.compile(r"^\s*([^\W\d_][\w .'’-]{0,30}):\s+(?=\S)")


class TranscriptError(BitflowError):
    """A transcript that cannot be read: names the file, the line and what was expected."""


@dataclass(frozen=True)
class Cue:
    """Something said, with the time it was given.

    Attributes
    ----------
    start, end : float
        s on the media clock; NaN in plain text.
    text : str
        What was said.
    speaker : str
        Who said it; empty when the transcript does not say.
    words : tuple of Word
        With times, where the transcript has them.
    """

    start: float
    end: float
    text: str
    speaker: str = ""
    words: tuple[Word, ...] = ()

    @property
    def timed(self) -> bool:
        """Whether the cue has times."""
        return not np.isnan(self.start)


@dataclass(frozen=True)
class Transcript:
    """What was said according to a file, in time order."""

    cues: tuple[Cue, ...]
    language: str = ""

    @property
    def timed(self) -> bool:
        """Whether it has times; plain text has none."""
        return bool(self.cues) and self.cues[0].timed

    def clipped(self, end: float) -> tuple[Transcript, int]:
        """The transcript up to `end` s, and how many cues lay beyond."""
        if not self.timed:
            return self, 0
        inside = [
            replace(c, end=min(c.end, end), words=tuple(w for w in c.words if w.start < end))
            for c in self.cues
            if c.start < end
        ]
        return replace(self, cues=tuple(inside)), len(self.cues) - len(inside)


def find_transcript(where: str, recording_id: str) -> Path | None:
    """The transcript of one recording: the file itself, or the one named after the recording in a folder."""
    path = Path(where)
    if path.is_file():
        return path
    if not path.is_dir():
        raise UsageError(f"speech.transcript: there is no file or folder {where}")
    for name in (recording_id, Path(recording_id).name):
        for suffix in SUFFIXES:
            found = path / f"{name}{suffix}"
            # An id comes from a file name, but it must not lead out of the folder.
            if found.is_file() and path.resolve() in found.resolve().parents:
                return found
    return None


def content_hash(where: str) -> str:
    """Hash of the transcript, or of all transcripts in a folder, so that a changed one is noticed."""
    path = Path(where)
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(path) if file != path else file.name).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def read_transcript(path: Path) -> Transcript:
    """Read a transcript by its suffix.

    Raises
    ------
    TranscriptError
        Not a transcript of this kind: the message names the line.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise TranscriptError(f"{path}: a transcript is {', '.join(SUFFIXES)}")
    if path.stat().st_size > LARGEST_BYTES:
        raise TranscriptError(f"{path}: {path.stat().st_size >> 20} MB is too large for a transcript")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TranscriptError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kind = path.suffix.lower()
    if kind == ".json":
        transcript = _from_json(text, path)
    elif kind == ".txt":
        transcript = _from_text(text)
    else:
        transcript = Transcript(tuple(_cues(text, path)))
    if not transcript.timed:
        return transcript
    return replace(transcript, cues=tuple(sorted(transcript.cues, key=lambda cue: cue.start)))


def _cues(text: str, path: Path) -> list[Cue]:
    """Cues of WebVTT or SRT: blocks with a line of two times, then what is said."""
    cues: list[Cue] = []
    line_number = 1
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.split("\n")
        first = next((i for i, line in enumerate(lines) if "-->" in line), None)
        if first is not None and not block.lstrip("\n").startswith(("NOTE", "STYLE", "REGION")):
            match = _ARROW.match(lines[first])
            if match is None:
                raise TranscriptError(
                    f"{path}, line {line_number + first}: times like 00:01:02.500 --> 00:01:04.000 expected, "
                    f"{lines[first].strip()!r} came"
                )
            start, end = _seconds(match.group(1)), _seconds(match.group(6))
            if end < start:
                raise TranscriptError(f"{path}, line {line_number + first}: the cue ends before it starts")
            cues += _spoken(start, end, "\n".join(lines[first + 1 :]))
        line_number += block.count("\n") + 2
    if not cues:
        raise TranscriptError(f"{path}: no cue with times was found")
    return cues


def _spoken(start: float, end: float, payload: str) -> list[Cue]:
    """One cue for each speaker in a payload; several share its time by the length of what they say."""
    pieces = _VOICE.split(payload)
    said: list[tuple[str, str]] = []
    for speaker, words in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        clean = html.unescape(_BRACES.sub("", _TAG.sub("", words)))
        clean = " ".join(line.strip().removeprefix("- ") for line in clean.split("\n") if line.strip())
        if not clean:
            continue
        named = _NAME.match(clean)
        if named and not speaker:
            speaker, clean = named.group(1), clean[named.end() :]
        said.append((html.unescape(speaker).strip(), clean))
    total = sum(len(words) for _, words in said)
    cues, at = [], start
    for speaker, words in said:
        until = at + (end - start) * len(words) / total
        cues.append(Cue(at, until, words, speaker))
        at = until
    return cues


def _seconds(stamp: str) -> float:
    match = _TIME.fullmatch(stamp)
    assert match is not None
    hours, minutes, seconds, fraction = match.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _from_text(text: str) -> Transcript:
    """Plain text: one cue a line; a line may begin with the speaker's name and a colon."""
    cues = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        named = _NAME.match(line)
        speaker = named.group(1) if named else ""
        cues.append(Cue(float("nan"), float("nan"), line[named.end() :].strip() if named else line.strip(), speaker))
    return Transcript(tuple(cues))


def _from_json(text: str, path: Path) -> Transcript:
    """WhisperX's (and Whisper's) JSON: segments with start, end, text, speaker and words."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise TranscriptError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from error
    segments = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(segments, list):
        raise TranscriptError(f"{path}: WhisperX's JSON has a list `segments`; there is none")
    cues = [_segment(s, i, path) for i, s in enumerate(segments)]
    return Transcript(tuple(c for c in cues if c.text), str(content.get("language") or ""))


def _segment(segment: Any, index: int, path: Path) -> Cue:
    try:
        start, end = float(segment["start"]), float(segment["end"])
        speaker = str(segment.get("speaker") or "")
        words = tuple(_word(w, speaker) for w in segment.get("words") or () if "start" in w and "end" in w)
        said = str(segment.get("text") or " ".join(w.text for w in words)).strip()
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise TranscriptError(f"{path}: segment {index} lacks start, end or text ({error})") from error
    if not (np.isfinite(start) and np.isfinite(end) and 0 <= start <= end):
        raise TranscriptError(f"{path}: segment {index} runs from {start:g} to {end:g} s")
    return Cue(start, end, said, speaker, words)


def _word(word: Any, speaker: str) -> Word:
    score = word.get("score", word.get("probability"))
    confidence = float(np.clip(float(score), 0, 1)) if score is not None else float("nan")
    return Word(
        float(word["start"]),
        float(word["end"]),
        str(word["word"]).strip(),
        confidence,
        str(word.get("speaker") or speaker),
    )
