"""PyTorch networks as ONNX graphs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from bitflow.errors import UsageError
from bitflow.extras import to_install

if TYPE_CHECKING:
    import torch

OPSET = 17


def import_torch() -> Any:
    """PyTorch, or a sentence on how to get it.

    Raises
    ------
    UsageError
        It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise UsageError(f"PyTorch is not installed: {to_install('train')}") from error
    return torch


def onnx_bytes(
    network: torch.nn.Module,
    examples: tuple[torch.Tensor, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    free: Mapping[str, Mapping[int, str]],
) -> bytes:
    """An ONNX graph of a network in its evaluation mode.

    Parameters
    ----------
    examples
        One tensor an input.
    free
        Axes of any length, by input or output and position, with a name each.

    Raises
    ------
    UsageError
        The package onnx is not installed.
    """
    torch = import_torch()
    buffer = io.BytesIO()
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # The exporter that follows it needs two packages more and gives the same graph.
        for kind in (DeprecationWarning, UserWarning, torch.jit.TracerWarning):
            warnings.simplefilter("ignore", kind)
        try:
            torch.onnx.export(
                network.eval(),
                examples,
                buffer,
                dynamo=False,
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_axes={name: dict(axes) for name, axes in free.items()},
            )
        except (ImportError, torch.onnx.errors.OnnxExporterError) as error:
            if "onnx" in str(error).lower() and "install" in str(error).lower():
                raise UsageError(f"ONNX files are written through onnx: {to_install('train')}") from error
            raise
    return buffer.getvalue()
