"""Small stores whose streams agree or disagree as the label says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bitflow.store import FeatureStore
from bitflow.tables import FRAME, INTERVAL_KEYS, TIME, TRACK, Column, Schema

VALENCE = Column("valence", "float32", "1", "pleasure", resample="mean")
OTHER = Column("other", "float32", "1", "nothing", resample="mean")
EMOTIONS = Schema("emotions", "frame", (FRAME, TIME, TRACK, VALENCE, OTHER), tracks="face")
VOICE = Schema("voice", "signal", (TIME, VALENCE, OTHER))
TEXT = Schema("text_affect", "signal", (TIME, VALENCE, OTHER))
WORDS = Schema("words", "interval", (*INTERVAL_KEYS, Column("word", "string")))
ANNOTATIONS = Schema("annotations", "interval", INTERVAL_KEYS)
MADE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}


def intervals(starts, ends, name: str) -> dict:
    n = len(starts)
    return {
        "start": np.asarray(starts, float),
        "end": np.asarray(ends, float),
        "name": [name] * n,
        "track": np.full(n, -1),
        "target": np.full(n, -1),
        "value": None,
        "confidence": None,
        "source": ["test"] * n,
        "coverage": None,
    }


def write_discord_store(
    folder: Path, *, people: int = 12, visits: int = 4, seconds: float = 20.0, rate: float = 5.0, seed: int = 0,
    drop: dict[str, str] | None = None, words: bool = False,
) -> Path:  # fmt: skip
    """A clip is ambivalent where text and face have opposite signs for 6 s; alone, each says nothing.

    `drop` leaves out one table of some recordings. Gives the labels file.
    """
    draw = np.random.default_rng(seed)
    store = FeatureStore.create(folder)
    rows = ["recording,label,participant,question,age"]
    for who in range(people):
        own = draw.normal(0, 0.5, 3)
        for visit in range(visits):
            name = f"p{who:02d}/v{visit}"
            label = int(draw.random() < 0.5)
            recording = store.draft(name)
            times = (np.arange(int(seconds * rate)) + 0.5) / rate
            start = draw.uniform(2, seconds - 9)
            event = (times >= start) & (times < start + 6)
            sign = draw.choice([-1.0, 1.0])
            signal = {
                "text_affect": own[0] + event * sign * (-1 if label else 1) * 1.5,
                "emotions": own[1] + event * sign * 1.5,
                "voice": own[2] + event * sign * 1.5,
            }
            facts = {"media": {"duration": seconds, "video": {}, "audio": {}}}
            for schema in (EMOTIONS, VOICE, TEXT):
                if drop and drop.get(name) == schema.name:
                    continue
                columns = {
                    "time": times,
                    "valence": signal[schema.name] + draw.normal(0, 0.3, len(times)),
                    "other": draw.normal(0, 1, len(times)),
                }
                if schema is EMOTIONS:
                    columns |= {"frame": np.arange(len(times)), "track": np.zeros(len(times), int)}
                recording.write(schema, [schema.batch(columns)], provenance=MADE, facts=facts)
            marks = intervals([start] if label else [], [start + 6] if label else [], "ambivalence")
            recording.write(ANNOTATIONS, [ANNOTATIONS.batch(marks)], provenance=MADE)
            if words:
                said = ["I", "want", "to", "but", "maybe"] if label else ["I", "like", "it", "very", "much"]
                at = np.arange(len(said)) * 0.5
                batch = WORDS.batch({**intervals(at, at + 0.4, "word"), "word": said})
                recording.write(WORDS, [batch], provenance=MADE)
            rows.append(f"{name},{label},p{who:02d},{visit % 3 + 1},{20 + who}")
    path = folder / "labels.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
