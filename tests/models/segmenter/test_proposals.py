"""Proposed bouts: new, spread out, and of what the model does not know."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bitflow.annotations.files import read_annotations
from bitflow.cli.main import main
from bitflow.datasets.simulate.mice import simulate_mice
from bitflow.datasets.simulate.mice_store import write_mice
from bitflow.models.segmentation.reading import read_features
from bitflow.models.segmenter.labels import UNLABELLED
from bitflow.models.segmenter.proposals import _bouts, label_loop, propose
from bitflow.models.segmenter.training import examples_of, fit_trees
from bitflow.store import FeatureStore


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    write_mice(folder, simulate_mice(duration=60, seed=310), recording="pool")
    return FeatureStore(folder)


@pytest.fixture(scope="module")
def pool(store):
    examples, _, classes, _ = examples_of(store, ["pool"])
    return [read_features(store["pool"])], examples, classes


def test_without_a_model_the_first_proposals_show_more_behaviours_than_as_many_in_a_row(pool):
    reads, (example,), classes = pool
    nothing = np.full_like(example.labels, UNLABELLED)
    found = propose(reads, [nothing], 16)
    assert len({(each.animal, each.first) for each in found}) == 16
    shown = {int(example.labels[(each.first + each.last) // 2, each.animal]) for each in found}
    assert len(shown) >= 6 > len(np.unique(example.labels[:150, 0]))
    assert len(classes) == 8


def test_what_is_labelled_is_not_asked_again(pool):
    reads, (example,), _ = pool
    half = example.labels.copy()
    half[300:] = UNLABELLED
    assert all((each.first + each.last) // 2 >= 300 for each in propose(reads, [half], 200))


def test_a_model_is_asked_about_where_it_is_unsure(pool):
    reads, (example,), classes = pool
    nothing = np.full_like(example.labels, UNLABELLED)
    said = np.full((*example.labels.shape, len(classes)), 1e-6)
    said[..., 0] = 1.0
    said[400:] = 1.0 / len(classes)
    found = propose(reads, [nothing], 20, [said])
    assert np.mean([each.first >= 390 for each in found]) > 0.7


def test_the_loop_labels_whole_bouts_within_its_budget(pool):
    reads, examples, classes = pool
    asked: list[int] = []

    def fit(labelled, count, seed):
        rows = labelled[0].labels
        known = rows != UNLABELLED
        np.testing.assert_array_equal(rows[known], examples[0].labels[known])
        asked.append(int(known.sum()))
        return fit_trees(labelled, count, seed, rounds=2)

    (first, *_), (second, labelled, _) = label_loop(reads, examples, len(classes), fit, [6, 12])
    assert (first, second) == (6, 12)
    truth, known = examples[0].labels, labelled[0].labels != UNLABELLED
    shown = [known[first:last, who] for who in range(3) for first, last in _bouts(truth[:, who])]
    assert sum(each.all() for each in shown) == 12 == sum(each.any() for each in shown)
    assert asked[0] < asked[1]


def test_the_command_writes_labels_to_be_corrected(store, tmp_path, capsys):
    (store["pool"].path / "annotations.parquet").unlink()
    assert main(["annotations", "propose", str(store.path), "-n", "5", "-o", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["proposals"]) == 5
    labels = read_annotations(tmp_path / "pool.csv").labels
    assert {label.name for label in labels} == {"?"}
    assert {label.subject for label in labels} <= {"mouse1", "mouse2", "mouse3"}


def test_a_store_without_poses_has_nothing_to_propose(tmp_path, capsys):
    FeatureStore.create(tmp_path)
    assert main(["annotations", "propose", str(tmp_path)]) == 2
    assert "no recording has poses" in capsys.readouterr().err
