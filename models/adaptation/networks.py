"""Small networks trained to tell classes while sources and target look the same to them: DANN, and an MMD penalty."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.extras import to_install
from bitflow.models.adaptation.adapters import Matrix, class_count, equal_weights

if TYPE_CHECKING:
    import torch

    Penalty = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]

_WIDTH = 32
_DISCRIMINATOR_WIDTH = 64
_BATCH = 128
_LARGEST_GRADIENT = 1.0
#: Share of source participants on whom training is stopped; nothing of the target takes part in it.
_HELD_OUT = 0.2
_BANDWIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class MmdPenalty:
    """Cross-entropy and β times the squared maximum mean discrepancy of sources and target in the hidden layer.

    Parameters
    ----------
    beta
        Weight of the penalty at the end; it rises as 2 / (1 + exp(−10 p)) − 1 over the share p of training.
    """

    beta: float = 1.0
    epochs: int = 60
    seed: int = 0

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> NetworkClassifier:
        """Train on batches of both halves; the epoch that does best on held-out sources is kept."""

        def penalty(source: torch.Tensor, target: torch.Tensor, progress: float) -> torch.Tensor:
            return self.beta * ramp(progress) * squared_mmd(source, target)

        return _train(xs, ys, gs, xt, lambda: (penalty, []), epochs=self.epochs, seed=self.seed)


@dataclass(frozen=True)
class Dann:
    """Domain-adversarial network (Ganin et al. 2016): the gradient of a source-or-target discriminator is reversed.

    Parameters
    ----------
    strength
        Weight of the reversed gradient at the end; it rises as that of `MmdPenalty`.
    """

    strength: float = 1.0
    epochs: int = 60
    seed: int = 0

    def fit(self, xs: Matrix, ys: NDArray[Any], gs: NDArray[Any], xt: Matrix) -> NetworkClassifier:
        """As `MmdPenalty.fit`."""

        def make() -> tuple[Penalty, list[Any]]:
            import torch

            discriminator = torch.nn.Sequential(
                torch.nn.Linear(_WIDTH, _DISCRIMINATOR_WIDTH), torch.nn.ReLU(), torch.nn.Linear(_DISCRIMINATOR_WIDTH, 1)
            )

            def penalty(source: torch.Tensor, target: torch.Tensor, progress: float) -> torch.Tensor:
                hidden = reversed_gradient(torch.cat([source, target]), self.strength * ramp(progress))
                side = torch.cat([torch.zeros(len(source)), torch.ones(len(target))])
                return torch.nn.functional.binary_cross_entropy_with_logits(discriminator(hidden)[:, 0], side)

            return penalty, list(discriminator.parameters())

        return _train(xs, ys, gs, xt, make, epochs=self.epochs, seed=self.seed)


@dataclass(frozen=True, eq=False)
class NetworkClassifier:
    """A trained network behind its standardisation."""

    network: torch.nn.Module
    centre: Matrix
    scale: Matrix

    def predict_proba(self, x: Matrix) -> Matrix:
        """``(m, classes)``."""
        import torch

        with torch.no_grad():
            logits = self.network(torch.from_numpy(((x - self.centre) / self.scale).astype(np.float32)))
        return torch.softmax(logits, dim=1).double().numpy()


def ramp(progress: float) -> float:
    """0 at the start of training to nearly 1 at its end.

    Examples
    --------
    >>> [round(ramp(p), 3) for p in (0.0, 0.5, 1.0)]
    [0.0, 0.987, 1.0]
    """
    return float(2 / (1 + np.exp(-10 * progress)) - 1)


def squared_mmd(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Unbiased estimate of the squared maximum mean discrepancy of two samples ``(n, d)`` and ``(m, d)``.

    Sum over Gaussian kernels of ¼ to 4 times the bandwidth of the median distance.
    """
    import torch

    both = torch.cat([a, b])
    distance = torch.cdist(both, both) ** 2
    n, m = len(a), len(b)
    gamma = 1 / distance.detach()[~torch.eye(n + m, dtype=torch.bool)].median().clamp(min=1e-6)
    kernel = torch.stack([torch.exp(-gamma * factor * distance) for factor in _BANDWIDTHS]).sum(dim=0)
    within_a = (kernel[:n, :n].sum() - kernel[:n, :n].diagonal().sum()) / max(n * (n - 1), 1)
    within_b = (kernel[n:, n:].sum() - kernel[n:, n:].diagonal().sum()) / max(m * (m - 1), 1)
    return within_a + within_b - 2 * kernel[:n, n:].mean()


def reversed_gradient(x: torch.Tensor, strength: float) -> torch.Tensor:
    """The same values; what flows back is multiplied by −`strength`."""
    return x.detach() * (1 + strength) - x * strength


def _train(
    xs: Matrix,
    ys: NDArray[Any],
    gs: NDArray[Any],
    xt: Matrix,
    make_penalty: Callable[[], tuple[Penalty, list[Any]]],
    *,
    epochs: int,
    seed: int,
) -> NetworkClassifier:
    try:
        import torch
    except ImportError as error:
        raise UsageError(f"PyTorch is not installed: {to_install('train')}") from error
    centre, scale = xs.mean(axis=0), np.maximum(xs.std(axis=0), 1e-9)
    draw = np.random.default_rng(seed)
    people = draw.permutation(np.unique(gs))
    held = np.isin(gs, people[: round(_HELD_OUT * len(people))])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        hidden = torch.nn.Sequential(torch.nn.Linear(xs.shape[1], _WIDTH), torch.nn.ReLU())
        head = torch.nn.Linear(_WIDTH, class_count(ys))
        penalty, more = make_penalty()
        network = torch.nn.Sequential(hidden, head)
        optimiser = torch.optim.Adam([*network.parameters(), *more], lr=3e-3, weight_decay=1e-3)
        source, target = (torch.from_numpy(((x - centre) / scale).astype(np.float32)) for x in (xs, xt))
        y = torch.from_numpy(ys.astype(np.int64))
        weight = torch.from_numpy((equal_weights(gs) * _balance(ys)).astype(np.float32))
        train = np.flatnonzero(~held)

        def loss(logits: torch.Tensor, rows: Any) -> torch.Tensor:
            each = torch.nn.functional.cross_entropy(logits, y[rows], reduction="none")
            return (weight[rows] * each).sum() / weight[rows].sum()

        best, kept = np.inf, copy.deepcopy(network)
        for epoch in range(epochs):
            for rows in np.array_split(draw.permutation(train), max(1, len(train) // _BATCH)):
                seen = hidden(source[rows])
                other = hidden(target[draw.integers(0, len(target), len(rows))])
                total = loss(head(seen), rows) + penalty(seen, other, epoch / epochs)
                optimiser.zero_grad()
                total.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
                optimiser.step()
            with torch.no_grad():
                rows = np.flatnonzero(held) if held.any() else train
                now = float(loss(network(source[rows]), rows))
            if now < best:
                best, kept = now, copy.deepcopy(network)
    return NetworkClassifier(kept.eval(), centre, scale)


def _balance(y: NDArray[Any]) -> Matrix:
    counts = np.bincount(y)
    return len(y) / np.count_nonzero(counts) / counts[y]
