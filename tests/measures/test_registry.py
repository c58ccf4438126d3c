"""The list of measures is the same for everybody, whatever was imported before it was asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bitflow.measures.registry import families


@pytest.mark.parametrize("first", ["bitflow.measures.voice", "bitflow.measures.eyes"])
def test_families_keep_their_order_whichever_module_was_imported_first(first: str):
    script = f"import {first}\nfrom bitflow.measures.registry import families\nprint(*families())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(families())
    assert list(families())[:4] == ["quality", "head", "eyes", "gaze"]
