"""From what is asked to what must run: names, parameters, order."""

from __future__ import annotations

import pytest

from bitflow.errors import UsageError
from bitflow.extraction.plan import configured, make_request, makers, registered, wanted_tables


def names(**asked) -> list[str]:
    return [extractor.name for extractor in configured(make_request(**asked))]


def test_what_is_needed_runs_before_what_needs_it():
    order = names(extractors=["gaze"])
    assert order.index("faces") < order.index("head_pose") < order.index("gaze")


def test_people_come_with_every_table_that_has_tracks():
    assert "people" in names(extractors=["faces"])
    assert names(extractors=["frames"]) == ["frames"]


def test_a_table_is_asked_for_by_its_name_or_by_its_extractors():
    assert wanted_tables(make_request(extractors=["face_landmarks"])) >= {"face_landmarks", "faces"}


def test_every_name_of_a_preset_is_made_by_a_registered_extractor():
    made = makers()
    for preset in ("face", "clinical"):
        assert set(make_request(preset=preset).tables) <= set(made)
    assert set(make_request(preset="face").tables) == {
        "frames", "faces", "face_landmarks", "face_actions", "head_pose", "gaze",
    }  # fmt: skip


def test_clinical_is_what_runs_when_nothing_is_said():
    assert make_request().tables == make_request(preset="clinical").tables


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"extractors": ["face"]}, "unknown extractor 'face'; did you mean 'faces'"),
        ({"preset": "everything"}, "unknown preset 'everything': face, clinical or full"),
        ({"parameters": ["faces.max_peple=1"]}, "did you mean 'max_people'"),
        ({"parameters": ["faecs.max_people=1"]}, "unknown table 'faecs'; did you mean 'faces'"),
        ({"parameters": ["faces.max_people=many"]}, "faces.max_people: int expected, 'many' came"),
        ({"parameters": ["face_landmarks.model=mesh500"]}, "mesh500"),
        ({"parameters": ["faces.max_people"]}, "write it as table.parameter=value"),
        ({"parameters": ["faces.max_people=0"]}, "at least 1"),
        ({"extractors": []}, "no extractor was named"),
        ({"rate_hz": 0.0}, "rate must be above 0"),
    ],
)
def test_a_wrong_request_is_refused_before_work_begins(asked, sentence):
    with pytest.raises(UsageError, match=sentence):
        make_request(**asked)


def test_parameters_reach_their_extractor_in_every_spelling():
    for spelled in (["faces.max_people=2"], {"faces.max_people": 2}, {"faces": {"max_people": "2"}}):
        (faces,) = [e for e in configured(make_request(extractors=["faces"], parameters=spelled)) if e.name == "faces"]
        assert faces.max_people == 2


def test_a_parameter_belongs_to_the_table_that_it_shapes():
    request = make_request(extractors=["faces"], parameters=["face_landmarks.model=mesh468"])
    assert request.parameters == {"face_landmarks": {"model": "mesh468"}}


def test_tables_of_two_extractors_never_share_a_name():
    tables = [schema.name for kind in registered().values() for schema in kind.tables]
    assert len(tables) == len(set(tables))
