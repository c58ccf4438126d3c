"""``bitflow assets``: model and sample files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bitflow.cli.console import Config, Json, columns, result, result_json, say

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
    from bitflow.assets import catalogue, fetch
    from bitflow.errors import AssetError

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
