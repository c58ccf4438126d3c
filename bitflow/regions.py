"""Regions of interest of a recording: polygons, lines and points in px, kept beside its tables.

``<recording>/regions.json`` holds them. They are drawn by people, so they are no table of the extraction, and a new
extraction leaves them alone.

::

    {
        "image_size": [850, 850],
        "regions": [{"name": "corner", "kind": "polygon", "points": [[0, 0], [200, 0], [200, 200]]}],
    }
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bitflow.drafts import replace_file
from bitflow.errors import UsageError
from bitflow.tables import canonical_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bitflow.store import Recording

FILE = "regions.json"

Kind = Literal["polygon", "line", "point"]

_LEAST: dict[str, int] = {"polygon": 3, "line": 2, "point": 1}

#: Rows times edges that are compared at once.
_CHUNK = 2_000_000


@dataclass(frozen=True)
class Region:
    """A polygon, a line or a point in the picture.

    Examples
    --------
    >>> import numpy as np
    >>> square = Region("corner", "polygon", ((0, 0), (10, 0), (10, 10), (0, 10)))
    >>> square.contains(np.array([[5.0, 5.0], [10.0, 5.0], [12.0, 5.0]])).tolist()
    [True, True, False]
    >>> square.distance(np.array([[5.0, 5.0], [12.0, 5.0]])).tolist()
    [-5.0, 2.0]
    """

    name: str
    kind: Kind
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UsageError("a region needs a name")
        if self.kind not in _LEAST:
            raise UsageError(f"region {self.name!r}: a region is a polygon, a line or a point, not {self.kind!r}")
        if len(self.points) < _LEAST[self.kind] or (self.kind == "point" and len(self.points) > 1):
            raise UsageError(
                f"region {self.name!r}: a {self.kind} has {'at least ' if self.kind != 'point' else ''}"
                f"{_LEAST[self.kind]} point(s), this one {len(self.points)}"
            )
        if not all(math.isfinite(value) for point in self.points for value in point):
            raise UsageError(f"region {self.name!r}: its points must be finite numbers of px")
        if self.kind == "polygon" and self.area == 0:
            raise UsageError(f"region {self.name!r}: its points lie on one line and enclose nothing")

    @property
    def area(self) -> float:
        """Enclosed by a polygon, px²; 0 for lines and points."""
        if self.kind != "polygon":
            return 0.0
        rolled = (*self.points[1:], self.points[0])
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(self.points, rolled, strict=True))) / 2

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, px."""
        xs, ys = zip(*self.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def contains(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether places ``(…, 2)`` px lie inside the polygon or on its border; false where a place is NaN."""
        import numpy as np

        flat = np.asarray(places, float).reshape(-1, 2)
        inside = np.zeros(len(flat), bool)
        if self.kind == "polygon":
            start, end = self._edges()
            for rows in _chunks(len(flat), len(start)):
                x, y = flat[rows, :1], flat[rows, 1:]
                rising = (start[:, 1] > y) != (end[:, 1] > y)
                with np.errstate(divide="ignore", invalid="ignore"):
                    crossing = start[:, 0] + (y - start[:, 1]) * (end[:, 0] - start[:, 0]) / (end[:, 1] - start[:, 1])
                inside[rows] = (np.sum(rising & (x < crossing), axis=1) % 2) == 1
        near = self._unsigned(flat) <= 1e-9
        return (inside | near).reshape(places.shape[:-1])

    def distance(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance of places ``(…, 2)`` px to the nearest point of the border or line; negative inside a polygon."""
        import numpy as np

        flat = np.asarray(places, float).reshape(-1, 2)
        away = self._unsigned(flat)
        return np.where(self.contains(flat), -away, away).reshape(places.shape[:-1])

    def nearest(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The point of the border or line that is nearest to each place ``(…, 2)`` px; NaN where a place is."""
        import numpy as np

        flat = np.asarray(places, float).reshape(-1, 2)
        start, end = self._edges()
        found = np.full_like(flat, np.nan)
        for rows in _chunks(len(flat), len(start)):
            feet = _feet(flat[rows], start, end)
            away = np.linalg.norm(feet - flat[rows, None], axis=2)
            known = np.isfinite(away).all(axis=1)
            best = np.argmin(np.where(np.isfinite(away), away, np.inf), axis=1)
            found[rows] = np.where(known[:, None], feet[np.arange(len(feet)), best], np.nan)
        return found.reshape(places.shape)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {"name": self.name, "kind": self.kind, "points": [list(point) for point in self.points]}

    def _unsigned(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        return np.linalg.norm(self.nearest(flat) - flat, axis=-1)

    def _edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        import numpy as np

        points = np.array(self.points, float)
        if self.kind == "polygon":
            return points, np.roll(points, -1, axis=0)
        return (points[:-1], points[1:]) if self.kind == "line" else (points, points)


@dataclass(frozen=True)
class Regions:
    """All regions of a recording; names differ."""

    regions: tuple[Region, ...] = ()
    image_size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        names = [region.name for region in self.regions]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UsageError(f"two regions are called {twice!r}: names must differ")

    def __len__(self) -> int:
        return len(self.regions)

    def __iter__(self):
        return iter(self.regions)

    def __contains__(self, name: object) -> bool:
        return any(region.name == name for region in self.regions)

    def __getitem__(self, name: str) -> Region:
        """The region of that name; UsageError with the nearest when there is none."""
        for region in self.regions:
            if region.name == name:
                return region
        from difflib import get_close_matches

        near = get_close_matches(name, self.names, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        there = f"there are {', '.join(self.names)}" if self.names else "none is drawn; `bitflow regions` takes them in"
        raise UsageError(f"there is no region {name!r}; {hint}{there}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(region.name for region in self.regions)

    def refuse_outside(self, width: float, height: float) -> None:
        """Raise UsageError for a region that has nothing in common with a picture of that size in px."""
        for region in self.regions:
            left, top, right, bottom = region.bounds
            if right < 0 or bottom < 0 or left > width or top > height:
                raise UsageError(
                    f"region {region.name!r} lies outside the picture of {width:g} × {height:g} px (x {left:g} to "
                    f"{right:g}, y {top:g} to {bottom:g}): draw it in px of the video, x to the right and y down"
                )

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form, which `from_dict` reads back."""
        size = {} if self.image_size is None else {"image_size": list(self.image_size)}
        return {**size, "regions": [region.as_dict() for region in self.regions]}

    @classmethod
    def from_dict(cls, described: Any) -> Regions:
        """Build from bitflow's own form, from GeoJSON, or from points by name: ``{"arena": [[20, 20], …]}``.

        Raises
        ------
        UsageError
            It is neither, or holds a shape that is no region; the message says which.
        """
        if not isinstance(described, Mapping):
            raise UsageError("regions are a JSON object with the key `regions`, or GeoJSON")
        if described.get("type") in ("FeatureCollection", "Feature"):
            features = described.get("features", [described] if described["type"] == "Feature" else None)
            return cls(tuple(_from_feature(n, each) for n, each in enumerate(_list(features, "features"))))
        if "regions" not in described and not (
            described and all(isinstance(each, list) for each in described.values())
        ):
            raise UsageError(f"no regions: {_FORMS} is needed")
        described = described if "regions" in described else {"regions": dict(described)}
        size = described.get("image_size")
        if size is not None and not (
            isinstance(size, list) and len(size) == 2 and all(isinstance(n, int) and n > 0 for n in size)
        ):
            raise UsageError(f"image_size is [width, height] in px, not {size!r}")
        entries = described["regions"]
        if isinstance(entries, Mapping):
            entries = [{"name": name, "points": points} for name, points in entries.items()]
        regions = tuple(_from_entry(number, each) for number, each in enumerate(_list(entries, "regions")))
        return cls(regions, None if size is None else (size[0], size[1]))


def read_regions_file(path: Path) -> Regions:
    """Regions from a file of bitflow's JSON or of GeoJSON.

    Raises
    ------
    UsageError
        The file is not there, is no JSON, or holds something that is no region.
    """
    try:
        described = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a readable JSON file: {error}") from error
    try:
        return Regions.from_dict(described)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def read_regions(recording: Recording) -> Regions:
    """The regions of a recording; none when nobody has drawn any."""
    path = recording.path / FILE
    return read_regions_file(path) if path.is_file() else Regions()


def write_regions(recording: Recording, regions: Regions) -> Path:
    """Keep regions beside the recording's tables, in place of those it had."""
    path = recording.path / FILE
    replace_file(path, canonical_json(regions.as_dict()).encode())
    return path


def keep_regions(recording: Recording, regions: Regions) -> list[str]:
    """Write regions after holding them against the recording's picture; returns what its user should know.

    Raises
    ------
    UsageError
        They were drawn on a picture of another size, or one has nothing in common with the picture.
    """
    notes: list[str] = []
    size = picture_size(recording)
    if size is None:
        size = regions.image_size
        if size is None:
            notes.append("the size of its picture is not known, so regions were not held against it")
    elif regions.image_size is not None and regions.image_size != size:
        drawn, shown = (f"{width} × {height} px" for width, height in (regions.image_size, size))
        raise UsageError(
            f"recording {recording.id!r}: the regions were drawn on a picture of {drawn}, and its own has {shown}: "
            "draw them on a frame of it, or name the recordings that they belong to with --recordings"
        )
    if size is not None:
        try:
            regions.refuse_outside(*size)
        except UsageError as error:
            raise UsageError(f"recording {recording.id!r}: {error}") from error
        for region in regions:
            left, top, right, bottom = region.bounds
            if left < -0.5 or top < -0.5 or right > size[0] + 0.5 or bottom > size[1] + 0.5:
                notes.append(f"region {region.name!r} reaches out of the picture of {size[0]} × {size[1]} px")
    write_regions(recording, Regions(regions.regions, size))
    return notes


def picture_size(recording: Recording) -> tuple[int, int] | None:
    """Width and height of a recording's picture, px: as its video has it, or as its poses say."""
    video = (recording.info.get("media") or {}).get("video") or {}
    if "width" in video and "height" in video:
        return int(video["width"]), int(video["height"])
    from bitflow.poses.table import TABLE, read_facts

    return read_facts(recording).image_size if TABLE in recording else None


def _chunks(rows: int, edges: int) -> Iterable[slice]:
    step = max(1, _CHUNK // max(1, edges))
    return (slice(first, first + step) for first in range(0, rows, step))


def _feet(places: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearest point ``(n, edges, 2)`` of every edge to every place."""
    import numpy as np

    along = end - start
    length = np.maximum(np.square(along).sum(axis=1), 1e-300)
    share = np.clip(((places[:, None] - start) * along).sum(axis=2) / length, 0.0, 1.0)
    return start + share[..., None] * along


#: How regions are written, for those who wrote them otherwise.
_FORMS = '{"regions": [{"name": "arena", "kind": "polygon", "points": [[x, y], …]}]}, or GeoJSON\'s FeatureCollection'


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"{name} must be a list: {_FORMS}")
    return value


def _from_entry(number: int, entry: Any) -> Region:
    if not isinstance(entry, Mapping):
        raise UsageError(f"region {number} must be an object with name, kind and points")
    name, kind = entry.get("name"), entry.get("kind", "polygon")
    if not isinstance(name, str) or not isinstance(kind, str):
        raise UsageError(f"region {number} needs a name and a kind, both text")
    return Region(name, kind, _points(name, entry.get("points")))  # type: ignore[arg-type]


def _from_feature(number: int, feature: Any) -> Region:
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(geometry, Mapping):
        raise UsageError(f"feature {number} has no geometry")
    properties = feature.get("properties")
    given = properties.get("name") if isinstance(properties, Mapping) else None
    name = str(given if given is not None else feature.get("id", f"region{number}"))
    shape, places = geometry.get("type"), geometry.get("coordinates")
    if shape == "Polygon":
        rings = _list(places, f"region {name!r}: coordinates")
        if len(rings) != 1:
            raise UsageError(
                f"region {name!r}: a polygon with holes is not taken; draw the hole as a region of its own and ask "
                "for what is in the one and not in the other"
            )
        points = _points(name, rings[0])
        return Region(name, "polygon", points[:-1] if len(points) > 1 and points[0] == points[-1] else points)
    if shape == "LineString":
        return Region(name, "line", _points(name, places))
    if shape == "Point":
        return Region(name, "point", _points(name, [places]))
    raise UsageError(f"region {name!r}: Polygon, LineString and Point are taken, not {shape!r}")


def _points(name: str, places: Any) -> tuple[tuple[float, float], ...]:
    found: list[tuple[float, float]] = []
    for place in _list(places, f"region {name!r}: points"):
        if not (
            isinstance(place, list)
            and len(place) >= 2
            and all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e9 for v in place[:2])
        ):
            raise UsageError(f"region {name!r}: a point is [x, y] in px, not {str(place)[:60]}")
        found.append((float(place[0]), float(place[1])))
    return tuple(found)
