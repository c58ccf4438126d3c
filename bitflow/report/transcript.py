"""What was said, in utterances of timed words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bitflow.report.palette import colour

if TYPE_CHECKING:
    from bitflow.store import Recording

#: Words further apart are different utterances, s.
_PAUSE_S = 1.0


@dataclass(frozen=True)
class Word:
    """A word, or a whole utterance where words have no times; start and end in s."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Utterance:
    """What one speaker said without a long pause."""

    start: float
    speaker: str
    colour: str
    words: tuple[Word, ...]


def transcript(recording: Recording) -> list[Utterance]:
    """Utterances in order; empty when nothing was understood."""
    rows = _rows(recording, "words", "word") or _rows(recording, "speech", "text")
    speakers: dict[str, int] = {}
    found: list[Utterance] = []
    current: list[Word] = []
    last: tuple[str, float] | None = None
    for start, end, text, speaker in rows:
        if last is None or speaker != last[0] or start - last[1] > _PAUSE_S or (end - start > 5 and current):
            if current and last is not None:
                found.append(_utterance(last[0], current, speakers))
            current = []
        current.append(Word(round(start, 3), round(end, 3), text))
        last = (speaker, end)
    if current and last is not None:
        found.append(_utterance(last[0], current, speakers))
    return found


def _utterance(speaker: str, words: list[Word], speakers: dict[str, int]) -> Utterance:
    number = speakers.setdefault(speaker, len(speakers))
    return Utterance(words[0].start, speaker, colour(number), tuple(words))


def _rows(recording: Recording, table: str, column: str) -> list[tuple[float, float, str, str]]:
    if table not in recording or not recording.file(table).rows:
        return []
    schema = recording.schema(table)
    if column not in schema:
        return []
    names = ["start", "end", column, *(["speaker"] if "speaker" in schema else [])]
    rows: Any = recording.table(table, names).sort_values("start", kind="stable")
    return [
        (float(row[0]), float(row[1]), str(row[2]).strip(), row[3] if len(row) > 3 and isinstance(row[3], str) else "")
        for row in rows.itertuples(index=False)
        if isinstance(row[2], str) and row[2]  # pandas has NaN where a string is missing
    ]
