"""Personalisation is worth what the simulator says, and sees no label of the person it is for."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from bitflow.datasets.simulate.ambivalence import STREAMS, simulate_clips
from bitflow.errors import UsageError
from bitflow.models.adaptation.adapters import SourceOnly
from bitflow.models.adaptation.alignment import Coral, aligned
from bitflow.models.adaptation.cohort import Cohort
from bitflow.models.adaptation.methods import METHODS
from bitflow.models.adaptation.normalisation import ParticipantNorm
from bitflow.models.adaptation.priors import PriorCorrection, estimated_rates
from bitflow.models.adaptation.protocol import ORACLE, evaluate, predictions
from bitflow.models.adaptation.prototypes import Prototypes
from bitflow.models.adaptation.reweighting import MmdReweighting
from bitflow.models.adaptation.selection import SubjectSelection
from bitflow.models.evaluation.metrics import macro_f1
from bitflow.models.evaluation.schemes import grouped_folds
from tests.datasets.ambivalence_features import disagreement

SEEDS = (101, 102, 103)


def features(signals: list[np.ndarray]) -> np.ndarray:
    smooth = [uniform_filter1d(values, 5, axis=0, mode="nearest") for values in signals]
    return np.array([disagreement(dict(zip(STREAMS, values.T, strict=True))) for values in smooth])


@cache
def tonic(seed: int, participants: int = 80) -> Cohort:
    clips = simulate_clips("tonic", seed=seed, participants=participants)
    signals = [np.stack([clip.streams[name][:, 0] for name in STREAMS], axis=1) for clip in clips]
    y, who, order = (np.array([getattr(c, name) for c in clips]) for name in ("label", "participant", "video"))
    return Cohort.of_signals(signals, y, who, order, rate=5.0, features=features)


def scores(methods: tuple[str, ...], first: int | None = None) -> dict[str, float]:
    """Mean macro-F1 of three cohorts."""
    found = {name: [] for name in methods}
    for seed in SEEDS:
        cohort = tonic(seed)
        folds = grouped_folds(cohort.y, cohort.participants, 5)
        for name, p in predictions(cohort, methods, folds, first=first).items():
            scored = np.isfinite(p).all(axis=1)
            found[name].append(macro_f1(cohort.y[scored], p[scored].argmax(axis=1)))
    return {name: float(np.mean(values)) for name, values in found.items()}


def test_a_persons_own_baseline_is_what_helps_and_alignment_of_features_is_not():
    found = scores(("source-only", "participant-norm", "coral"))
    assert found["participant-norm"] >= 0.92
    assert found["participant-norm"] - found["source-only"] >= 0.10
    assert found["coral"] <= found["source-only"] + 0.03


def test_three_recordings_of_a_person_are_worth_more_than_one():
    methods = ("source-only", "participant-norm")
    three, one = scores(methods, first=3), scores(methods, first=1)
    assert three["participant-norm"] >= one["participant-norm"] + 0.03
    assert three["participant-norm"] >= three["source-only"] + 0.08


@pytest.mark.parametrize("name", list(METHODS))
def test_permuting_the_targets_labels_changes_nothing(name):
    if METHODS[name].needs_torch:
        pytest.importorskip("torch", reason="torch trains the networks (in the extra `train`)")
    cohort = tonic(104, 20)
    fold = grouped_folds(cohort.y, cohort.participants, 4)[0]
    permuted = cohort.y.copy()
    permuted[fold.test] = 1 - permuted[fold.test]
    other = Cohort(cohort.features, cohort.personal, permuted, cohort.participants, cohort.order)
    for first in (None, 2):
        a, b = (predictions(each, (name,), [fold], first=first)[name] for each in (cohort, other))
        assert np.array_equal(a, b, equal_nan=True)
        assert np.isfinite(a[fold.test]).any()


def test_only_the_oracle_changes_with_the_targets_labels():
    cohort = tonic(104, 20)
    fold = grouped_folds(cohort.y, cohort.participants, 4)[0]
    permuted = cohort.y.copy()
    permuted[fold.test] = 1 - permuted[fold.test]
    other = Cohort(cohort.features, cohort.personal, permuted, cohort.participants, cohort.order)
    a, b = (predictions(each, (ORACLE,), [fold])[ORACLE] for each in (cohort, other))
    assert not np.allclose(a[fold.test], b[fold.test])


def test_the_future_of_a_person_does_not_reach_the_prospective_prediction():
    cohort = tonic(104, 20)
    fold = grouped_folds(cohort.y, cohort.participants, 4)[0]
    known = ~np.isin(np.arange(len(cohort.y)), fold.test) | cohort.first(2)
    personal = cohort.personal(known)
    clips = simulate_clips("tonic", seed=104, participants=20)
    signals = [np.stack([clip.streams[name][:, 0] for name in STREAMS], axis=1) for clip in clips]
    last = int(fold.test[-1])
    signals[last] = signals[last] + 100.0
    changed = Cohort.of_signals(
        signals, cohort.y, cohort.participants, cohort.order, rate=5.0, features=features
    ).personal(known)
    same = np.arange(len(cohort.y)) != last
    assert not known[last]
    assert np.array_equal(personal[same], changed[same])


def test_a_table_of_methods_says_how_many_targets_got_worse():
    cohort = tonic(104, 20)
    rows = {gain.method: gain for gain in evaluate(cohort, ("participant-norm",), resamples=50)}
    assert list(rows) == ["source-only", "participant-norm", ORACLE]
    assert rows["source-only"].difference.value == 0
    assert rows["source-only"].worse == 0
    assert rows["participant-norm"].difference.value == pytest.approx(
        rows["participant-norm"].macro_f1 - rows["source-only"].macro_f1
    )
    assert set(rows[ORACLE].as_dict()) >= {"macro_f1", "target_mean", "target_sd", "difference", "worse"}


def test_an_offset_and_a_gain_of_a_person_go_away_as_recordings_grow():
    draw = np.random.default_rng(0)
    plain = [draw.standard_normal((2000, 2)) for _ in range(6)]
    who = np.array([0, 0, 0, 1, 1, 1])
    moved = [values * 3.0 + 10.0 if person else values for values, person in zip(plain, who, strict=True)]
    norm = ParticipantNorm(kappa=0.0)
    for a, b in zip(norm.signals(plain, who, rate=5.0), norm.signals(moved, who, rate=5.0), strict=True):
        assert np.allclose(a, b)
    z = np.concatenate(norm.signals(moved, who, rate=5.0)[3:])
    assert np.median(z, axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert z.std(axis=0) == pytest.approx([1, 1], abs=0.05)


def test_a_short_recording_is_normalised_like_everybody_and_a_little_is_drawn_there():
    draw = np.random.default_rng(1)
    signals = [draw.standard_normal((100, 1)), draw.standard_normal((100, 1)), 5 + draw.standard_normal((100, 1))]
    who = np.array([0, 0, 1])
    everybody = np.concatenate(signals)
    centre = np.median(everybody)
    spread = 1.4826 * np.median(np.abs(everybody - centre))
    short = ParticipantNorm().signals(signals, who, rate=5.0)[2]  # 20 s of one recording
    assert np.allclose(short, (signals[2] - centre) / spread)
    long_enough = ParticipantNorm(least_seconds=10.0).signals(signals, who, rate=5.0)[2]
    own = np.median(signals[2])
    own_spread = 1.4826 * np.median(np.abs(signals[2] - own))
    assert np.allclose(
        long_enough, (signals[2] - (20 * own + 20 * centre) / 40) / ((20 * own_spread + 20 * spread) / 40)
    )


def test_coral_gives_sources_the_targets_mean_and_covariance():
    draw = np.random.default_rng(2)
    xs = draw.standard_normal((4000, 3)) @ np.diag([1.0, 2.0, 0.5])
    mix = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 2.0]])
    xt = draw.standard_normal((4000, 3)) @ mix + [1.0, -2.0, 3.0]
    moved = aligned(xs, xt)
    assert moved.mean(axis=0) == pytest.approx(xt.mean(axis=0), abs=1e-9)
    assert np.cov(moved.T) == pytest.approx(np.cov(xt.T), abs=0.08)
    single = aligned(xs, xt[:1], full=False)
    assert single.mean(axis=0) == pytest.approx(xt[0])
    assert np.isfinite(single).all()


def test_kernel_mean_matching_weighs_up_what_the_target_looks_like():
    draw = np.random.default_rng(3)
    xs = np.concatenate([draw.normal(0, 1, (100, 2)), draw.normal(6, 1, (100, 2))])
    weight = MmdReweighting().weights(xs, draw.normal(6, 1, (30, 2)))
    assert weight.sum() == pytest.approx(200, abs=1e-6)
    assert weight.min() >= 0
    assert weight.max() <= 10
    assert weight[100:].sum() > 0.95 * 200
    assert MmdReweighting().weights(xs, xs) == pytest.approx(np.ones(200), abs=0.02)


def test_subjects_like_the_target_are_selected():
    draw = np.random.default_rng(4)
    centres = np.arange(10.0)
    gs = np.repeat(np.arange(10), 20)
    xs = draw.normal(centres[gs][:, None], 0.5, (200, 2))
    weight = SubjectSelection(keep=3).weights(xs, gs, draw.normal(7.0, 0.5, (20, 2)))
    assert set(np.unique(gs[weight > 0])) == {6, 7, 8}
    assert weight[gs == 7].min() == weight.max()
    assert (SubjectSelection().weights(xs, gs, xs[:5]) > 0).sum() == 5 * 20


def test_class_rates_are_found_from_posteriors_alone():
    draw = np.random.default_rng(5)
    y = draw.random(20000) < 0.8
    x = draw.normal(np.where(y, 1.0, -1.0), 1.0)
    posterior = 1 / (1 + np.exp(-2 * x))  # exact for equal rates
    rates = estimated_rates(np.column_stack([1 - posterior, posterior]), np.array([0.5, 0.5]))
    assert rates[1] == pytest.approx(0.8, abs=0.01)


def test_a_prior_is_corrected_by_no_more_than_it_may():
    draw = np.random.default_rng(6)
    y = np.repeat([0, 1], 100)
    xs = draw.normal(np.where(y, 2.0, -2.0), 1.0)[:, None]
    corrected = PriorCorrection().fit(xs, y, np.arange(200) % 10, np.full((7, 1), 4.0))
    assert corrected.after[1] > 0.99
    assert corrected.shift.tolist() == [0.0, 1.5]
    before = corrected.classifier.predict_proba(np.zeros((1, 1)))
    after = corrected.predict_proba(np.zeros((1, 1)))
    logit = np.log(after[0, 1] / after[0, 0]) - np.log(before[0, 1] / before[0, 0])
    assert logit == pytest.approx(1.5)


def test_prototypes_move_to_where_the_target_is_clear_in_any_order():
    draw = np.random.default_rng(7)
    y = np.repeat([0, 1], 200)
    xs = draw.normal(np.where(y, 3.0, -3.0), 1.0)[:, None]
    gs = np.arange(400) % 8
    xt = draw.normal(np.repeat([-1.5, 4.5], 20), 0.5)[:, None]
    fitted = Prototypes().fit(xs, y, gs, xt)
    shuffled = Prototypes().fit(xs, y, gs, draw.permutation(xt))
    still = Prototypes(confidence=1.0).fit(xs, y, gs, xt)
    assert fitted.means == pytest.approx(shuffled.means)
    assert (fitted.means - still.means > 0.5).all()


def test_adapters_without_enough_target_vectors_still_give_probabilities():
    cohort = tonic(104, 20)
    rows = np.arange(100)
    one = cohort.features[130:131]
    for adapter in (SourceOnly(), Coral(), SubjectSelection(), MmdReweighting(), Prototypes(), PriorCorrection()):
        p = adapter.fit(cohort.features[rows], cohort.y[rows], cohort.participants[rows], one).predict_proba(one)
        assert p.shape == (1, 2)
        assert p.sum() == pytest.approx(1)


def test_wishes_that_cannot_be_met_are_refused():
    cohort = tonic(104, 20)
    with pytest.raises(UsageError, match="coral"):
        evaluate(cohort, ("corall",))
    with pytest.raises(UsageError, match="nothing to predict"):
        evaluate(cohort, ("coral",), first=7)
    with pytest.raises(UsageError, match="complete"):
        Cohort.of_vectors(np.full((2, 1), np.nan), np.array([0, 1]), np.array([0, 1]), np.array([0, 0]))


def test_a_gradient_is_reversed_and_distributions_are_told_apart():
    torch = pytest.importorskip("torch", reason="torch trains the networks (in the extra `train`)")
    from bitflow.models.adaptation.networks import reversed_gradient, squared_mmd

    x = torch.tensor([1.0, -2.0], requires_grad=True)
    y = reversed_gradient(x, 0.7)
    assert torch.allclose(y, x)
    (y * torch.tensor([1.0, 3.0])).sum().backward()
    assert torch.allclose(x.grad, torch.tensor([-0.7, -2.1]))
    generator = torch.Generator().manual_seed(0)
    a, b, c = (torch.randn(300, 4, generator=generator) for _ in range(3))
    assert abs(float(squared_mmd(a, b))) < 0.02
    assert float(squared_mmd(a, c + 1.0)) > 0.2
