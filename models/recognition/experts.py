"""Experts: each judges a clip by one thing it knows, as logits. A recogniser fuses what they say.

An expert of another package is a class with the methods of `Expert` under the entry point group ``bitflow.experts``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.datasets.windows import STATISTICS, VALID_SHARE, seen_statistics
from bitflow.errors import UsageError
from bitflow.models.recognition import discord, gaps
from bitflow.models.recognition.linear import Linear
from bitflow.models.recognition.memory import remembered

#: Seconds of a stream (or half of a shorter clip) that tell something of a whole clip: who listens most of the time is
#: heard all the same.
LEAST_SEEN_S = 1.5

#: Inverse strength of the penalty of a linear expert.
C = 0.1


@dataclass(frozen=True, eq=False)
class Target:
    """What experts learn.

    Parameters
    ----------
    y
        Class numbers, ``(n,)``.
    classes
        Their names; the last of two is the positive one.
    weight
        ``(n,)``: every participant's clips weigh the same together; 0 leaves a clip out.
    groups
        Whose each clip is, ``(n,)``.
    seed
        Of everything that is drawn.
    """

    y: NDArray[np.int64]
    classes: tuple[str, ...]
    weight: NDArray[np.float64]
    groups: NDArray[Any]
    seed: int = 0

    @property
    def width(self) -> int:
        """Logits a clip: 1 for two classes, else one a class."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def chosen(self, index: NDArray[Any]) -> Target:
        """Some of the clips."""
        return replace(self, y=self.y[index], weight=self.weight[index], groups=self.groups[index])


class Expert(Protocol):
    """One way of judging clips."""

    kind: ClassVar[str]

    @classmethod
    def fit(cls, clips: Sequence[Clip], target: Target, settings: Mapping[str, Any]) -> Self:
        """Train."""
        ...

    def logits(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """``(n, K)``, see `Target.width`; NaN for a clip of which the expert knows nothing."""
        ...

    def frames(self, clips: Sequence[Clip]) -> list[NDArray[Any] | None]:
        """For each clip logits on its clock ``(bins, K)``, NaN where unseen; None where the expert has no such
        thing."""
        ...

    def pack(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What JSON can hold, and arrays."""
        ...

    @classmethod
    def unpack(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `pack`."""
        ...


@runtime_checkable
class Placeable(Protocol):
    """An expert that can run on a GPU."""

    def on(self, device: str) -> Any:
        """The same expert, run on that device (``cpu``, ``cuda`` …)."""
        ...


#: Where the kinds of expert are, by name.
_HOMES = {
    "statistics": "bitflow.models.recognition.experts:StatisticsExpert",
    "discord": "bitflow.models.recognition.experts:DiscordExpert",
    "gaps": "bitflow.models.recognition.experts:GapsExpert",
    "early": "bitflow.models.recognition.experts:EarlyExpert",
    "text": "bitflow.models.recognition.text:TextExpert",
    "windows": "bitflow.models.recognition.heads:WindowsExpert",
    "tcn": "bitflow.models.recognition.network_experts:ConvolutionExpert",
    "gru": "bitflow.models.recognition.network_experts:RecurrentExpert",
    "bam": "bitflow.models.recognition.adapter_expert:AdapterExpert",
    "xattn": "bitflow.models.recognition.network_experts:AttentionExpert",
    "zero-shot": "bitflow.models.zero_shot.expert:ZeroShotExpert",
}


@cache
def expert_kinds() -> dict[str, Callable[[], type[Expert]]]:
    """How to load each kind of expert, by name."""
    found: dict[str, Callable[[], type[Expert]]] = {}
    for name, home in _HOMES.items():
        module, _, attribute = home.partition(":")
        found[name] = lambda module=module, attribute=attribute: getattr(import_module(module), attribute)
    for entry in entry_points(group="bitflow.experts"):
        found.setdefault(entry.name, entry.load)
    return found


def expert_kind(name: str) -> type[Expert]:
    """The kind of that name.

    Raises
    ------
    UsageError
        There is none.
    """
    kinds = expert_kinds()
    if name not in kinds:
        raise UsageError(f"no expert is called {name!r}; there are {', '.join(sorted(kinds))}")
    return kinds[name]()


@dataclass(frozen=True, eq=False)
class DenseExpert:
    """A linear model on numbers of the whole clip."""

    model: Linear
    settings: dict[str, Any]

    kind: ClassVar[str] = ""

    @classmethod
    def fit(cls, clips: Sequence[Clip], target: Target, settings: Mapping[str, Any]) -> Self:
        """Train on the clips of which the numbers are known."""
        settled = cls.settle(clips, settings)
        x = cls.features(clips, settled)
        known = np.isfinite(x).any(axis=1)
        weight = np.where(known, target.weight, 0.0)
        if not (weight > 0).any():
            raise UsageError(f"no clip has what the expert {cls.kind!r} reads {settled or ''}".rstrip())
        return cls(Linear.fit(x, target.y, weight, classes=len(target.classes), c=C), settled)

    @classmethod
    def settle(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings with what the training clips decide."""
        return dict(settings)

    @classmethod
    def features(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> NDArray[np.float64]:
        """``(n, d)``, NaN where missing."""
        raise NotImplementedError

    def logits(self, clips: Sequence[Clip]) -> NDArray[np.float64]:
        """See `Expert.logits`."""
        return self.model.logits(self.features(clips, self.settings))

    def frames(self, clips: Sequence[Clip]) -> list[NDArray[Any] | None]:
        """The clip is judged as a whole."""
        return [None] * len(clips)

    def pack(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Settings; the linear model."""
        return self.settings, self.model.arrays()

    @classmethod
    def unpack(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `pack`."""
        return cls(Linear.of(dict(arrays)), dict(settings))


class StatisticsExpert(DenseExpert):
    """Eight statistics of each column of one stream over the clip. Settings: ``stream``, ``columns``."""

    kind: ClassVar[str] = "statistics"

    @classmethod
    def settle(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> dict[str, Any]:
        """The stream's columns, where they are not given."""
        stream = settings["stream"]
        columns = next((list(clip.streams[stream].names) for clip in clips if stream in clip.streams), [])
        return {"columns": columns, **settings}

    @classmethod
    def features(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> NDArray[np.float64]:
        """``(n, columns × 8)``."""
        width = len(settings["columns"]) * len(STATISTICS)
        return np.array([clip_statistics(clip, settings["stream"], width) for clip in clips]).reshape(-1, width)


class GapsExpert(DenseExpert):
    """What the gaps between words tell: `bitflow.models.recognition.gaps`."""

    kind: ClassVar[str] = "gaps"

    @classmethod
    def features(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> NDArray[np.float64]:
        """``(n, 16)``."""
        return np.array([remembered(clip, "gaps", gaps.gap_features) for clip in clips])


class DiscordExpert(DenseExpert):
    """How much pairs of streams disagree. Settings: ``centring``, ``streams``."""

    kind: ClassVar[str] = "discord"

    @classmethod
    def settle(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> dict[str, Any]:
        """The streams that have a signed channel."""
        there = {stream for clip in clips for stream in discord.channels(clip)}
        streams = [stream for stream in discord.ORDER if stream in there]
        if len(streams) < 2:
            raise UsageError(
                f"discord needs signed channels of two streams, these recordings have {', '.join(streams) or 'none'}: "
                "leave the expert out with --set experts, or extract more"
            )
        return {"centring": "participant", **settings, "streams": streams}

    @classmethod
    def features(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> NDArray[np.float64]:
        """``(n, pairs × 10)``."""
        streams, how = settings["streams"], settings["centring"]
        return np.array([discord.discord_features(clip, how, streams) for clip in clips])


class EarlyExpert(DenseExpert):
    """Everything dense side by side: statistics of all streams, gaps, and discord. Settings: ``parts``."""

    kind: ClassVar[str] = "early"

    @classmethod
    def settle(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of every part."""
        parts = []
        for name, given in settings["parts"]:
            kind: Any = expert_kind(name)
            parts.append([name, kind.settle(clips, given)])
        return {"parts": parts}

    @classmethod
    def features(cls, clips: Sequence[Clip], settings: Mapping[str, Any]) -> NDArray[np.float64]:
        """``(n, d)``."""
        found = []
        for name, given in settings["parts"]:
            kind: Any = expert_kind(name)
            found.append(kind.features(clips, given))
        return np.hstack(found)


def clip_statistics(clip: Clip, stream: str, width: int) -> NDArray[np.float64]:
    """Statistics of a stream over the whole clip, ``(width,)``; NaN where it is missing, or was hardly ever seen."""
    if stream not in clip.streams:
        return np.full(width, np.nan)

    def whole(c: Clip) -> NDArray[np.float64]:
        least = min(VALID_SHARE, LEAST_SEEN_S * c.rate / c.bins)
        return seen_statistics(c.streams[stream].values, np.array([[0, c.bins]]), least)[0].astype(np.float64)

    return remembered(clip, ("statistics", stream), whole)
