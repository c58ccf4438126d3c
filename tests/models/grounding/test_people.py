"""Claims about people against what was scripted."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bitflow.datasets.simulate.person import simulate_person
from bitflow.events.scene import Scene
from bitflow.models.grounding.claims import Claim
from bitflow.models.grounding.people import judge_people
from bitflow.store import open_store
from bitflow.timeline import Interval
from tests.models.grounding.scripted import negated, tried


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Twenty scripted minutes a level."""
    folder = tmp_path_factory.mktemp("scripted")
    return {quality: [tried(folder, quality, 7100 + k) for k in range(20)] for quality in ("easy", "hard")}


def counts(recordings):
    found = Counter()
    for each in recordings:
        for claim, true, judged in zip(each.claims, each.truth, each.judged(), strict=True):
            found[claim.kind, true, judged.verdict] += 1
    return found


def share(found, true, verdict, kind=None):
    wanted = {key: n for key, n in found.items() if key[1] == true and kind in (None, key[0])}
    return sum(n for key, n in wanted.items() if key[2] == verdict) / sum(wanted.values())


@pytest.mark.parametrize(("quality", "precision", "caught"), [("easy", 0.99, 0.95), ("hard", 0.985, 0.82)])
def test_false_claims_are_caught_and_true_ones_are_not_flagged(quality, precision, caught, people):
    found = counts(people[quality])
    flags = {
        true: sum(n for key, n in found.items() if key[1] == true and key[2] == "contradicted")
        for true in (True, False)
    }
    assert flags[False] / (flags[True] + flags[False]) >= precision
    assert share(found, False, "contradicted") >= caught
    assert share(found, False, "supported") < 0.005
    assert share(found, True, "supported") >= 0.9


def test_nods_are_told_from_noise_on_bad_video(people):
    found = counts(people["hard"])
    assert share(found, False, "contradicted", "nodding") > 0.70
    assert share(found, False, "supported", "nodding") < 0.01


def test_negative_claims_are_judged_the_other_way_round(people):
    each = people["easy"][0]
    turned = {"supported": "contradicted", "contradicted": "supported", "not checkable": "not checkable"}
    for found, other in zip(each.judged(), each.judged([negated(claim) for claim in each.claims]), strict=True):
        assert other.verdict == turned[found.verdict]


def test_whoever_smiles_nearly_always_is_never_contradicted(tmp_path):
    for seed in range(4):
        each = tried(tmp_path, "easy", 7300 + seed, share={"smiling": 0.88})
        smiles = [
            claim for claim, true in zip(each.claims, each.truth, strict=True) if claim.kind == "smiling" and true
        ]
        assert len(smiles) > 5
        assert all(found.verdict != "contradicted" for found in each.judged(smiles))


def test_how_much_of_the_time_is_judged_by_shares(people):
    each = people["easy"][1]
    speaking = [claim for claim in each.claims if claim.kind == "speaking"]
    whole = Claim("speaking", Interval(0, 60), 0, quantifier="throughout")
    (found,) = each.judged([whole])
    assert found.verdict == "contradicted"
    (some,) = each.judged([Claim("speaking", Interval(0, 60), 0)])
    assert some.verdict == "supported"
    assert speaking


@pytest.mark.parametrize("kind", ["emotion", "intent", "diagnosis", "trait", "thought"])
def test_what_somebody_feels_or_means_is_never_supported(kind, people):
    (found,) = people["easy"][0].judged([Claim(kind, Interval(0, 5), 0, detail="happy")])
    assert (found.verdict, found.reason) == ("not checkable", "interpretation")


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (Claim("smiling", Interval(0, 5), 7), "unknown_person"),
        (Claim("dancing", Interval(0, 5), 0), "unknown"),
        (Claim("hedging", Interval(0, 5), 0), "missing_table:words"),
        (Claim("brows_raised", Interval(0, 5), 0), "no_face"),
        (Claim("smiling", Interval(500, 505), 0), "low_coverage"),
        (Claim("head_turned", Interval(0, 5), 0, detail="upside down"), "unknown_side"),
    ],
)
def test_what_cannot_be_judged_says_why_and_raises_nothing(claim, reason, people):
    (found,) = people["easy"][0].judged([claim])
    assert found.verdict == "not checkable"
    assert found.reason.startswith(reason)


def test_verdicts_point_at_the_table_and_the_time(people):
    each = people["easy"][0]
    for claim, found in zip(each.claims, each.judged(), strict=True):
        if found.verdict == "supported":
            (shown,) = found.evidence
            assert shown.table in each.scene.tables
            assert claim.when.start <= shown.start < shown.end <= claim.when.end


@pytest.fixture(scope="module")
def talker(tmp_path_factory):
    """A simulated person with words, of whom one frame in three is kept for one of the tables' rate."""
    folder = tmp_path_factory.mktemp("talker")
    simulate_person(folder, duration=30)
    return Scene(open_store(folder)["simulated"])


def judged(scene, kind, start, end, **more):
    return judge_people(scene, [Claim(kind, Interval(start, end), **{"who": 0, **more})])[0].verdict


def test_silence_is_judged_by_the_longest_gap_in_the_voice(talker):
    # Speech from 1 to 4 and 4.5 to 7.5 s, then silence to 11 s.
    assert judged(talker, "silence", 8, 10.5, who=-1) == "supported"
    assert judged(talker, "silence", 1.2, 3.8, who=-1) == "contradicted"
    assert judged(talker, "silence", 6, 11, who=-1, value=3.0) == "supported"
    assert judged(talker, "silence", 1, 8, who=-1, value=3.0) == "contradicted"


def test_people_are_counted_by_their_tracks(talker):
    assert judged(talker, "people_count", 2, 6, who=-1, value=1) == "supported"
    assert judged(talker, "people_count", 2, 6, who=-1, value=3) == "contradicted"


def test_people_are_counted_where_the_rate_of_the_pictures_is_not_known(tmp_path):
    simulate_person(tmp_path, duration=10)
    recording = open_store(tmp_path)["simulated"]
    (recording.path / "frames.parquet").unlink()
    assert judged(Scene(recording), "people_count", 2, 6, who=-1, value=1) == "supported"


def test_words_are_judged_by_the_transcript(talker):
    words = talker.frame("words")
    said = str(words["word"].iloc[3])
    start = float(words["start"].iloc[3])
    assert judged(talker, "hedging", start - 0.1, start + 0.5, detail=said) == "supported"
    assert judged(talker, "hedging", start - 0.1, start + 0.5, detail="perhaps") == "contradicted"
    # Recognisers leave fillers out: that none was heard shows nothing.
    assert judged(talker, "filler", start - 0.1, start + 0.2, detail="erm") == "not checkable"


@pytest.mark.parametrize(
    ("loudness", "verdict", "why"), [(-50, "contradicted", ""), (-120, "not checkable", "silent_track")]
)
def test_where_nobody_is_heard_nobody_speaks_unless_the_sound_was_off(loudness, verdict, why, tmp_path):
    simulate_person(tmp_path, duration=20)
    place = open_store(tmp_path)["simulated"]
    rows = place.table("voice")
    columns = {name: rows[name].to_numpy() for name in place.schema("voice").names}
    columns |= {"speech": np.full(len(rows), 0.02), "loudness": np.full(len(rows), float(loudness))}
    place.write(place.schema("voice"), [place.schema("voice").batch(columns)], provenance={"extractor": "test"})
    (place.path / "speakers.parquet").unlink(missing_ok=True)
    scene = Scene(open_store(tmp_path)["simulated"])
    found = judge_people(scene, [Claim("speaking", Interval(2, 6), 0), Claim("silence", Interval(2, 6))])
    assert (found[0].verdict, found[0].reason) == (verdict, why)
    assert found[1].verdict == ("supported" if verdict == "contradicted" else verdict)
