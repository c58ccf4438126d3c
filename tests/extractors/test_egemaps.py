from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from bitflow.errors import UsageError
from bitflow.extractors.egemaps import EGEMAPS, Egemaps
from tests.voices import chunks, extract, pulse_voice

needs_opensmile = pytest.mark.skipif(
    importlib.util.find_spec("opensmile") is None, reason="openSMILE is not installed (the extra opensmile)"
)


def test_the_licence_is_shown_before_anything_runs() -> None:
    with pytest.raises(UsageError, match=r"research and educational use only.*egemaps\.licence=research"):
        Egemaps().resolve(frozenset({"egemaps"}))


def test_it_is_made_only_when_asked_for() -> None:
    assert Egemaps.on_request == tuple(schema.name for schema in Egemaps.tables)
    assert len(EGEMAPS.names) == 1 + 25


@needs_opensmile
def test_pitch_and_formants_of_a_known_voice_on_the_grid_of_the_clock() -> None:
    voice = pulse_voice(f0=110, snr_db=40, seconds=6).samples
    tables, notes = extract(Egemaps("research"), chunks(voice, start=1.003, seconds=2.5))
    found = tables["egemaps"]
    ticks = found["time"].to_numpy() * 100 - 0.5
    assert np.abs(ticks - np.round(ticks)).max() < 1e-6
    assert np.diff(ticks) == pytest.approx(np.ones(len(ticks) - 1))
    assert len(found) == pytest.approx(600, abs=8)
    assert found["f0_semitones"].median() == pytest.approx(12 * np.log2(110 / 27.5), abs=0.2)
    assert any("research" in note for note in notes)
