"""What holds for every row of a table of poses: names, skeleton, scale, frame rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bitflow.errors import SchemaError, UsageError

#: Why there is no scale, unless somebody knows better.
NO_SCALE = "the file does not say, and nobody has given it"


@dataclass(frozen=True)
class Scale:
    """Centimetres a pixel, or the reason why they are not known.

    Examples
    --------
    >>> Scale(0.08).known, Scale().reason
    (True, 'the file does not say, and nobody has given it')
    """

    cm_per_px: float | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.cm_per_px is None:
            object.__setattr__(self, "reason", self.reason or NO_SCALE)
        elif not (math.isfinite(self.cm_per_px) and self.cm_per_px > 0):
            raise UsageError(f"a scale is a positive number of cm per px, not {self.cm_per_px}")

    @property
    def known(self) -> bool:
        """Whether lengths can be given in cm."""
        return self.cm_per_px is not None


@dataclass(frozen=True)
class PoseFacts:
    """Names, skeleton, scale and frame rate of poses.

    Parameters
    ----------
    keypoints
        Names in the order of the tensor's first axis.
    animals
        Names by track: track i is ``animals[i]``.
    dimensions
        2, or 3 for poses in space.
    skeleton
        Pairs of keypoint numbers that are joined by a line.
    fps
        Nominal frames a second; None where the frames' times follow no rate.
    scale
        cm per px.
    unit
        Of the coordinates: ``px``; for poses in space what the calibration used, empty where nobody says.
    image_size
        Width and height of the picture, px.
    source
        What the poses were read from or made with: ``format``, ``missing_code`` and whatever an export needs to give
        the file its own conventions back.
    """

    keypoints: tuple[str, ...]
    animals: tuple[str, ...]
    dimensions: int = 2
    skeleton: tuple[tuple[int, int], ...] = ()
    fps: float | None = None
    scale: Scale = Scale()
    unit: str = "px"
    image_size: tuple[int, int] | None = None
    source: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, names in (("keypoint", self.keypoints), ("animal", self.animals)):
            if not names:
                raise SchemaError(f"poses need at least one {what}")
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise SchemaError(f"two {what}s are called {twice!r}: names must differ")
        if self.dimensions not in (2, 3):
            raise SchemaError(f"points have 2 or 3 coordinates, not {self.dimensions}")
        if any(not 0 <= end < len(self.keypoints) for edge in self.skeleton for end in edge):
            raise SchemaError(f"the skeleton joins keypoints that are not among the {len(self.keypoints)}")
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0):
            raise UsageError(f"a frame rate is a positive number of frames a second, not {self.fps}")

    def keypoint(self, name: str) -> int:
        """Number of a keypoint; UsageError with the nearest name when there is none."""
        return _place("keypoint", name, self.keypoints)

    def animal(self, name: str) -> int:
        """Track of an animal; UsageError with the nearest name when there is none."""
        return _place("animal", name, self.animals)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form, which `from_dict` reads back."""
        return {
            "keypoints": list(self.keypoints),
            "animals": list(self.animals),
            "dimensions": self.dimensions,
            "skeleton": [list(edge) for edge in self.skeleton],
            "fps": self.fps,
            "scale": {"cm_per_px": self.scale.cm_per_px, "reason": self.scale.reason},
            "unit": self.unit,
            "image_size": None if self.image_size is None else list(self.image_size),
            "source": dict(self.source),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> PoseFacts:
        """Build from what `as_dict` gave, after a trip through JSON; later additions are left out."""
        known = {each.name for each in fields(cls)}
        values = {key: value for key, value in described.items() if key in known}
        try:
            values["keypoints"] = tuple(values["keypoints"])
            values["animals"] = tuple(values["animals"])
            values["skeleton"] = tuple((int(a), int(b)) for a, b in values.get("skeleton", ()))
            values["scale"] = Scale(**values.get("scale", {}))
            if values.get("image_size") is not None:
                width, height = values["image_size"]
                values["image_size"] = (int(width), int(height))
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise SchemaError(f"what the table says of its poses cannot be understood: {error}") from error


def read_keypoint_names(path: Path) -> tuple[str, ...]:
    """Names of keypoints from a text file, one a line.

    Raises
    ------
    UsageError
        It cannot be read, or holds no names, or one twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as text, one name of a keypoint a line: {error}") from error
    names = tuple(line.strip() for line in lines if line.strip())
    twice = [name for name in names if names.count(name) > 1]
    if not names or twice:
        what = f"names {twice[0]!r} twice" if twice else "names no keypoint"
        raise UsageError(f"{path}: {what}; one name a line is expected")
    return names


def _place(kind: str, name: str, names: Sequence[str]) -> int:
    if name in names:
        return names.index(name)
    from difflib import get_close_matches

    folded = {_folded(each): each for each in names}
    near = get_close_matches(_folded(name), list(folded), 1, 0.6)
    hint = f"did you mean {folded[near[0]]!r}? there are" if near else "there are"
    raise UsageError(f"there is no {kind} {name!r}; {hint} {', '.join(names)}")


def _folded(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
