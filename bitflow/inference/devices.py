"""What can run a model on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata


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
    return (_litert(), *_onnx())


def settle_device(asked: str) -> str:
    """The device that a run will use: ``cpu`` or ``cuda``.

    ``auto`` is the CPU, where LiteRT runs every graph; a GPU is used when it is asked for.

    Raises
    ------
    UsageError
        There is no such device.
    DeviceError
        A GPU was asked for and cannot be used; the message says why.
    """
    from bitflow.errors import DeviceError, UsageError

    if asked not in ("auto", "cpu", "cuda"):
        raise UsageError(f"unknown device {asked!r}: auto, cpu or cuda")
    if asked != "cuda":
        return "cpu"
    cuda = next(device for device in available_devices() if device.name == "cuda")
    if not cuda.available:
        raise DeviceError(f"--device cuda cannot be had: {cuda.detail}; `bitflow doctor` says more, --device cpu works")
    return "cuda"


def _litert() -> Device:
    engine = f"LiteRT {_version('ai-edge-litert')}"
    try:
        from ai_edge_litert import interpreter  # noqa: F401
    except ImportError as error:
        return Device("cpu", engine, False, f"ai-edge-litert cannot be imported: {error}")
    return Device("cpu", engine, True, "TFLite graphs")


def _onnx() -> tuple[Device, ...]:
    try:
        import onnxruntime

        engine = f"ONNX Runtime {onnxruntime.__version__}"
    except (ImportError, AttributeError) as error:
        broken = f"onnxruntime cannot be imported: {error}"
        return (Device("cpu", "ONNX Runtime", False, broken), Device("cuda", "ONNX Runtime", False, broken))
    return (_tried("cpu", engine, "ONNX graphs"), _tried("cuda", engine, "ONNX graphs, in batches"))


def _tried(name: str, engine: str, detail: str) -> Device:
    from bitflow.errors import BitflowError
    from bitflow.inference.onnx import open_runtime

    try:
        open_runtime(_IDENTITY, name)
    except BitflowError as error:
        return Device(name, engine, False, f"{error}{_both_installed() if name == 'cuda' else ''}")
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
