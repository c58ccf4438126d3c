"""What a recogniser said of a recording stands on its page: answer, band, what it lacked, where streams differ."""

from __future__ import annotations

from bitflow.annotations.table import ANNOTATIONS
from bitflow.models.predictions import PREDICTIONS, WAVERS
from bitflow.report.predicted import predictions
from bitflow.report.site import write_report
from bitflow.store import FeatureStore
from tests.models.stores import MADE


def written(folder, *rows: dict) -> FeatureStore:
    store = FeatureStore.create(folder)
    keys = {"start": 0.0, "end": 9.0, "name": "ambivalence", "track": -1, "target": -1, "source": "bitflow 12ab"}
    full = [{**dict.fromkeys(PREDICTIONS.names), **keys, **row} for row in rows]
    columns = {name: [row[name] for row in full] for name in PREDICTIONS.names}
    facts = {"media": {"duration": 9.0}}
    store.draft("r").write(PREDICTIONS, [PREDICTIONS.batch(columns)], provenance=MADE, facts=facts)
    return store


CLIP = {"level": "clip", "label": "1", "value": 0.7, "confidence": 0.7, "low": 0.4, "high": 0.9, "abstains": True}


def test_the_page_shows_the_answer_why_not_to_decide_and_moments_to_look_at(tmp_path):
    cues = [
        {"level": "cue", "start": float(k), "end": k + 1.0, "name": "text positive, face negative", "value": 9.0 - k}
        for k in range(8)
    ]
    store = written(tmp_path / "s", {**CLIP, "reason": f"missing: voice; {WAVERS}"}, *cues)
    (found,) = predictions(store["r"])
    assert (found.answer, found.decided) == ("1 with 0.70 [0.40, 0.90]", False)
    assert [cue.seek for cue in found.cues] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]  # the strongest six, by time
    write_report(store, tmp_path / "page")
    page = (tmp_path / "page" / "recordings" / "r.html").read_text(encoding="utf-8")
    for shown in (found.answer, "better not to decide", "missing: voice", "0.0–1.0 s text positive, face negative"):
        assert shown in page


def test_a_recording_that_could_not_be_judged_says_so_and_three_classes_are_listed(tmp_path):
    store = written(tmp_path / "a", {"level": "clip", "abstains": True, "reason": "missing: face"})
    assert predictions(store["r"])[0].answer == "nothing to judge by"
    classes = [{"level": "class", "label": name, "value": p} for name, p in (("calm", 0.2), ("tense", 0.8))]
    store = written(tmp_path / "b", {"level": "clip", "label": "tense", "confidence": 0.8, "abstains": False}, *classes)
    (found,) = predictions(store["r"])
    assert (found.answer, found.classes) == ("tense with 0.80", ("calm 0.20", "tense 0.80"))


def test_a_recording_without_predictions_has_none(tmp_path):
    store = FeatureStore.create(tmp_path)
    store.draft("r").write(ANNOTATIONS, [], provenance=MADE, facts={"media": {"duration": 1.0}})
    assert predictions(store["r"]) == []
