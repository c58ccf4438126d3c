"""Words, utterances and turns of sentences whose times are known."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bitflow.errors import UsageError
from bitflow.extractors.speech import Speech, engines
from bitflow.extractors.voice import Voice
from tests.voices import RATE, SENTENCES, Scene, chunks, extract, noise, scene

FILES = ("silero_vad_sequence", "speaker_embedding")


@pytest.fixture(autouse=True)
def _models(models_available: Callable[..., object]) -> None:
    models_available(*FILES)


@pytest.fixture(scope="session")
def recogniser() -> None:
    if importlib.util.find_spec("faster_whisper") is None:
        pytest.skip("faster-whisper is not installed (the extra asr)")


@pytest.fixture(scope="module")
def monologue() -> Scene:
    return scene(("en-us+f3",), gap=0.8)


@pytest.fixture(scope="module")
def heard(recogniser: None, monologue: Scene) -> dict[str, pd.DataFrame]:
    """What the extractor makes of the monologue."""
    return extract(Speech(), chunks(monologue.samples))[0]


def plain(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", "", text.lower()).split()


def word_error_rate(said: str, heard: str) -> float:
    reference, row = plain(said), np.arange(len(plain(heard)) + 1)
    for i, word in enumerate(reference, 1):
        before, row = row, np.concatenate([[i], row[1:]])
        for j, other in enumerate(plain(heard), 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (word != other))
    return row[-1] / len(reference)


def onset_errors(made: Scene, words: list[str], starts: np.ndarray) -> np.ndarray:
    """Distance of each sentence's first recognised word from where the sentence begins, s."""
    said = [(plain(text), start) for start, _, text, _ in made.said]
    flat = [word for text, _ in said for word in text]
    heard = [(plain(word) or [""])[0] for word in words]
    place = {}
    for tag, a, b, c, d in SequenceMatcher(None, flat, heard, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and b - a == d - c):
            place.update(zip(range(a, b), range(c, d), strict=True))
    firsts = np.cumsum([0, *(len(text) for text, _ in said[:-1])])
    return np.array([abs(starts[place[k]] - start) for k, (_, start) in zip(firsts, said, strict=True) if k in place])


@pytest.mark.usefixtures("recogniser")
@pytest.mark.parametrize("gap", [0.8, 2.5])
def test_words_are_right_and_phrases_begin_where_they_begin(gap: float) -> None:
    made = scene(("en-us+f3",), gap=gap)
    found, notes = extract(Speech(), chunks(made.samples, start=3.0))
    words = found["words"]
    assert word_error_rate(" ".join(s[2] for s in made.said), " ".join(words["word"])) < 0.15
    errors = onset_errors(made, words["word"].tolist(), words["start"].to_numpy() - 3.0)
    assert len(errors) == len(made.said)
    assert np.median(errors) <= 0.020
    assert errors.max() <= 0.150
    assert words["confidence"].between(0, 1).all()
    assert (words["end"] > words["start"]).all()
    assert words["start"].is_monotonic_increasing
    assert set(words["language"]) == {"en"}
    assert not notes
    speech = found["speech"]
    assert len(speech) == len(made.said)
    assert " ".join(speech["text"]) == " ".join(words["word"])
    assert (speech["speaker"] == "S1").all()
    assert (words["track"] == 0).all()


def test_no_word_lies_in_a_pause(monologue: Scene, heard: dict[str, pd.DataFrame]) -> None:
    words = heard["words"]
    voice = extract(Voice(), chunks(monologue.samples))[0]["voice"]
    silent = voice.loc[voice["speech"] < 0.05, "time"].to_numpy()
    inside = [(silent > a + 0.05) & (silent < b - 0.05) for a, b in zip(words["start"], words["end"], strict=True)]
    assert np.mean(np.any(inside, axis=0)) < 0.02


def test_chunks_and_workers_change_no_word(monologue: Scene, heard: dict[str, pd.DataFrame]) -> None:
    other = extract(Speech(), chunks(monologue.samples, seconds=3), threads=2)[0]
    for name, table in heard.items():
        assert table.equals(other[name]), name


@pytest.mark.usefixtures("recogniser")
@pytest.mark.parametrize("kind", ["silence", "noise", "tone"])
def test_nothing_is_invented_where_nobody_speaks(kind: str) -> None:
    n = 20 * RATE
    sound = {
        "silence": np.zeros(n),
        "noise": 0.05 * np.random.default_rng(0).standard_normal(n),
        "tone": 0.2 * np.sin(2 * np.pi * 440 * np.arange(n) / RATE),
    }[kind].astype(np.float32)
    found, _ = extract(Speech(), chunks(sound))
    assert [len(table) for table in found.values()] == [0, 0, 0]


@pytest.mark.usefixtures("recogniser")
def test_a_language_that_the_model_does_not_know_is_said(monologue: Scene) -> None:
    found, notes = extract(Speech(language="de"), chunks(monologue.samples))
    assert len(found["words"]) == 0
    assert len(found["speakers"]) > 0
    assert any("knows English only" in note for note in notes)


def test_without_the_extra_one_line_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, monologue: Scene) -> None:
    monkeypatch.setattr(engines, "faster_whisper_installed", lambda: False)
    found, notes = extract(Speech(), chunks(monologue.samples))
    assert len(found["words"]) == len(found["speech"]) == 0
    assert len(found["speakers"]) > 0
    assert [note for note in notes if "faster-whisper is not installed" in note] == notes
    with pytest.raises(UsageError, match="extra `asr`"):
        Speech(engine="faster-whisper").resolve(frozenset())


@pytest.mark.parametrize("embedding", ["encoder", "timbre"])
def test_two_speakers_by_turns(embedding: str) -> None:
    made = scene(("en-us", "en-us+f3"), gap=0.4)
    found, _ = extract(Speech(embedding=embedding), chunks(made.samples), tables=["speakers"])  # type: ignore[arg-type]
    turns = found["speakers"]
    assert turns["speaker"].tolist() == ["S1", "S2"] * 3
    assert turns["track"].tolist() == [0, 1] * 3
    truth = np.array([(start, end) for start, end, _, _ in made.said])
    assert np.abs(turns[["start", "end"]].to_numpy() - truth).max() < 0.25
    right = sum(
        max(0.0, min(t.end, end) - max(t.start, start))
        for t in turns.itertuples()
        for start, end, _, voice in made.said
        if (voice == "en-us") == (t.track == 0)
    )
    assert right / np.diff(truth).sum() >= 0.95


def test_one_speaker_is_not_split_and_a_given_number_is_kept(monologue: Scene) -> None:
    for embedding in ("encoder", "timbre"):
        turns = extract(Speech(embedding=embedding), chunks(monologue.samples), tables=["speakers"])[0]["speakers"]  # type: ignore[arg-type]
        assert turns["track"].unique().tolist() == [0]
    both = scene(("en-us", "en-us+f3"), gap=0.4)
    for count in (1, 2):
        turns = extract(Speech(count=count), chunks(both.samples), tables=["speakers"])[0]["speakers"]
        assert turns["track"].nunique() == count


@pytest.mark.usefixtures("recogniser")
def test_words_carry_their_speaker() -> None:
    made = scene(("en-us", "en-us+f3"), gap=0.4)
    words = extract(Speech(), chunks(made.samples))[0]["words"]
    for start, end, _, voice in made.said:
        inside = words[(words["start"] >= start - 0.1) & (words["end"] <= end + 0.1)]
        assert set(inside["speaker"]) == {"S1" if voice == "en-us" else "S2"}


def cues(made: Scene, shift: float = 0.0) -> str:
    def stamp(t: float) -> str:
        return f"{int(t) // 60:02d}:{t % 60:06.3f}"

    return "WEBVTT\n\n" + "\n\n".join(
        f"{stamp(a + shift)} --> {stamp(b + shift)}\n<v {'Ann' if k % 2 else 'Bob'}>{text}"
        for k, (a, b, text, _) in enumerate(made.said)
    )


def test_a_transcript_with_times_takes_the_recognisers_place(tmp_path: Path, monologue: Scene) -> None:
    path = tmp_path / "said.vtt"
    path.write_text(cues(monologue))
    found, notes = extract(Speech(engine="none", transcript=str(path)), chunks(monologue.samples))
    assert " ".join(found["words"]["word"]) == " ".join(s[2] for s in monologue.said)
    assert found["speakers"]["speaker"].tolist() == ["Bob", "Ann"] * 3
    assert set(found["words"]["source"]) == {"transcript"}
    errors = onset_errors(monologue, found["words"]["word"].tolist(), found["words"]["start"].to_numpy())
    assert len(errors) == len(monologue.said)
    assert errors.max() < 0.1
    assert not notes


@pytest.mark.usefixtures("recogniser")
def test_plain_text_is_aligned_to_what_is_heard(tmp_path: Path, monologue: Scene) -> None:
    path = tmp_path / "said.txt"
    path.write_text("\n".join(f"Ann: {s[2]}" for s in monologue.said))
    words = extract(Speech(transcript=str(path)), chunks(monologue.samples))[0]["words"]
    assert " ".join(words["word"]) == " ".join(s[2] for s in monologue.said)
    errors = onset_errors(monologue, words["word"].tolist(), words["start"].to_numpy())
    assert len(errors) == len(monologue.said)
    assert errors.max() < 0.15
    assert set(words["speaker"]) == {"Ann"}


def test_a_transcript_of_another_recording_and_one_too_long_are_said(tmp_path: Path, monologue: Scene) -> None:
    path = tmp_path / "made.srt"
    length = len(monologue.samples) / RATE
    path.write_text("1\n00:00:00,000 --> 00:00:00,900\nHello\n\n2\n00:59:00,000 --> 00:59:01,000\nbye\n")
    # A folder of transcripts is looked up by the recording's id.
    found, notes = extract(Speech(engine="none", transcript=str(tmp_path)), chunks(monologue.samples))
    assert any("another recording" in note for note in notes)
    assert any("longer than the recording" in note for note in notes)
    assert found["words"]["end"].max() <= length


def test_a_changed_transcript_changes_what_the_tables_were_made_from(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    before = Speech(transcript=str(path)).resolve(frozenset()).transcript_hash
    path.write_text("two")
    assert Speech(transcript=str(path)).resolve(frozenset()).transcript_hash != before


@pytest.mark.usefixtures("recogniser")
def test_in_noise_at_10_db_speech_is_still_found() -> None:
    made = scene(("en-us+f3",), gap=0.8, sentences=SENTENCES[:4])
    words = extract(Speech(), chunks(made.samples + noise(made.samples, 10)))[0]["words"]
    assert word_error_rate(" ".join(s[2] for s in made.said), " ".join(words["word"])) < 0.6


def test_provenance_is_json() -> None:
    from bitflow.extraction.protocol import parameters

    settled = parameters(Speech().resolve(frozenset()))
    assert json.loads(json.dumps(settled)) == settled
    assert set(settled) == {"speech", "speakers"}
