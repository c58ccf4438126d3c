from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bitflow.extractors.voice import Voice
from bitflow.extractors.voice_activity import Stretch, StretchFinder
from bitflow.media import AudioReader
from tests.voices import RATE, Scene, chunks, extract, noise, pulse_voice, scene


@pytest.fixture(scope="module")
def dialogue() -> np.ndarray:
    made = scene(("en-us", "en-us+f3"), gap=0.4)
    return made.samples + noise(made.samples, 25)


def table(samples: np.ndarray, **how: float) -> pd.DataFrame:
    return extract(Voice(), chunks(samples, **how))[0]["voice"]


def overlap(made: Scene, voice: pd.DataFrame) -> float:
    """Intersection over union of the speech found and the speech there is."""
    found = voice["speech"].to_numpy() >= 0.5
    n = min(len(found), len(made.speech))
    return np.mean(made.speech[:n] & found[:n]) / np.mean(made.speech[:n] | found[:n])


@pytest.mark.parametrize("seconds", [7.0, 1.0, 0.05])
def test_the_table_is_the_same_however_the_sound_is_cut(dialogue: np.ndarray, seconds: float) -> None:
    sound = dialogue[: 12 * RATE]
    whole, cut = table(sound), table(sound, seconds=seconds)
    pd.testing.assert_frame_equal(whole, cut, check_exact=False, rtol=0, atol=2e-3)


def test_the_number_of_workers_changes_nothing(dialogue: np.ndarray) -> None:
    sound = chunks(dialogue[: 10 * RATE], seconds=2)
    one, three = (extract(Voice(), sound, threads=n)[0]["voice"] for n in (1, 3))
    pd.testing.assert_frame_equal(one, three, check_exact=True)


def test_time_is_the_centre_of_each_10_ms_frame_of_the_clock_and_gaps_stay_gaps() -> None:
    voice = pulse_voice(seconds=1.0).samples
    parts = chunks(voice, start=2.4303) + chunks(voice, start=5.0, first=1)
    found = extract(Voice(), parts)[0]["voice"]
    expected = [*(np.arange(243, 343) + 0.5), *(np.arange(500, 600) + 0.5)]
    np.testing.assert_allclose(found["time"], np.array(expected) / 100, atol=1e-9)
    assert found["f0"].median() == pytest.approx(120, rel=0.01)


def test_a_beep_is_where_it_was_put() -> None:
    sound = np.zeros(4 * RATE, np.float32)
    sound[int(2.0 * RATE) : int(2.01 * RATE)] = 0.5
    found = table(sound, start=1.234)
    # The window is longer than the beep, so the middle of the loud frames is its middle.
    loud = found.loc[found["loudness"] > -60, "time"]
    assert loud.mean() == pytest.approx(1.234 + 2.005, abs=0.002)


def test_speech_of_three_voices_is_found_clean_and_in_noise(models_available: Callable[..., object]) -> None:
    models_available("silero_vad_sequence")
    for voice in ("en-us", "en-gb", "en-us+f3"):
        made = scene((voice,), gap=0.8)
        for samples in (made.samples, made.samples + noise(made.samples, 10)):
            assert overlap(made, table(samples)) >= 0.90


def test_the_probabilities_are_those_of_faster_whispers_copy_of_the_vad(
    models_available: Callable[..., object],
) -> None:
    models_available("silero_vad_sequence")
    vad = pytest.importorskip("faster_whisper.vad", reason="the extra asr is not installed")
    made = scene(("en-gb",), gap=0.8)
    theirs = vad.get_speech_timestamps(
        made.samples, vad.VadOptions(min_silence_duration_ms=150, speech_pad_ms=0, min_speech_duration_ms=100)
    )
    speech = table(made.samples)["speech"].to_numpy()
    finder = StretchFinder(0.0)
    ours = [*finder.push(speech[1::1].repeat(10)[::32]), *finder.finish(len(made.samples) / RATE)]
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.start == pytest.approx(other["start"] / RATE, abs=0.07)
        assert one.end == pytest.approx(other["end"] / RATE, abs=0.07)


def test_without_the_models_file_level_stands_in_and_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("BITFLOW_CACHE", "BITFLOW_ASSETS"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("BITFLOW_OFFLINE", "1")
    made = scene(gap=0.8)
    tables, notes = extract(Voice(), chunks(made.samples + noise(made.samples, 20)))
    assert overlap(made, tables["voice"]) > 0.7
    assert sum("found by its level" in note for note in notes) == 1


@pytest.mark.parametrize(
    ("sound", "sentence"),
    [
        (np.zeros(2 * RATE, np.float32), "silent throughout"),
        (0.1 * np.sin(np.arange(2 * RATE) * 0.1).astype(np.float32), "No speech"),
    ],
)
def test_sound_without_a_voice_is_said(sound: np.ndarray, sentence: str) -> None:
    tables, notes = extract(Voice(), chunks(sound))
    assert len(tables["voice"]) == 200
    assert any(sentence in note for note in notes)


def test_clipped_and_noisy_speech_is_said() -> None:
    made = scene(gap=0.8)
    loud = np.clip(made.samples * 8, -1, 1).astype(np.float32)
    assert any("clipped" in note for note in extract(Voice(), chunks(loud))[1])
    assert any("above the noise" in n for n in extract(Voice(), chunks(made.samples + noise(made.samples, 5)))[1])
    assert not extract(Voice(), chunks(made.samples))[1]


def test_samples_that_are_no_numbers_spoil_nothing_beyond_themselves() -> None:
    voice = pulse_voice(seconds=2.0).samples
    broken = voice.copy()
    broken[RATE // 2 : RATE // 2 + 10] = np.nan
    one, other = table(voice), table(broken)
    pd.testing.assert_frame_equal(one.iloc[:40], other.iloc[:40], atol=1e-3)
    pd.testing.assert_frame_equal(one.iloc[60:], other.iloc[60:], atol=0.02, rtol=0.05)


def test_a_few_samples_or_none_make_a_few_rows_or_none() -> None:
    assert len(table(np.zeros(0, np.float32))) == 0
    assert len(table(np.ones(200, np.float32) * 0.1)) == 1


@pytest.mark.parametrize(("rate", "channels", "layout"), [(8000, 1, "mono"), (96000, 2, "stereo"), (48000, 6, "5.1")])
def test_any_rate_and_channels_give_the_same_voice(
    rate: int, channels: int, layout: str, tmp_path: Path, ffmpeg: Callable[..., Path]
) -> None:
    voice = pulse_voice(f0=140, seconds=2.0).samples
    raw = tmp_path / "voice.f32"
    raw.write_bytes(voice.tobytes())
    path = ffmpeg("-f", "f32le", "-ar", RATE, "-ac", 1, "-i", raw, "-ar", rate, "-ac", channels, tmp_path / "voice.wav")
    with AudioReader(path) as reader:
        found = extract(Voice(), reader)[0]["voice"]
    assert len(found) == pytest.approx(200, abs=1)
    assert found["f0"].median() == pytest.approx(140, rel=0.005)


def test_a_range_of_pitch_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="pitch"):
        Voice(pitch_floor=500, pitch_ceiling=100)


def test_stretches_begin_at_the_onset_and_end_where_speech_fell_silent() -> None:
    finder = StretchFinder(10.0, shortest_pause=0.1)
    probabilities = np.array([0.1, 0.6, 0.9, 0.9, 0.9, 0.9, 0.4, 0.9, 0.1, 0.1, 0.1, 0.1, 0.8], np.float32)
    found = [*finder.push(probabilities), *finder.finish(10.0 + 13 * 0.032)]
    assert found == [
        Stretch(10.032, pytest.approx(10.0 + 8 * 0.032), pytest.approx(np.mean(probabilities[1:12]), abs=0.05))
    ]
