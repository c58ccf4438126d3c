"""``bitflow export``: a store's tables for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from bitflow.cli.console import Config, Json, Store, result, result_json, say
from bitflow.cli.recordings import names

if TYPE_CHECKING:
    from bitflow.datasets.human_behavior_atlas.export import AtlasExport
    from bitflow.exporting.stores import Export


def export(
    store: Store,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="A folder that is not there yet.")],
    format: Annotated[
        str, typer.Option("--format", metavar="csv|parquet|npz|openface|hba|dlc|sleap|onnx", help="What to write.")
    ] = "csv",
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="HZ", help="One table on a uniform clock.", show_default="each its own rate"),
    ] = None,
    tables: Annotated[
        str | None, typer.Option("--tables", metavar="A,B", help="These tables.", show_default="all")
    ] = None,
    recordings: Annotated[
        str | None, typer.Option("--recordings", metavar="A,B", help="These recordings.", show_default="all")
    ] = None,
    deidentified: Annotated[
        bool, typer.Option("--deidentified", help="Without landmarks, vectors, words, texts, paths; new ids.")
    ] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            metavar="FILE",
            help="Keep which id became which, outside DIR.",
            show_default="nobody can go back",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into a folder that holds files.")] = False,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="CSV", help="With hba: recording,label,participant.", show_default=False),
    ] = None,
    task: Annotated[str, typer.Option("--task", metavar="NAME", help="With hba: what the labels say.")] = "ambivalence",
    config: Config = None,
    json: Json = False,
) -> int:
    """Write tables as CSV with a data dictionary, Parquet, NumPy archives, or for other programs.

    Rows of people carry `person`. Without --rate every table keeps its own
    rate; with it each recording becomes one table, every column resampled
    by the rule that its schema names. CSV files leave out landmark points
    unless their table is named with --tables.

    --deidentified says what it left out. It does not make data anonymous:
    rare behaviour may still tell.

    dlc and sleap are poses of animals as DeepLabCut's CSV and SLEAP's
    analysis HDF5. hba is the row form of the Human Behavior Atlas: prompts
    with the words, the recordings beside them, and descriptors of face,
    body and voice. onnx takes the folder of a trained recogniser in place
    of a store, and -o names the file.

      bitflow export features/ -o out/ --rate 25 --tables head_pose,voice
      bitflow export features/ -o share/ --deidentified --mapping private/key.csv
      bitflow export features/ -o openface/ --format openface
      bitflow export features/ -o sleap/ --format sleap
      bitflow export features/ -o atlas/ --format hba --labels labels.csv
      bitflow export model/ -o model.onnx --format onnx
    """
    from bitflow.errors import UsageError
    from bitflow.exporting.stores import export_store
    from bitflow.store import open_store

    if format == "onnx":
        from bitflow.models.recognition.folder import load_model
        from bitflow.models.recognition.onnx_export import export_onnx

        path = export_onnx(load_model(store)[0], output)
        result_json({"file": str(path)}) if json else result(str(path))
        return 0
    if format == "hba":
        from bitflow.datasets.human_behavior_atlas.export import export_atlas
        from bitflow.datasets.labels import read_labels

        if labels is None:
            raise UsageError("--format hba needs --labels CSV: a row of the atlas is a question with its answer")
        if deidentified or rate is not None or tables is not None:
            raise UsageError("--deidentified, --rate and --tables do not apply to --format hba")
        written = export_atlas(open_store(store), output, read_labels(labels), task=task, recordings=names(recordings))
        return _tell(written, json)
    done = export_store(
        open_store(store),
        output,
        format=cast("Any", format),
        rate_hz=rate,
        tables=names(tables),
        recordings=names(recordings),
        deidentified=deidentified,
        key=mapping,
        overwrite=overwrite,
    )
    return _tell(done, json)


def _tell(done: Export | AtlasExport, json: bool) -> int:
    from bitflow.cohort.wording import plural, printable

    if json:
        result_json(done.as_dict())
        return 1 if done.failed else 0
    for recording, reason in done.failed.items():
        say(f"failed  {printable(recording)}: {reason}")
    for note in done.notes:
        say(f"note    {note}")
    result(f"{plural(len(done.files), 'file')} written to {printable(str(done.path))}")
    return 1 if done.failed else 0
