"""One recording as one self-contained page: its pictures with what was found drawn on them, and signals over time."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import replace_file
from bitflow.errors import MediaError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from bitflow.media import Frame
    from bitflow.store import Recording

#: Pictures on a page: at most this many, this often, of this width; about 5 MB of a face at rest.
MAX_PICTURES = 300
MAX_RATE_HZ = 12.5
MAX_WIDTH = 640
_JPEG_QUALITY = 72

#: Landmarks travel as whole tenths of a pixel of the picture as it is shown.
_TENTHS = 10

#: A line is drawn across a gap up to this many times the usual step between rows.
_BREAK = 2.5

_MAX_PEOPLE = 4


#: A joint is drawn when it is more likely seen than not.
_SEEN = 0.5


@dataclass(frozen=True)
class Layer:
    """Points of one table as they are drawn on the pictures.

    `edges` join points of these numbers by lines; with `visibility` the fourth value of a point says whether it is
    seen.
    """

    name: str
    table: str
    colour: str
    radius: float
    edges: tuple[tuple[int, int], ...] = ()
    visibility: bool = False


def _chain(*points: int) -> tuple[tuple[int, int], ...]:
    return tuple(pairwise(points))


_BODY = (*_chain(15, 13, 11, 12, 14, 16), *_chain(11, 23, 24, 12), *_chain(23, 25, 27, 31), *_chain(24, 26, 28, 32))
_HAND = (
    *_chain(0, 1, 2, 3, 4),
    *_chain(0, 5, 6, 7, 8),
    *_chain(5, 9, 10, 11, 12),
    *_chain(9, 13, 14, 15, 16),
    *_chain(13, 17, 18, 19, 20),
    (0, 17),
)

#: What is drawn on the pictures, of that which the recording has.
LAYERS = (
    Layer("face", "face_landmarks", "rgb(92, 240, 196)", 0.8),
    Layer("body", "bodies", "rgb(255, 190, 84)", 2.2, _BODY, visibility=True),
    Layer("hands", "hands", "rgb(120, 190, 255)", 1.6, _HAND),
)


@dataclass(frozen=True)
class Signal:
    """A row of the plot: columns of one table that share a unit."""

    title: str
    table: str
    columns: tuple[str, ...]


#: Rows of the plot, those that the recording has.
SIGNALS = (
    Signal("head yaw", "head_pose", ("yaw",)),
    Signal("head pitch", "head_pose", ("pitch",)),
    Signal("eye openness", "face_actions", ("eye_openness_left", "eye_openness_right")),
    Signal("mouth opening", "face_actions", ("mouth_opening",)),
    Signal("gaze yaw", "gaze", ("yaw",)),
    Signal("loudness", "voice", ("loudness",)),
    Signal("pitch of the voice", "voice", ("f0",)),
)


def write_recording_page(
    recording: Recording, page: Path, *, title: str | None = None, origin: str | None = None
) -> Path:
    """Write the page of one recording.

    Parameters
    ----------
    recording
        Its tables. Points of faces, bodies and hands are drawn on the pictures, `SIGNALS` over time, `speech` is read
        along, each where there is any. Its input file must still be there.
    page
        The HTML file to write; it needs no other file and no network.
    title
        By default the recording's id.
    origin
        A line that says where the recording is from.

    Raises
    ------
    MediaError
        The recording's file cannot be read any more.
    """
    import jinja2
    from plotly.offline import get_plotlyjs

    source = recording.source
    if source is None or not source.exists():
        raise MediaError(f"{source or recording.id}: the recording's file is not there, so no page can show it")
    pictures = _pictures(recording, source)
    plot = _plot(recording)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    html = environment.get_template("recording_page.html.j2").render(
        title=title or recording.id,
        facts=_facts(recording),
        notes=[*([origin] if origin else []), *(recording.info.get("notes") or [])],
        pictures=pictures,
        plot=plot,
        sayings=_sayings(recording),
        plotly=get_plotlyjs(),
    )
    page.parent.mkdir(parents=True, exist_ok=True)
    replace_file(page, html.encode())
    return page


def _facts(recording: Recording) -> list[str]:
    tables = recording.tables
    facts = [f"{len(recording.table('frames', ['frame']))} frames"] if "frames" in tables else []
    if "faces" in tables:
        faces = recording.table("faces", ["frame", "person"])
        seen = faces["frame"].nunique()
        facts.append(f"a face in {seen} of them")
        known = sorted(set(faces["person"]) - {-1})
        facts += [f"{len(known)} people"] if len(known) > 1 else []
    facts.append(f"tables: {', '.join(tables)}")
    return facts


def _sayings(recording: Recording) -> list[tuple[float, float, str]]:
    """Start, end and text of each utterance."""
    if "speech" not in recording:
        return []
    rows = recording.table("speech", ["start", "end", "text"])
    return [(round(start, 3), round(end, 3), text) for start, end, text in rows.itertuples(index=False) if text]


def _pictures(recording: Recording, source: Path) -> dict[str, Any]:
    """Pictures as JPEG and the points on each, in pixels of the picture as it is shown."""
    import cv2

    layers = [(layer, _Points(recording, layer)) for layer in LAYERS if _has_points(recording, layer)]
    frames: list[dict[str, Any]] = []
    width = height = 0
    for frame in _thinned(source):
        scale = min(1.0, MAX_WIDTH / frame.width)
        width, height = round(frame.width * scale), round(frame.height * scale)
        picture = cv2.cvtColor(frame.rgb(), cv2.COLOR_RGB2BGR)
        if scale < 1:
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        frames.append(
            {
                "time": round(frame.time, 4),
                "jpeg": base64.b64encode(jpeg.tobytes()).decode(),
                "layers": [[_packed(found * scale) for found in points.at(frame.index)] for _, points in layers],
            }
        )
    drawn = [asdict(layer) for layer, _ in layers]
    return {"width": width, "height": height, "tenths": _TENTHS, "layers": drawn, "frames": frames}


def _thinned(source: Path) -> Iterator[Frame]:
    from bitflow.media import VideoReader
    from bitflow.media.probe import probe

    info = probe(source)
    if info.video is None:
        return
    rate = MAX_RATE_HZ
    if info.duration:
        rate = min(rate, MAX_PICTURES / info.duration)
    with VideoReader(source, rate_hz=rate) as reader:
        for number, frame in enumerate(reader):
            if number == MAX_PICTURES:
                return
            yield frame


def _has_points(recording: Recording, layer: Layer) -> bool:
    return layer.table in recording and recording.file(layer.table).rows > 0


class _Points:
    """Points of one table by frame number."""

    def __init__(self, recording: Recording, layer: Layer):
        import numpy as np

        file = recording.file(layer.table)
        self._frames = file.column("frame")
        points = file.points()
        self._points = points[..., :2].copy()
        if layer.visibility:
            self._points[points[..., 3] < _SEEN] = np.nan

    def at(self, frame: int) -> np.ndarray:
        """``(things, points, 2)`` px of the original picture, NaN where a point is not seen."""
        import numpy as np

        first, last = np.searchsorted(self._frames, [frame, frame + 1])
        return self._points[first:last]


def _packed(points: np.ndarray) -> str:
    """``(points, 2)`` px as little-endian int16 tenths, base64; the smallest value for a point that is not seen."""
    import numpy as np

    tenths = np.clip(np.rint(points * _TENTHS), -32767, 32767)
    return base64.b64encode(np.nan_to_num(tenths, nan=-32768.0).astype("<i2").tobytes()).decode()


def _plot(recording: Recording) -> dict[str, Any] | None:
    """The figure as plotly reads it, one row a signal on one time axis."""
    rows = [signal for signal in SIGNALS if signal.table in recording and _has(recording, signal)]
    if not rows:
        return None
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=len(rows), cols=1, shared_xaxes=True, vertical_spacing=0.35 / len(rows) / 4)
    for number, signal in enumerate(rows, 1):
        schema = recording.schema(signal.table)
        for name, time, values in _lines(recording, signal):
            figure.add_trace(
                go.Scatter(x=time, y=values, name=name, mode="lines", line={"width": 1.5}, connectgaps=False),
                row=number,
                col=1,
            )
        unit = schema[signal.columns[0]].unit
        label = signal.title if unit in ("", "1") else f"{signal.title} ({unit})"
        figure.update_yaxes(title_text=label, title_font_size=12, row=number, col=1)
    figure.update_xaxes(title_text="time (s)", row=len(rows), col=1)
    figure.update_layout(
        height=60 + 150 * len(rows), margin={"l": 70, "r": 20, "t": 20, "b": 40}, showlegend=False,
        hovermode="x unified", template="plotly_white",
    )  # fmt: skip
    return json.loads(str(figure.to_json()))


def _has(recording: Recording, signal: Signal) -> bool:
    """Whether the recording holds the signal, and it ever moves: a silent sound track shows nothing."""
    import numpy as np

    schema = recording.schema(signal.table)
    if not all(column in schema for column in signal.columns):
        return False
    values = recording.file(signal.table).column(signal.columns[0])
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and bool(np.ptp(finite) > 0)


def _lines(recording: Recording, signal: Signal) -> Iterator[tuple[str, Sequence[float], Sequence[float | None]]]:
    """Name, times and values of each line; one a column and person, of those seen longest."""
    tracked = recording.schema(signal.table).tracks
    keys = ["track", "person"] if tracked else []
    rows = recording.table(signal.table, ["time", *keys, *signal.columns])
    if not tracked:
        groups: list[tuple[str, pd.DataFrame]] = [("", rows)]
    else:
        who = rows["person"].where(rows["person"] >= 0, -2 - rows["track"])
        longest = who.value_counts().index[:_MAX_PEOPLE]
        groups = [(f"person {one}" if one >= 0 else f"track {-2 - one}", rows[who == one]) for one in sorted(longest)]
    for who_name, group in groups:
        for column in signal.columns:
            words = [column.replace("_", " "), *([who_name] if len(groups) > 1 else [])]
            time, values = _broken(group["time"].to_numpy(), group[column].to_numpy(float))
            yield ", ".join(words), time, values


def _broken(time: np.ndarray, values: np.ndarray) -> tuple[list[float], list[float | None]]:
    """The line with a hole wherever rows are missing, so that nothing is drawn where nothing was measured."""
    import numpy as np

    steps = np.diff(time)
    usual = float(np.median(steps)) if len(steps) else 0.0
    after = np.flatnonzero(steps > _BREAK * usual) + 1
    time = np.insert(time, after, time[after - 1] + usual)
    values = np.insert(values, after, np.nan)
    return time.round(4).tolist(), [None if not np.isfinite(value) else round(float(value), 4) for value in values]
