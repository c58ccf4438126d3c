"""Examples in docstrings are run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("annotations", "cli", "datasets", "extractors", "models")


def modules_with_examples() -> list[str]:
    found: list[str] = []
    for folder, prefix in ((ROOT / "bitflow", "bitflow"), *((ROOT / room, f"bitflow.{room}") for room in ROOMS)):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if parts[0] in ROOMS and prefix == "bitflow":
                continue
            if ">>> " in path.read_text(encoding="utf-8"):
                found.append(".".join((prefix, *(part for part in parts if part != "__init__"))))
    return found


@pytest.mark.parametrize("module", modules_with_examples())
def test_examples_give_what_they_show(module):
    result = doctest.testmod(import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.failed == 0
