"""``bitflow annotations agreement --metrics``: a prediction against the truth, in the form other programs rely on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bitflow.annotations.binary_csv import write_binary_csv
from bitflow.cli.main import main


def coded(*bouts: tuple[int, int]) -> np.ndarray:
    flags = np.zeros(40, bool)
    for first, last in bouts:
        flags[first:last] = True
    return flags


@pytest.fixture
def files(tmp_path):
    write_binary_csv(tmp_path / "pred.csv", {"attack": coded((2, 10)), "mount": coded()})
    write_binary_csv(tmp_path / "true.csv", {"attack": coded((4, 10), (20, 22)), "mount": coded((5, 9))})
    write_binary_csv(tmp_path / "other.csv", {"attack": coded((4, 11), (20, 23)), "mount": coded((5, 9))})
    return [str(tmp_path / name) for name in ("pred.csv", "true.csv", "other.csv")]


def test_banos_is_printed_by_behaviour_with_null_for_what_has_no_score(files, capsys):
    assert main(["annotations", "agreement", *files[:2], "--metrics", "banos", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["banos"]["attack"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "so": 0.75,
        "tp": pytest.approx(1 / 3),
        "ic": 1.0,
    }
    assert told["banos"]["mount"]["recall"] == 0.0
    assert told["banos"]["mount"]["precision"] is None
    assert set(told) == {"banos"}


def test_a_second_annotator_is_the_ceiling_beside_every_score(files, capsys):
    assert main(["annotations", "agreement", *files, "--metrics", "banos,segmental,frame", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ceiling"]["banos"]["attack"]["f1"] == 1.0
    assert told["segmental"]["mount"]["f1_at_50"] == 0.0
    assert told["frame"]["attack"]["prevalence"] == pytest.approx(8 / 40)
    assert main(["annotations", "agreement", *files, "--metrics", "frame"]) == 0
    assert capsys.readouterr().out.count("human ceiling") == 2


def test_intervals_are_scored_on_frames_of_a_step(tmp_path, capsys):
    for name, start in (("a", 1.0), ("b", 1.2)):
        (tmp_path / f"{name}.csv").write_text(f"start,end,name\n{start},3.0,nod\n")
    files = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    assert main(["annotations", "agreement", *files, "--metrics", "banos", "--step", "0.1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["banos"]["nod"]["so"] == pytest.approx(18 / 20)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--metrics", "f1"], "no metric 'f1'; there are banos, segmental, frame"),
        (["--metrics", "banos", "--names", "bite"], "not every file codes 'bite'"),
    ],
)
def test_what_cannot_be_scored_says_why(files, capsys, extra, message):
    assert main(["annotations", "agreement", *files[:2], *extra]) == 2
    assert message in capsys.readouterr().err


def test_codings_of_other_lengths_and_mixed_kinds_are_refused(files, tmp_path, capsys):
    write_binary_csv(tmp_path / "short.csv", {"attack": coded()[:30]})
    (tmp_path / "rows.csv").write_text("start,end,name\n0,1,attack\n")
    for other, message in (("short.csv", "has 30 frames"), ("rows.csv", "has intervals")):
        assert main(["annotations", "agreement", files[0], str(tmp_path / other), "--metrics", "banos"]) == 2
        assert message in capsys.readouterr().err
