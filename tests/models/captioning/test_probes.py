"""Probes: a model that says yes to everything is found out, one that looks is not."""

from __future__ import annotations

import json

import pytest

from bitflow.annotations.files import read_annotations
from bitflow.cli.main import main
from bitflow.models.captioning.probes import read_trust, wilson_upper
from bitflow.store import open_store
from tests.models.captioning.test_captions import answer, filmed  # noqa: F401
from tests.models.endpoints.stub_server import Stub, schema_of


def says(word, presupposed=None):
    """A model that answers every probe alike, or otherwise when the question takes it for granted."""

    def made(body):
        if "seen" not in schema_of(body)["properties"]:
            return answer()(body)
        question = body["messages"][1]["content"][-1]["text"]
        return {"frames": [], "seen": presupposed if presupposed and question.startswith("The pictures show") else word}

    return made


@pytest.mark.parametrize(
    ("model", "trust"), [(says("no"), "passed"), (says("yes"), "untrusted"), (says("no", "yes"), "untrusted")]
)
def test_what_a_model_accepts_in_any_tone_decides_whether_it_is_trusted(model, trust, filmed, capsys):  # noqa: F811
    store, _ = filmed
    with Stub(answer=model, forbidden=("secret",)) as stub:
        arguments = ["caption", str(store), "--endpoint", stub.url, "--model", "stub-1", "--window", "3"]
        assert main([*arguments, "--probe", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["trust"] == trust
        assert sum(each["asked"] for each in told["kinds"].values()) == 120
        assert all(told["kinds"][kind]["asked"] >= 20 for kind in ("object", "behaviour", "person", "empty"))
        assert main(arguments) == 0
    assert stub.faults == []
    rows = open_store(store)["secret-name"].table("captions")
    assert set(rows["trust"]) == {"" if trust == "passed" else "untrusted"}


def test_a_model_that_fails_is_called_untrusted_in_everything_that_comes_of_it(filmed, tmp_path, capsys):  # noqa: F811
    store, _ = filmed
    with Stub(answer=says("yes")) as stub:
        arguments = ["caption", str(store), "--endpoint", stub.url, "--model", "stub-1", "--window", "3"]
        assert main(arguments) == 0
        assert main([*arguments, "--probe"]) == 0  # captions that were there before it was found out
        assert set(open_store(store)["secret-name"].table("captions")["trust"]) == {"untrusted"}
        capsys.readouterr()
        assert main([*arguments, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["trust"] == "untrusted"
    assert main(["caption", str(store), "--merge"]) == 0
    place = open_store(store)["secret-name"]
    assert [finding for finding in open_store(store).check() if finding.severity == "error"] == []
    for table in ("captions", "ethogram"):
        assert set(place.table(table)["trust"]) == {"untrusted"}
        assert any("untrusted" in note for note in place.file(table).metadata["notes"])
        for name in ("x.eaf", "x.vtt", "x.csv", "x.TextGrid"):
            out = tmp_path / f"{table}-{name}"
            assert main(["annotations", "convert", str(store), "--table", table, "-o", str(out)]) == 0
            assert all(label.name.startswith("[untrusted] ") for label in read_annotations(out).labels)
    assert main(["report", str(store), "-o", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "recordings" / "secret-name.html").read_text(encoding="utf-8")
    assert '<span class="mark">untrusted</span>' in page


def test_the_upper_bound_of_a_share_is_wilsons():
    assert wilson_upper(0, 10) == pytest.approx(0.2775, abs=1e-3)
    assert wilson_upper(5, 10) == pytest.approx(0.7634, abs=1e-3)
    assert wilson_upper(0, 0) == 1


def test_a_model_that_answers_no_probe_is_not_called_trusted(filmed, capsys):  # noqa: F811
    store, _ = filmed
    with Stub(scenario=["404 model"]) as stub:
        arguments = ["caption", str(store), "--endpoint", stub.url, "--model", "gone", "--probe", "--window", "4"]
        assert main(arguments) == 2
    assert "answered no probe" in capsys.readouterr().err


def test_a_model_that_answers_few_probes_is_not_called_trusted_either(filmed, capsys):  # noqa: F811
    store, _ = filmed
    with Stub(answer=says("no"), scenario=["refusal"] * 60 + ["ok"]) as stub:
        arguments = ["caption", str(store), "--endpoint", stub.url, "--model", "shy", "--probe", "--window", "4"]
        assert main([*arguments, "--in-flight", "1"]) == 2
    assert "too few to say what it is worth" in capsys.readouterr().err
    assert "shy" not in read_trust(store)
