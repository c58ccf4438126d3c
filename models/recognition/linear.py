"""Linear models on standardised features, as plain arrays: fitted by scikit-learn, used and exported without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A standardised feature beyond this says that something broke, not that much more of it is there.
FARTHEST = 8.0


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
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    present, counts = np.unique(y), np.array([weight[y == k].sum() for k in np.unique(y)])
    width = 1 if classes == 2 else classes
    coefficients, bias = np.zeros((x.shape[1], width)), np.full(width, np.log(1e-3))
    if len(present) < 2:
        bias[:] = 0.0 if width == 1 else bias
        bias[0 if width == 1 else int(present[0])] = (1 if present[0] else -1) * 3.0 if width == 1 else 0.0
        return coefficients, bias
    balance = weight.sum() / (len(present) * counts)
    each = weight * balance[np.searchsorted(present, y)]
    with threadpool_limits(1):  # bit-identical on any machine; and threads cost more than they give at this size
        model = LogisticRegression(C=c, max_iter=2000).fit(x, y, sample_weight=each * len(y) / each.sum())
    if width == 1:
        return model.coef_.T.astype(np.float64), model.intercept_.astype(np.float64)
    if len(present) == 2:  # scikit-learn gives the second of two only
        coefficients[:, present[1]], bias[present] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        coefficients[:, present], bias[present] = model.coef_.T, model.intercept_
    return coefficients, bias


def _standard(x: NDArray[Any], centre: NDArray[Any], scale: NDArray[Any]) -> NDArray[np.float64]:
    z = np.clip((x - centre) / scale, -FARTHEST, FARTHEST)
    return np.where(np.isfinite(z), z, 0.0)
