"""``bitflow view``: a recording for the Rerun viewer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitflow.cli.console import Config, Json, Store, result, result_json
from bitflow.cli.recordings import recording_at


def view(
    store: Store,
    recording: Annotated[
        str | None,
        typer.Argument(metavar="RECORDING", help="Its id; not needed when there is one.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.rrd", help="The file to write.", show_default="RECORDING.rrd"),
    ] = None,
    rate: Annotated[float, typer.Option("--rate", metavar="HZ", help="Pictures a second at most.")] = 12.5,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over FILE.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write video, boxes, landmarks, signals and words of a recording on one timeline, for the Rerun viewer.

    Needs the extra `view`. Writing sends nothing anywhere; Rerun's own
    viewer counts its use, which `rerun analytics disable` ends.

      bitflow view features/p01/visit1 -o visit1.rrd && rerun visit1.rrd
      bitflow view features/ p01/visit1
    """
    from bitflow.cohort.wording import byte_size, printable
    from bitflow.viewer import write_rerun

    found = recording_at(store, recording)
    path = write_rerun(found, output or Path(f"{found.id.replace('/', '_')}.rrd"), rate_hz=rate, overwrite=overwrite)
    if json:
        result_json({"path": str(path), "bytes": path.stat().st_size})
    else:
        result(f"{printable(str(path))} ({byte_size(path.stat().st_size)}); open it with: rerun {printable(str(path))}")
