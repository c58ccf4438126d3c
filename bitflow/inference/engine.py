"""What runs the models of a run, and how: asked for by the user, settled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bitflow.errors import UsageError


@dataclass(frozen=True)
class Engine:
    """Device and runtime of all models of a run. ``auto`` is settled by `settle`.

    Parameters
    ----------
    device
        ``cpu``, ``cuda``, ``cuda:1`` for the second card, or ``auto``: the GPU where there is one that works.
    backend
        ``litert`` runs TFLite graphs as they are, one item at a time, which is fastest on a CPU. ``onnx`` converts
        them and runs whole batches through ONNX Runtime: the way of a GPU, on a CPU only to compare. ``auto`` takes
        the one that is made for the device. ``openvino`` computes in bfloat16 on a CPU that can, in about half the
        time, and moves landmarks by up to 0.6 % of the distance between the eyes.
    tensorrt
        Whether ONNX Runtime hands what it can to TensorRT: ``auto`` where that works. It builds an engine for
        every graph at first use, which takes minutes and is kept.
    tf32
        Let a GPU round the factors of its products to 10 bits: faster, and moves landmarks by up to 0.4 % of the
        distance between the eyes.
    decoder
        ``cuda`` decodes video on the GPU, ``cpu`` in software, ``auto`` on the GPU where models run there too and its
        decoder works.
    """

    device: str = "auto"
    backend: Literal["auto", "litert", "onnx", "openvino"] = "auto"
    tensorrt: Literal["auto", "on", "off"] = "auto"
    tf32: bool = False
    decoder: Literal["auto", "cpu", "cuda"] = "auto"

    def settle(self) -> Engine:
        """The same without ``auto``.

        Raises
        ------
        UsageError
            There is no such device, or choices that exclude each other.
        DeviceError
            What was asked for by name is not there; the message says why.
        """
        from bitflow.inference import devices
        from bitflow.media.hardware import settle_decoder

        device = devices.settle_device(self.device)
        on_gpu = device != "cpu"
        backend = self.backend if self.backend != "auto" else "onnx" if on_gpu else "litert"
        if on_gpu and backend != "onnx":
            raise UsageError(
                f"inference.backend {backend} runs on the CPU only: leave it out, or use --device cpu, not {device}"
            )
        if backend == "openvino":
            from bitflow.inference.openvino import require_bfloat16

            require_bfloat16()
        if not on_gpu and (self.tf32 or self.tensorrt == "on"):
            named = "tf32" if self.tf32 else "tensorrt"
            raise UsageError(
                f"inference.{named} is for GPUs, and models run on the CPU: add --device cuda, or leave it out"
            )
        tensorrt = "on" if on_gpu and devices.settle_tensorrt(self.tensorrt, device) else "off"
        return replace(
            self,
            device=device,
            backend=backend,
            tensorrt=tensorrt,
            decoder=settle_decoder(self.decoder, on_gpu=on_gpu),
        )

    @property
    def in_batches(self) -> bool:
        """Whether many crops at once are the fast way."""
        return self.backend == "onnx"

    @property
    def trade(self) -> str | None:
        """What a reader of the tables must know about how they were computed; None when nothing."""
        if self.backend != "openvino":
            return None
        return (
            "models ran in bfloat16 (--fast): landmarks of faces lie up to 0.6 % of the eyes' distance from the usual"
        )

    @property
    def provenance(self) -> dict[str, Any]:
        """What of it decides about values, for fingerprints: which of several like cards does not."""
        kind = self.device.partition(":")[0]
        provider = "tensorrt" if self.tensorrt == "on" else kind
        if self.backend == "openvino":
            return {"backend": "openvino", "precision": "bf16"}
        if self.backend == "litert":
            return {"backend": "litert"}
        return {"backend": "onnx", "provider": provider, "tf32": self.tf32}


def engine_of(device: str, settings: Mapping[str, Any]) -> Engine:
    """The settled engine of a device and of the parameters ``inference.…``."""
    return Engine(device, **settings).settle()


#: What runs on every machine.
ON_CPU = Engine("cpu", "litert", "off", False, "cpu")
