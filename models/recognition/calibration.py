"""From logits to probabilities that can be believed, and when to say neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.evaluation.baselines import probabilities
from bitflow.models.evaluation.metrics import log_loss, macro_f1
from bitflow.models.evaluation.schemes import Fold

#: From so many clips on a method may be chosen: three numbers from few clips, or a whole staircase, would fit chance.
LEAST_BETA, LEAST_ISOTONIC = 500, 2000

#: From so many clips on the best threshold means something.
LEAST_TUNED = 1000

#: Width of the window over which the score is averaged before a plateau is looked for.
PLATEAU = 0.10

#: A temperature or slope outside says that few clips were told apart without a mistake, not how sure one may be; slopes
#: are positive, so that the order of clips does not turn around.
TEMPERATURES = (0.25, 10.0)
SLOPES = (0.1, 4.0)

#: Share of wrong sets that the conformal sets allow, class by class.
MISCOVERAGE = 0.1


@dataclass(frozen=True, eq=False)
class Calibrator:
    """A map from logits to probabilities.

    Parameters
    ----------
    method
        ``identity``, ``temperature`` (one number), ``platt`` (two), ``beta`` (three), ``isotonic`` (a staircase).
    values
        Its numbers; of a staircase, logits in the first row and probabilities in the second.
    shift
        Added to the logit of the second class: from the training prior to the one where the model is used.
    """

    method: str
    values: NDArray[np.float64]
    shift: float = 0.0

    def probability(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """``(n, classes)`` from ``(n, K)``."""
        if self.method == "temperature":
            return probabilities(logits / self.values[0] + self._offset(logits))
        if self.method in ("platt", "beta", "isotonic"):
            z = logits[:, 0]
            if self.method == "platt":
                z = self.values[0] * z + self.values[1]
            elif self.method == "beta":
                a, b, c = self.values
                z = -a * np.logaddexp(0.0, -z) + b * np.logaddexp(0.0, z) + c
            else:
                p = np.clip(np.interp(z, self.values[0], self.values[1]), 1e-6, 1 - 1e-6)
                z = np.log(p / (1 - p))
            return probabilities(z[:, None] + self.shift)
        return probabilities(logits + self._offset(logits))

    def _offset(self, logits: NDArray[Any]) -> float:
        return self.shift if logits.shape[1] == 1 else 0.0


def choose_calibrator(logits: NDArray[Any], y: NDArray[Any], folds: Sequence[Fold]) -> Calibrator:
    """The method with the least log-loss on folds it was not fitted on, fitted on everything.

    Parameters
    ----------
    logits
        Out-of-fold, ``(n, K)``.
    folds
        By participant.
    """
    methods = ["identity", "temperature"]
    if logits.shape[1] == 1:
        methods += ["platt"]
        methods += ["beta"] if len(y) >= LEAST_BETA else []
        methods += ["isotonic"] if len(y) >= LEAST_ISOTONIC else []

    def loss(method: str) -> float:
        held = np.full((len(y), max(2, logits.shape[1])), np.nan)
        for fold in folds:
            held[fold.test] = fit_calibrator(method, logits[fold.train], y[fold.train]).probability(logits[fold.test])
        return float(log_loss(y, held))

    return fit_calibrator(min(methods, key=loss), logits, y)


def fit_calibrator(method: str, logits: NDArray[Any], y: NDArray[Any]) -> Calibrator:
    """One method on logits ``(n, K)`` and class numbers."""
    from scipy.optimize import minimize

    if method == "identity" or len(np.unique(y)) < 2:
        return Calibrator("identity", np.empty(0))
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        steps = IsotonicRegression(y_min=0, y_max=1).fit(logits[:, 0], y)
        return Calibrator(method, np.array([steps.X_thresholds_, steps.y_thresholds_]))
    start = {"temperature": [0.0], "platt": [1.0, 0.0], "beta": [1.0, 1.0, 0.0]}[method]

    def made(values: NDArray[Any]) -> Calibrator:
        if method == "temperature":
            return Calibrator(method, np.clip(np.exp(values), *TEMPERATURES))
        return Calibrator(method, np.concatenate([np.clip(values[:-1], *SLOPES), values[-1:]]))

    found = minimize(lambda v: float(log_loss(y, made(v).probability(logits))), start, method="Nelder-Mead").x
    return made(found)


def with_prior(calibrator: Calibrator, trained: float, deployed: float) -> Calibrator:
    """The same for people among whom the second class is as frequent as `deployed` instead of `trained`."""
    if not 0 < deployed < 1:
        raise UsageError(f"a prior lies between 0 and 1, not {deployed:g}")
    odds = np.log(deployed / (1 - deployed)) - np.log(trained / (1 - trained))
    return Calibrator(calibrator.method, calibrator.values, float(odds))


def threshold(probability: NDArray[Any], y: NDArray[Any], rule: str) -> float:
    """From which probability on the second class is said.

    ``half``: .5. ``plateau``: the middle of the best stretch of the macro-F1 curve, averaged over 0.10. ``best``: the
    curve's highest point, from 1,000 clips on: with fewer it follows chance.

    Raises
    ------
    UsageError
        The rule is none of them, or `best` is asked of too few clips.
    """
    if rule == "half":
        return 0.5
    if rule not in ("plateau", "best"):
        raise UsageError(f"a threshold is half, plateau or best, not {rule!r}")
    if rule == "best" and len(y) < LEAST_TUNED:
        raise UsageError(
            f"the best threshold of {len(y)} clips follows chance (at least {LEAST_TUNED} are needed): "
            "use threshold=plateau"
        )
    grid = np.linspace(0.05, 0.95, 181)
    curve = np.array([macro_f1(y, probability >= t, classes=2) for t in grid])
    if rule == "best":
        return float(grid[np.argmax(curve)])
    width = round(PLATEAU / (grid[1] - grid[0]))
    smooth = np.convolve(curve, np.ones(width) / width, "same")
    smooth[: width // 2] = smooth[len(smooth) - width // 2 :] = -np.inf
    good = np.flatnonzero(smooth >= smooth.max() - 0.005)
    return float(grid[good].mean())


@dataclass(frozen=True, eq=False)
class Conformal:
    """Which classes a probability leaves possible: each true class is in its set for 90 % of new participants' clips.

    `limits` ``(classes,)``: a class is possible where 1 − p is at most its limit (Mondrian, Vovk 2003).
    """

    limits: NDArray[np.float64]

    @classmethod
    def fit(cls, probability: NDArray[Any], y: NDArray[Any]) -> Conformal:
        """From out-of-fold probabilities ``(n, classes)``."""
        limits = []
        for k in range(probability.shape[1]):
            missed = np.sort(1 - probability[y == k, k])
            rank = int(np.ceil((len(missed) + 1) * (1 - MISCOVERAGE)))
            limits.append(missed[rank - 1] if 0 < rank <= len(missed) else 1.0)
        return cls(np.array(limits))

    def sets(self, probability: NDArray[Any]) -> NDArray[np.bool_]:
        """Which classes are possible, ``(n, classes)``."""
        return (1 - probability) <= self.limits + 1e-12


def described(calibrator: Calibrator) -> Mapping[str, Any]:
    """For a card."""
    return {"method": calibrator.method, "values": np.round(calibrator.values, 4).tolist(), "shift": calibrator.shift}
