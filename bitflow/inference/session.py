"""What a session is, and which engine runs which graph where."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bitflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


@dataclass(frozen=True)
class TensorSpec:
    """Name, shape and type of one input or output of a graph; None marks an axis of any length."""

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype


class Session(Protocol):
    """One graph, loaded and ready. A session belongs to one thread at a time.

    Attributes
    ----------
    device
        What runs it, for provenance, as `cpu (LiteRT 2.3.0)`.
    inputs, outputs
        In the order of `run`'s arguments and results, the batch axis included.
    """

    device: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the graph over a batch.

        Parameters
        ----------
        *inputs
            One array an input, batch axis first, any batch size. With `normalise`, uint8 arrays are scaled on
            the way in.

        Returns
        -------
        tuple of ndarray
            One array an output, batch axis first; they belong to the caller.
        """
        ...


def open_session(
    model: str | os.PathLike[str],
    *,
    device: str = "cpu",
    backend: str = "auto",
    threads: int = 1,
    normalise: tuple[float, float] | None = None,
    outputs: tuple[int, ...] | None = None,
    tensorrt: bool = False,
    tf32: bool = False,
) -> Session:
    """Open a model graph.

    Parameters
    ----------
    model
        An asset id, or the path of a `.tflite` or `.onnx` file.
    device
        `cpu`, `cuda` (`cuda:1` for the second card), or `auto`: the GPU where the graph can run on it, else the
        CPU.
    backend
        What runs TFLite graphs: `litert`, `onnx`, or `openvino`, which computes in bfloat16 on the CPU; `auto` is
        LiteRT on the CPU and ONNX Runtime on a GPU, for which a graph is converted once and kept in the cache. ONNX
        files always run in ONNX Runtime.
    threads
        CPU threads of this session. One each, in as many worker threads as there are cores, is fastest over a
        whole recording.
    normalise
        (scale, offset): uint8 input becomes `x * scale + offset` in float32. A converted graph does that itself and
        then takes pixels only.
    outputs
        Indices of the outputs to compute, in the order wanted; what serves only the others is left out.
    tensorrt, tf32
        On a GPU: see `bitflow.inference.engine.Engine`.

    Raises
    ------
    AssetError
        The asset cannot be had.
    UsageError
        Not a model file, one that its engine cannot read, or that cannot be converted.
    DeviceError
        The device was asked for by name and cannot run this graph here.
    """
    path = _model_path(model)
    kind, _, ordinal = device.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (ordinal and not (kind == "cuda" and ordinal.isdecimal())):
        raise UsageError(f"device {device!r} is not one of auto, cpu, cuda or cuda:N")
    if backend not in ("auto", "litert", "onnx", "openvino"):
        raise UsageError(f"backend {backend!r} is not one of auto, litert, onnx or openvino")
    if path.suffix not in (".onnx", ".tflite"):
        raise UsageError(f"{path} is not a model that can be run: expected a .tflite or .onnx file")
    # Engines are imported here: a program that runs no model loads none of their libraries.
    converts = path.suffix == ".tflite"
    if converts and backend != "onnx":
        from bitflow.inference.devices import settle_device

        if backend == "auto":
            device = settle_device(device)
        if device in ("auto", "cpu"):
            return _on_cpu(backend)(path, threads=threads, normalise=normalise, outputs=outputs)
        if backend != "auto":
            raise UsageError(f"backend {backend} runs on the CPU only: {path.name} on {device} takes onnx")
    from bitflow.inference.onnx import OnnxSession

    if converts:
        from bitflow.inference.conversion import converted

        path = converted(path, outputs=outputs, normalise=normalise)
        outputs = normalise = None  # they are in the file
    return OnnxSession(
        path,
        device=device,
        threads=threads,
        normalise=normalise,
        outputs=outputs,
        tensorrt=tensorrt,
        tf32=tf32,
        of_pictures=converts,
    )


def _on_cpu(backend: str) -> Callable[..., Session]:
    """What runs TFLite graphs as they are."""
    if backend == "openvino":
        from bitflow.inference.openvino import OpenVinoSession

        return OpenVinoSession
    from bitflow.inference.litert import LiteRtSession

    return LiteRtSession


_shared: dict[tuple[Any, ...], Session] = {}
_opening = threading.Lock()


def shared_session(model: str | os.PathLike[str], **options: Any) -> Session:
    """As `open_session`, but one session for all threads and recordings of this process.

    For a GPU, which works on one batch after another, whoever sends them: more sessions would only hold its memory,
    and take the time to open. Sessions of ONNX Runtime take turns by themselves.
    """
    key = (os.fspath(model), *sorted(options.items()))
    with _opening:
        if key not in _shared:
            _shared[key] = open_session(model, **options)
        return _shared[key]


class SessionLoans:
    """Sessions lent to the threads of one recording, and lent on to the next recording's when it is done.

    Opening the models of faces, bodies and hands takes a thread 0.15 s and 100 MB: with short recordings that was a
    tenth of the work, and memory that is let go in pieces does not come back whole.
    """

    def __init__(self) -> None:
        self._lent: list[tuple[tuple[Any, ...], Session]] = []

    def session(self, model: str | os.PathLike[str], **options: Any) -> Session:
        """As `open_session`; the session is the caller's until `give_back`."""
        from bitflow import assets

        if model not in assets.catalogue():
            return open_session(model, **options)  # a file of the user's own may be another by the next recording
        key = (model, *sorted(options.items()))
        with _opening:
            spare = _spare.get(key)
            session = spare.pop() if spare else None
        if session is None:
            session = open_session(model, **options)
        self._lent.append((key, session))
        return session

    def give_back(self) -> None:
        """No thread of the recording uses its sessions any more."""
        with _opening:
            for key, session in self._lent:
                _spare.setdefault(key, []).append(session)
        self._lent.clear()


_spare: dict[tuple[Any, ...], list[Session]] = {}


def _model_path(model: str | os.PathLike[str]) -> Path:
    from bitflow import assets

    if isinstance(model, str) and model in assets.catalogue():
        return assets.fetch(model)
    path = Path(model)
    if path.is_file():
        return path
    if isinstance(model, str) and not path.suffix:
        assets.asset(model)  # offers the nearest name
    raise UsageError(f"there is no model file {path}")
