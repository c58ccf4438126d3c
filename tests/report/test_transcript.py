"""What was said, as a recording's page shows it."""

from __future__ import annotations

from pathlib import Path

from bitflow.report.transcript import transcript
from bitflow.store import FeatureStore
from bitflow.tables import INTERVAL_KEYS, Column, Schema

WORDS = Schema("words", "interval", (*INTERVAL_KEYS, Column("word", "string"), Column("speaker", "string")))
MADE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}


def test_words_of_nobody_known_have_no_speaker_and_missing_ones_no_text(tmp_path: Path) -> None:
    rows = {"start": [0.0, 1.0, 2.0], "end": [1.0, 2.0, 3.0], "name": ["word"] * 3, "track": [-1] * 3}
    rows |= {"target": [-1] * 3, "value": None, "confidence": None, "source": ["test"] * 3, "coverage": None}
    rows |= {"word": ["yes", None, "indeed"], "speaker": [None, None, None]}
    place = FeatureStore.create(tmp_path / "features").draft("p01")
    place.write(WORDS, [WORDS.batch(rows)], provenance=MADE)
    (said,) = transcript(place)
    assert (said.speaker, [word.text for word in said.words]) == ("", ["yes", "indeed"])
