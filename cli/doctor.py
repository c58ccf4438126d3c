"""``bitflow doctor``: what is installed, what is missing, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bitflow.cli.console import Config, Json, columns, result, result_json, say

if TYPE_CHECKING:
    from bitflow.environment import Environment

doctor = typer.Typer(help="What this installation can do, and what a language-model server can.")


@doctor.callback(invoke_without_command=True)
def installation(context: typer.Context, config: Config = None, json: Json = False) -> None:
    """Say what this installation can do and what it lacks, with the commands that mend it.

    Versions, devices, models and their licences, extras, clashes of packages. The network is not used.
    """
    if context.invoked_subcommand is not None:
        return
    from bitflow.environment import examine

    found = examine()
    if json:
        result_json(found.as_dict())
    else:
        _print(found)


@doctor.command()
def llm(
    url: Annotated[str, typer.Argument(metavar="URL", help="A server that speaks OpenAI's chat protocol.")],
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="As the server calls it.")] = "default",
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="It may be another machine.")] = False,
    key_variable: Annotated[
        str, typer.Option("--key-variable", metavar="NAME", help="Environment variable with the key.")
    ] = "BITFLOW_LLM_KEY",
    json: Json = False,
) -> int:
    """Find out what a server really supports: forms of answers, pictures, probabilities, repeatability.

    Sends some thirty short questions and plain coloured pictures; no recording is touched.

      bitflow doctor llm http://127.0.0.1:8080 --model qwen2.5-vl-7b
    """
    from bitflow.models.endpoints.address import endpoint
    from bitflow.models.endpoints.conformance import examine

    findings = []
    for finding in examine(endpoint(url, model, allow_remote=allow_remote, key_variable=key_variable)):
        findings.append(finding)
        if not json:
            sign = {True: "yes", False: "no", None: "–"}[finding.works]
            detail = " ".join(finding.detail.split())
            say(f"  {finding.name}: {sign} ({detail[:200]}{'…' if len(detail) > 200 else ''})")
    if json:
        result_json({"url": url, "model": model, "findings": [finding.as_dict() for finding in findings]})
    else:
        forms = [
            finding.name.removeprefix("form by ") for finding in findings if finding.works and "form by" in finding.name
        ]
        result(f"{url}: answers of a form by {forms[0]}" if forms else f"{url}: gives no answers of a form")
    return 0


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
                extra.brings + ("" if extra.installed else f": {extra.remedy}"),
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
