"""The ambivalence simulator's clips as a feature store, in the tables that extraction makes.

Only tables that real recordings have are written, and the signals are put into columns that real recordings move, so
that a recogniser trained here reads any store. Rows come at the simulator's 5 Hz.

=======  ==============  ====================================================================================
stream   table           where the signal s lies
=======  ==============  ====================================================================================
face     `face_actions`  smile and cheeks 0.05 + 0.09 max(s, 0), frown and brows 0.05 + 0.09 max(−s, 0)
voice    `voice`         loudness −30 + 3 s dB, f0 150 · 2^(s/12) Hz
text     `words`         polarity of the word s/6, in the steps of 0.1 of `bitflow.measures.polarity`
=======  ==============  ====================================================================================

The other channels lie in columns that tell who the person is and nothing else; of the text's four, words have room
for three.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.annotations.table import ANNOTATIONS
from bitflow.datasets.simulate.ambivalence import RATE_HZ, Clip, Preset, preset_named, simulate_clips
from bitflow.datasets.simulate.keeping import SOURCE, keep_description, keep_table
from bitflow.drafts import replace_file
from bitflow.errors import StoreError
from bitflow.extractors.face_actions import FACE_ACTIONS
from bitflow.extractors.speech.tables import SPEECH, WORDS
from bitflow.extractors.voice import VOICE
from bitflow.measures.polarity import POLARITY
from bitflow.people import PEOPLE
from bitflow.store import FeatureStore
from bitflow.tables import Schema

if TYPE_CHECKING:
    import pyarrow as pa

NOTE = "Simulated: nobody was recorded; ambivalence is a disagreement between words, face and voice, and nothing else."
LABELS = "labels.csv"

#: Columns that hold a constant, where it is not 0.03 (blendshapes) or 0.3 (geometry).
_REST = 0.03
_GEOMETRY = 0.3
_FACE_STEP = 0.09
_PLEASED = ("mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight")
_DISPLEASED = ("mouthFrownLeft", "mouthFrownRight", "browDownLeft", "browDownRight")
_FACE_DISTRACTORS = (("jawOpen",), ("browInnerUp",), ("eyeWideLeft", "eyeWideRight"), ("mouthPucker",))
#: Column of the voice, its value where the channel is 0, and its change a unit.
_VOICE_DISTRACTORS = (
    ("hnr", 15.0, 2.0),
    ("spectral_centroid", 1500.0, 120.0),
    ("formant_1", 500.0, 40.0),
    ("mfcc_01", 0.0, 3.0),
)
_POLARITY_STEP = 1 / 6
_WORD_S, _LONGEST_WORD = 0.3, 0.9


@dataclass(frozen=True)
class Written:
    """What a call of `write_ambivalence` left in the store."""

    store: FeatureStore
    clips: int
    participants: int
    positive: int
    labels: Path


def write_ambivalence(
    folder: str | Path,
    preset: str | Preset = "phasic",
    *,
    seed: int,
    participants: int | None = None,
    missing: float = 0.0,
) -> Written:
    """Write a simulated cohort as a feature store with ``labels.csv`` in it.

    Recordings are called ``p01/v1``; the labels' columns are `recording`, `label`, `participant`, `video` (1 to 7, in
    the order of recording) and, where the preset has them, `question`. True segments are in the table `annotations`.
    Parameters are those of `simulate_clips`.

    Raises
    ------
    StoreError
        The folder holds recordings that are not of this cohort: labels would be missing for them.
    """
    clips = simulate_clips(preset, seed=seed, participants=participants, missing=missing)
    names = _names(clips)
    store = FeatureStore.create(folder)
    foreign = sorted(set(store) - set(names))
    if foreign:
        raise StoreError(f"{store.path}: holds {foreign[0]!r} already; simulate into a folder of its own")
    settings = asdict(preset_named(preset) if isinstance(preset, str) else preset)
    parameters = {**settings, "seed": seed, "missing": missing}
    for name, clip in zip(names, clips, strict=True):
        place = store.draft(name)
        for schema, batch in _tables(clip):
            keep_table(place, schema, batch, NOTE, parameters)
        media = {
            "duration": clip.duration,
            "video": {"average_rate_hz": RATE_HZ},
            "audio": {"sample_rate_hz": 16000},
        }
        keep_description(place, NOTE, media)
    store.index()
    labels = store.path / LABELS
    replace_file(labels, _labels(names, clips).encode())
    people = len({clip.participant for clip in clips})
    return Written(store, len(clips), people, sum(clip.label for clip in clips), labels)


def _names(clips: list[Clip]) -> list[str]:
    digits = len(str(max(clip.participant for clip in clips) + 1))
    return [f"p{clip.participant + 1:0{max(2, digits)}d}/v{clip.video + 1}" for clip in clips]


def _labels(names: list[str], clips: list[Clip]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    asked = clips[0].question is not None
    writer.writerow(["recording", "label", "participant", "video", *(["question"] if asked else [])])
    for name, clip in zip(names, clips, strict=True):
        row = [name, clip.label, name.partition("/")[0], clip.video + 1]
        writer.writerow([*row, clip.question] if asked else row)
    return text.getvalue()


def _tables(clip: Clip) -> Iterator[tuple[Schema, pa.RecordBatch]]:
    for schema, stream, columns in (
        (FACE_ACTIONS, "face", _face),
        (VOICE, "voice", _voice),
        (WORDS, "text", _words),
        (SPEECH, "text", _utterance),
    ):
        yield schema, schema.empty() if clip.missing == stream else schema.batch(columns(clip))
    yield PEOPLE, PEOPLE.batch(_people(clip))
    segments = _intervals(clip.segments[:, 0], clip.segments[:, 1], "ambivalence")
    yield ANNOTATIONS, ANNOTATIONS.batch({**dict.fromkeys(ANNOTATIONS.names), **segments})


def _face(clip: Clip) -> dict[str, Any]:
    values = clip.streams["face"]
    n = len(values)
    columns: dict[str, Any] = {
        name: np.full(n, _GEOMETRY if name.islower() and name != "_neutral" else _REST, np.float32)
        for name in FACE_ACTIONS.names
    }
    columns |= {"frame": np.arange(n), "time": clip.times, "track": np.zeros(n, np.int32)}
    for names, sign in ((_PLEASED, 1.0), (_DISPLEASED, -1.0)):
        shown = np.minimum(0.05 + _FACE_STEP * np.maximum(sign * values[:, 0], 0.0), 1.0)
        columns |= dict.fromkeys(names, shown)
    for channel, names in enumerate(_FACE_DISTRACTORS, start=1):
        columns |= dict.fromkeys(names, np.clip(0.4 + 0.05 * values[:, channel], 0.0, 1.0))
    return columns


def _voice(clip: Clip) -> dict[str, Any]:
    values = clip.streams["voice"]
    n = len(values)
    columns: dict[str, Any] = {name: np.zeros(n, np.float32) for name in VOICE.names}
    columns |= {
        "time": clip.times,
        "speech": np.full(n, 0.98),
        "voicing": np.full(n, 0.9),
        "loudness": -30.0 + 3.0 * values[:, 0],
        "f0": np.clip(150.0 * 2 ** (values[:, 0] / 12), 20.0, 2000.0),
        "formant_2": np.full(n, 1500.0),
        "formant_3": np.full(n, 2500.0),
    }
    for channel, (name, rest, step) in enumerate(_VOICE_DISTRACTORS, start=1):
        columns[name] = rest + step * values[:, channel]
    return columns


def _words(clip: Clip) -> dict[str, Any]:
    values = _at_words(clip)
    starts, slot = clip.word_times, clip.duration / len(clip.word_times)
    length = np.minimum(_WORD_S * 2 ** np.clip(values[:, 3] / 6, -1, 1), _LONGEST_WORD * slot)
    grades = np.clip(np.rint(10 * _POLARITY_STEP * values[:, 0]), -10, 10).astype(int)
    choice = np.clip(np.floor(values[:, 1] + 2.0), 0, 3).astype(int)
    return {
        **_intervals(starts, starts + length, "word"),
        "track": np.zeros(len(starts), np.int32),
        "confidence": np.clip(0.8 + 0.03 * values[:, 2], 0.0, 1.0),
        "word": [_VOCABULARY[grade + 10][which] for grade, which in zip(grades, choice, strict=True)],
        **_spoken(len(starts)),
    }


def _utterance(clip: Clip) -> dict[str, Any]:
    said = _words(clip)
    return {
        **_intervals(said["start"][:1], said["end"][-1:], "utterance"),
        "track": np.zeros(1, np.int32),
        "text": [" ".join(said["word"])],
        **_spoken(1),
    }


def _at_words(clip: Clip) -> NDArray[np.float64]:
    """The text's channels ``(words, 5)``, each the mean over the samples from one word to the next."""
    values = clip.streams["text"]
    first = np.minimum(np.ceil(clip.word_times * RATE_HZ - 1e-9).astype(int), len(values) - 1)
    after = np.maximum(np.append(first[1:], len(values)), first + 1)
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return (total[after] - total[first]) / (after - first)[:, None]


def _intervals(starts: NDArray[np.float64], ends: NDArray[np.float64], name: str) -> dict[str, Any]:
    n = len(starts)
    return {
        "start": starts,
        "end": ends,
        "name": [name] * n,
        "track": np.full(n, -1),
        "target": np.full(n, -1),
        "value": np.full(n, np.nan),
        "confidence": np.ones(n),
        "source": [SOURCE] * n,
        "coverage": np.ones(n),
    }


def _spoken(rows: int) -> dict[str, Any]:
    return {"speaker": ["S1"] * rows, "language": ["en"] * rows}


def _people(clip: Clip) -> dict[str, Any]:
    kinds = [kind for kind, streams in (("face", {"face"}), ("speaker", {"text", "voice"})) if streams - {clip.missing}]
    n = len(kinds)
    return {
        "kind": kinds,
        "track": np.zeros(n, np.int32),
        "person": np.zeros(n, np.int32),
        "confidence": np.ones(n),
        "role": ["participant"] * n,
        "start": np.zeros(n),
        "end": np.full(n, clip.duration),
        "seconds": np.full(n, clip.duration),
    }


#: Words by grade −1.0, −0.9 … 1.0; of each grade the list has at least four.
_VOCABULARY = tuple(
    tuple(word for word, grade in POLARITY.items() if round(10 * grade) == tenth) for tenth in range(-10, 11)
)
