"""``bitflow doctor``: what is installed, what is missing, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bitflow.cli.console import Config, Json, columns, result, result_json

if TYPE_CHECKING:
    from bitflow.environment import Environment


def doctor(config: Config = None, json: Json = False) -> None:
    """Say what this installation can do and what it lacks, with the commands that mend it.

    Versions, devices, models and their licences, extras, clashes of packages. The network is not used.
    """
    from bitflow.environment import examine

    found = examine()
    if json:
        result_json(found.as_dict())
    else:
        _print(found)


def _print(found: Environment) -> None:
    from bitflow.cohort.wording import byte_size
    from bitflow.environment import whisperx_commands

    _section(
        "This machine",
        [
            ("bitflow", found.bitflow),
            ("python", found.python),
            ("system", found.platform),
            ("cores", found.cores),
            ("network", "forbidden by BITFLOW_OFFLINE" if found.offline else "allowed, for models that are not here"),
            ("cache", found.cache),
            *(("mirror", folder) for folder in found.mirrors),
            ("ffmpeg", "not needed"),
        ],
    )
    _section("Core packages", [(package.name, package.version or "MISSING") for package in found.packages])
    _section(
        "Devices",
        [
            (device.name, device.engine, "yes" if device.available else "no", " ".join(device.detail.split()))
            for device in found.devices
        ],
    )
    _section("ONNX Runtime's providers, as built", [(name,) for name in found.providers] or [("none",)])
    _section(
        "Hardware decoders",
        [(decoder.name, "yes" if decoder.available else "no", decoder.detail) for decoder in found.decoders],
    )
    _section(
        "Models and clips",
        [
            (state.asset.id, state.status, byte_size(state.asset.size), state.asset.licence, state.path or "")
            for state in found.models
        ],
    )
    _section(
        "Extras",
        [
            (
                extra.name,
                "installed" if extra.installed else "not installed",
                extra.brings + ("" if extra.installed else f": pip install {' '.join(map(_quoted, extra.missing))}"),
            )
            for extra in found.extras
        ]
        + [
            (
                "whisperx",
                "found" if found.whisperx else "not found",
                found.whisperx
                or f"many languages and diarisation, in an environment of its own: {' && '.join(whisperx_commands())}",
            )
        ],
    )
    result("To mend")
    for sentence in found.advice or ("nothing",):
        result(f"  {sentence}")


def _section(title: str, rows: Iterable[Sequence[object]]) -> None:
    result(title)
    for line in columns(rows, indent="  "):
        result(line)
    result()


def _quoted(requirement: str) -> str:
    return f"'{requirement}'" if any(letter in requirement for letter in "<>=[") else requirement
