"""A recogniser of clips in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.datasets.windows import FeatureSchema
from bitflow.errors import ModelError, UsageError
from bitflow.models.folder import NETWORKS, ModelFolder, read_model, write_model
from bitflow.models.recognition.calibration import Calibrator, Conformal
from bitflow.models.recognition.config import RecognizerConfig
from bitflow.models.recognition.experts import Expert, expert_kind
from bitflow.models.recognition.fusion import FUSIONS
from bitflow.models.recognition.model import Model


def save_model(model: Model, folder: Path, *, card: str = "", kind: str = "ambivalence") -> str:
    """Write a model and give its id; see `bitflow.models.folder.write_model`."""
    described, packed_arrays = packed(model)
    arrays = {name: values for name, values in packed_arrays.items() if not name.endswith(NETWORKS)}
    metrics = _json(model.trained)
    return write_model(
        folder,
        kind=kind,
        config={**model.config.as_dict(), "classes": list(model.classes)},
        arrays=arrays,
        schema=model.schema.as_dict(),
        blobs={_file(name): v.tobytes() for name, v in packed_arrays.items() if name.endswith(NETWORKS)},
        texts={"experts.json": _json(described), "metrics.json": metrics, "card.md": card},
    )


def load_model(folder: Path) -> tuple[Model, str]:
    """Read a model, and its id.

    Raises
    ------
    ModelError
        The folder is damaged, or holds something else.
    """
    import json

    found = read_model(folder)
    try:
        described = json.loads(found.texts["experts.json"])
        model = unpacked(found, described)
        return replace(model, trained=json.loads(found.texts["metrics.json"])), found.id
    except (KeyError, ValueError, TypeError, AttributeError, UsageError) as error:
        sentence = " ".join(str(error).split())
        raise ModelError(f"{folder}: not a recogniser of clips ({type(error).__name__}: {sentence})") from error


def packed(model: Model) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What JSON can hold of a model, and its arrays by name."""
    arrays: dict[str, np.ndarray] = {}
    described: dict[str, Any] = {"experts": {}, "members": []}

    def keep(name: str, expert: Expert, prefix: str) -> Any:
        settings, own = expert.pack()
        arrays.update({f"{prefix}/{name}/{key}": value for key, value in own.items()})
        return settings

    described["experts"] = {name: keep(name, expert, "experts") for name, expert in model.experts.items()}
    described["order"] = list(model.experts)
    for number, member in enumerate(model.members):
        described["members"].append({name: keep(name, expert, f"member{number}") for name, expert in member.items()})
    described["calibration"] = {"method": model.calibrator.method, "shift": model.calibrator.shift}
    described["threshold"] = model.threshold
    arrays["calibration"] = model.calibrator.values
    arrays["conformal"] = model.conformal.limits
    arrays.update({f"fusion/{key}": value for key, value in model.fusion.arrays().items()})
    return described, arrays


def unpacked(found: ModelFolder, described: Mapping[str, Any]) -> Model:
    """The inverse of `packed`."""
    config = dict(found.config)
    classes = tuple(config.pop("classes"))
    settings = RecognizerConfig.from_dict(config)
    arrays = found.arrays | {_array(name): np.frombuffer(content, np.uint8) for name, content in found.blobs.items()}

    def own(prefix: str) -> dict[str, np.ndarray]:
        return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}

    def expert(name: str, given: Mapping[str, Any], prefix: str) -> Expert:
        return expert_kind(name.split(":")[0]).unpack(given, own(f"{prefix}/{name}/"))

    members = [
        {name: expert(name, given, f"member{number}") for name, given in member.items()}
        for number, member in enumerate(described["members"])
    ]
    calibration = described["calibration"]
    return Model(
        settings,
        classes,
        FeatureSchema.from_dict(found.schema),
        {name: expert(name, described["experts"][name], "experts") for name in described["order"]},
        FUSIONS[settings.fusion].of(own("fusion/")),
        Calibrator(calibration["method"], found.arrays["calibration"], float(calibration["shift"])),
        float(described["threshold"]),
        Conformal(found.arrays["conformal"]),
        tuple(members),
        {},
    )


def _file(array: str) -> str:
    """File of a network that an expert packed: ``experts/tcn/network.onnx`` is in tcn.network.onnx."""
    return array.removeprefix("experts/").replace("/", ".")


def _array(file: str) -> str:
    """The inverse of `_file`."""
    return f"experts/{file.replace('.', '/', 1)}"


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
