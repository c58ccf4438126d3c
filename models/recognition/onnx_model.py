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
from bitflow.models.recognition import discord, gaps
from bitflow.models.recognition.adapter_expert import AdapterExpert
from bitflow.models.recognition.calibration import Conformal
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.experts import DenseExpert, Expert, Placeable, expert_kind
from bitflow.models.recognition.heads import WindowsExpert
from bitflow.models.recognition.memory import remembered
from bitflow.models.recognition.model import Predictions, decided, find_cues, moment_probabilities, prepared, told
from bitflow.models.recognition.network_experts import NetworkExpert
from bitflow.models.recognition.onnx_export import TEXT, signed_streams, unpacked_arrays
from bitflow.models.recognition.onnx_features import BASELINE, BINS, GAPS, POLARITY
from bitflow.models.recognition.text import TextExpert

#: Bins of all clips of one run together: windows of a stream of a hundred columns then take some 100 MB.
RUN_BINS = 4000

#: By network, for each clip a stream's columns.
Sequences = Mapping[str, Sequence[Sequence[NDArray[Any]]]]

_INSIDE = (DenseExpert, WindowsExpert, AdapterExpert)


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """The graph, and what feeds it from clips; used like `bitflow.models.recognition.model.Model`.

    `order` are the experts' names, `signed` the streams of the input ``baseline``, `feeders` the experts that read
    words, sequences or the store outside the graph, by the name of their input.
    """

    config: RecognizerConfig
    classes: tuple[str, ...]
    schema: FeatureSchema
    order: tuple[str, ...]
    signed: tuple[str, ...]
    feeders: Mapping[str, Expert]
    threshold: float
    conformal: Conformal
    trained: Mapping[str, Any]
    session: Any

    def predict(self, data: FeatureDataset | Sequence[Clip]) -> Predictions:
        """Judge clips; the same as the exported model."""
        clips = tuple(data)
        self.schema.check(clips)
        clips = prepared(tuple(self.schema.fitted(clip) for clip in clips), self.config)
        found = self._run(clips)
        probability = np.where(found["known"][:, None], found["probability"], np.nan)
        moments: Sequence[NDArray[Any] | None] = found.get("moments", [None] * len(clips))
        return told(
            clips,
            self.schema,
            self.classes,
            probability,
            found.get("less"),
            found.get("more"),
            decided(probability, self.classes, self.threshold),
            self.threshold,
            self.conformal,
            moment_probabilities(moments, len(self.classes)),
            [find_cues(clip, self.config.centring) for clip in clips],
            found["logits"],
            self.order,
        )

    def inputs(self, clips: Sequence[Clip], sequences: Sequences | None = None) -> dict[str, NDArray[Any]]:
        """What the graph reads of prepared clips, padded to the longest.

        `sequences` are the clips' own of `SequenceInputs.read`, by network, where all clips of their participants have
        been read together: a baseline is better of more.
        """
        given = self._sequences(clips) if sequences is None else sequences
        longest = max(clip.bins for clip in clips)
        made: dict[str, NDArray[Any]] = {}
        for wanted in self.session.get_inputs():
            name, _, stream = wanted.name.partition("_")
            if wanted.name == BINS:
                made[BINS] = np.array([clip.bins for clip in clips], np.int64)
            elif wanted.name == POLARITY:
                made[POLARITY] = _padded([_polarity(clip) for clip in clips], longest)
            elif wanted.name == BASELINE:
                rows = [[(clip.baselines or {}).get(s, (np.nan, np.nan)) for s in self.signed] for clip in clips]
                made[BASELINE] = np.array(rows, np.float64)
            elif wanted.name == GAPS:
                made[GAPS] = np.array([remembered(clip, "gaps", gaps.gap_features) for clip in clips])
            elif name == "values" and stream in self.schema.streams:
                made[wanted.name] = _padded([self._values(clip, stream) for clip in clips], longest)
            elif name == "mask" and stream in self.schema.streams:
                made[wanted.name] = _masks([self._values(clip, stream) for clip in clips], longest)
        for name, expert in self.feeders.items():
            if isinstance(expert, TextExpert):
                made[name] = expert.features(clips).astype(np.float32)
            elif isinstance(expert, NetworkExpert):
                batch = expert.inputs.batch(given[name])
                for stream, values, mask in zip(expert.inputs.columns, batch.values, batch.masks, strict=True):
                    made |= {f"{name}.values_{stream}": values, f"{name}.mask_{stream}": mask}
            else:
                made[name] = expert.logits(clips)
        return made

    def _run(self, clips: Sequence[Clip]) -> dict[str, Any]:
        """Outputs of all clips, in runs of clips of like length; moments without their padding."""
        names = [each.name for each in self.session.get_outputs()]
        whole = self._sequences(clips)
        parts: list[tuple[NDArray[np.int64], dict[str, Any]]] = []
        for rows in _runs([clip.bins for clip in clips]):
            own = {name: [sequences[i] for i in rows] for name, sequences in whole.items()}
            outputs = self.session.run(names, self.inputs([clips[i] for i in rows], own))
            parts.append((rows, dict(zip(names, outputs, strict=True))))
        found: dict[str, Any] = {}
        for name in names:
            each: list[Any] = [None] * len(clips)
            for rows, outputs in parts:
                for place, i in enumerate(rows):
                    each[i] = outputs[name][place]
            if name == "moments":
                found[name] = [moments[: clip.bins] for moments, clip in zip(each, clips, strict=True)]
            else:
                found[name] = np.array(each)
        return found

    def _sequences(self, clips: Sequence[Clip]) -> Sequences:
        networks = {name: each for name, each in self.feeders.items() if isinstance(each, NetworkExpert)}
        return {name: expert.inputs.read(clips) for name, expert in networks.items()}

    def _values(self, clip: Clip, stream: str) -> NDArray[Any]:
        if stream in clip.streams:
            return clip.streams[stream].values
        return np.full((clip.bins, len(self.schema.streams[stream].names)), np.nan, np.float32)


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
        model = OnnxModel(
            RecognizerConfig.from_dict(config),
            classes,
            FeatureSchema.from_dict(metadata["schema"]),
            tuple(metadata["order"]),
            signed_streams(metadata["experts"]),
            _feeders(metadata, arrays, device),
            float(metadata["threshold"]),
            Conformal(arrays["conformal"]),
            metadata["trained"],
            session,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: not a recogniser of clips ({type(error).__name__}: {error})") from error
    return model, hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _feeders(metadata: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str) -> dict[str, Expert]:
    """Experts that make an input of the graph, by its name."""
    found: dict[str, Expert] = {}
    places = [("experts", "", metadata["experts"])]
    places += [(f"member{k}", f".member{k}", given) for k, given in enumerate(metadata["members"])]
    for place, ending, given in places:
        for name, settings in given.items():
            kind: Any = expert_kind(name.split(":")[0])
            if issubclass(kind, _INSIDE):
                continue
            prefix = f"{place}/{name}/"
            own = {key.removeprefix(prefix): values for key, values in arrays.items() if key.startswith(prefix)}
            expert = kind.unpack(settings, own)
            placed = expert.on(device) if isinstance(expert, Placeable) else expert
            found[TEXT if issubclass(kind, TextExpert) else f"{name}{ending}"] = placed
    return found


def _runs(lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """Numbers of clips that are judged together, so that padded they have `RUN_BINS` bins or are alone."""
    found: list[list[int]] = []
    for i in np.argsort(lengths, kind="stable"):
        if found and (len(found[-1]) + 1) * lengths[i] <= RUN_BINS:
            found[-1].append(int(i))
        else:
            found.append([int(i)])
    return [np.array(rows, np.int64) for rows in found]


def _padded(parts: Sequence[NDArray[Any]], longest: int) -> NDArray[np.float32]:
    found = np.full((len(parts), longest, *parts[0].shape[1:]), np.nan, np.float32)
    for row, part in zip(found, parts, strict=True):
        row[: len(part)] = part
    return found


def _masks(parts: Sequence[NDArray[Any]], longest: int) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(_padded(parts, longest)).any(axis=2))


def _polarity(clip: Clip) -> NDArray[Any]:
    return discord.channels(clip).get("text", np.full(clip.bins, np.nan))
