"""What experts say made one: stacked, or gated around the text.

Both learn from logits that each expert gave to clips it had not seen. A missing expert says nothing, and its absence is
known to the fusion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.recognition.linear import Linear

#: Where a gate starts, before anything is learned: nearly closed, so that training begins with the text alone.
GATE = -2.0

#: Penalty on the squares of a gate's coefficients, and of the experts' weights.
PENALTY = 0.05


class Fusion(Protocol):
    """Logits of experts ``(n, experts × K)``, NaN where one is missing, to logits ``(n, K)``."""

    kind: ClassVar[str]

    @classmethod
    def fit(
        cls, logits: NDArray[Any], y: NDArray[Any], weight: NDArray[Any], names: Sequence[str], classes: int
    ) -> Self:
        """Learn from out-of-fold logits."""
        ...

    def fused(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """``(n, K)``; NaN for a clip of which no expert knows anything."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For the model's folder."""
        ...

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`."""
        ...


@dataclass(frozen=True, eq=False)
class Stacked:
    """Logistic regression on the experts' logits and on which of them are there (late and early fusion)."""

    model: Linear

    kind: ClassVar[str] = "late"

    @classmethod
    def fit(
        cls, logits: NDArray[Any], y: NDArray[Any], weight: NDArray[Any], names: Sequence[str], classes: int
    ) -> Self:
        """See `Fusion.fit`."""
        return cls(Linear.fit(_flagged(logits, len(names)), y, weight, classes=classes, c=1.0))

    def fused(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """See `Fusion.fused`."""
        experts = self.model.weight.shape[0] - logits.shape[1]
        found = self.model.logits(_flagged(logits, experts))
        found[~np.isfinite(logits).any(axis=1)] = np.nan
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The linear model."""
        return self.model.arrays()

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`."""
        return cls(Linear.of(dict(arrays)))


@dataclass(frozen=True, eq=False)
class Gated:
    """Text first, the others as residuals behind gates (after the ABAW-11 text-residual fusions).

    z = a·b + Σ g_m·u_m·h_m + c, with b the text's standardised logit, h_m another expert's, and the gate
    g_m = σ(w_m·[b, h_m] + c_m). Without text, b is a learned number. Two classes only.

    Parameters
    ----------
    centre, scale
        Of each expert's logit, ``(experts,)``; the anchor comes first.
    anchor
        a, c, and b for a clip without text, ``(3,)``.
    residual
        u, w on b, w on h, c of each other expert, ``(experts − 1, 4)``.
    order
        Column of the anchor and of the others, ``(experts,)``.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    anchor: NDArray[np.float64]
    residual: NDArray[np.float64]
    order: NDArray[np.int64]

    kind: ClassVar[str] = "gated"

    @classmethod
    def fit(
        cls, logits: NDArray[Any], y: NDArray[Any], weight: NDArray[Any], names: Sequence[str], classes: int
    ) -> Self:
        """See `Fusion.fit`; the anchor is the expert `text`, or where there is none the first."""
        from scipy.optimize import minimize

        if classes != 2:
            raise UsageError(f"gated fusion tells two classes apart, these labels have {classes}: use fusion=late")
        first = next((i for i, name in enumerate(names) if name.split(":")[0] == "text"), 0)
        order = np.array([first, *(i for i in range(len(names)) if i != first)])
        z = logits[:, order]
        known = np.isfinite(z)
        centre = np.array([v[k].mean() if k.any() else 0.0 for v, k in zip(z.T, known.T, strict=True)])
        scale = np.array([max(v[k].std(), 1e-6) if k.any() else 1.0 for v, k in zip(z.T, known.T, strict=True)])
        others = len(order) - 1
        start = np.concatenate(([1.0, 0.0, 0.0], np.tile([1.0, 0.0, 0.0, GATE], others)))
        balance = (
            np.where(y == 1, 0.5 / max(weight[y == 1].sum(), 1e-9), 0.5 / max(weight[y == 0].sum(), 1e-9)) * weight
        )

        def loss(parameters: NDArray[Any]) -> float:
            model = cls(centre, scale, parameters[:3], parameters[3:].reshape(-1, 4), order)
            margin = np.where(y == 1, 1.0, -1.0) * np.nan_to_num(model.fused(logits)[:, 0])
            return float(balance @ np.logaddexp(0.0, -margin) + PENALTY / 2 * ((parameters - start) ** 2).mean())

        found = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 200}).x
        return cls(centre, scale, found[:3], found[3:].reshape(-1, 4), order)

    def fused(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """See `Fusion.fused`."""
        z = (logits[:, self.order] - self.centre) / self.scale
        a, c, absent = self.anchor
        b = np.where(np.isfinite(z[:, 0]), z[:, 0], absent)
        total = a * b + c
        for h, (u, on_text, on_own, offset) in zip(z[:, 1:].T, self.residual, strict=True):
            there = np.isfinite(h)
            value = np.where(there, h, 0.0)
            gate = 1 / (1 + np.exp(-np.clip(on_text * b + on_own * value + offset, -50, 50)))
            total = total + np.where(there, gate * u * value, 0.0)
        found = total[:, None]
        found[~np.isfinite(logits).any(axis=1)] = np.nan
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All parameters."""
        return {name: getattr(self, name) for name in ("centre", "scale", "anchor", "residual", "order")}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`."""
        return cls(*(np.asarray(arrays[name]) for name in ("centre", "scale", "anchor", "residual", "order")))


FUSIONS: dict[str, type[Stacked] | type[Gated]] = {"late": Stacked, "early": Stacked, "gated": Gated}


def _flagged(logits: NDArray[Any], experts: int) -> NDArray[np.float64]:
    """Logits, 0 where an expert is missing, and for each expert whether it is there."""
    known = np.isfinite(logits)
    flags = known.reshape(len(logits), experts, -1).all(axis=2).astype(float)
    return np.hstack([np.where(known, logits, 0.0), flags])
