"""`bitflow demo`: the clip, its tables and the page, as on a machine of a first-time user."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bitflow.store import open_store


def test_the_demo_ends_with_the_page_to_open(
    bitflow: Callable[..., Any], shared_clip: Callable[[str], Path], models_available: Any, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    shutil.copy(shared_clip("people/pyfeat_wolfgang.mp4"), mirror / "WolfgangLanger_Pexels.mp4")
    folders = os.pathsep.join(filter(None, [str(mirror), os.environ.get("BITFLOW_ASSETS")]))
    run = bitflow("demo", "-o", tmp_path / "demo", BITFLOW_ASSETS=folders)
    assert run.code == 0, run.err
    page = tmp_path / "demo/report/index.html"
    assert run.out.splitlines()[-1] == f"open {page}"
    store = open_store(tmp_path / "demo/features")
    (name,) = (name for name in store if "simulated" not in name)
    recording = page.parent / f"recordings/{name}.html"
    assert recording.stat().st_size < 12e6
    html = recording.read_text()
    assert all(signal in html for signal in ("yaw", "eye openness", "mouth opening"))
    frames = store[name].table("frames")
    seen = store[name].table("faces")["frame"].nunique()
    assert len(frames) == 472
    assert seen >= 0.98 * len(frames)


def test_without_clip_and_network_the_demo_is_refused_with_what_to_do(
    bitflow: Callable[..., Any], tmp_path: Path
) -> None:
    run = bitflow(
        "demo", "-o", tmp_path / "demo", BITFLOW_OFFLINE="1", BITFLOW_ASSETS="", BITFLOW_CACHE=str(tmp_path / "cache")
    )
    assert run.code == 3
    assert "bitflow assets download demo_clip" in run.err
