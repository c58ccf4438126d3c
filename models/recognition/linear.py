"""Linear models on standardised features, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A standardised feature beyond this says that something broke, not that much more of it is there.
FARTHEST = 8.0

#: Newton's steps double the right digits each; more are not needed.
NEWTON_STEPS, NEWTON_TOLERANCE = 50, 1e-12


@dataclass(frozen=True, eq=False)
class Linear:
    """Logits of dense features.

    Parameters
    ----------
    centre, scale
        Of each feature in the training part, ``(d,)``.
    weight, bias
        ``(d, K)`` and ``(K,)``; K is 1 for two classes, else one a class.

    A missing feature counts as the training mean: it speaks for nothing.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def fit(cls, x: NDArray[Any], y: NDArray[Any], weight: NDArray[Any], *, classes: int, c: float = 0.1) -> Linear:
        """Logistic regression with balanced classes.

        Parameters
        ----------
        x
            ``(n, d)``, NaN where missing.
        y, weight
            Class numbers and weights of the samples, ``(n,)``.
        classes
            How many there are.
        c
            Inverse strength of the penalty.
        """
        x = np.asarray(x, np.float64)
        used = weight > 0
        x, y, weight = x[used], y[used], weight[used]
        known = np.isfinite(x)
        share = known * weight[:, None]
        total = np.maximum(share.sum(axis=0), 1e-12)
        filled = np.where(known, x, 0.0)
        centre = (share * filled).sum(axis=0) / total
        spread = np.sqrt((share * np.where(known, x - centre, 0.0) ** 2).sum(axis=0) / total)
        scale = np.where(spread > 1e-9, spread, 1.0)
        coefficients, bias = logistic(_standard(x, centre, scale), y, weight, classes=classes, c=c)
        return cls(centre, scale, coefficients, bias)

    def logits(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """``(n, K)``; NaN for a sample of which nothing is known."""
        found = _standard(np.asarray(x, np.float64), self.centre, self.scale) @ self.weight + self.bias
        found[~np.isfinite(x).any(axis=1)] = np.nan
        return found

    def arrays(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """For the model's folder."""
        return {prefix + name: getattr(self, name) for name in ("centre", "scale", "weight", "bias")}

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]], prefix: str = "") -> Linear:
        """The inverse of `arrays`."""
        return cls(*(np.asarray(arrays[prefix + name]) for name in ("centre", "scale", "weight", "bias")))


def logistic(
    x: Any, y: NDArray[Any], weight: NDArray[Any], *, classes: int, c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients ``(d, K)`` and intercepts ``(K,)`` of a logistic regression in which every class weighs the same.

    A class that is missing from this part gets the intercept of one in a thousand.
    """
    present, counts = np.unique(y), np.array([weight[y == k].sum() for k in np.unique(y)])
    width = 1 if classes == 2 else classes
    coefficients, bias = np.zeros((x.shape[1], width)), np.full(width, np.log(1e-3))
    if len(present) < 2:
        bias[:] = 0.0 if width == 1 else bias
        bias[0 if width == 1 else int(present[0])] = (1 if present[0] else -1) * 3.0 if width == 1 else 0.0
        return coefficients, bias
    balance = weight.sum() / (len(present) * counts)
    each = weight * balance[np.searchsorted(present, y)]
    each = each * len(y) / each.sum()
    if width == 1:
        with _one_thread():
            found, intercept = newton(x, (y == present[1]).astype(float), each, c)
        return found[:, None], np.array([intercept])
    from sklearn.linear_model import LogisticRegression

    with _one_thread():
        model = LogisticRegression(C=c, max_iter=2000).fit(x, y, sample_weight=each)
    if len(present) == 2:  # scikit-learn gives the second of two only
        coefficients[:, present[1]], bias[present] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        coefficients[:, present], bias[present] = model.coef_.T, model.intercept_
    return coefficients, bias


def newton(x: Any, y: NDArray[Any], weight: NDArray[Any], c: float) -> tuple[NDArray[np.float64], float]:
    """Logistic regression of two classes by Newton steps: coefficients ``(d,)`` and intercept.

    The minimum of C Σ wᵢ log(1 + exp(−sᵢ fᵢ)) + |β|² / 2 over f = Xβ + b, as scikit-learn has it. With more features
    than samples the steps are taken among the samples (β = Xᵀa), where they are small; no option of the result depends
    on it.

    Parameters
    ----------
    x
        ``(n, d)`` dense or sparse.
    y
        0 or 1, ``(n,)``.
    weight
        ``(n,)``.
    c
        Inverse strength of the penalty.
    """
    from scipy.linalg import cho_factor, cho_solve

    n, d = x.shape
    used = c * np.asarray(weight, float)
    gram = x @ x.T if d > n else None
    gram = gram if gram is None or isinstance(gram, np.ndarray) else gram.toarray()
    inner = x if gram is None else gram
    unknown, bias = np.zeros(d if gram is None else n), 0.0

    def loss(values: NDArray[Any], offset: float) -> float:
        margin = inner @ values + offset
        size = values @ values if gram is None else values @ (gram @ values)
        return float(used @ (np.logaddexp(0.0, margin) - y * margin) + size / 2)

    now = loss(unknown, bias)
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-np.clip(inner @ unknown + bias, -500, 500)))
        curve, slope = np.maximum(used * p * (1 - p), 1e-12), used * (p - y)
        if gram is None:
            scaled = x * curve[:, None]
            system = np.block([[x.T @ scaled + np.eye(d), scaled.sum(axis=0)[:, None]],
                               [scaled.sum(axis=0)[None], np.array([[curve.sum()]])]])  # fmt: skip
            step = np.linalg.solve(system, -np.append(x.T @ slope + unknown, slope.sum()))
        else:
            factor = cho_factor(gram + np.diag(1 / curve), lower=True, overwrite_a=True, check_finite=False)
            wanted = inner @ unknown + bias - slope / curve
            both = cho_solve(factor, np.column_stack([wanted, np.ones(n)]), check_finite=False)
            offset = both[:, 0].sum() / both[:, 1].sum()  # so that the samples' pulls sum to zero
            step = np.append(both[:, 0] - offset * both[:, 1] - unknown, offset - bias)
        size = 1.0
        while (new := loss(unknown + size * step[:-1], bias + size * step[-1])) > now and size > 1e-6:
            size /= 2
        unknown, bias = unknown + size * step[:-1], bias + size * step[-1]
        if now - new <= NEWTON_TOLERANCE * max(1.0, abs(now)):
            break
        now = new
    return (unknown if gram is None else np.asarray(x.T @ unknown).ravel()), float(bias)


def _one_thread() -> Any:
    """Bit-identical on any machine; and threads cost more than they give at this size."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _standard(x: NDArray[Any], centre: NDArray[Any], scale: NDArray[Any]) -> NDArray[np.float64]:
    z = np.clip((x - centre) / scale, -FARTHEST, FARTHEST)
    return np.where(np.isfinite(z), z, 0.0)
