"""A program asked of many recordings: the same answer alone, shared out and kept, and never an outdated one."""

from __future__ import annotations

import json
import math
import os
import shutil
import time

import pytest

from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.errors import StoreError
from bitflow.events.language import kept, parse, recordings
from bitflow.events.language.definitions import Definitions, builtin
from bitflow.events.language.outcome import ask_store
from bitflow.events.language.recordings import Told, told_by
from bitflow.events.language.refusals import Refusal, UnknownName, Unreadable
from bitflow.store import open_store

KNOWN = Definitions.of(builtin())
NAMES = ("a/1", "a/2", "b/1")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many") / "store"
    for seed, name in enumerate(NAMES):
        simulate_person(folder, duration=24.0, seed=seed, recording=name)
    for name in NAMES:
        (folder / name / "face_landmarks.parquet").unlink()
    return folder


@pytest.fixture
def store(simulated, tmp_path, monkeypatch):
    """Recordings of which every answer is kept, and read back by the next question."""
    shutil.copytree(simulated, tmp_path / "store")
    monkeypatch.setattr(kept, "_WORTH_S", 0.0)
    monkeypatch.setattr(recordings, "_ALONE_S", math.inf)  # in this process, however slow it is
    time.sleep(0.05)  # longer than the grain of a file system's clock
    return open_store(tmp_path / "store")


@pytest.fixture
def opened(monkeypatch):
    """Names of recordings that are looked at, as they are."""
    seen = []
    really = recordings.in_one

    def watched(store, name, *rest):
        seen.append(name)
        return really(store, name, *rest)

    monkeypatch.setattr(recordings, "in_one", watched)
    return seen


def told(store, text, names=NAMES):
    return dict(told_by(store, parse(text), KNOWN, list(names)))


@pytest.mark.parametrize("text", ["count blink", "list smile", "rate(min) amid(blink, speech)", "value head_pose.yaw"])
def test_what_is_kept_is_what_was_told_and_no_recording_is_opened_again(store, opened, text):
    first = told(store, text)
    assert opened == list(NAMES)
    assert all(isinstance(each, Told) for each in first.values())
    assert repr(told(store, text)) == repr(first)
    assert opened == list(NAMES)


def test_another_program_and_another_definition_are_asked_anew(store, opened):
    told(store, "count blink")
    told(store, "count smile")
    assert len(opened) == 2 * len(NAMES)
    told(store, "define calm = not blink; count calm for >=1s")
    told(store, "define calm = not blink; count calm for >=2s")
    told(store, "define calm = not smile; count calm for >=2s")
    assert len(opened) == 5 * len(NAMES)


def test_a_recording_with_a_changed_table_is_asked_again_and_no_other(store, opened):
    before = told(store, "count blink")
    shutil.copy2(store.path / "b/1/face_actions.parquet", store.path / "a/1/face_actions.parquet")
    after = told(store, "count blink")
    assert opened[3:] == ["a/1"]
    assert after["a/1"].answers[0].rows == before["b/1"].answers[0].rows


def test_a_table_of_the_same_size_and_time_is_not_taken_for_the_old_one(store, opened):
    told(store, "count blink")
    table = store.path / "a/1/face_actions.parquet"
    facts = table.stat()
    table.write_bytes(bytes(facts.st_size))
    os.utime(table, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert isinstance(told(store, "count blink")["a/1"], Unreadable)
    assert opened[3:] == ["a/1"]


@pytest.mark.parametrize("name", ["a/1/people.json", "a/1/regions.json"])
def test_what_lies_beside_the_tables_counts(store, opened, name):
    told(store, "count blink")
    (store.path / name).write_text("{}")
    told(store, "count blink")
    assert opened[3:] == ["a/1"]


def test_what_was_written_just_now_is_not_kept(store, opened):
    for name in NAMES:
        (store.path / name / "note.json").write_text("{}")
    told(store, "count blink")
    time.sleep(0.05)
    told(store, "count blink")
    assert len(opened) == 2 * len(NAMES)


def test_words_that_were_said_are_not_kept(store):
    told(store, "list words(market)")
    told(store, "count blink")
    kept_lines = [line for file in (store.path / ".answers").iterdir() for line in file.read_text().splitlines()]
    assert sorted(json.loads(line)[0] for line in kept_lines) == sorted(NAMES)


def test_lines_that_were_cut_off_or_are_no_answers_are_passed_over(store, opened):
    first = told(store, "count blink")
    (file,) = (store.path / ".answers").iterdir()
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([lines[0], lines[1][:30], b"[1]", b"null", b"\xff"]))
    assert repr(told(store, "count blink")) == repr(first)
    assert len(opened) == 5
    assert repr(told(store, "count blink")) == repr(first)
    assert len(opened) == 5


def test_processes_tell_what_one_does(store, opened, monkeypatch):
    text = "define calm = not blink; count calm for >=1s; list smile; value voice.f0"
    alone = told(store, text)
    shutil.rmtree(store.path / ".answers")
    monkeypatch.setattr(recordings, "_ALONE_S", -1.0)
    monkeypatch.setattr(recordings, "_WORTH_S", -1.0)
    monkeypatch.setattr("bitflow.cohort.cores.available_cores", lambda: 2)
    counted = []
    shared = dict(told_by(store, parse(text), KNOWN, list(NAMES), lambda done, of: counted.append((done, of))))
    assert len(opened) == len(NAMES)  # in other processes
    assert list(shared) == list(NAMES)
    assert repr(shared) == repr(alone)
    assert counted == [(1, 3), (2, 3), (3, 3)]


def test_what_was_answered_before_an_interruption_is_kept(store, opened):
    def interrupt(done, of):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(told_by(store, parse("count blink"), KNOWN, list(NAMES), interrupt))
    told(store, "count blink")
    assert opened == ["a/1", "a/2", "b/1"]


def test_refusals_are_kept_with_their_hints(store, opened):
    (refusal,) = {repr(each.as_dict()) for each in told(store, "value faces.nonsense").values()}
    assert all(isinstance(each, UnknownName) for each in told(store, "value faces.nonsense").values())
    assert {repr(each.as_dict()) for each in told(store, "value faces.nonsense").values()} == {refusal}
    assert len(opened) == len(NAMES)


def test_a_damaged_recording_costs_its_own_answer(store):
    (store.path / "a/2/face_actions.parquet").write_bytes(b"PAR1 no more")
    outcome = ask_store(store, parse("count blink"), KNOWN)
    assert list(outcome.answers) == ["a/1", "b/1"]
    assert "a/2" in outcome.refused
    assert any("damaged" in warning for warning in outcome.warnings)
    with pytest.raises(StoreError, match="damaged"):
        ask_store(store, parse("count blink"), KNOWN, ["a/2"])


def test_a_store_that_cannot_be_written_is_answered(store, opened):
    (store.path / ".answers").write_text("somebody's own file")
    first = told(store, "count blink")
    assert repr(told(store, "count blink")) == repr(first)
    assert len(opened) == 2 * len(NAMES)


def test_a_study_of_a_question_reads_what_is_kept(store, opened, capsys):
    assert main(["ask", str(store.path), "average (count blink) per recording", "--json"]) == 0
    first = capsys.readouterr().out
    looked = len(opened)
    assert main(["ask", str(store.path), "average (count blink) per recording", "--json"]) == 0
    assert capsys.readouterr().out == first
    assert len(opened) == looked == len(NAMES)
    assert not any(isinstance(each, Refusal) for each in told(store, "count blink").values())
