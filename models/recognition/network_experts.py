"""Experts that are networks: trained with PyTorch, kept as safetensors and as an ONNX graph, run by ONNX Runtime.

PyTorch is needed to train, not to predict. Settings of all: ``epochs``, ``learning_rate``, ``moments`` (weight of the
loss on annotated moments).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.errors import ModelError, UsageError
from bitflow.models.recognition.sequences import SequenceInputs
from bitflow.models.torch_graph import import_torch, onnx_bytes

if TYPE_CHECKING:
    import torch

    from bitflow.models.recognition.experts import Target

BATCH = 32
_LARGEST_GRADIENT = 1.0

#: Names under which a network's files are packed.
WEIGHTS, GRAPH = "network.safetensors", "network.onnx"

DEFAULTS: Mapping[str, float] = {"epochs": 12, "learning_rate": 3e-3, "moments": 0.3}


@dataclass(frozen=True, eq=False)
class NetworkExpert:
    """A network that reads clips as sequences and judges moments.

    Parameters
    ----------
    inputs
        The columns that it reads.
    outputs
        Logits a clip.
    settings
        Of training.
    files
        Weights as safetensors and the ONNX graph, as bytes.
    device
        Where ONNX Runtime runs it.
    """

    inputs: SequenceInputs
    outputs: int
    settings: dict[str, Any]
    files: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    device: str = "cpu"

    kind: ClassVar[str] = ""

    @classmethod
    def fit(cls, clips: Sequence[Clip], target: Target, settings: Mapping[str, Any]) -> Self:
        """Train on clips, and on their annotated moments where there are some."""
        unknown = sorted(set(settings) - set(DEFAULTS))
        if unknown:
            raise UsageError(f"{cls.kind} has no setting {unknown[0]!r}; it has {', '.join(DEFAULTS)}")
        given = {name: float(settings.get(name, value)) for name, value in DEFAULTS.items()}
        inputs = SequenceInputs.of(clips)
        if not inputs.columns:
            raise UsageError(f"no clip has a stream for the expert {cls.kind!r} to read")
        network = _trained(cls.kind, inputs, clips, target, given)
        return cls(inputs, target.width, given, _packed(network, inputs))

    def logits(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """``(n, K)``; NaN for a clip of which nothing was seen."""
        return np.array([clip for clip, _ in self._run(clips)]).reshape(len(clips), self.outputs)

    def frames(self, clips: Sequence[Clip]) -> list[NDArray[Any] | None]:
        """Logits of moments, ``(bins, K)``."""
        return [moments for _, moments in self._run(clips)]

    def pack(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Columns and settings; the two files."""
        columns = {name: list(names) for name, names in self.inputs.columns.items()}
        return {"columns": columns, "outputs": self.outputs, "settings": self.settings}, dict(self.files)

    @classmethod
    def unpack(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `pack`."""
        columns = {name: tuple(names) for name, names in settings["columns"].items()}
        # JSON sorts its keys: text comes first, as in training.
        inputs = SequenceInputs.ordered(columns)
        return cls(inputs, int(settings["outputs"]), dict(settings["settings"]), dict(arrays))

    def onnx(self) -> bytes:
        """The graph: ``values_<stream>`` float32 (n, t, D) and ``mask_<stream>`` bool (n, t) in, ``clip`` (n, K) and
        ``moments`` (n, t, K) out."""
        return self.files[GRAPH].tobytes()

    def on(self, device: str) -> Self:
        """The same, run elsewhere."""
        return replace(self, device=device)

    def network(self) -> torch.nn.Module:
        """The PyTorch network with its weights.

        Raises
        ------
        UsageError
            PyTorch is not installed.
        ModelError
            The weights are damaged.
        """
        import_torch()
        from safetensors.torch import load

        network = _new(self.kind, self.inputs.widths, self.outputs)
        try:
            network.load_state_dict(load(self.files[WEIGHTS].tobytes()))
        except Exception as error:  # safetensors' own type, or PyTorch's for names and shapes that differ
            raise ModelError(f"the weights of {self.kind} cannot be read ({error}); copy the model again") from error
        return network.eval()

    @cached_property
    def _session(self) -> Any:
        from bitflow.inference.providers import open_runtime

        return open_runtime(self.onnx(), self.device)[0]

    def _run(self, clips: Sequence[Clip]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Clip and moments of each clip, in batches of clips of like length."""
        if not clips:
            return []
        sequences = self.inputs.read(clips)
        order = np.argsort([clip.bins for clip in clips], kind="stable")
        found: list[Any] = [None] * len(clips)
        for rows in np.array_split(order, max(1, -(-len(order) // BATCH))):
            batch = self.inputs.batch([sequences[i] for i in rows])
            feed = dict(zip(_input_names(self.inputs), (*batch.values, *batch.masks), strict=True))
            pooled, moments = self._session.run(["clip", "moments"], feed)
            for place, i in enumerate(rows):
                bins = clips[i].bins
                seen = np.any([mask[place, :bins] for mask in batch.masks], axis=0)
                logits = np.where(seen[:, None], moments[place, :bins], np.nan).astype(np.float64)
                found[i] = (np.where(seen.any(), pooled[place], np.nan).astype(np.float64), logits)
        return found


class ConvolutionExpert(NetworkExpert):
    """`networks.TemporalConvolutions`."""

    kind: ClassVar[str] = "tcn"


class RecurrentExpert(NetworkExpert):
    """`networks.Recurrent`."""

    kind: ClassVar[str] = "gru"


class AttentionExpert(NetworkExpert):
    """`networks.CrossAttention`."""

    kind: ClassVar[str] = "xattn"


def _new(kind: str, widths: tuple[int, ...], outputs: int) -> torch.nn.Module:
    from bitflow.models.recognition.networks import NETWORKS

    return NETWORKS[kind](widths, outputs)


def _trained(
    kind: str, inputs: SequenceInputs, clips: Sequence[Clip], target: Target, settings: Mapping[str, float]
) -> torch.nn.Module:
    torch = import_torch()
    sequences = inputs.read(clips)
    labels = [_moment_labels(clip, y) for clip, y in zip(clips, target.y, strict=True)]
    draw = np.random.default_rng(target.seed)
    usable = np.flatnonzero(target.weight > 0)
    weight = target.weight * balance(target.y, target.weight)
    rate = _moment_rate([labels[i] for i in usable if labels[i] is not None])
    epochs = int(settings["epochs"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(target.seed)
        network = _new(kind, inputs.widths, target.width).train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=settings["learning_rate"], weight_decay=1e-2)
        batches = -(-len(usable) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=settings["learning_rate"], total_steps=max(2, epochs * batches)
        )
        for _ in range(epochs):
            for rows in _like_lengths(usable, clips, draw):
                batch = inputs.batch([sequences[i] for i in rows])
                tensors = [torch.from_numpy(each) for each in (*batch.values, *batch.masks)]
                pooled, moments = network(*tensors)
                each = loss(torch, pooled, torch.from_numpy(target.y[rows]))
                share = torch.from_numpy(weight[rows].astype(np.float32))
                total = (share * each).sum() / share.sum()
                truth, known = _padded([labels[i] for i in rows], batch.masks)
                if settings["moments"] and known.any():
                    each = loss(torch, moments.flatten(0, 1), torch.from_numpy(truth).flatten())
                    scale = torch.from_numpy((known * np.where(truth > 0, 0.5 / rate, 0.5 / (1 - rate))).astype("f4"))
                    total = total + settings["moments"] * (scale.flatten() * each).sum() / scale.sum()
                optimiser.zero_grad()
                total.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
                optimiser.step()
                schedule.step()
    return network.eval()


def loss(torch: Any, logits: Any, y: Any) -> Any:
    """Cross-entropy of each row of ``(n, K)``; one logit stands for the second of two classes."""
    if logits.shape[1] == 1:
        return torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], y.to(logits.dtype), reduction="none")
    return torch.nn.functional.cross_entropy(logits, y.long(), reduction="none")


def _moment_labels(clip: Clip, y: int) -> NDArray[np.int64] | None:
    """Class of every bin: the clip's inside its segments, the first outside; None where nobody looked."""
    if clip.segments is None:
        return None
    found = np.zeros(clip.bins, np.int64)
    for segment in clip.segments:
        first, last = np.clip(np.round(np.array([segment.start, segment.end]) * clip.rate), 0, clip.bins).astype(int)
        found[first:last] = max(int(y), 1)
    return found


def _moment_rate(labels: Sequence[NDArray[np.int64] | None]) -> float:
    """Share of moments inside segments, kept off 0 and 1."""
    joined = np.concatenate([each for each in labels if each is not None]) if labels else np.zeros(1)
    return float(np.clip(np.mean(joined > 0), 0.02, 0.98))


def _padded(
    labels: Sequence[NDArray[np.int64] | None], masks: tuple[NDArray[np.bool_], ...]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Classes ``(B, T)``, and where they are known and something was seen."""
    seen = np.any(masks, axis=0)
    truth, known = np.zeros(seen.shape, np.int64), np.zeros(seen.shape, bool)
    for row, each in enumerate(labels):
        if each is not None:
            truth[row, : len(each)] = each
            known[row, : len(each)] = seen[row, : len(each)]
    return truth, known


def _like_lengths(
    usable: NDArray[np.int64], clips: Sequence[Clip], draw: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Batches of clips of like length, in a random order: little padding, and different company every time."""
    length = np.array([clips[i].bins for i in usable]) * np.exp(draw.normal(0.0, 0.1, len(usable)))
    batches = np.array_split(usable[np.argsort(length)], -(-len(usable) // BATCH))
    return [batches[i] for i in draw.permutation(len(batches))]


def balance(y: NDArray[Any], weight: NDArray[Any]) -> NDArray[np.float64]:
    """Factor of each sample with which every class weighs the same."""
    total = np.bincount(y, weight)
    return weight.sum() / np.count_nonzero(total) / np.maximum(total, 1e-12)[y]


def _packed(network: torch.nn.Module, inputs: SequenceInputs) -> dict[str, NDArray[np.uint8]]:
    """The network's two files."""
    torch = import_torch()
    from safetensors.torch import save

    names = _input_names(inputs)
    values = [torch.zeros(2, 40, width) for width in inputs.widths]
    masks = [torch.ones(2, 40, dtype=torch.bool) for _ in inputs.widths]
    free = {name: {0: "n", 1: "t"} for name in (*names, "moments")} | {"clip": {0: "n"}}
    graph = onnx_bytes(network, (*values, *masks), names, ("clip", "moments"), free)
    weights = save({name: value.contiguous() for name, value in network.state_dict().items()})
    return {WEIGHTS: np.frombuffer(weights, np.uint8), GRAPH: np.frombuffer(graph, np.uint8)}


def _input_names(inputs: SequenceInputs) -> list[str]:
    return [f"{part}_{name}" for part in ("values", "mask") for name in inputs.columns]
