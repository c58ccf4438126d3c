"""Gradient-boosted trees: fitted by scikit-learn, kept as plain arrays, and read by nothing but NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmenter.windows import Windows

Array = NDArray[np.float64]

ROWS_FOR_THREADS = 50_000
ROUNDS, LEAVES, RATE, BINS = 60, 15, 0.15, 32


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees of a classifier: nodes one below the other.

    Parameters
    ----------
    feature, threshold, left, right
        ``(nodes,)``: a row goes left when its feature is at most the threshold, or missing where `missing_left`;
        children are numbers of nodes, a leaf is its own child.
    value
        ``(nodes,)`` what a leaf adds to its class' score.
    roots, classes
        ``(trees,)`` first node and class of each tree.
    baseline
        ``(C,)`` scores before any tree.
    """

    feature: NDArray[np.int32]
    threshold: Array
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Array
    roots: NDArray[np.int32]
    classes: NDArray[np.int32]
    baseline: Array
    depth: int

    @classmethod
    def fit(
        cls,
        values: NDArray[np.floating],
        labels: NDArray[np.int64],
        weights: Array,
        count: int,
        *,
        rounds: int = ROUNDS,
        seed: int = 0,
    ) -> Trees:
        """Learn labels ``0 … count − 1`` from features ``(n, F)``; a label that never occurs is never predicted."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        model = HistGradientBoostingClassifier(
            max_iter=rounds,
            max_leaf_nodes=LEAVES,
            learning_rate=RATE,
            min_samples_leaf=10,
            l2_regularization=1.0,
            max_features=0.25,
            max_bins=BINS,
            early_stopping=False,  # pyright: ignore[reportArgumentType]: the stubs know "auto" alone
            random_state=seed,
        )
        # Threads that wait for one another on a busy machine cost more than they give on few rows.
        with threadpool_limits(1 if len(values) < ROWS_FOR_THREADS else None, user_api="openmp"):
            model.fit(values, labels, sample_weight=weights)
        return cls._taken(model, count)

    @classmethod
    def _taken(cls, model: Any, count: int) -> Trees:
        """The trees out of scikit-learn's model, whose layout this one function knows."""
        present = [int(each) for each in model.classes_]
        parts, roots, classes, start, depth = [], [], [], 0, 0
        for round_of in model._predictors:
            for place, tree in enumerate(round_of):
                nodes = tree.nodes
                roots.append(start)
                classes.append(present[place] if len(round_of) > 1 else present[-1])
                own = np.arange(len(nodes))
                leaf = nodes["is_leaf"].astype(bool)
                parts.append(
                    (
                        np.where(leaf, 0, nodes["feature_idx"]),
                        np.where(leaf, np.inf, nodes["num_threshold"]),
                        nodes["missing_go_to_left"].astype(bool),
                        start + np.where(leaf, own, nodes["left"]),
                        start + np.where(leaf, own, nodes["right"]),
                        np.where(leaf, nodes["value"], 0.0),
                    )
                )
                depth = max(depth, int(nodes["depth"].max()))
                start += len(nodes)
        feature, threshold, missing_left, left, right, value = (np.concatenate(c) for c in zip(*parts, strict=True))
        baseline = np.full(count, -np.inf)
        given = np.asarray(model._baseline_prediction, float).ravel()
        baseline[present] = (0.0, given[0]) if len(present) == 2 else given
        return cls(
            feature.astype(np.int32),
            threshold.astype(float),
            missing_left,
            left.astype(np.int32),
            right.astype(np.int32),
            value.astype(float),
            np.array(roots, np.int32),
            np.array(classes, np.int32),
            baseline,
            depth,
        )

    def scores(self, values: NDArray[np.floating]) -> Array:
        """Log-odds ``(n, C)``, −inf for a class that was never learned."""
        found = np.tile(self.baseline, (len(values), 1))
        rows = np.arange(len(values))
        for root, kind in zip(self.roots, self.classes, strict=True):
            node = np.full(len(values), root)
            for _ in range(self.depth):
                seen = values[rows, self.feature[node]]
                left = np.where(np.isnan(seen), self.missing_left[node], seen <= self.threshold[node])
                node = np.where(left, self.left[node], self.right[node])
            found[:, kind] += self.value[node]
        return found

    def probabilities(self, values: NDArray[np.floating]) -> Array:
        """Probability ``(n, C)`` of each class."""
        scores = self.scores(values)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def probabilities_of(self, windows: Windows) -> Array:
        """Probability ``(n, A, C)`` at each row."""
        rows = windows.values.reshape(-1, windows.values.shape[-1])
        return self.probabilities(rows).reshape(*windows.values.shape[:2], -1)

    def pack(self) -> dict[str, np.ndarray]:
        """Plain arrays, which `unpack` reads."""
        names = ("feature", "threshold", "missing_left", "left", "right", "value", "roots", "classes", "baseline")
        return {**{f"trees_{name}": getattr(self, name) for name in names}, "trees_depth": np.array(self.depth)}

    @classmethod
    def unpack(cls, arrays: dict[str, np.ndarray]) -> Trees:
        """What `pack` gave."""
        a = {name.removeprefix("trees_"): value for name, value in arrays.items()}
        return cls(
            a["feature"],
            a["threshold"],
            a["missing_left"],
            a["left"],
            a["right"],
            a["value"],
            a["roots"],
            a["classes"],
            a["baseline"],
            int(a["depth"]),
        )
