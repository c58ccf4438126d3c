"""What all commands share: options, lines of text, and where they go."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bitflow.places import place

if TYPE_CHECKING:
    from bitflow.models.kinds import Outcome


def load_study_file(context: typer.Context, value: Path | None) -> Path | None:
    """Take the command's section of the study file as its defaults; what is typed wins."""
    if value is None:
        return None
    from bitflow.study_file import read_study_file

    root = context.find_root()
    options = _options(root.command)
    command = context.command_path.removeprefix(root.command_path).strip()
    section = read_study_file(value, options).get(command, {})
    by_option = {option: parameter for parameter in context.command.params for option in _names(parameter)}
    context.default_map = {
        by_option[option].name: _typed_like(by_option[option], given) for option, given in section.items()
    }
    return value


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=load_study_file,
        help="Study file (TOML) with options of this command; what is typed wins.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Store = Annotated[Path, typer.Argument(metavar="STORE", parser=place, help="A feature store.")]


def say(text: str = "") -> None:
    """A message: stderr."""
    print(text, file=sys.stderr, flush=True)


def result(text: str = "") -> None:
    """A line of what was asked for: stdout."""
    print(text, flush=True)


def result_json(value: Any, *, indent: int | None = 2) -> None:
    """What was asked for, for programs; numbers that are missing are null, and of a long list each row has a line."""
    known = _with_nulls(value)
    long = indent is not None and isinstance(known, dict) and any(map(_is_long, known.values()))
    print(_a_row_a_line(known, " " * (indent or 0)) if long else _json(known, indent), flush=True)


#: Rows of a list that are written one a line, and what writes them.
_LONG = 100
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def _a_row_a_line(value: dict[str, Any], indent: str) -> str:
    """JSON of an object with long lists; with an indent Python's own encoder would write their rows, slowly."""
    parts = []
    for key, entry in value.items():
        if _is_long(entry):
            rows = f",\n{indent * 2}".join(map(_ENCODER.encode, entry))
            text = f"[\n{indent * 2}{rows}\n{indent}]"
        else:
            text = _json(entry, len(indent)).replace("\n", f"\n{indent}")
        parts.append(f"{indent}{_json(key, None)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}"


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and len(value) > _LONG


def _json(value: Any, indent: int | None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False, default=str)


def outcome(done: Outcome, as_json: bool) -> int:
    """Print what a recogniser did, and give the exit code: 1 when recordings failed."""
    if as_json:
        result_json(done.data)
    else:
        for line in done.lines:
            result(line)
    for name, sentence in done.failed.items():
        say(f"failed  {name}: {sentence}")
    return 1 if done.failed else 0


def _with_nulls(value: Any) -> Any:
    """The same with null in the place of NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _with_nulls(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_nulls(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def columns(rows: Iterable[Sequence[object]], *, indent: str = "") -> list[str]:
    """Rows as lines with aligned columns; the last one is free."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(row[index]) for row in cells) for index in range(len(cells[0]) - 1)]
    return [
        indent + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in cells
    ]


def is_debug(context: typer.Context) -> bool:
    """Whether ``--debug`` was given."""
    return bool((context.find_root().obj or {}).get("debug"))


def _options(group: Any, prefix: str = "") -> dict[str, list[str]]:
    """Options of every command below `group`, those of ``assets list`` under that name."""
    found: dict[str, list[str]] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= _options(command, f"{prefix}{name} ")
        else:
            found[prefix + name] = [
                option for parameter in command.params for option in _names(parameter) if option != "config"
            ]
    return found


def _names(parameter: Any) -> list[str]:
    """``--some-thing`` is `some-thing` in a study file, an argument is its parameter's name."""
    long = [option[2:] for option in parameter.opts if option.startswith("--")]
    return [name for name in long if name != "help"] or ([] if long else [parameter.name])


def _typed_like(parameter: Any, value: Any) -> Any:
    """A TOML value as the command line would have given it."""
    from bitflow.study_file import settings

    if isinstance(value, dict):
        return settings(value)
    if parameter.multiple or parameter.nargs == -1:
        return value if isinstance(value, list) else [value]
    return ",".join(str(entry) for entry in value) if isinstance(value, list) else value
