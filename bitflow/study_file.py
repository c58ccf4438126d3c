"""The study file: one TOML file that may hold any option of any command.

::

    [extract]
    inputs = ["videos/"]
    output = "features"
    preset = "face"
    workers = 4

    [extract.set]
    faces.max_people = 1
    face_landmarks.model = "mesh468"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bitflow.errors import UsageError


def read_study_file(path: str | os.PathLike[str], options: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Any]]:
    """Read a study file and hold it against the commands that there are.

    Parameters
    ----------
    path
        The TOML file.
    options
        Names of the options of each command, with ``_`` or ``-``.

    Returns
    -------
    dict
        Command to option to value; options spelled as in `options`.

    Raises
    ------
    UsageError
        The file cannot be read, or holds a command or option that does not exist; the nearest one is offered.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            study = tomllib.load(opened)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not a TOML file: {error}") from error
    return dict(_section(file, command, section, options) for command, section in study.items())


def _section(
    file: Path, command: str, section: Any, options: Mapping[str, Iterable[str]]
) -> tuple[str, dict[str, Any]]:
    if not isinstance(section, Mapping):
        raise UsageError(f"{file}: options belong to a command: write [extract] and {command} = {section!r} below it")
    known = _known(command, options, f"{file}: unknown command")
    complaint = f"{file}: {known} has no option"
    return known, {_known(name, options[known], complaint): value for name, value in section.items()}


def _known(name: str, names: Iterable[str], complaint: str) -> str:
    spelled = {known.replace("-", "_"): known for known in names}
    found = spelled.get(name.replace("-", "_"))
    if found is None:
        near = get_close_matches(name.replace("-", "_"), spelled, 1)
        hint = f"did you mean {spelled[near[0]]!r}?" if near else f"there are: {', '.join(sorted(spelled.values()))}"
        raise UsageError(f"{complaint} {name!r}; {hint}")
    return found


def parsed_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """``KEY=VALUE`` as TOML reads the value; what is no TOML value is text.

    >>> parsed_settings(["streams=['face']", "seconds=3", "head=topk"])
    {'streams': ['face'], 'seconds': 3, 'head': 'topk'}
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set expects KEY=VALUE, not {pair!r}")
        try:
            found[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key.strip()] = value.strip()
    return found


def settings(table: Mapping[str, Any]) -> list[str]:
    """Parameters of a ``[….set]`` table as ``--set`` spells them.

    >>> settings({"faces": {"max_people": 1}, "face_landmarks.model": "mesh468"})
    ['faces.max_people=1', 'face_landmarks.model=mesh468']
    """
    pairs: list[str] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            pairs += [f"{key}.{rest}" for rest in settings(value)]
        else:
            pairs.append(f"{key}={value}")
    return pairs
