"""Decoders on a GPU, through libav: which there are, and which of them works here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from bitflow.errors import DeviceError

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel


@dataclass(frozen=True)
class HardwareDecoder:
    """One kind of decoder that libav was built with; `detail` says why one that is not available is not."""

    name: str
    available: bool
    detail: str = ""


@cache
def hardware_decoders() -> tuple[HardwareDecoder, ...]:
    """Kinds of hardware decoders, each tried by opening its device for H.264."""
    try:
        from av.codec.hwaccel import hwdevices_available
    except ImportError:
        return (HardwareDecoder("cuda", False, "PyAV 14 or later is needed"),)
    return tuple(_tried(name) for name in hwdevices_available())


def settle_decoder(asked: Literal["auto", "cpu", "cuda"], *, on_gpu: bool) -> Literal["cpu", "cuda"]:
    """The decoder that a run uses: ``auto`` is the GPU's where the models run there too and it works.

    Raises
    ------
    DeviceError
        The GPU's was asked for and does not work.
    """
    if asked == "cpu" or (asked == "auto" and not on_gpu):
        return "cpu"
    cuda = next((each for each in hardware_decoders() if each.name == "cuda"), None)
    if cuda is not None and cuda.available:
        return "cuda"
    if asked == "auto":
        return "cpu"
    reason = cuda.detail if cuda is not None else "libav was built without it"
    raise DeviceError(f"inference.decoder cuda cannot be had: {reason}; auto decodes on the CPU instead")


def accelerator(decoder: str) -> HWAccel | None:
    """What libav needs to decode on a device; pictures come back into the computer's memory. None for ``cpu``.

    A file that the device cannot decode (a rare profile, 4:4:4, AV1 on an older card) is decoded in software.
    """
    if decoder == "cpu":
        return None
    from av.codec.hwaccel import HWAccel

    return HWAccel(decoder, allow_software_fallback=True)


def _tried(name: str) -> HardwareDecoder:
    import av.error
    from av.codec import CodecContext
    from av.codec.hwaccel import HWAccel

    create: Any = CodecContext.create
    try:
        context = create("h264", "r", HWAccel(name))
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return HardwareDecoder(name, False, f"its device cannot be opened ({reason})")
    if not context.is_hwaccel:
        return HardwareDecoder(name, False, "decodes no H.264 in this build of libav")
    return HardwareDecoder(name, True, "H.264, and what else the device knows")
