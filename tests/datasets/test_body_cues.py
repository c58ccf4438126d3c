"""The body's stream: what the person does, as behaviours have it, in no pixels; and a voice only where one is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bitflow.datasets.body_cues import BEHAVIOURS, NAMES, UNITS
from bitflow.datasets.clips import Clip, read_clip
from bitflow.datasets.simulate.person import Truth, simulate_person
from bitflow.events.behaviour import behaviours
from bitflow.events.scene import Scene
from bitflow.extractors.voice import VOICE
from bitflow.models.recognition.discord import channels
from bitflow.models.recognition.experts import clip_statistics
from bitflow.store import FeatureStore, open_store
from tests.models.stores import MADE


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("store")
    return folder, simulate_person(folder, recording="one", duration=60, seed=1)


@pytest.fixture(scope="module")
def clip(simulated) -> Clip:
    return read_clip(open_store(simulated[0])["one"])


def cue(clip: Clip, name: str) -> np.ndarray:
    found = clip.streams["body"].column(name)
    assert found is not None
    return found


def test_the_stream_holds_what_the_body_does_and_no_pixels(clip):
    assert clip.streams["body"].names == NAMES
    assert len(NAMES) == len(UNITS) == len(set(NAMES))
    assert not [name for name in clip.streams if name.endswith("appearance")]
    assert not [name for stream in clip.streams.values() for name in stream.names if "points" in name]


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_behaviour_takes_as_long_as_its_events(simulated, clip, name):
    found = behaviours()[name].events(Scene(open_store(simulated[0])["one"]).person(0))
    there = cue(clip, name)
    assert np.isfinite(there).mean() > 0.9
    assert np.nansum(there) / clip.rate == pytest.approx(found.durations.sum(), abs=0.1 + 0.05 * len(found))


def test_wrists_move_when_the_person_gestures_and_hands_are_at_the_face_when_it_is_touched(simulated, clip):
    script = simulated[1].scripts[0]
    wrist, near, touch = cue(clip, "wrist_speed"), cue(clip, "hand_to_face"), cue(clip, "self_touch")
    for start in script.gestures:
        during = (clip.times > start) & (clip.times < start + 1.5)
        assert np.nanmax(wrist[during]) > 0.5
    for start in script.touches:
        during = (clip.times > start + 0.4) & (clip.times < start + 0.8)
        assert near[during].max() == 0.0
        assert touch[during].min() == 1.0


def test_coming_nearer_is_approach_and_the_body_is_a_signed_channel(clip):
    assert np.nanmedian(cue(clip, "approach")) == pytest.approx(0.0, abs=0.05)
    assert channels(clip)["body"].shape == (clip.bins,)


def test_a_recording_without_a_body_has_no_such_stream(tmp_path):
    assert "body" not in read_clip(voice_of(tmp_path, speech=[1.0] * 100)).streams


def voice_of(folder: Path, speech: list[float]):
    store = FeatureStore.create(folder)
    n = len(speech)
    rows = {name: np.zeros(n, np.float32) for name in VOICE.names}
    rows |= {
        "time": (np.arange(n) + 0.5) / 100,
        "speech": speech,
        "loudness": np.full(n, -30.0),
        "f0": np.full(n, 150.0),
    }
    store.draft("r").write(VOICE, [VOICE.batch(rows)], provenance=MADE, facts={"media": {"duration": n / 100}})
    return store["r"]


def test_a_silent_sound_track_is_a_missing_voice(tmp_path):
    clip = read_clip(voice_of(tmp_path, speech=[0.02] * 500))
    assert clip.coverage("voice") == 0.0
    assert channels(clip) == {}
    assert np.isnan(clip_statistics(clip, "voice", 8 * len(clip.streams["voice"].names))).all()


def test_a_voice_is_there_while_somebody_speaks(tmp_path):
    clip = read_clip(voice_of(tmp_path, speech=[0.02] * 300 + [0.95] * 200))
    assert clip.coverage("voice") == pytest.approx(0.4)
    statistics = clip_statistics(clip, "voice", 8 * len(clip.streams["voice"].names))
    assert statistics[8 * clip.streams["voice"].names.index("voice.loudness")] == pytest.approx(-30.0)


def test_a_voice_in_which_nobody_looked_for_speech_stays(tmp_path):
    assert read_clip(voice_of(tmp_path, speech=[np.nan] * 100)).coverage("voice") == 1.0
