"""Files of labels: what one program wrote, another reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitflow.annotations.files import FORMATS, read_annotations, write_annotations
from bitflow.annotations.labels import Annotations, Label, layers
from bitflow.errors import BitflowError, MediaError, SchemaError, UsageError

LABELS = Annotations.of(
    [
        Label(0.5, 2.25, "smile", subject="mother", annotator="Anna"),
        Label(2.0, 3.0, "smile", subject="child", annotator="Anna"),
        Label(1.0, 4.5, "nod", annotator="Anna"),
        Label(5.0, 5.0, "blink", annotator="Anna"),
    ],
    duration=10.0,
)

ELAN_BY_HAND = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/study/visit1.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="{origin}"/>
  </HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/>
    <TIME_SLOT TIME_SLOT_ID="ts2"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/>
    <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="4000"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="speech" PARTICIPANT="child" ANNOTATOR="Ben">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>one</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
      <ANNOTATION_VALUE>two</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE></ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="ref" TIER_ID="gloss" PARENT_REF="speech">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a2">
      <ANNOTATION_VALUE>zwei</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  </TIER>
  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>
  <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="ref"
      TIME_ALIGNABLE="false"/>
</ANNOTATION_DOCUMENT>
"""

BORIS_TABULAR = """Observation id,Media file name,Total length,Subject,Behavior,Behavioral category,Behavior type,Time
o1,a/visit1.mp4,60.0,mouse 1,groom,self,START,1.5
o1,a/visit1.mp4,60.0,mouse 2,groom,self,START,2.0
o1,a/visit1.mp4,60.0,mouse 1,groom,self,STOP,3.5
o1,a/visit1.mp4,60.0,No focal subject,bell,,POINT,4.0
o1,a/visit1.mp4,60.0,mouse 2,groom,self,STOP,5.0
"""

BORIS_AGGREGATED = """Observation id\tSubject\tBehavior\tBehavioral category\tStart (s)\tStop (s)\tDuration (s)
o1\tmouse 1\tgroom\tself\t1.5\t3.5\t2.0
o1\tNo focal subject\tbell\t\t4.0\tNA\tNA
"""

BORIS_7 = """Observation id,o1
Media file(s)

Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status
1.5,visit1.mp4,60.0,25,mouse 1,groom,self,quick,START
3.5,visit1.mp4,60.0,25,mouse 1,groom,self,,STOP
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("format", ["elan", "textgrid", "boris", "csv"])
def test_labels_come_back_as_they_were_written(format, tmp_path):
    path = tmp_path / f"coded{FORMATS[format].suffix}"
    write_annotations(path, LABELS, format)
    back = read_annotations(path)
    for wanted, found in zip(LABELS.labels, back.labels, strict=True):
        assert (found.name, found.subject) == (wanted.name, wanted.subject)
        assert found.start == pytest.approx(wanted.start, abs=1e-9)
        assert found.end == pytest.approx(max(wanted.end, wanted.start + (1e-3 if format == "elan" else 0)), abs=1e-9)


def test_webvtt_keeps_what_it_has_a_place_for_and_says_what_it_left_out(tmp_path):
    path = tmp_path / "coded.vtt"
    notes = write_annotations(path, LABELS)
    back = read_annotations(path)
    assert [(label.start, label.end, label.name, label.subject) for label in back.labels] == [
        (label.start, label.end, label.name, label.subject) for label in LABELS.labels if label.duration
    ]
    assert "1 labels without a length are left out" in notes[0]
    assert "annotator" in notes[1]


def test_webvtt_text_cannot_become_markup(tmp_path):
    path = tmp_path / "coded.vtt"
    hostile = "<b onclick=x>a & b</b> --> c"
    write_annotations(path, Annotations.of([Label(0, 3661.25, hostile, subject="<v x>")]))
    assert "<b" not in path.read_text(encoding="utf-8")
    label = read_annotations(path).labels[0]
    assert (label.end, label.name, label.subject) == (3661.25, hostile, "<v x>")


def test_elan_slots_without_a_time_lie_at_equal_distances(tmp_path):
    found = read_annotations(written(tmp_path / "hand.eaf", ELAN_BY_HAND.format(origin=0)))
    speech = [label for label in found.labels if label.tier == "speech"]
    assert [(label.start, label.end, label.name) for label in speech] == [
        (1.0, 2.0, "one"),
        (2.0, 3.0, "two"),
        (3.0, 4.0, "speech"),
    ]
    assert {(label.subject, label.annotator) for label in speech} == {("child", "Ben")}
    assert found.media == "visit1.mp4"


def test_elan_tiers_that_refer_to_another_take_its_times(tmp_path):
    found = read_annotations(written(tmp_path / "hand.eaf", ELAN_BY_HAND.format(origin=0)))
    (gloss,) = [label for label in found.labels if label.tier == "gloss"]
    assert (gloss.start, gloss.end, gloss.name) == (2.0, 3.0, "zwei")


def test_elan_time_origin_is_added_and_told(tmp_path):
    found = read_annotations(written(tmp_path / "hand.eaf", ELAN_BY_HAND.format(origin=2500)))
    assert found.labels[0].start == 3.5
    assert "2500 ms" in found.notes[0]


def test_elan_file_with_entities_is_refused(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    with pytest.raises(SchemaError, match="document type"):
        read_annotations(written(tmp_path / "bomb.eaf", bomb))


def test_boris_starts_and_stops_pair_by_subject(tmp_path):
    found = read_annotations(written(tmp_path / "events.csv", BORIS_TABULAR))
    assert [(label.start, label.end, label.name, label.subject, label.tier) for label in found.labels] == [
        (1.5, 3.5, "groom", "mouse 1", "self"),
        (2.0, 5.0, "groom", "mouse 2", "self"),
        (4.0, 4.0, "bell", "", ""),
    ]
    assert (found.duration, found.media) == (60.0, "visit1.mp4")


def test_boris_aggregated_and_older_tables_are_told_by_their_header(tmp_path):
    aggregated = read_annotations(written(tmp_path / "aggregated.tsv", BORIS_AGGREGATED))
    assert [(label.start, label.end, label.name) for label in aggregated.labels] == [
        (1.5, 3.5, "groom"),
        (4.0, 4.0, "bell"),
    ]
    older = read_annotations(written(tmp_path / "older.csv", BORIS_7))
    assert [(label.start, label.end, label.name, label.comment) for label in older.labels] == [
        (1.5, 3.5, "groom", "quick")
    ]


def test_boris_start_that_nothing_stops_lasts_to_the_end_of_the_media_and_is_told(tmp_path):
    found = read_annotations(written(tmp_path / "events.csv", "\n".join(BORIS_TABULAR.splitlines()[:3])))
    assert {label.end for label in found.labels} == {60.0}
    assert all("never stops" in note for note in found.notes)
    assert len(found.notes) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("o1,a,60,mouse 1,rear,,STOP,9", "line 7: STOP of 'rear'.*has not started"),
        ("o1,a,60,mouse 1,rear,,PAUSE,9", "line 7: 'PAUSE'"),
        ("o1,a,60,mouse 1,rear,,START,soon", "line 7: 'soon' is no time"),
        ("o2,a,60,mouse 1,rear,,POINT,9", "2 observations"),
    ],
)
def test_boris_faults_are_named_by_line(line, said, tmp_path):
    with pytest.raises(SchemaError, match=said):
        read_annotations(written(tmp_path / "events.csv", BORIS_TABULAR + line + "\n"))


def test_csv_needs_start_end_and_name_and_names_the_line_at_fault(tmp_path):
    found = read_annotations(written(tmp_path / "a.csv", "Start;End;Name\n0;1.5;smile\n"))
    assert found.labels == (Label(0, 1.5, "smile"),)
    with pytest.raises(SchemaError, match="no column 'name'"):
        read_annotations(written(tmp_path / "b.csv", "start,end\n0,1\n"))
    with pytest.raises(SchemaError, match="line 3"):
        read_annotations(written(tmp_path / "c.csv", "start,end,name\n0,1,a\n5,4,b\n"))


def test_overlapping_labels_of_a_stream_lie_in_layers(tmp_path):
    labels = [Label(0, 5, "talk", tier="speech"), Label(2, 3, "hm", tier="speech"), Label(5, 6, "yes", tier="speech")]
    assert {name: len(each) for name, each in layers(labels).items()} == {"speech": 2, "speech (2)": 1}
    for name in ("overlapping.eaf", "overlapping.TextGrid"):
        write_annotations(tmp_path / name, Annotations.of(labels))
        back = read_annotations(tmp_path / name)
        assert {(label.start, label.end, label.name, label.tier) for label in back.labels} == {
            (label.start, label.end, label.name, "speech") for label in labels
        }


def test_missing_files_and_unknown_formats_are_refused(tmp_path):
    with pytest.raises(MediaError, match="no such file"):
        read_annotations(tmp_path / "none.eaf")
    with pytest.raises(UsageError, match="cannot be told"):
        write_annotations(tmp_path / "a.docx", LABELS)
    with pytest.raises(UsageError, match="there is no format 'word'"):
        write_annotations(tmp_path / "a.csv", LABELS, "word")
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400), suffix=st.sampled_from([".eaf", ".TextGrid", ".vtt", ".csv"]))
def test_a_file_of_any_bytes_is_read_or_refused_with_a_sentence(content, suffix, tmp_path):
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    try:
        found = read_annotations(path)
    except BitflowError as error:
        said = str(error)
    else:
        said = f"{path}: {len(found)} labels"
    assert str(path) in said


TEXT = st.text(st.characters(whitelist_categories=("L", "N"), whitelist_characters=" -&'\""), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(1, 10**5), TEXT, TEXT),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    format=st.sampled_from(["elan", "textgrid", "csv"]),
)
def test_millisecond_labels_survive_a_round_trip(rows, format, tmp_path):
    labels = [
        Label(start / 1000, (start + length) / 1000, name.strip() or "x", tier=tier.strip() or "t")
        for start, length, name, tier in rows
    ]
    path = tmp_path / f"any{FORMATS[format].suffix}"
    write_annotations(path, Annotations.of(labels), format)
    back = read_annotations(path, format)
    key = lambda label: (round(label.start, 3), round(label.end, 3), label.name, label.tier)  # noqa: E731
    assert sorted(map(key, back.labels)) == sorted(map(key, labels))
