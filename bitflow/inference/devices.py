"""What can run a model on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Device:
    """One pair of device and engine.

    `detail` says, for one that is not available, why, and what mends it.
    """

    name: str
    engine: str
    available: bool
    detail: str = ""


def available_devices() -> tuple[Device, ...]:
    """Devices that bitflow knows, each tried by opening a small graph on it."""
    return (_litert(), _openvino(), *_onnx())


def settle_device(asked: str) -> str:
    """The device that a run will use: ``cpu``, ``cuda`` or ``cuda:N``.

    ``auto`` is the GPU where ONNX Runtime can use one, else the CPU.

    Raises
    ------
    UsageError
        There is no such device.
    DeviceError
        A GPU was asked for and cannot be used; the message says why.
    """
    from bitflow.errors import DeviceError, UsageError

    kind, colon, ordinal = asked.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (colon and not (kind == "cuda" and ordinal.isdecimal())):
        raise UsageError(f"unknown device {asked!r}: auto, cpu, cuda, or cuda:1 for the second card")
    if asked == "cpu" or (asked == "auto" and not _built_for_cuda()):
        return "cpu"
    device = "cuda" if asked == "auto" else asked
    found = next(each for each in _onnx(device) if each.name == device)
    if found.available:
        return device
    if asked == "auto":
        return "cpu"
    raise DeviceError(f"--device {asked} cannot be had: {found.detail}; `bitflow doctor` says more, --device cpu works")


def settle_tensorrt(asked: Literal["auto", "on", "off"], device: str) -> bool:
    """Whether graphs go through TensorRT on a GPU that works.

    Raises
    ------
    DeviceError
        It was asked for and cannot be used.
    """
    from bitflow.errors import DeviceError

    if asked == "off":
        return False
    reason = why_not_tensorrt(device)
    if reason and asked == "on":
        raise DeviceError(f"inference.tensorrt cannot be had: {reason}")
    return not reason


def why_not_tensorrt(device: str) -> str:
    """Why TensorRT cannot be used on a GPU; empty where it can."""
    from bitflow.inference.providers import TENSORRT, provider_names

    if TENSORRT not in provider_names():
        return "the installed onnxruntime is built without it; onnxruntime-gpu goes in its place"
    if find_spec("tensorrt") is None:
        return "it is not installed (pip install tensorrt, of the CUDA release that onnxruntime-gpu is built for)"
    return _tensorrt_refusal(device)


@cache
def _tensorrt_refusal(device: str) -> str:
    """Why a small graph cannot be opened with TensorRT; tried once a process, as it takes seconds."""
    from bitflow.errors import BitflowError
    from bitflow.inference.providers import open_runtime

    try:
        # tf32: a trial must not switch it off for the whole process, as a session without it does
        open_runtime(_IDENTITY, device, tensorrt=True, tf32=True)
    except BitflowError as error:
        return str(error)
    return ""


def _built_for_cuda() -> bool:
    """Whether the installed onnxruntime brings CUDA along, seen by its files: loading it takes half a second."""
    spec = find_spec("onnxruntime")
    folders = spec.submodule_search_locations if spec is not None else None
    return any(next(Path(folder, "capi").glob("*onnxruntime_providers_cuda*"), None) for folder in folders or ())


def _litert() -> Device:
    engine = f"LiteRT {_version('ai-edge-litert')}"
    try:
        from ai_edge_litert import interpreter  # noqa: F401
    except ImportError as error:
        return Device("cpu", engine, False, f"ai-edge-litert cannot be imported: {error}")
    return Device("cpu", engine, True, "TFLite graphs")


def _openvino() -> Device:
    from bitflow.errors import DeviceError
    from bitflow.inference.openvino import require_bfloat16

    engine = f"OpenVINO {_version('openvino')}".strip()
    try:
        require_bfloat16()
    except DeviceError as error:
        return Device("cpu", engine, False, str(error))
    return Device("cpu", engine, True, "TFLite graphs in bfloat16 (--fast)")


def _onnx(gpu: str = "cuda") -> tuple[Device, ...]:
    try:
        import onnxruntime

        engine = f"ONNX Runtime {onnxruntime.__version__}"
    except (ImportError, AttributeError) as error:
        broken = f"onnxruntime cannot be imported: {error}"
        return (Device("cpu", "ONNX Runtime", False, broken), Device(gpu, "ONNX Runtime", False, broken))
    return (_tried("cpu", engine, "ONNX graphs, and TFLite ones converted"), _tried(gpu, engine, _on_gpu(gpu)))


def _on_gpu(device: str) -> str:
    reason = why_not_tensorrt(device)
    return f"all graphs, in batches; {'without TensorRT: ' + reason if reason else 'with TensorRT'}"


def _tried(name: str, engine: str, detail: str) -> Device:
    from bitflow.errors import BitflowError
    from bitflow.inference.providers import open_runtime

    try:
        open_runtime(_IDENTITY, name)
    except BitflowError as error:
        return Device(name, engine, False, f"{error}{_both_installed() if name != 'cpu' else ''}")
    return Device(name, engine, True, detail)


def _both_installed() -> str:
    """The two packages own the same files: whichever came last wins, without an error."""
    if _version("onnxruntime") and _version("onnxruntime-gpu"):
        return (
            " (onnxruntime and onnxruntime-gpu are both installed and overwrite each other: "
            "`pip uninstall -y onnxruntime onnxruntime-gpu`, then install the one that is wanted)"
        )
    return ""


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


# An ONNX model of one operator, Identity on one float32: written out, as the onnx package is an extra.
_IDENTITY = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a"
    "0a08080112040a020801620f0a0179120a0a08080112040a02080142040a00100d"
)
