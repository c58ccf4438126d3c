"""``bitflow predict``: what a model says about the recordings of a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitflow.cli.console import Config, Json, Store, outcome, say
from bitflow.cli.train import Group, Settings
from bitflow.errors import UsageError

if TYPE_CHECKING:
    from bitflow.models.kinds import Outcome


def predict(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model's folder, an exported .onnx file, or a data set: hba.")
    ],
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
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="With hba: rows of the Human Behavior Atlas."),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", metavar="URL", help="With hba: a server that speaks OpenAI's chat protocol."),
    ] = None,
    asked: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="With hba: as the server calls it.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Predict with a trained model; the result is kept in the store as the table `predictions`.

    bitflow predict model/ features/ -o predictions.csv
    bitflow predict hba --manifest test.jsonl --endpoint http://127.0.0.1:8080 --model NAME -o answers.jsonl
    """
    if model == "hba":
        if manifest is None or endpoint is None or asked is None or output is None:
            raise UsageError("`predict hba` needs --manifest FILE, --endpoint URL, --model NAME and -o answers.jsonl")
        return outcome(_answered(manifest, output, endpoint, asked, settings or []), json)
    if manifest is not None or endpoint is not None or asked is not None:
        raise UsageError("--manifest, --endpoint and --model belong to `bitflow predict hba`")
    from bitflow.cli.recordings import names
    from bitflow.models.kinds import Prediction, kind_of
    from bitflow.store import open_store
    from bitflow.study_file import parsed_settings

    chosen = names(recordings)
    request = Prediction(
        Path(model), open_store(store), tuple(chosen) if chosen is not None else None, output, labels, group, device,
        parsed_settings(settings or []), say,
    )  # fmt: skip
    return outcome(kind_of(Path(model)).predict(request), json)


def _answered(manifest: Path, output: Path, endpoint: str, asked: str, settings: list[str]) -> Outcome:
    from bitflow.models.zero_shot.atlas import AtlasAnswering, answer_atlas
    from bitflow.models.zero_shot.settings import parted
    from bitflow.study_file import parsed_settings

    mine, manner = parted(parsed_settings(settings))
    unknown = sorted(set(mine) - {"pictures", "seed"})
    if unknown:
        raise UsageError(f"`predict hba` takes pictures, seed, and how to ask (in_flight …), not {unknown[0]}")
    return answer_atlas(manifest, output, AtlasAnswering(endpoint, asked, manner, **mine), say)
