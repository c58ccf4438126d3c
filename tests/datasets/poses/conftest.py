"""The writers and the reader beside the tests, under import mode importlib."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"poses_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def layouts() -> ModuleType:
    return _beside("layouts")


@pytest.fixture(scope="session")
def read():
    return _beside("reading").read
