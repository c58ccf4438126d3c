"""The report of a store: static pages that open from disk, without network, each recording with its numbers.

::

    report/
      index.html              recordings, quality, coverage, what is missing and why
      recordings/<name>.html  one page a recording
      media/                  the videos; not there with ``video=False``
      assets/                 one copy of the plot library and of what all pages share
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import replace_file
from bitflow.errors import BitflowError, MediaError, StoreError, UsageError
from bitflow.regions import picture_size
from bitflow.report.findings import Findings, findings, written_number
from bitflow.report.overlays import extent, overlays
from bitflow.report.packing import script_json
from bitflow.report.playable import playable
from bitflow.report.predicted import predictions
from bitflow.report.told import captions
from bitflow.report.traces import lanes, signals
from bitflow.report.transcript import transcript

if TYPE_CHECKING:
    import jinja2

    from bitflow.store import FeatureStore, Recording

_PAGES = Path(__file__).with_name("pages")
_SHARED = ("report.css", "player.js", "index.js")

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

#: Nothing but the report's own files is ever loaded; plots set styles on what they draw.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' file:; connect-src 'none'; form-action 'none'; base-uri 'none'"
)


@dataclass(frozen=True)
class IndexRow:
    """A recording as the index shows it; a number is None where it is not known."""

    id: str
    page: str | None
    status: str
    error: str | None
    duration: float | None
    people: int | None
    face_coverage: float | None
    off_axis: float | None
    rate_hz: float | None
    snr_db: float | None
    counts: dict[str, int]
    missing: tuple[tuple[str, tuple[str, ...]], ...]
    simulated: bool


def write_report(
    store: FeatureStore,
    output: Path,
    *,
    recordings: Iterable[str] | None = None,
    video: bool = True,
    link_video: bool = False,
    title: str = "",
    origins: Mapping[str, str] | None = None,
    progress: Callable[[str], None] = lambda recording: None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Path:
    """Write the report.

    Parameters
    ----------
    output
        A folder, made when it is not there; pages of an earlier report are replaced.
    recordings
        Ids; by default all of the store.
    video
        False leaves out pictures, landmarks and all that was said: such a report may leave the building.
    link_video
        Refer to videos where they lie instead of copying them.
    title
        Heads the index.
    origins
        By id, a line that says where a recording is from.
    progress
        Called with the id of each recording that is done.
    tell
        Called with sentences about what takes long or cannot be shown.

    Returns
    -------
    pathlib.Path
        ``index.html``.

    Raises
    ------
    UsageError
        The store has no recordings.
    StoreError
        The folder cannot be written, or a recording is not in the store.
    """
    ids = list(recordings) if recordings is not None else list(store)
    if not ids:
        raise UsageError(f"{store.path}: there are no recordings to report on")
    chosen = [store[name] for name in ids]
    _refuse_inside(store, output)
    _write_shared(output)
    if not video and (output / "media").exists():
        raise UsageError(f"{output}: holds the videos of an earlier report; write one without them to another folder")
    names = page_names(ids)
    environment = _environment()
    rows: list[IndexRow] = []
    for recording in chosen:
        page = f"recordings/{names[recording.id]}.html"
        try:
            found = findings(recording)
            media = _media(recording, output, names[recording.id], link_video, tell) if video else None
            html = _page(environment, recording, found, media, video, (origins or {}).get(recording.id))
            _write(output / page, html)
            rows.append(_row(recording, page, found))
        except BitflowError as error:
            tell(f"{recording.id}: no page: {error}")
            rows.append(_row(recording, None, None, str(error)))
        progress(recording.id)
    index = _render(
        environment, "index.html.j2", "",
        title=title, rows=rows, video=video, simulated=any(row.simulated for row in rows), number=written_number,
        store=store.path.resolve().name if video else "",
    )  # fmt: skip
    _write(output / "index.html", index)
    return output / "index.html"


def page_names(ids: Sequence[str]) -> dict[str, str]:
    """File names of pages: the id where it can be one, else what is left of it and a hash.

    >>> page_names(["p01/visit1", "a"])["a"]
    'a'
    """
    names: dict[str, str] = {}
    for name in ids:
        plain = _UNSAFE.sub("_", name).strip("._")[:80]
        if plain != name:
            plain = f"{plain or 'recording'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        # Folders on some machines do not tell A from a.
        clash = any(plain.lower() == other.lower() for other in names.values())
        names[name] = f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}" if clash else plain
    return names


def _refuse_inside(store: FeatureStore, output: Path) -> None:
    inside = output.resolve()
    if inside == store.path.resolve() or store.path.resolve() in inside.parents:
        raise UsageError(f"{output}: lies in the store; a report goes to a folder of its own")
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; name a folder")


def _write_shared(output: Path) -> None:
    from plotly.offline import get_plotlyjs

    assets = output / "assets"
    try:
        assets.mkdir(parents=True, exist_ok=True)
        (output / "recordings").mkdir(exist_ok=True)
        for name in _SHARED:
            shutil.copyfile(_PAGES / name, assets / name)
    except OSError as error:
        raise StoreError(f"{output}: cannot be written: {error.strerror or error}") from error
    replace_file(assets / "plotly.min.js", get_plotlyjs().encode())


def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _render(environment: jinja2.Environment, template: str, root: str, **values: Any) -> str:
    import bitflow

    return environment.get_template(template).render(root=root, policy=POLICY, version=bitflow.__version__, **values)


def _write(path: Path, html: str) -> None:
    # A lone surrogate in a file name has no UTF-8 form.
    replace_file(path, html.encode("utf-8", "replace"))


def _media(recording: Recording, output: Path, name: str, link: bool, tell: Callable[[str], None]) -> str | None:
    source = recording.source
    if source is None:
        return None
    if not source.is_file():
        tell(f"{recording.id}: its file {source} is not there any more, so its page shows no video")
        return None
    try:
        return playable(source, output / "media", name, link=link, tell=tell)
    except MediaError as error:
        tell(f"{recording.id}: its page shows no video: {error}")
        return None


def _page(
    environment: jinja2.Environment,
    recording: Recording,
    found: Findings,
    media: str | None,
    video: bool,
    origin: str | None,
) -> str:
    info = recording.info
    header = info.get("media") or {}
    stream = header.get("video") or {}
    size = (int(stream.get("width") or 0), int(stream.get("height") or 0))
    stretch = float(stream.get("sample_aspect_ratio") or 1.0) if media else 1.0
    if video and not all(size):
        size = picture_size(recording) or extent(recording)
    layers = overlays(recording, size) if video and all(size) else []
    drawn = signals(recording)
    events = lanes(recording, found.events)
    said = transcript(recording) if video else []
    told = captions(recording) if video else []
    length = float(header.get("duration") or 0.0) or _last_time(recording)
    data = {
        "duration": round(length, 4),
        # Pixels need not be square: what is drawn is stretched as the browser stretches the video.
        "size": [round(size[0] * stretch), size[1]],
        "stretch": stretch,
        "media": media,
        "layers": layers,
        "signals": drawn,
        "lanes": events,
    }
    return _render(
        environment,
        "recording.html.j2",
        "../",
        recording=recording.id,
        facts=_facts(recording, length, video),
        notes=[*([origin] if origin else []), *(info.get("notes") or [])] if video else [],
        media=media,
        is_sound=bool(media) and not stream,
        size=data["size"],
        layers=layers,
        plotted=bool(drawn or events),
        utterances=said,
        captions=told,
        predictions=predictions(recording),
        found=found,
        simulated=bool(info.get("simulated")),
        video=video,
        data=script_json(data),
    )


def _last_time(recording: Recording) -> float:
    last = 0.0
    for table in recording.tables:
        schema = recording.schema(table)
        if schema.rows in ("frame", "signal") and recording.file(table).rows:
            last = max(last, float(recording.file(table).column("time")[-1]))
    return last


def _facts(recording: Recording, length: float, video: bool) -> list[str]:
    from bitflow.cohort.wording import clock

    facts = [clock(length)] if length else []
    if "frames" in recording:
        facts.append(f"{recording.file('frames').rows} pictures")
    if video and recording.source is not None:
        facts.append(recording.source.name)
    return [*facts, f"tables: {', '.join(recording.tables)}"]


def _row(recording: Recording, page: str | None, found: Findings | None, error: str | None = None) -> IndexRow:
    info = recording.info
    quality = found.quality if found else {}
    people = None
    if found is not None:
        whos = {value.person for values in found.families.values() for value in values}
        people = len({who for who in whos if who and "+" not in who})
    return IndexRow(
        recording.id,
        page,
        str(info.get("status", "failed")),
        error or info.get("error"),
        (info.get("media") or {}).get("duration"),
        people,
        quality.get("face_coverage_fraction"),
        quality.get("head_pose_offaxis_fraction"),
        quality.get("frame_rate_effective_hz"),
        quality.get("audio_snr_db"),
        found.counts if found else {},
        found.missing if found else (),
        bool(info.get("simulated")),
    )
