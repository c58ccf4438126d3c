"""Networks that users bring: an ONNX file, and a small TOML file beside it that says what it takes.

::

    face.onnx
    face.toml
        size = [112, 112]                  # width, height of the picture, px
        mean = [0.485, 0.456, 0.406]       # of each channel, black being 0 and white 1
        deviation = [0.229, 0.224, 0.225]
        layout = "nchw"                    # or "nhwc"
        channels = "rgb"                   # or "bgr"
        output = 0                         # which output is the vector, by number or name
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.errors import AssetError

if TYPE_CHECKING:
    import numpy as np

_LARGEST_SIDE = 4096


@dataclass(frozen=True)
class Backbone:
    """What a network takes and gives.

    Parameters
    ----------
    size
        Width and height of its picture, px.
    mean, deviation
        x = (pixel / 255 − mean) / deviation, a channel each, or one for all.
    layout
        ``nchw`` or ``nhwc``.
    channels
        ``rgb`` or ``bgr``.
    output
        Which of its outputs is the vector, by number or by name.
    """

    size: tuple[int, int]
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    layout: str = "nchw"
    channels: str = "rgb"
    output: int | str = 0

    def __post_init__(self) -> None:
        if len(self.size) != 2 or not all(isinstance(n, int) and 1 <= n <= _LARGEST_SIDE for n in self.size):
            raise AssetError(f"size is [width, height] in px, not {list(self.size)}")
        for name in ("mean", "deviation"):
            values = getattr(self, name)
            if len(values) not in (1, 3) or not all(isinstance(v, int | float) for v in values):
                raise AssetError(f"{name} is one number or three, not {list(values)}")
        if not all(value > 0 for value in self.deviation):
            raise AssetError(f"deviation is above 0, not {list(self.deviation)}")
        if self.layout not in ("nchw", "nhwc"):
            raise AssetError(f"layout is nchw or nhwc, not {self.layout!r}")
        if self.channels not in ("rgb", "bgr"):
            raise AssetError(f"channels is rgb or bgr, not {self.channels!r}")
        if isinstance(self.output, bool) or not isinstance(self.output, int | str):
            raise AssetError(f"output is a number or a name, not {self.output!r}")

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Of one picture as the network takes it."""
        width, height = self.size
        return (3, height, width) if self.layout == "nchw" else (height, width, 3)

    def prepared(self, crops: np.ndarray) -> np.ndarray:
        """Pictures ``(n, height, width, 3)`` uint8 RGB as the network takes them, float32."""
        import numpy as np

        pixels = crops[..., ::-1] if self.channels == "bgr" else crops
        scale = np.float32(1 / 255) / np.asarray(self.deviation, np.float32)
        offset = np.asarray(self.mean, np.float32) / np.asarray(self.deviation, np.float32)
        values = pixels * scale - offset
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2) if self.layout == "nchw" else values)

    def as_dict(self) -> dict[str, Any]:
        """As the TOML file holds it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Backbone:
        """The inverse of `as_dict`.

        Raises
        ------
        AssetError
            A key is missing, unknown, or has a value that makes no sense.
        """
        known = {field.name: field for field in fields(cls)}
        unknown = sorted(set(described) - set(known))
        if unknown:
            raise AssetError(f"unknown key {unknown[0]!r}; known are {', '.join(known)}")
        missing = [name for name, field in known.items() if field.default is MISSING and name not in described]
        if missing:
            raise AssetError(f"the key {missing[0]!r} is needed")
        for name in ("size", "mean", "deviation"):
            if name in described and not isinstance(described[name], list):
                raise AssetError(f"{name} is a list, as in {name} = [1, 2, 3], not {described[name]!r}")
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in described.items()}
        return cls(**values)

    @classmethod
    def read(cls, model: Path) -> Backbone:
        """The TOML file beside an ONNX file.

        Raises
        ------
        AssetError
            There is no such file, or it cannot be read; the message says what belongs there.
        """
        path = description_of(model)
        try:
            return cls.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise AssetError(
                f"{path}: is missing; it says what the network takes, as in size = [224, 224], "
                f"mean = [0.485, 0.456, 0.406], deviation = [0.229, 0.224, 0.225], layout = 'nchw'"
            ) from None
        except (OSError, ValueError, AssetError) as error:
            raise AssetError(f"{path}: {error}") from error

    def write(self, model: Path) -> Path:
        """Write the TOML file beside an ONNX file."""
        import tomli_w

        from bitflow.drafts import replace_file

        path = description_of(model)
        replace_file(path, tomli_w.dumps(self.as_dict()).encode())
        return path


def description_of(model: Path) -> Path:
    """Where the TOML file of an ONNX file lies."""
    return model.with_suffix(".toml")
