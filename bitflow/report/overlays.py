"""What is drawn on the picture: points and boxes of tables, thinned to what a page can carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.poses import read_facts
from bitflow.regions import Regions, read_regions
from bitflow.report.packing import MISSING, packed_integers, packed_times
from bitflow.tables import tensor

if TYPE_CHECKING:
    from bitflow.store import Recording
    from bitflow.tables import TableFile

#: A page carries at most this many coordinates of one table; longer recordings are drawn at a lower rate.
MOST_VALUES = 3_000_000

#: Up to this many coordinates all points of a mesh are drawn, beyond only its outlines.
WHOLE_MESH_VALUES = 1_500_000

#: Places are whole numbers of this share of the picture's longer side.
STEPS = 4096

#: A joint is drawn when it is more likely seen than not.
_SEEN = 0.5


@dataclass(frozen=True)
class Layer:
    """Points of one table as they are drawn on the picture.

    `edges` join points of these numbers by lines; with `visibility` the fourth value of a point says whether it is
    seen; `outline` are the points to which a long recording's mesh is reduced; `track` is the only one that is drawn.
    """

    name: str
    table: str
    colour: str
    radius: float
    edges: tuple[tuple[int, int], ...] = ()
    visibility: bool = False
    outline: tuple[int, ...] = ()
    track: int | None = None


def _chain(*points: int) -> tuple[tuple[int, int], ...]:
    return tuple(pairwise(points))


_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149),
    *(150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10),
)
_EYES = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263),
)
_BROWS = ((70, 63, 105, 66, 107), (336, 296, 334, 293, 300))
_LIPS = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78),
)
_NOSE = ((168, 6, 197, 195, 5, 4, 1), (98, 97, 2, 326, 327))
_IRISES = ((469, 470, 471, 472, 469), (474, 475, 476, 477, 474))
_CURVES = (_OVAL, *_EYES, *_BROWS, *_LIPS, *_NOSE, *_IRISES)
_FACE_EDGES = tuple(edge for curve in _CURVES for edge in pairwise(curve))
_FACE_68 = (
    *_chain(*range(17)),
    *_chain(*range(17, 22)),
    *_chain(*range(22, 27)),
    *_chain(*range(27, 31)),
    *_chain(*range(31, 36)),
    *_chain(*range(36, 42), 36),
    *_chain(*range(42, 48), 42),
    *_chain(*range(48, 60), 48),
    *_chain(*range(60, 68), 60),
)
_BODY = (*_chain(15, 13, 11, 12, 14, 16), *_chain(11, 23, 24, 12), *_chain(23, 25, 27, 31), *_chain(24, 26, 28, 32))
_HAND = (
    *_chain(0, 1, 2, 3, 4),
    *_chain(0, 5, 6, 7, 8),
    *_chain(5, 9, 10, 11, 12),
    *_chain(9, 13, 14, 15, 16),
    *_chain(13, 17, 18, 19, 20),
    (0, 17),
)
_BOX = _chain(0, 1, 2, 3, 0)

#: What is drawn, of that which the recording has; on pictures the palette's light colours are seen best.
LAYERS = (
    Layer(
        "face",
        "face_landmarks",
        "#56e0c0",
        0.8,
        _FACE_EDGES,
        outline=tuple(sorted({p for curve in _CURVES for p in curve})),
    ),
    Layer("face points", "face_landmarks_68", "#56e0c0", 1.2, _FACE_68),
    Layer("face box", "faces", "#56b4e9", 0.0, _BOX),
    Layer("body", "bodies", "#e69f00", 2.2, _BODY, visibility=True),
    Layer("hands", "hands", "#f0e442", 1.6, _HAND),
)


#: Animals in the order of their tracks; beyond so many all are drawn in the first colour.
_ANIMALS = ("#56e0c0", "#e69f00", "#f0e442", "#56b4e9", "#cc79a7", "#d55e00")
_REGIONS = "#ffffff"


def layers_of(recording: Recording) -> tuple[Layer, ...]:
    """What can be drawn of a recording: `LAYERS`, and a layer for each of its animals."""
    if not _has_rows(recording, "poses"):
        return LAYERS
    facts = read_facts(recording)
    if facts.dimensions != 2:
        return LAYERS
    if len(facts.animals) > len(_ANIMALS):
        return (*LAYERS, Layer("animals", "poses", _ANIMALS[0], 2.0, facts.skeleton))
    animals = zip(facts.animals, _ANIMALS, strict=False)
    return (
        *LAYERS,
        *(Layer(name, "poses", colour, 2.0, facts.skeleton, track=n) for n, (name, colour) in enumerate(animals)),
    )


def overlays(recording: Recording, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Every layer that the recording has, for player.js.

    Parameters
    ----------
    size
        Width and height of the picture, px.
    """
    found: list[dict[str, Any]] = []
    simulated = bool(recording.info.get("simulated"))
    for layer in layers_of(recording):
        if layer.table == "face_landmarks_68" and _has_rows(recording, "face_landmarks"):
            continue
        if _has_rows(recording, layer.table):
            # A simulated mesh has the right numbers where measures look, and no face between them.
            drawn = replace(layer, edges=()) if simulated and layer.outline else layer
            found.append(_packed(recording, drawn, max(size)))
    regions = read_regions(recording)
    return [*found, _drawn_regions(regions, max(size))] if len(regions) else found


def extent(recording: Recording) -> tuple[int, int]:
    """Width and height, px, of a picture that holds all points: for a recording without one."""
    width = height = 0.0
    for layer in layers_of(recording):
        if not _has_rows(recording, layer.table):
            continue
        points = _points(recording, layer, np.arange(recording.file(layer.table).rows) % 10 == 0, None)
        if np.isfinite(points).any():
            width, height = max(width, float(np.nanmax(points[..., 0]))), max(height, float(np.nanmax(points[..., 1])))
    return (round(width * 1.08), round(height * 1.08)) if width > 0 and height > 0 else (0, 0)


def _has_rows(recording: Recording, table: str) -> bool:
    if table not in recording or not recording.file(table).rows:
        return False
    schema = recording.schema(table)
    return ("box_x" if table == "faces" else "points") in schema


def _packed(recording: Recording, layer: Layer, side: int) -> dict[str, Any]:
    keys = recording.table(layer.table, ["frame", "track"])
    edges, chosen = layer.edges, None
    count = _count(recording, layer)
    if layer.outline and len(keys) * count * 2 > WHOLE_MESH_VALUES:
        chosen = np.array([point for point in layer.outline if point < count])
        place = {int(point): number for number, point in enumerate(chosen)}
        edges = tuple((place[a], place[b]) for a, b in layer.edges if a in place and b in place)
        count = len(chosen)
    frames = keys["frame"].to_numpy()
    mine = np.ones(len(keys), bool) if layer.track is None else keys["track"].to_numpy() == layer.track
    pictures = np.unique(frames)
    every = max(1, int(np.ceil(int(mine.sum()) * count * 2 / MOST_VALUES)))
    kept = mine & np.isin(frames, pictures[::every])
    del keys, frames, pictures
    points = _points(recording, layer, kept, chosen)
    step, whole = _steps(points, side)
    keys = recording.table(layer.table, ["time", "track", "person"])[kept]
    tracks: list[dict[str, Any]] = []
    for track, rows in keys.reset_index(drop=True).groupby("track", sort=True):
        order = rows.sort_values("time", kind="stable")
        times = order["time"].to_numpy()
        usual = float(np.median(np.diff(times))) if len(times) > 1 else 0.04
        tracks.append(
            {
                "track": int(track),  # pyright: ignore[reportArgumentType]
                "person": int(rows["person"].iloc[0]),
                "times": packed_times(times),
                "points": packed_integers(whole[order.index.to_numpy()].reshape(len(order), -1)),
                "hold": round(1.6 * max(usual, 1e-3), 4),
            }
        )
    return {
        "name": layer.name,
        "colour": layer.colour,
        "radius": layer.radius,
        "edges": [point for edge in edges if max(edge) < count for point in edge],
        "step": step,
        "every": every,
        "tracks": tracks,
    }


def _steps(points: np.ndarray, side: int) -> tuple[float, np.ndarray]:
    """Size of a step, px, and points as whole numbers of steps."""
    step = side / STEPS
    whole = np.where(np.isfinite(points), np.clip(np.rint(points / step), -32767, 32767), MISSING).astype(np.int16)
    return step, whole


def _drawn_regions(regions: Regions, side: int) -> dict[str, Any]:
    """Regions as a layer that is there throughout."""
    edges: list[int] = []
    first = 0
    for region in regions:
        last = first + len(region.points) - 1
        edges += [end for start in range(first, last) for end in (start, start + 1)]
        edges += [last, first] if region.kind == "polygon" else []
        first = last + 1
    step, whole = _steps(np.array([point for region in regions for point in region.points], float), side)
    track = {
        "track": -1,
        "person": -1,
        "times": packed_times(np.zeros(1)),
        "points": packed_integers(whole.reshape(1, -1)),
        "hold": 1e9,
    }
    name = f"regions ({', '.join(regions.names)})"
    drawn = {"name": name, "colour": _REGIONS, "radius": 1.2, "edges": edges, "step": step, "every": 1}
    return {**drawn, "tracks": [track]}


def _count(recording: Recording, layer: Layer) -> int:
    return 4 if layer.table == "faces" else recording.schema(layer.table)["points"].shape[0]


def _taken(file: TableFile, rows: np.ndarray) -> np.ndarray:
    """Points of the rows that a flag ``(n,)`` keeps, a row group at a time: a day's tensors are gigabytes."""
    found: list[np.ndarray] = []
    first = 0
    for batch in file.batches(["points"]):
        kept = rows[first : first + batch.num_rows]
        first += batch.num_rows
        found.append(tensor(batch.column("points"), file.schema["points"])[kept])
    return np.concatenate(found)


def _points(recording: Recording, layer: Layer, rows: np.ndarray, chosen: np.ndarray | None) -> np.ndarray:
    """``(rows, points, 2)`` px, NaN where a point is not seen."""
    file = recording.file(layer.table)
    if layer.table == "faces":
        x, y, width, height = (
            file.column(name)[rows].astype(float) for name in ("box_x", "box_y", "box_width", "box_height")
        )
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        return np.stack([np.stack(corner, axis=1) for corner in corners], axis=1)
    points = _taken(file, rows)
    places = points[..., :2].astype(np.float32)
    if layer.visibility and points.shape[-1] > 3:
        places[points[..., 3] < _SEEN] = np.nan
    return places if chosen is None else places[:, chosen]
