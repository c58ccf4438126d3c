"""The animals of a recording as a program sees them: signals from their poses, lengths in px, cm and body lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError
from bitflow.events.language.animal_signals import ANIMAL_SIGNALS, Array
from bitflow.events.language.fields import Axes, Occurrences, Quantities, Truth
from bitflow.events.language.labels import label_names, labelled
from bitflow.events.language.refusals import (
    MissingCalibration,
    MissingFps,
    NeedsKeypoint,
    NeedsRegion,
    NotMeasured,
    UnknownName,
)
from bitflow.events.language.tree import Call
from bitflow.events.language.units import UNITS, Quantity
from bitflow.events.language.vocabulary import GROUPS, operator
from bitflow.poses import PoseSeries, kinematics
from bitflow.poses.anatomy import ROLES, Anatomy
from bitflow.poses.stored import StoredPoses, on_uniform_clock
from bitflow.regions import Regions

if TYPE_CHECKING:
    from bitflow.store import Recording


#: What only tables of people tell.
_OF_PEOPLE = {"column": "columns", "words": "words", "missing": "faces", "measure": "measures"}
_OF_PEOPLE |= {"prompt": "prompts", "predicted": "moments of a recogniser", "discord": "streams that disagree"}

#: Roles that a signal stands on beside the parts it is asked for.
_NEEDS: dict[str, tuple[str, ...]] = {
    "ang_speed": ("neck", "tail_base"),
    "orient": ("neck", "tail_base"),
    "head_orient": ("nose", "neck"),
    "elongation": ("nose", "tail_base"),
    "heading": ("nose", "tail_base"),
    "rel_orient": ("neck", "tail_base"),
    "head_angle": ("nose", "neck"),
    "in_view": ("nose", "neck"),
    "body_angle": ("neck", "tail_base"),
    "region_angle": ("neck", "tail_base"),
}

#: Frames that are looked at together at most, ten minutes at 30 a second, and how many times all pairs of animals.
BLOCK_FRAMES, PAIR_NUMBERS = 18_000, 2_000_000

#: Poses of so many numbers are read as a whole, of more a block at a time: 64 MB.
MOST_READ = 8_000_000

_PER = {"speed": "/s", "acceleration": "/s2"}


@dataclass(frozen=True, eq=False)
class AnimalSubjects:
    """The animals of one recording.

    Parameters
    ----------
    poses
        In memory, or in their store.
    regions
        Regions of interest.
    source
        The recording, for tables of intervals beside its poses; None for poses in memory.
    block
        Frames that are looked at together; by default as many as fit into memory for so many animals.
    whole
        The recording of which these are a block: what an animal's usual length and area are, it says.
    """

    poses: PoseSeries | StoredPoses
    regions_of: Regions = field(default_factory=Regions)
    source: Recording | None = None
    kind: str = "animal"
    block: int | None = None
    whole: AnimalSubjects | None = None

    def __post_init__(self) -> None:
        try:
            rate = self.poses.rate
        except UsageError as error:
            raise MissingFps(f"the poses have no frame rate: {error}", ["import them again with --fps"]) from error
        if isinstance(self.poses, PoseSeries) and not self.poses.uniform:
            object.__setattr__(self, "poses", self.poses.on_clock(rate))

    @classmethod
    def of(cls, recording: Recording) -> AnimalSubjects:
        """All animals of a recording of a store."""
        from bitflow.poses import read_poses
        from bitflow.regions import read_regions

        stored = StoredPoses.of(recording)
        one = len(stored.animals) * len(stored.keypoints) * stored.facts.dimensions
        long = len(stored.time) > 1 and max(len(stored.time), len(stored)) * one > MOST_READ
        return cls(stored if long else read_poses(recording), read_regions(recording), recording)

    # a long recording, block by block

    @property
    def at_once(self) -> bool:
        """Whether all of it is in memory and looked at together."""
        return isinstance(self.poses, PoseSeries) and len(self.poses) <= self.block_frames

    @property
    def block_frames(self) -> int:
        """Frames of a block."""
        return self.block or max(300, min(BLOCK_FRAMES, PAIR_NUMBERS // len(self.actors) ** 2))

    def in_blocks(self, reach: int) -> Iterator[tuple[AnimalSubjects, slice]]:
        """Every block with `reach` frames more on either side, and which of them are its own."""
        size = self.block_frames
        for number, poses in enumerate(self._spans(reach)):
            before = min(reach, number * size)
            yield replace(self, poses=poses, block=len(poses), whole=self), slice(before, before + size)

    def _spans(self, reach: int = 0) -> Iterator[PoseSeries]:
        size = self.block_frames
        if isinstance(self.poses, StoredPoses):
            yield from self.poses.spans(size, reach)
            return
        for first in range(0, len(self.poses), size):
            start = max(0, first - reach)
            part = self.poses.rows(slice(start, first + size + reach))
            yield on_uniform_clock(part, self.start, self.rate, start)

    @property
    def dense(self) -> PoseSeries:
        """The poses of a block, in memory."""
        assert isinstance(self.poses, PoseSeries), "a long recording is looked at in blocks"
        return self.poses

    def _over_blocks(self, compute: Callable[[PoseSeries], Array]) -> Array:
        """What every frame gives for itself, of the whole recording."""
        return compute(self.dense) if self.at_once else np.concatenate([compute(poses) for poses in self._spans()])

    @property
    def recording(self) -> str:
        """Id of the recording."""
        return "" if self.source is None else self.source.id

    @property
    def actors(self) -> tuple[str, ...]:
        """Names of the animals."""
        return self.poses.animals

    @property
    def aliases(self) -> Mapping[str, str]:
        """Animals have no other names."""
        return {}

    @property
    def tracks(self) -> tuple[int, ...]:
        """Their numbers in the store."""
        return self.poses.tracks

    @property
    def parts(self) -> tuple[str, ...]:
        """Keypoints."""
        return self.poses.keypoints

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        return self.regions_of.names

    @property
    def start(self) -> float:
        """Time of the first frame, s."""
        return float(self.poses.time[0]) if len(self.poses.time) else 0.0

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self._rate

    @cached_property
    def _rate(self) -> float:
        return self.poses.rate

    @property
    def samples(self) -> int:
        """Frames."""
        return len(self.poses)

    @property
    def behaviours(self) -> Mapping[str, Axes]:
        """None: what animals do is defined in the language."""
        return {}

    @property
    def cost(self) -> float:
        """Numbers that a signal of pairs is made of."""
        return float(len(self.poses)) * len(self.actors) ** 2

    @cached_property
    def body_lengths(self) -> Array:
        """Each animal's scale ``(A,)`` px."""
        if self.whole is not None:
            return self.whole.body_lengths
        return kinematics.usual_of(self._over_blocks(kinematics.length))

    @cached_property
    def usual_areas(self) -> Array:
        """Each animal's median area ``(A,)`` px²."""
        if self.whole is not None:
            return self.whole.usual_areas
        return kinematics.usual_of(self._over_blocks(kinematics.area))

    # what may be asked

    def admit(self, call: Call) -> tuple[Axes, str]:
        """Axes and dimension of a signal, or a refusal of a name or need."""
        declared = operator(call.name)
        if call.name in _OF_PEOPLE:
            what = _OF_PEOPLE[call.name]
            if call.name == "column":
                what = f"{call['name']}: {what}"
            raise NotMeasured(f"{what} are of people; this recording has poses of animals", ["speed", "elongation"])
        for parameter in declared.parameters:
            value = call[parameter.name]
            if parameter.kind in ("part", "parts"):
                for part in (value,) if isinstance(value, str) else value:
                    self._admit_part(part, several=parameter.kind == "parts")
            if parameter.kind == "region":
                self._admit_region(value)
        for role in _NEEDS.get(call.name, ()):
            self._admit_part(role)
        if call.name == "height" and self.poses.facts.dimensions != 3:
            raise NotMeasured("height needs poses in space; these are in the picture", ["elongation"])
        if call.name == "segment":
            self._admit_label(call["label"], call["table"])
        if call.name == "in_view" and call["range"] is not None:
            self.admit_unit(call["range"])
        return Axes(True, declared.axes == "pair"), declared.dimension or ""

    def admit_unit(self, quantity: Quantity) -> None:
        """Refuse cm without a scale, px of poses that are not in px, body lengths without nose and tail base."""
        base = UNITS[quantity.unit].base
        facts = self.poses.facts
        if base == "cm" and not facts.scale.known and facts.unit not in ("cm", "mm"):
            raise MissingCalibration(
                f"{quantity}: how many cm a pixel is, is not known: {facts.scale.reason}",
                [
                    "give it when importing: --cm-per-px C",
                    *(f"{quantity.value:g}{unit}{self._suffix(quantity)} would do" for unit in ("bl", "px")),
                ],
            )
        if base == "bl":
            for role in ("nose", "tail_base"):
                self._admit_part(role)

    def _suffix(self, quantity: Quantity) -> str:
        return _PER.get(quantity.dimension, "")

    def _admit_part(self, part: str, *, several: bool = False) -> None:
        if part == "centre" or part in self.parts or (several and part in GROUPS):
            return
        if part in ROLES:
            anatomy = Anatomy.of(self.parts)
            ears = part == "neck" and anatomy.left_ear is not None and anatomy.right_ear is not None
            if getattr(anatomy, part) is None and not ears:
                raise NeedsKeypoint(
                    f"no keypoint is the {part.replace('_', ' ')}: the tracker did not follow it",
                    [f"keypoints are: {', '.join(self.parts)}"],
                )
            return
        raise UnknownName.of("keypoint", part, (*self.parts, *ROLES, *GROUPS))

    def _admit_region(self, name: str) -> None:
        if not self.regions:
            raise NeedsRegion(
                f"{name!r} would be a region, and none is drawn in this recording",
                ["`bitflow regions STORE FILE` takes polygons in px"],
            )
        if name not in self.regions:
            raise UnknownName.of("region", name, self.regions)

    def _admit_label(self, label: str, table: str) -> None:
        if self.source is None or table not in self.source:
            raise NotMeasured(
                f"there is no table {table!r} with labels such as {label!r}",
                ["`bitflow segment STORE` makes segments", "`bitflow predict MODEL STORE` makes predictions"],
            )
        known = label_names(self.source, table)
        if label not in known:
            raise UnknownName.of(f"label in {table}", label, known)

    # numbers

    def threshold(self, quantity: Quantity, axes: Axes) -> NDArray | float:
        """In px, px/s, deg …; body lengths are each animal's own, of pairs the mean of the two."""
        unit = UNITS[quantity.unit]
        if unit.base == "bl":
            own = self.body_lengths * quantity.base
            if axes.actor and axes.target:
                return ((own[:, None] + own[None, :]) / 2)[..., None]
            return own[None, :, None] if axes.target else own[:, None, None]
        if unit.base == "cm":
            return quantity.base / self._cm
        if unit.base == "f":
            return quantity.value / self.rate
        return quantity.base

    @property
    def _cm(self) -> float:
        """Centimetres in one unit of the coordinates."""
        facts = self.poses.facts
        if facts.unit in ("cm", "mm"):
            return 1.0 if facts.unit == "cm" else 0.1
        assert facts.scale.cm_per_px is not None
        return facts.scale.cm_per_px

    def signal(self, call: Call) -> Quantities | Truth:
        """Compute one signal; ``(A, 1, T)`` or ``(A, A, T)``."""
        if call.name == "segment":
            assert self.source is not None
            return labelled(self.source, call["table"], call["label"], self)
        with np.errstate(invalid="ignore", divide="ignore"):
            values = ANIMAL_SIGNALS[call.name](self, call)
        declared = operator(call.name)
        axes = Axes(True, declared.axes == "pair")
        laid = np.ascontiguousarray(np.moveaxis(values, 0, -1))
        laid = laid if axes.target else laid[:, None]
        if declared.gives == "statement":
            known = np.isfinite(laid)
            return Truth(known & (laid > 0.5), known, axes)
        return Quantities(laid, axes, declared.dimension or "")

    def occurrences(self, call: Call) -> Occurrences:
        """No table of animals gives events."""
        raise NotMeasured(f"{call.name} is of people; this recording has poses of animals")

    def measured(self, measure: str, start: float, end: float) -> list[dict[str, Any]]:
        """Measures are of people."""
        raise NotMeasured(f"{measure} is of people; this recording has poses of animals")

    def captions(self, start: float, end: float) -> list[dict[str, Any]]:
        """Not told here: summaries are of people."""
        return []

    def said(self, actor: str | None, start: float, end: float) -> str | None:
        """Animals say nothing."""
        return None

    def frames_in(self, start: float, end: float) -> str | None:
        """Not told of animals, whose events are of frames anyway."""
        return None

    def behaviour(self, name: str) -> Occurrences:
        """There is none without a definition."""
        raise UnknownName.of("behaviour", name, ())

    def point(self, part: str) -> Array:
        """A keypoint or role ``(T, A, D)``, each computed once."""
        if part not in self._points:
            self._points[part] = self._over_blocks(lambda poses: kinematics.point(poses, part))
        return self._points[part]

    @cached_property
    def _points(self) -> dict[str, Array]:
        return {}

    def numbers(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Names of single parts that a list with groups stands for."""
        found: list[str] = []
        for part in parts:
            if part == "all":
                found += self.parts
            elif part == "trunk":
                found += [self.parts[i] for i in Anatomy.of(self.parts).trunk]
            else:
                found.append(part)
        return tuple(dict.fromkeys(found))
