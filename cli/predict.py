"""``bitflow predict``: what a model says about the recordings of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, Store, outcome, say
from bitflow.cli.train import Group, Settings

ModelPath = Annotated[Path, typer.Argument(metavar="MODEL", help="A model's folder, or an exported .onnx file.")]


def predict(
    model: ModelPath,
    store: Store = Path("features"),
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Also export, as CSV or Parquet by the name's ending."),
    ] = None,
    recordings: Annotated[
        str | None,
        typer.Option("--recordings", metavar="ID,…", help="Only these.", show_default="all"),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", metavar="CSV", help="Whose each recording is; its labels are not read.", show_default=False
        ),
    ] = None,
    group: Group = "participant",
    settings: Settings = None,
    device: Annotated[str, typer.Option("--device", metavar="cpu|cuda", help="For models that are networks.")] = "cpu",
    config: Config = None,
    json: Json = False,
) -> int:
    """Predict with a trained model; the result is kept in the store as the table `predictions`.

    bitflow predict model/ features/ -o predictions.csv
    """
    from bitflow.cli.recordings import names
    from bitflow.models.kinds import Prediction, kind_of
    from bitflow.store import open_store
    from bitflow.study_file import parsed_settings

    chosen = names(recordings)
    request = Prediction(
        model, open_store(store), tuple(chosen) if chosen is not None else None, output, labels, group, device,
        parsed_settings(settings or []), say,
    )  # fmt: skip
    return outcome(kind_of(model).predict(request), json)
