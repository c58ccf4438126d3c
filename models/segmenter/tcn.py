"""A temporal convolutional network: trained with torch (the extra `train`), read by NumPy alone.

Six residual blocks of dilated convolutions see 12.7 s around each row. The loss is class-weighted cross-entropy and a
truncated penalty on jumps of the log-probabilities (Farha & Gall 2019), which keeps bouts whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.models.segmenter.labels import UNLABELLED
from bitflow.models.segmenter.windows import Windows

if TYPE_CHECKING:
    from bitflow.models.segmenter.model import Example

Array = NDArray[Any]

BLOCKS, CHANNELS, TAPS = 6, 64, 3
SMOOTHING, TRUNCATED = 0.15, 4.0
EPOCHS, CROP_ROWS, BATCH = 60, 400, 8


@dataclass(frozen=True, eq=False)
class Tcn:
    """The network's weights by name, and how its input is brought to a mean of 0 and a deviation of 1."""

    middle: Array
    spread: Array
    weights: dict[str, np.ndarray]

    @classmethod
    def fit(cls, examples: Sequence[Example], classes: int, seed: int, *, epochs: int = EPOCHS) -> Tcn:
        """Learn from whole tracks, cut into crops of 40 s.

        Raises
        ------
        UsageError
            torch is not installed.
        """
        try:
            import torch
        except ImportError as error:
            raise UsageError("the network is trained with torch, which comes with the extra `train`") from error
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        tracks = [
            (each.windows.instant[:, who], each.labels[:, who])
            for each in examples
            for who in range(each.labels.shape[1])
            if (each.labels[:, who] != UNLABELLED).any()
        ]
        every = np.concatenate([values for values, _ in tracks])
        middle, spread = every.mean(axis=0), every.std(axis=0) + 1e-6
        counts = np.bincount(np.concatenate([labels[labels != UNLABELLED] for _, labels in tracks]), minlength=classes)
        weight = torch.tensor(1 / np.sqrt(np.maximum(counts, 1)), dtype=torch.float32)
        network = _network(torch, every.shape[1], classes)
        steps = max(1, sum(len(labels) for _, labels in tracks) // (CROP_ROWS * BATCH)) * epochs
        optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
        network.train()
        for _ in range(steps):
            inputs, wanted = _batch(tracks, middle, spread, random)
            scores = network(torch.from_numpy(inputs))
            target = torch.from_numpy(wanted)
            entropy = torch.nn.functional.cross_entropy(scores, target, weight=weight, ignore_index=UNLABELLED)
            sure = torch.nn.functional.log_softmax(scores, dim=1)
            jumps = (sure[..., 1:] - sure[..., :-1].detach()).abs().clamp(max=TRUNCATED)
            loss = entropy + SMOOTHING * jumps.square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
        return cls(middle.astype(float), spread.astype(float), weights)

    def probabilities_of(self, windows: Windows) -> Array:
        """Probability ``(n, A, C)`` at each row."""
        return np.stack([self._track(windows.instant[:, who]) for who in range(windows.instant.shape[1])], axis=1)

    def _track(self, values: NDArray[np.floating]) -> Array:
        w = self.weights
        x = ((values - self.middle) / self.spread) @ w["entry.weight"][:, :, 0].T + w["entry.bias"]
        for block in range(BLOCKS):
            inner = _convolved(x, w[f"blocks.{block}.wide.weight"], w[f"blocks.{block}.wide.bias"], 2**block)
            x = x + np.maximum(inner, 0) @ w[f"blocks.{block}.mix.weight"][:, :, 0].T + w[f"blocks.{block}.mix.bias"]
        scores = x @ w["exit.weight"][:, :, 0].T + w["exit.bias"]
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def pack(self) -> dict[str, np.ndarray]:
        """Plain arrays, which `unpack` reads."""
        named = {f"tcn_{name}": value for name, value in self.weights.items()}
        return {"tcn_middle": self.middle, "tcn_spread": self.spread, **named}

    @classmethod
    def unpack(cls, arrays: dict[str, np.ndarray]) -> Tcn:
        """What `pack` gave."""
        own = {name.removeprefix("tcn_"): value for name, value in arrays.items() if name.startswith("tcn_")}
        return cls(own.pop("middle"), own.pop("spread"), own)


def _convolved(x: Array, weight: NDArray[np.floating], bias: NDArray[np.floating], dilation: int) -> Array:
    """Dilated convolution of three taps ``(n, in) → (n, out)``, zeros beyond the ends."""
    padded = np.pad(x, ((dilation, dilation), (0, 0)))
    taps = [padded[tap * dilation : tap * dilation + len(x)] @ weight[:, :, tap].T for tap in range(TAPS)]
    return np.asarray(sum(taps) + bias)


def _network(torch: Any, inputs: int, classes: int) -> Any:
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, dilation: int):
            super().__init__()
            self.wide = nn.Conv1d(CHANNELS, CHANNELS, TAPS, padding=dilation, dilation=dilation)
            self.mix = nn.Conv1d(CHANNELS, CHANNELS, 1)
            self.drop = nn.Dropout(0.2)

        def forward(self, x: Any) -> Any:
            return x + self.mix(self.drop(torch.relu(self.wide(x))))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.entry = nn.Conv1d(inputs, CHANNELS, 1)
            self.blocks = nn.ModuleList(Block(2**block) for block in range(BLOCKS))
            self.exit = nn.Conv1d(CHANNELS, classes, 1)

        def forward(self, x: Any) -> Any:
            x = self.entry(x)
            for block in self.blocks:
                x = block(x)
            return self.exit(x)

    return Network()


def _batch(
    tracks: Sequence[tuple[NDArray[np.floating], NDArray[np.int64]]], middle: Array, spread: Array,
    random: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:  # fmt: skip
    """Crops of tracks ``(B, Q, rows)``, each track as often as it is long; short ones are filled up without labels."""
    lengths = np.array([len(labels) for _, labels in tracks], float)
    inputs = np.zeros((BATCH, len(middle), CROP_ROWS), np.float32)
    wanted = np.full((BATCH, CROP_ROWS), UNLABELLED)
    for place, which in enumerate(random.choice(len(tracks), BATCH, p=lengths / lengths.sum())):
        values, labels = tracks[which]
        first = int(random.integers(max(1, len(labels) - CROP_ROWS + 1)))
        crop = ((values[first : first + CROP_ROWS] - middle) / spread).T
        inputs[place, :, : crop.shape[1]] = crop
        wanted[place, : crop.shape[1]] = labels[first : first + CROP_ROWS]
    return inputs, wanted
