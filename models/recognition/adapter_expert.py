"""The behavioural adapter as an expert: statistics of all streams, corrected by discord and by pauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.errors import UsageError
from bitflow.models.recognition import discord, gaps
from bitflow.models.recognition.experts import Target, clip_statistics
from bitflow.models.recognition.memory import remembered
from bitflow.models.recognition.network_experts import GRAPH, WEIGHTS, balance, loss
from bitflow.models.torch_graph import import_torch, onnx_bytes

if TYPE_CHECKING:
    import torch

DEFAULTS: Mapping[str, float] = {"epochs": 150, "learning_rate": 3e-3, "hidden": 32}
DESCRIPTORS = ("discord", "gaps")


@dataclass(frozen=True, eq=False)
class AdapterExpert:
    """`networks.AdaptedStatistics`, trained with PyTorch and run by ONNX Runtime.

    Parameters
    ----------
    streams
        Columns of each stream that give the representation.
    pairs
        Streams whose discord is a descriptor.
    arrays
        Centre and scale of each input, and the network's two files.
    device
        Where ONNX Runtime runs it.
    """

    streams: dict[str, int]
    pairs: tuple[str, ...]
    centring: str
    outputs: int
    settings: dict[str, float]
    arrays: Mapping[str, NDArray[Any]]
    device: str = "cpu"

    kind: ClassVar[str] = "bam"

    @classmethod
    def fit(cls, clips: Sequence[Clip], target: Target, settings: Mapping[str, Any]) -> Self:
        """Train on clips as wholes."""
        unknown = sorted(set(settings) - {*DEFAULTS, "centring"})
        if unknown:
            raise UsageError(f"{cls.kind} has no setting {unknown[0]!r}; it has {', '.join(DEFAULTS)}, centring")
        given = {name: float(settings.get(name, value)) for name, value in DEFAULTS.items()}
        streams = {name: len(stream.names) for clip in clips for name, stream in clip.streams.items()}
        if not streams:
            raise UsageError("no clip has a stream for the expert 'bam' to read")
        signed = {stream for clip in clips for stream in discord.channels(clip)}
        pairs = tuple(stream for stream in discord.ORDER if stream in signed)
        draft = cls(
            dict(sorted(streams.items())),
            pairs,
            str(settings.get("centring", "participant")),
            target.width,
            given,
            {},
        )
        raw = draft._raw(clips)
        scales = {name: values for part, x in raw.items() for name, values in _scales(part, x, target.weight).items()}
        network = _trained(_standard(raw, scales), target, given)
        return cls(draft.streams, pairs, draft.centring, target.width, given, {**scales, **_packed(network, raw)})

    def logits(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """``(n, K)``; NaN for a clip of which nothing is known."""
        raw = self._raw(clips)
        inputs = _standard(raw, self.arrays)
        found = self._session.run(["clip"], inputs)[0].astype(np.float64)
        nothing = ~np.any([np.isfinite(x).any(axis=1) for x in raw.values()], axis=0)
        found[nothing] = np.nan
        return found

    def frames(self, clips: Sequence[Clip]) -> list[NDArray[Any] | None]:
        """The clip is judged as a whole."""
        return [None] * len(clips)

    def pack(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What it reads; scales and files."""
        described = {
            "streams": self.streams,
            "pairs": list(self.pairs),
            "centring": self.centring,
            "outputs": self.outputs,
            "settings": self.settings,
        }
        return described, dict(self.arrays)

    @classmethod
    def unpack(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `pack`."""
        s = dict(settings)
        streams = dict(sorted(s["streams"].items()))
        return cls(streams, tuple(s["pairs"]), s["centring"], int(s["outputs"]), dict(s["settings"]), dict(arrays))

    def onnx(self) -> bytes:
        """The graph: ``vector`` (n, D), each descriptor (n, D_m) and ``present`` (n, M) in, ``clip`` (n, K) out."""
        return self.arrays[GRAPH].tobytes()

    @cached_property
    def _session(self) -> Any:
        from bitflow.inference.providers import open_runtime

        return open_runtime(self.onnx(), self.device)[0]

    def on(self, device: str) -> Self:
        """The same, run elsewhere."""
        return replace(self, device=device)

    def _raw(self, clips: Sequence[Clip]) -> dict[str, NDArray[np.float64]]:
        """Representation and descriptors as they are, NaN where missing."""
        vector = [
            np.concatenate([clip_statistics(clip, name, width * 8) for name, width in self.streams.items()])
            for clip in clips
        ]
        found = {"vector": np.array(vector)}
        if len(self.pairs) > 1:
            rows = [discord.discord_features(clip, self.centring, self.pairs) for clip in clips]
            found["discord"] = np.array(rows)
        found["gaps"] = np.array([remembered(clip, "gaps", gaps.gap_features) for clip in clips])
        return found


def _scales(part: str, x: NDArray[np.float64], weight: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    used = x[weight > 0]
    known = np.isfinite(used)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, used, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, used - centre, 0.0) ** 2).sum(axis=0) / count)
    return {f"{part}.centre": centre, f"{part}.scale": np.where(spread > 1e-9, spread, 1.0)}


def _standard(raw: Mapping[str, NDArray[Any]], scales: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Inputs of the network: a missing number is its mean, a missing descriptor is marked as such."""
    found: dict[str, NDArray[Any]] = {}
    for part, x in raw.items():
        z = np.clip((x - scales[f"{part}.centre"]) / scales[f"{part}.scale"], -8.0, 8.0)
        found[part] = np.where(np.isfinite(z), z, 0.0).astype(np.float32)
    present = [np.isfinite(x).any(axis=1) for part, x in raw.items() if part != "vector"]
    found["present"] = np.stack(present, axis=1)
    return found


def _trained(inputs: Mapping[str, NDArray[Any]], target: Target, settings: Mapping[str, float]) -> torch.nn.Module:
    torch = import_torch()
    from bitflow.models.recognition.networks import AdaptedStatistics

    lengths = tuple(x.shape[1] for part, x in inputs.items() if part in DESCRIPTORS)
    weight = torch.from_numpy((target.weight * balance(target.y, target.weight)).astype(np.float32))
    tensors = [torch.from_numpy(x) for x in inputs.values()]
    y = torch.from_numpy(target.y)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(target.seed)
        network = AdaptedStatistics(
            inputs["vector"].shape[1], lengths, target.width, hidden=int(settings["hidden"])
        ).train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=settings["learning_rate"], weight_decay=0.3)
        for _ in range(int(settings["epochs"])):
            total = (weight * loss(torch, network(*tensors), y)).sum() / weight.sum()
            optimiser.zero_grad()
            total.backward()
            optimiser.step()
    return network.eval()


def _packed(network: torch.nn.Module, raw: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.uint8]]:
    torch = import_torch()
    from safetensors.torch import save

    names = [*raw, "present"]
    examples = [torch.zeros(2, x.shape[1]) for x in raw.values()]
    examples.append(torch.ones(2, len(raw) - 1, dtype=torch.bool))
    free = {name: {0: "n"} for name in (*names, "clip")}
    graph = onnx_bytes(network, tuple(examples), names, ("clip",), free)
    weights = save({name: value.contiguous() for name, value in network.state_dict().items()})
    return {WEIGHTS: np.frombuffer(weights, np.uint8), GRAPH: np.frombuffer(graph, np.uint8)}
