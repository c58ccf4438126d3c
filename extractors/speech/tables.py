"""What the tables `speech`, `words` and `speakers` hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bitflow.extractors.speech.speakers import Turn
from bitflow.extractors.speech.words import Utterance, Word
from bitflow.tables import INTERVAL_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

_SPEAKER = Column("speaker", "string", "", "who speaks: S1, S2 … in the order of the first turns, or the name given")
_LANGUAGE = Column("language", "string", "", "code of the language spoken")

SPEECH = Schema(
    "speech",
    "interval",
    (*INTERVAL_KEYS, Column("text", "string", "", "what is said"), _SPEAKER, _LANGUAGE),
    "Utterances: words of one speaker without a pause of 0.7 s, or of 0.25 s after the end of a sentence.",
    tracks="speaker",
)
WORDS = Schema(
    "words",
    "interval",
    (*INTERVAL_KEYS, Column("word", "string", "", "the word as written, with its punctuation"), _SPEAKER, _LANGUAGE),
    "Words. Their times are clipped to the speech that the VAD heard; pauses are measured from `voice`, not from here.",
    tracks="speaker",
)
SPEAKERS = Schema(
    "speakers",
    "interval",
    (*INTERVAL_KEYS, _SPEAKER),
    "Turns: speech of one speaker with no pause of 1 s in it; coverage is the part of it with speech.",
    tracks="speaker",
)


def word_rows(words: Sequence[Word], tracks: Mapping[str, int], source: str, language: str) -> pa.RecordBatch:
    """Rows of `words`."""
    return WORDS.batch(
        {
            **_interval([w.start for w in words], [w.end for w in words], "word", source),
            "track": [tracks.get(w.speaker, -1) for w in words],
            "confidence": [w.confidence for w in words],
            "word": [w.text for w in words],
            "speaker": [w.speaker or None for w in words],
            "language": [language or None] * len(words),
        }
    )


def utterance_rows(said: Sequence[Utterance], tracks: Mapping[str, int], source: str, language: str) -> pa.RecordBatch:
    """Rows of `speech`."""
    return SPEECH.batch(
        {
            **_interval([u.start for u in said], [u.end for u in said], "utterance", source),
            "track": [tracks.get(u.speaker, -1) for u in said],
            "confidence": [u.confidence for u in said],
            "text": [u.text for u in said],
            "speaker": [u.speaker or None for u in said],
            "language": [language or None] * len(said),
        }
    )


def turn_rows(turns: Sequence[Turn], names: Sequence[str], source: str) -> pa.RecordBatch:
    """Rows of `speakers`; `names` by speaker number."""
    return SPEAKERS.batch(
        {
            **_interval([t.start for t in turns], [t.end for t in turns], "turn", source),
            "track": [t.speaker for t in turns],
            "confidence": [t.confidence for t in turns],
            "coverage": [t.coverage for t in turns],
            "speaker": [names[t.speaker] for t in turns],
        }
    )


def _interval(starts: Sequence[float], ends: Sequence[float], name: str, source: str) -> dict[str, object]:
    n = len(starts)
    return {
        "start": starts,
        "end": ends,
        "name": [name] * n,
        "target": np.full(n, -1),
        "value": np.full(n, np.nan),
        "source": [source] * n,
        "coverage": np.ones(n),
    }
