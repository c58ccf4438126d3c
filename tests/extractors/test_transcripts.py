from __future__ import annotations

import contextlib
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitflow.errors import UsageError
from bitflow.extractors.speech.alignment import agreement, align_words, speech_overlap
from bitflow.extractors.speech.transcripts import (
    Cue,
    Transcript,
    TranscriptError,
    find_transcript,
    read_transcript,
)
from bitflow.extractors.speech.words import Word, clip_to_speech, utterances
from bitflow.extractors.voice_activity import Stretch


def read(folder: Path, name: str, content: str) -> Transcript:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return read_transcript(path)


def test_webvtt_with_voices_tags_notes_and_settings(tmp_path: Path) -> None:
    text = (
        "\ufeffWEBVTT - made by hand\n\nNOTE\nnot --> said\n\nSTYLE\n::cue {}\n\n1\n"
        "00:01.500 --> 00:02.500 align:start\n<v Ann>Well, <i>hello</i> &amp; welcome\nto you\n\n"
        "01:00:00.000 --> 01:00:01.000\nBob: Thanks"
    )
    first, second = read(tmp_path, "a.vtt", text).cues
    assert first == Cue(1.5, 2.5, "Well, hello & welcome to you", "Ann")
    assert second == Cue(3600.0, 3601.0, "Thanks", "Bob")


def test_srt_with_windows_line_ends_and_commas(tmp_path: Path) -> None:
    found = read(tmp_path, "a.srt", "1\r\n00:00:01,000 --> 00:00:02,250\r\n{\\an8}- Hello\r\n\r\n")
    assert found.cues == (Cue(1.0, 2.25, "Hello"),)


def test_two_voices_in_one_cue_share_its_time_by_letters(tmp_path: Path) -> None:
    cues = read(tmp_path, "a.vtt", "WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>abc<v Bob>d").cues
    assert [(c.speaker, c.start, c.end) for c in cues] == [("Ann", 0.0, 3.0), ("Bob", 3.0, 4.0)]


def test_whisperx_json_with_words(tmp_path: Path) -> None:
    words = [
        {"word": "Hi", "start": 1.0, "end": 1.2, "score": 0.9},
        {"word": "5"},
        {"word": "there.", "start": 1.3, "end": 1.6, "score": 0.5, "speaker": "B"},
    ]
    content = {
        "language": "en",
        "segments": [{"start": 1, "end": 2, "text": " Hi 5 there.", "speaker": "A", "words": words}],
    }
    found = read(tmp_path, "a.json", json.dumps(content))
    assert found.language == "en"
    assert found.cues[0].words == (Word(1.0, 1.2, "Hi", 0.9, "A"), Word(1.3, 1.6, "there.", 0.5, "B"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.vtt", "WEBVTT\n\n00:01 --> soon\nhi", "line 3"),
        ("a.srt", "1\n00:00:02,000 --> 00:00:01,000\nhi", "ends before it starts"),
        ("a.srt", "nothing here", "no cue"),
        ("a.json", '{"segments": [{"start": 2, "end": 1, "text": "x"}]}', "segment 0"),
        ("a.json", '{"segments": [{"text": "x"}]}', "segment 0"),
        ("a.json", "{", "line 1"),
        ("a.json", "[]", "segments"),
    ],
)
def test_a_broken_transcript_is_refused_with_its_place(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(TranscriptError, match=said):
        read(tmp_path, name, content)


def test_text_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(TranscriptError, match="UTF-8"):
        read_transcript(tmp_path / "a.txt")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    for suffix in (".vtt", ".srt", ".json", ".txt"):
        path = folder / f"a{suffix}"
        path.write_text(text, encoding="utf-8", errors="replace")
        with contextlib.suppress(TranscriptError):
            assert all(c.text for c in read_transcript(path).cues)


def test_a_folder_is_looked_up_by_recording_id_and_never_left(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    (inside / "p01").mkdir(parents=True)
    (inside / "p01" / "visit1.vtt").touch()
    (tmp_path / "secret.txt").touch()
    assert find_transcript(str(inside), "p01/visit1") == inside / "p01" / "visit1.vtt"
    assert find_transcript(str(inside), "../secret") is None
    assert find_transcript(str(inside), "p02") is None
    with pytest.raises(UsageError):
        find_transcript(str(tmp_path / "nowhere"), "p01")


def heard(*words: tuple[str, float, float]) -> list[Word]:
    return [Word(start, end, text, 0.8) for text, start, end in words]


def test_plain_text_takes_the_times_of_equal_words_and_spreads_the_others() -> None:
    transcript = Transcript((Cue(np.nan, np.nan, "Please call Stella now, will you"),))
    found = align_words(
        transcript, heard(("please", 1, 1.4), ("call", 1.5, 1.8), ("now", 3.0, 3.2)), [Stretch(1, 4, 1)]
    )
    assert [w.text for w in found] == ["Please", "call", "Stella", "now,", "will", "you"]
    assert [(w.start, w.end) for w in found[:2]] == [(1, 1.4), (1.5, 1.8)]
    stella, now, will, you = found[2:]
    assert (stella.start, stella.end, now.start) == (1.8, 3.0, 3.0)
    assert np.isnan(stella.confidence)
    assert now.confidence == 0.8
    assert (will.start, you.end) == (3.2, 4.0)
    assert will.end == pytest.approx(you.start) == pytest.approx(3.2 + 0.8 * 4 / 7)


def test_a_cue_without_a_recogniser_is_spread_over_the_speech_inside_it() -> None:
    transcript = Transcript((Cue(0.0, 10.0, "one two six ten"),))
    found = align_words(transcript, [], [Stretch(1.0, 2.0, 1), Stretch(8.0, 9.0, 1)])
    assert [(w.start, w.end) for w in found] == [(1.0, 1.5), (1.5, 2.0), (8.0, 8.5), (8.5, 9.0)]


def test_overlap_and_agreement_tell_another_recording() -> None:
    transcript = Transcript((Cue(0, 2, "hello there"), Cue(10, 12, "good bye")))
    assert speech_overlap(transcript, [Stretch(1, 3, 1)]) == (0.25, 0.5)
    assert agreement(transcript, heard(("hello", 0, 1), ("world", 1, 2))) == 0.25
    assert transcript.clipped(11.0) == (Transcript((Cue(0, 2, "hello there"), Cue(10, 11.0, "good bye"))), 0)
    assert transcript.clipped(5.0)[1] == 1


def test_words_are_clipped_to_the_speech_that_they_overlap_most() -> None:
    stretches = [Stretch(1.0, 2.0, 1), Stretch(3.0, 4.0, 1)]
    raw = heard(("one", 0.8, 1.5), ("two", 1.5, 2.9), ("three", 2.4, 3.5), ("four", 3.5, 4.4), ("lost", 9.0, 9.5))
    found = [(w.text, w.start, w.end) for w in clip_to_speech(raw, stretches)]
    assert found == [("one", 1.0, 1.5), ("two", 1.5, 2.0), ("three", 3.0, 3.5), ("four", 3.5, 4.0)]


def test_the_last_word_of_a_sentence_stays_before_the_pause() -> None:
    stretches = [Stretch(1.0, 2.0, 1), Stretch(2.5, 4.0, 1)]
    raw = heard(("the", 1.0, 1.5), ("end.", 2.3, 2.8), ("New", 2.8, 3.2))
    found = clip_to_speech(raw, stretches)
    assert found[1].end <= 2.0
    assert found[2].start == pytest.approx(2.5)


@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(0, 5)), max_size=30),
    st.lists(st.tuples(st.floats(0.15, 5), st.floats(0.1, 5)), max_size=10),
)
def test_clipped_words_are_in_order_have_a_length_and_lie_in_speech(
    words: list[tuple[float, float]], parts: list[tuple[float, float]]
) -> None:
    stretches, at = [], 0.0
    for pause, length in parts:
        stretches.append(Stretch(at + pause, at + pause + length, 1.0))
        at += pause + length
    found = clip_to_speech([Word(a, a + d, "w") for a, d in sorted(words)], stretches)
    assert all(w.end > w.start for w in found)
    assert all(a.start <= b.start + 0.021 for a, b in itertools.pairwise(found))
    assert all(any(s.start - 0.03 <= w.start and w.end <= s.end + 0.03 for s in stretches) for w in found)


def test_utterances_end_at_pauses_at_sentence_ends_and_with_the_speaker() -> None:
    words = [
        Word(0.0, 0.5, "One", 0.5, "A"),
        Word(0.9, 1.0, "two.", 0.7, "A"),
        Word(1.3, 1.5, "Three", 1.0, "A"),
        Word(2.3, 2.5, "four", 1.0, "A"),
        Word(2.5, 2.7, "five", np.nan, "B"),
    ]
    found = utterances(words)
    assert [u.text for u in found] == ["One two.", "Three", "four", "five"]
    assert found[0].confidence == pytest.approx(0.6)
    assert np.isnan(found[3].confidence)
