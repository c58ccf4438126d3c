"""What a model has to beat: knowing the rate, the question, how much was said, or the words alone.

They are shown beside every model, fitted on the same training part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Added to every class's count, so that a question nobody trained on falls back on the rate.
SMOOTHING = 1.0


def prior(y: NDArray[Any], tests: int, classes: int) -> NDArray[np.float64]:
    """The training rates for everybody, ``(tests, classes)``."""
    counts = np.bincount(y, minlength=classes).astype(float)
    return np.tile(counts / counts.sum(), (tests, 1))


def stratum_rates(y: NDArray[Any], stratum: NDArray[Any], tested: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """The training rates of each question, ``(tests, classes)``; of a question nobody trained on, the overall ones."""
    overall = prior(y, 1, classes)[0]
    found = np.tile(overall, (len(tested), 1))
    for name in np.unique(tested):
        mine = y[stratum == name]
        if name and len(mine):
            counts = np.bincount(mine, minlength=classes) + SMOOTHING * overall
            found[tested == name] = counts / counts.sum()
    return found


def length(y: NDArray[Any], amount: NDArray[Any], tested: NDArray[Any], classes: int) -> NDArray[np.float64] | None:
    """Logistic regression on one number: the log of the word count, or the duration; None where it is never known."""
    from bitflow.models.recognition.linear import Linear

    if not np.isfinite(amount).any():
        return None
    model = Linear.fit(amount[:, None], y, np.ones(len(y)), classes=classes, c=1.0)
    return probabilities(np.nan_to_num(model.logits(tested[:, None]), nan=0.0))


def probabilities(logits: NDArray[Any]) -> NDArray[np.float64]:
    """``(n, classes)`` from ``(n, K)`` logits, K being 1 for two classes.

    Examples
    --------
    >>> probabilities(np.array([[0.0]])).tolist()
    [[0.5, 0.5]]
    """
    if logits.shape[1] == 1:
        second = 1 / (1 + np.exp(-np.clip(logits[:, 0], -700, 700)))
        return np.column_stack([1 - second, second])
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def flat(probability: NDArray[Any]) -> NDArray[np.float64]:
    """Of two classes the second's probability ``(n,)``; of more ``(n, classes)`` as it is."""
    return probability[:, 1] if probability.shape[1] == 2 else probability
