"""Segmentation with labels: better than rules on recordings unseen, honest folds, files that others read."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass

import h5py
import numpy as np
import pytest

from bitflow.annotations.binary_csv import read_binary_csv
from bitflow.annotations.files import read_annotations
from bitflow.annotations.labels import Label
from bitflow.annotations.table import ANNOTATIONS, annotation_batch
from bitflow.cli.main import main
from bitflow.datasets.simulate.mice import simulate_mice
from bitflow.datasets.simulate.mice_store import write_mice
from bitflow.errors import StoreError, UsageError
from bitflow.models.kinds import Training
from bitflow.models.segmenter import training
from bitflow.models.segmenter.kind import Segmenter, groups_of, load_segmenter
from bitflow.models.segmenter.labels import UNLABELLED, Bout, Labelled, bouts_of, classes_of, painted_rows
from bitflow.models.segmenter.model import Example, calibrated, calibration_of, shortest_of, untouched
from bitflow.models.segmenter.scoring import scores
from bitflow.models.segmenter.tcn import Tcn
from bitflow.models.segmenter.trees import Trees
from bitflow.store import FeatureStore, open_store


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two recordings to train on, one to test on, and a model, by the commands."""
    top = tmp_path_factory.mktemp("segmenter")
    for number in (1, 2):
        write_mice(top / "train", simulate_mice(duration=50, seed=300 + number), recording=f"r{number}")
    write_mice(top / "test", simulate_mice(duration=60, seed=303), recording="t")
    arguments = ["train", "segmenter", "--features", str(top / "train"), "-o", str(top / "model")]
    assert main([*arguments, "--set", "rounds=15"]) == 0
    return top


def test_on_an_unseen_recording_the_model_beats_rules_and_the_most_common_class(folder, capsys):
    assert main(["evaluate", str(folder / "model"), str(folder / "test"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    f1 = told["mean_macro_f1"][0]
    assert f1 > 0.7
    assert f1 > told["baselines"]["rules"] + 0.15
    assert told["baselines"]["rules"] > told["baselines"]["majority"]
    assert told["ceiling"] is None
    assert np.sum(told["pooled"]["confusion"]) == 600 * 3


def test_a_second_annotator_is_the_ceiling_beside_the_scores(folder, tmp_path, capsys):
    mice = simulate_mice(duration=30, seed=304)
    place = write_mice(tmp_path, mice, recording="two")
    rows = place.file("annotations").read()
    first = rows.to_pylist()
    late = [{**row, "start": row["start"] + 0.2, "end": row["end"] + 0.2, "source": "second"} for row in first]
    both = sorted([*first, *late], key=lambda row: row["start"])
    columns = {name: [row[name] for row in both] for name in ANNOTATIONS.names}
    provenance = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
    place.write(ANNOTATIONS, [ANNOTATIONS.batch(columns)], provenance=provenance)
    assert main(["evaluate", str(folder / "model"), str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 0.8 < told["ceiling"]["two"]["macro_f1"] < 1.0
    assert main(["evaluate", str(folder / "model"), str(tmp_path)]) == 0
    assert "human ceiling: 0." in capsys.readouterr().out


def test_predictions_become_bouts_beside_what_segment_found_and_files_that_jabs_boris_and_banos_read(
    folder, tmp_path, capsys
):
    assert main(["predict", str(folder / "model"), str(folder / "test"), "-o", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    table = open_store(folder / "test")["t"].table("predictions")
    assert len(table) == told["recordings"]["t"]["bouts"]
    assert set(table["level"]) == {"bout"}
    assert "segments" not in open_store(folder / "test")["t"]  # that table is `bitflow segment`'s
    assert (table["end"] > table["start"]).all()
    assert (table.loc[table["name"].isin(["rest", "walk", "rear", "groom"]), "target"] == -1).all()
    chases = table[table["name"] == "chase"]
    assert (chases["target"] >= 0).mean() > 0.5
    with h5py.File(tmp_path / "t.h5") as file:
        classes = {name: file[f"predictions/{name}/predicted_class"][:] for name in file["predictions"]}
        smooth = file["predictions/walk/predicted_class_postprocessed"][:]
        sure = file["predictions/walk/probabilities"][:]
    assert smooth.shape == sure.shape == (3, 1800)
    assert sure.dtype == np.float32
    stacked = np.stack([*classes.values()])
    assert set(np.unique(stacked)) <= {-1, 0, 1}
    predicted = (stacked != -1).all(axis=0)
    assert (stacked[:, predicted].sum(axis=0) == 1).all()
    assert (sure[~predicted] == 0).all()
    flags = read_binary_csv(tmp_path / "t.mouse2.banos.csv")
    np.testing.assert_array_equal(flags["walk"], smooth[1] == 1)
    boris = read_annotations(tmp_path / "t.boris.csv")
    assert len(boris) == len(table)
    assert {label.subject for label in boris.labels} == {"mouse1", "mouse2", "mouse3"}
    assert not open_store(folder / "test").check()


def test_the_card_says_what_models_that_had_not_seen_the_recording_reached(folder):
    card = (folder / "model/card.md").read_text()
    assert "had not seen: macro F1 0." in card
    assert "- chase: F1" in card


@dataclass(frozen=True)
class Indifferent:
    """A learner that knows nothing: folds are the same whatever learns."""

    classes: int

    def probabilities_of(self, windows):
        return np.full((*windows.seen.shape, self.classes), 1 / self.classes)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A store of two short recordings."""
    folder = tmp_path_factory.mktemp("pair")
    for number in (1, 2):
        write_mice(folder, simulate_mice(duration=10, seed=310 + number), recording=f"r{number}")
    return FeatureStore(folder)


@pytest.fixture(scope="module")
def training_part(pair):
    return training.examples_of(pair, ["r1", "r2"])


def sides(found, **options):
    """Recordings that each learner was shown, in order, and those that were judged unseen."""
    seen: list[list[str]] = []

    def fit(examples, classes, seed):
        seen.append(sorted(each.recording for each in examples))
        return Indifferent(classes)

    _, unseen = training.trained(*found, fit, **options)
    return seen, sorted(each.recording for each in unseen)


def test_no_recording_is_ever_on_both_sides(training_part):
    seen, unseen = sides(training_part)
    assert sorted(seen[:2]) == [["r1"], ["r2"]]
    assert seen[2:] == [["r1", "r2"]]
    assert unseen == ["r1", "r2"]


def test_a_participant_is_never_on_both_sides_though_recorded_twice(training_part):
    examples, labelled, classes, keypoints = training_part
    again = Example(examples[0].windows, examples[0].labels, "r1, next day")
    found = ([*examples, again], [*labelled, labelled[0]], classes, keypoints)
    seen, unseen = sides(found, groups=["participant a", "r2", "participant a"])
    assert sorted(seen[:2]) == [["r1", "r1, next day"], ["r2"]]
    assert unseen == ["r1", "r1, next day", "r2"]
    assert sides(training_part, groups=["participant a", "participant a"]) == ([["r1", "r2"]], [])


def test_whose_a_recording_is_comes_from_the_participants_of_the_store(pair, tmp_path):
    store = FeatureStore(shutil.copytree(pair.path, tmp_path / "s"))
    assert groups_of(store, ["r1", "r2"], "participant") == ["r1", "r2"]
    with pytest.raises(UsageError, match="nothing is known and no 'cage'"):
        groups_of(store, ["r1", "r2"], "cage")
    (tmp_path / "who.csv").write_text("recording,participant,cage\nr1,anna,a1\nr2,anna,\n")
    assert main(["participants", str(store.path), str(tmp_path / "who.csv")]) == 0
    assert groups_of(store, ["r1", "r2"], "participant") == ["participant anna"] * 2
    assert groups_of(store, ["r1", "r2"], "cage") == ["cage a1", "r2"]
    with pytest.raises(UsageError, match="participant, cage is known and no 'strain'"):
        groups_of(store, ["r1", "r2"], "strain")


def test_a_recording_judged_in_stretches_is_judged_as_a_whole(folder, monkeypatch):
    from bitflow.models.segmentation import reading
    from bitflow.models.segmenter.judged import judged

    model, _ = load_segmenter(folder / "model")
    recording = FeatureStore(folder / "test")["t"]
    whole = judged(model, recording)
    monkeypatch.setattr(reading, "BLOCK_FRAMES", 600)
    parts = judged(model, recording)
    np.testing.assert_allclose(parts.time, whole.time)
    assert (parts.probability.argmax(axis=-1) == whole.probability.argmax(axis=-1)).mean() > 0.98


def test_trees_say_exactly_what_scikit_learn_says():
    from sklearn.ensemble import HistGradientBoostingClassifier

    random = np.random.default_rng(0)
    for classes in (2, 4):
        values = random.standard_normal((400, 6))
        values[random.random(values.shape) < 0.1] = np.nan
        labels = (np.nan_to_num(values[:, 0]) + np.nan_to_num(values[:, 1]) > 0).astype(int)
        labels = labels + 2 * (np.nan_to_num(values[:, 2]) > 0.3) if classes == 4 else labels
        model = HistGradientBoostingClassifier(max_iter=12, random_state=0).fit(values, labels)
        trees = Trees.unpack(Trees._taken(model, classes).pack())
        np.testing.assert_allclose(trees.probabilities(values), model.predict_proba(values), atol=1e-12)


def test_a_class_that_training_never_showed_is_never_predicted():
    values = np.random.default_rng(1).standard_normal((200, 3))
    trees = Trees.fit(values, np.where(values[:, 0] > 0, 2, 0), np.ones(200), 4, rounds=5)
    assert (trees.probabilities(values)[:, [1, 3]] == 0).all()
    assert (trees.probabilities(values).argmax(axis=1) == np.where(values[:, 0] > 0, 2, 0)).mean() > 0.95


def test_the_network_reads_the_same_in_numpy_as_in_torch_and_learns(folder):
    torch = pytest.importorskip("torch", reason="torch (in the extra `train`) trains the network")
    from bitflow.models.segmenter import tcn

    examples, _, classes, _ = training.examples_of(FeatureStore(folder / "train"), ["r1"])
    network = Tcn.fit(examples, len(classes), 0, epochs=10)
    again = Tcn.unpack(network.pack())
    windows = examples[0].windows
    said = again.probabilities_of(windows)
    inputs = ((windows.instant[:, 0] - network.middle) / network.spread).astype(np.float32)
    rebuilt = tcn._network(torch, inputs.shape[1], len(classes))
    rebuilt.load_state_dict({name: torch.from_numpy(value) for name, value in network.weights.items()})
    with torch.no_grad():
        wanted = rebuilt.eval()(torch.from_numpy(inputs.T[None])).softmax(dim=1)[0].T.numpy()
    np.testing.assert_allclose(said[:, 0], wanted, atol=1e-4)
    assert (said.argmax(axis=-1) == examples[0].labels).mean() > 0.5


def test_calibration_undoes_confidence_that_was_not_earned():
    random = np.random.default_rng(2)
    true = random.uniform(0.05, 0.95, (20_000, 1))
    labels = (random.random((20_000, 1)) < true).astype(int)
    claimed = true**3 / (true**3 + (1 - true) ** 3)
    raw = np.stack([1 - claimed, claimed], axis=-1)
    curves = calibration_of(raw, labels, 2)
    after = calibrated(raw, curves)[..., 1]
    assert np.abs(after - true).mean() < 0.03 < np.abs(claimed - true).mean()
    np.testing.assert_allclose(calibrated(raw, untouched(2)), raw, atol=2e-3)


def test_of_overlapping_bouts_the_shorter_counts_and_animals_that_nobody_looked_at_stay_open():
    coded = Labelled("r", "anna", (Bout(0.0, 2.0, "rest", 0, -1), Bout(1.0, 1.5, "groom", 0, -1)))
    rows = painted_rows(coded, ("groom", "none", "rest"), 30, 2)
    assert rows[:10, 0].tolist() == [2] * 10
    assert rows[10:15, 0].tolist() == [0] * 5
    assert rows[20:, 0].tolist() == [1] * 10
    assert (rows[:, 1] == UNLABELLED).all()
    assert classes_of([coded], [30], [2]) == ("groom", "rest", "none")
    assert classes_of([coded], [20], [2]) == ("groom", "rest")


def test_the_shortest_bouts_are_those_that_were_seen_whole():
    labels = np.repeat([0, 1, 0, 1, 0], [2, 5, 7, 5, 1])[:, None]
    assert shortest_of([Example(None, labels, "r")], 3).tolist() == [7, 5, 1]


def test_scores_leave_out_what_neither_has_and_what_nobody_coded():
    truth = np.array([[0], [0], [1], [1], [UNLABELLED]])
    told = scores(np.array([[0], [0], [1], [0], [2]]), truth, ("a", "b", "c"))
    assert set(told["f1"]) == {"a", "b"}
    assert told["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert told["banos"]["b"]["recall"] == 1.0


def test_labels_find_their_animal_by_name_and_strangers_are_refused(tmp_path):
    mice = simulate_mice(duration=5, seed=1)
    place = write_mice(tmp_path, mice, recording="r")
    provenance = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
    by_name = annotation_batch([Label(1, 2, "sniff", subject="mouse2", annotator="anna")])
    place.write(ANNOTATIONS, [by_name], provenance=provenance)
    assert bouts_of(place, mice.animals, "anna").bouts == (Bout(1, 2, "sniff", 1, -1),)
    stranger = annotation_batch([Label(1, 2, "sniff", subject="rat9", annotator="anna")])
    place.write(ANNOTATIONS, [stranger], provenance=provenance)
    with pytest.raises(UsageError, match="'rat9', and the poses have mouse1, mouse2, mouse3"):
        bouts_of(place, mice.animals, "anna")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--set", "trees=5"], "no setting 'trees'; it has learner"),
        (["--set", "learner=svm"], "no learner 'svm'"),
        (["--set", "rounds=many"], "no whole number"),
        (["--labels", "x.csv"], "attach them with"),
    ],
)
def test_what_cannot_be_trained_says_why(folder, tmp_path, capsys, extra, message):
    (tmp_path / "x.csv").write_text("recording,label,participant\n")
    extra = [str(tmp_path / each) if each == "x.csv" else each for each in extra]
    assert main(["train", "segmenter", "--features", str(folder / "train"), "-o", str(tmp_path / "m"), *extra]) == 2
    assert message in capsys.readouterr().err


def test_poses_of_another_kind_are_refused(folder, tmp_path):
    model, _ = load_segmenter(folder / "model")
    write_mice(tmp_path, simulate_mice(duration=5, animals=1), recording="alone")
    windows, keypoints, _ = training.whole_windows(FeatureStore(tmp_path), "alone")
    with pytest.raises(UsageError, match="learned from several animals"):
        model.probabilities(windows, keypoints)
    with pytest.raises(UsageError, match="lack tail_tip"):
        model.probabilities(windows, keypoints[:-1])


def test_a_store_without_annotations_cannot_train(tmp_path):
    store = FeatureStore.create(tmp_path)
    with pytest.raises(StoreError, match="both poses and annotations"):
        Segmenter().train(Training(store, None, tmp_path / "m"))
