"""A recogniser that was exported to ONNX, judging clips through ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.clips import Clip
from bitflow.datasets.windows import FeatureDataset, FeatureSchema
from bitflow.errors import ModelError
from bitflow.inference.onnx import open_runtime
from bitflow.models.folder import onnx_metadata
from bitflow.models.recognition.calibration import Conformal
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.experts import DenseExpert, Expert, Placeable, expert_kind
from bitflow.models.recognition.heads import WindowsExpert, spread_moments, window_features
from bitflow.models.recognition.model import Predictions, decided, find_cues, moment_probabilities, prepared, told
from bitflow.models.recognition.onnx_export import unpacked_arrays


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """The parts that a graph leaves outside, and the graph; used like `bitflow.models.recognition.model.Model`.

    `inside` are kind and settings of the experts in the graph, by name; `outside` are the others.
    """

    config: RecognizerConfig
    classes: tuple[str, ...]
    schema: FeatureSchema
    order: tuple[str, ...]
    inside: Mapping[str, dict[str, Any]]
    outside: Mapping[str, Expert]
    threshold: float
    conformal: Conformal
    trained: Mapping[str, Any]
    session: Any

    def predict(self, data: FeatureDataset | Sequence[Clip]) -> Predictions:
        """Judge clips; the same as the exported model, without a band (its members are not exported)."""
        clips = tuple(data)
        self.schema.check(clips)
        clips = prepared(tuple(self.schema.fitted(clip) for clip in clips), self.config)
        names = [each.name for each in self.session.get_outputs()]
        found = dict(zip(names, self.session.run(names, self._inputs(clips)), strict=True))
        probability = np.where(found["known"][:, None], found["probability"], np.nan)
        moments: list[NDArray[Any] | None] = [None] * len(clips)
        if "moments" in found:
            settings = self.inside["windows"]
            moments = [spread_moments(clip, found["moments"][i], settings) for i, clip in enumerate(clips)]
        return told(
            clips,
            self.schema,
            self.classes,
            probability,
            None,
            None,
            decided(probability, self.classes, self.threshold),
            self.threshold,
            self.conformal,
            moment_probabilities(moments, len(self.classes)),
            [find_cues(clip, self.config.centring) for clip in clips],
            found["logits"],
            self.order,
        )

    def _inputs(self, clips: Sequence[Clip]) -> dict[str, NDArray[np.float64]]:
        made: dict[str, NDArray[np.float64]] = {}
        for name in self.order:
            if name in self.outside:
                made[name] = self.outside[name].logits(clips)
                continue
            kind: Any = expert_kind(name.split(":")[0])
            settings = self.inside[name]
            if issubclass(kind, WindowsExpert):
                parts = [window_features(clip, settings) for clip in clips]
                most = max(len(part) for part in parts)
                rows = np.full((len(clips), most, parts[0].shape[1]), np.nan)
                for i, part in enumerate(parts):
                    rows[i, : len(part)] = part
                made[name] = rows
            elif issubclass(kind, DenseExpert):
                made[name] = np.asarray(kind.features(clips, settings), np.float64)
        return made


def load_onnx(path: Path, device: str = "cpu") -> tuple[OnnxModel, str]:
    """Read an exported model, and its id: the start of the file's sha256.

    Raises
    ------
    ModelError
        The file is not a recogniser that bitflow exported.
    DeviceError
        The device is not there.
    """
    metadata = onnx_metadata(path)
    session, _ = open_runtime(str(path), device, 1)
    try:
        arrays = unpacked_arrays(metadata)
        config = dict(metadata["config"])
        classes = tuple(config.pop("classes"))
        inside, outside = {}, {}
        for name in metadata["order"]:
            kind: Any = expert_kind(name.split(":")[0])
            settings = metadata["experts"][name]
            if issubclass(kind, (DenseExpert, WindowsExpert)):
                inside[name] = settings
            else:
                prefix = f"experts/{name}/"
                own = {key.removeprefix(prefix): v for key, v in arrays.items() if key.startswith(prefix)}
                expert = kind.unpack(settings, own)
                outside[name] = expert.on(device) if isinstance(expert, Placeable) else expert
        model = OnnxModel(
            RecognizerConfig.from_dict(config),
            classes,
            FeatureSchema.from_dict(metadata["schema"]),
            tuple(metadata["order"]),
            inside,
            outside,
            float(metadata["threshold"]),
            Conformal(arrays["conformal"]),
            metadata["trained"],
            session,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: not a recogniser of clips ({type(error).__name__}: {error})") from error
    return model, hashlib.sha256(path.read_bytes()).hexdigest()[:12]
