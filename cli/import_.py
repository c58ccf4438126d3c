"""``bitflow import``: other programs' files into a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from bitflow.cli.console import Config, Json, result, result_json, say
from bitflow.places import place

if TYPE_CHECKING:
    from bitflow.datasets.imported import Imported
    from bitflow.datasets.poses.importing import Kept
    from bitflow.store import FeatureStore


class Done(Protocol):
    """A recording that was taken in, as it is told of."""

    @property
    def recording(self) -> str:
        """Its id."""
        ...

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the tables must know."""
        ...


import_ = typer.Typer(
    help="Take in tables that other programs made; measures then need no model.", no_args_is_help=True
)

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV files; each becomes a recording of its name.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="STORE", parser=place, help="The feature store, made when needed.")
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--rate", metavar="HZ", min=0.1, help="Pictures a second, where the file's times are missing or wrong."
    ),
]
Media = Annotated[
    Path | None,
    typer.Option("--media", metavar="VIDEO", help="Video that the one FILE was made from: the report shows it."),
]
Name = Annotated[
    str | None,
    typer.Option("--recording", metavar="ID", help="Call the recording of the one FILE so.", show_default=False),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace tables that came from elsewhere.")]


@import_.command()
def openface(
    files: Files,
    output: Output = Path("features"),
    rate: Rate = None,
    media: Media = None,
    recording: Name = None,
    overwrite: Overwrite = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """OpenFace 2's CSV: faces, landmarks, head pose, gaze, action units.

    Degrees, centimetres and bitflow's signs; rows with success = 0 become missing. Columns without a table of
    their own are kept in the table `openface`.
    """
    from bitflow.datasets.openface import read_openface

    return _import(
        files, output, lambda path, name: read_openface(path, name, rate_hz=rate), media, recording, overwrite, json
    )


@import_.command()
def pyfeat(
    files: Files,
    output: Output = Path("features"),
    rate: Rate = None,
    media: Media = None,
    recording: Name = None,
    overwrite: Overwrite = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """py-feat's CSV: faces, landmarks, head pose, gaze, action units, emotions.

    py-feat keeps no exact times: they come from --media, --rate, or the one rate that fits its minutes and seconds.
    """
    from bitflow.datasets.pyfeat import read_pyfeat

    def read(path: Path, name: str) -> Imported:
        return read_pyfeat(path, name, rate_hz=rate, media=media if rate is None else None)

    return _import(files, output, read, media, recording, overwrite, json)


@import_.command()
def signals(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file with a time column.")],
    recording: Annotated[str, typer.Option("--recording", metavar="ID", help="Recording whose clock it is put on.")],
    time: Annotated[str, typer.Option("--time", metavar="COLUMN", help="Column that holds the time.")],
    output: Output = Path("features"),
    offset: Annotated[
        float, typer.Option("--offset", metavar="S", help="Where the file's 0 lies on the recording's clock.")
    ] = 0.0,
    time_unit: Annotated[str, typer.Option("--time-unit", metavar="UNIT", help="s, ms, us or min.")] = "s",
    name: Annotated[
        str | None, typer.Option("--name", metavar="TABLE", help="Name of the table.", show_default="the file's")
    ] = None,
    overwrite: Overwrite = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Any timed CSV onto a recording's clock: physiology, stimulus logs, ratings.

    A unit is read from a heading such as `eda [uS]`. The recording must be in the store.
    """
    from bitflow.datasets.imported import keep
    from bitflow.datasets.signals import read_signals, share_within
    from bitflow.store import open_store

    store = open_store(output)
    place = store[recording]
    imported = read_signals(file, place.id, time=time, offset=offset, name=name, time_unit=time_unit)
    keep(store, imported, overwrite=overwrite)
    store.index()
    duration = (place.info.get("media") or {}).get("duration")
    if duration and (share := share_within(imported, float(duration))) < 1:
        say(f"{file}: {1 - share:.0%} of its rows lie outside the recording's {duration:.1f} s; is --offset right?")
    _tell([imported], output, json)
    return 0


@import_.command()
def poses(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Files of poses; each becomes a recording of its name.")
    ],
    output: Output = Path("features"),
    fps: Annotated[
        float | None, typer.Option("--fps", metavar="F", help="Frames a second, where the file does not say.")
    ] = None,
    cm_per_px: Annotated[
        float | None, typer.Option("--cm-per-px", metavar="C", help="Scale, where the file does not say.")
    ] = None,
    media: Media = None,
    recording: Name = None,
    keypoints: Annotated[
        Path | None,
        typer.Option("--keypoints", metavar="FILE", help="Names of keypoints, one a line, for layouts without."),
    ] = None,
    prefixes: Annotated[
        str | None,
        typer.Option("--prefixes", metavar="A_,B_", help="Animals, by how their keypoints' names begin."),
    ] = None,
    sequence: Annotated[
        str | None, typer.Option("--sequence", metavar="NAME", help="Only this one, of a file of several.")
    ] = None,
    overwrite: Overwrite = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Poses of animals: DeepLabCut, SLEAP, JABS, NWB, movement, Anipose, Lightning Pose, CalMS21, MABe22, COCO.

    The layout is recognised by what the file holds. Missing points become
    missing, whatever the file's code for them. Frame rate and scale are
    never assumed: where the file does not tell, give --fps and --cm-per-px.
    Times are those of the recording's pictures when its video is in the
    store already, or named with --media.

      bitflow import poses mouse_07.h5 -o features/ --fps 30 --cm-per-px 0.08
      bitflow import poses *.csv -o features/ --fps 25
    """
    from bitflow.cli.recordings import names
    from bitflow.datasets.poses.importing import Reading, import_poses
    from bitflow.poses.facts import read_keypoint_names

    said = Reading(
        fps=fps,
        cm_per_px=cm_per_px,
        media=media,
        keypoints=read_keypoint_names(keypoints) if keypoints is not None else None,
        prefixes=tuple(names(prefixes) or ()),
        sequence=sequence,
    )

    def take(store: FeatureStore, path: Path, name: str) -> list[Kept]:
        return import_poses(store, path, name, said, overwrite=overwrite)

    return _import_each(files, output, take, media, recording, json)


def _import(
    files: list[Path],
    output: Path,
    read: Callable[[Path, str], Imported],
    media: Path | None,
    name: str | None,
    overwrite: bool,
    json: bool,
) -> int:
    from bitflow.datasets.imported import keep

    def take(store: FeatureStore, path: Path, recording: str) -> list[Imported]:
        imported = read(path, recording)
        keep(store, imported, media=media, overwrite=overwrite)
        return [imported]

    return _import_each(files, output, take, media, name, json)


def _import_each(
    files: list[Path],
    output: Path,
    take: Callable[[FeatureStore, Path, str], Sequence[Done]],
    media: Path | None,
    name: str | None,
    json: bool,
) -> int:
    """Take each file into the store; one that cannot be read stops no other."""
    from bitflow.datasets.imported import recording_ids
    from bitflow.errors import BitflowError, UsageError
    from bitflow.store import FeatureStore

    if len(files) > 1 and (media is not None or name is not None):
        raise UsageError("--media and --recording speak of one file: import the files one by one")
    ids = recording_ids(files) if name is None else {files[0]: name}
    done: list[Done] = []
    failed = 0
    made = not output.exists()
    for path, recording in ids.items():
        store = FeatureStore.create(output)
        try:
            done += take(store, path, recording)
        except BitflowError as error:
            if made and not done:
                store.discard_empty()
            if len(files) == 1:
                raise
            failed += 1
            say(f"failed  {error}")
    if done:
        FeatureStore.create(output).index()
    _tell(done, output, json)
    return 1 if failed else 0


def _tell(done: Sequence[Done], store: Path, json: bool) -> None:
    from bitflow.cohort.wording import plural, printable

    if json:
        entries = [{"recording": each.recording, "tables": each.rows, "notes": list(each.notes)} for each in done]
        result_json({"store": str(store), "recordings": entries})
        return
    for each in done:
        for note in each.notes:
            say(note)
        tables = ", ".join(f"{table} {rows}" for table, rows in each.rows.items())
        result(f"{printable(each.recording)}: {tables}")
    result(f"{plural(len(done), 'recording')} in {printable(str(store))}")
