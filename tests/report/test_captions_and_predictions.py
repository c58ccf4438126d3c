"""Captions with their marks, and what a recogniser says of moments, on a recording's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bitflow.cli.main import main
from bitflow.datasets.simulate.person import simulate_person
from bitflow.models.captioning.table import CAPTIONS
from bitflow.models.predictions import PREDICTIONS
from bitflow.store import open_store

EVIL = "<script>window.pwned = 'caption'</script>"
MADE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}


def claim(kind: str, verdict: str, start: str = "", end: str = "", table: str = "", **more: str) -> dict[str, str]:
    empty = dict.fromkeys(("reason", "field"), "")
    return {"kind": kind, "value": "true", "verdict": verdict, "who": "0", "holds": "true", **empty} | {
        "table": table,
        "start": start,
        "end": end,
        **more,
    }


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A simulated person with one caption of each kind, moments and a cue."""
    simulate_person(tmp_path / "features", duration=20)
    place = open_store(tmp_path / "features")["simulated"]
    claims = [
        claim("smiling", "contradicted", "4.000", "8.000", "face_actions"),
        claim("speaking", "supported", "4.500", "7.500", "voice"),
        claim("emotion", "not checkable", value="happy", reason="interpretation"),
    ]
    row = {name: None for name in CAPTIONS.names} | {
        **{"start": 4.0, "end": 8.0, "person": 0, "text": f"She speaks. {EVIL}", "claims": claims},
        **{"model": "some-model", "trust": "untrusted", "outcome": "ok", "track": -1, "target": -1},
    }
    place.write(CAPTIONS, [CAPTIONS.batch({name: [row[name]] for name in CAPTIONS.names})], provenance=MADE)
    rows = [
        {"start": 0.0, "end": 20.0, "name": "ambivalence", "level": "clip", "value": 0.7},
        *(
            {"start": float(t), "end": t + 1.0, "name": "ambivalence", "level": "frame", "value": t / 20}
            for t in range(20)
        ),
        {"start": 9.0, "end": 12.0, "name": "text against face", "level": "cue", "value": 0.8},
    ]
    rows.sort(key=lambda each: each["start"])
    columns = {name: [each.get(name) for each in rows] for name in PREDICTIONS.names}
    place.write(PREDICTIONS, [PREDICTIONS.batch(columns)], provenance=MADE)
    assert main(["report", str(tmp_path / "features"), "-o", str(tmp_path / "report")]) == 0
    return tmp_path / "report" / "recordings" / "simulated.html"


def test_a_page_shows_every_claim_with_its_verdict_and_the_signal_that_contradicts(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert "✗ smiling" in html
    assert "face_actions shows the opposite, 4.0–8.0 s" in html
    assert "✓ speaking" in html
    assert "– emotion: happy" in html
    assert "untrusted" in html
    assert EVIL not in html


def test_the_probability_of_moments_is_a_line_and_disagreements_are_lanes(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    data = json.loads(html.partition('id="data">')[2].partition("</script>")[0])
    assert data["signals"][0]["title"] == "ambivalence (predicted)"
    (lane,) = [lane for lane in data["lanes"] if lane["source"] == "predictions"]
    assert (lane["name"], lane["spans"]) == ("text against face", [9.0, 12.0])


def test_a_click_on_a_claim_shows_the_moment_that_decides(browser: Any, page: Path) -> None:
    browser.open(page)
    assert browser.until("document.documentElement.dataset.ready") == "yes"
    browser.click_on(".claim.supported")
    browser.until("Math.abs(clock.time - 4.5) < 0.1")
    assert browser.evaluate("document.querySelector('.caption').classList.contains('now')")
    assert browser.evaluate("typeof window.pwned") == "undefined"
