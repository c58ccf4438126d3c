"""Animals, their regions and their events on the report's pages, and the page on which regions are drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bitflow.cli.main import main
from bitflow.errors import UsageError
from bitflow.events.table import EVENTS
from bitflow.poses import PoseFacts, PoseSeries, write_poses
from bitflow.regions import Region, Regions, keep_regions, read_regions, read_regions_file
from bitflow.report.overlays import overlays
from bitflow.report.regions_page import write_regions_page
from bitflow.report.site import write_report
from bitflow.report.traces import lanes
from bitflow.store import FeatureStore, Recording, open_store

MADE = {"extractor": "test", "version": "1", "parameters": {}, "models": {}, "inputs": {}}
EVIL = "</script><script>window.pwned = 1</script>"


@pytest.fixture
def mouse(tmp_path: Path) -> Recording:
    """Two animals on 400 × 300 px, a region, and a chase."""
    facts = PoseFacts(("nose", "neck", "tail_base"), ("white", EVIL), skeleton=((0, 1), (1, 2)), image_size=(400, 300))
    places = np.stack([np.linspace(50, 300, 50), np.full(50, 100.0)], axis=1)[:, None, None]
    points = places + np.array([[[20, 0], [5, 0], [-20, 0]], [[20, 90], [5, 90], [-20, 90]]])
    points[10:20, 1] = np.nan
    recording = FeatureStore.create(tmp_path / "store").draft("cage")
    write_poses(recording, PoseSeries.of(points, facts, rate=25.0), provenance=MADE, facts={"media": {"duration": 2.0}})
    keep_regions(recording, Regions((Region("corner", "polygon", ((0, 0), (90, 0), (90, 90))),)))
    events = {name: None for name in EVENTS.names}
    events |= {"start": [0.4], "end": [1.2], "name": ["chase"], "track": [0], "target": [1], "person": [-1]}
    recording.write(EVENTS, [EVENTS.batch(events)], provenance=MADE)
    return recording


def test_every_animal_is_a_layer_with_its_bones_and_regions_are_one(mouse: Recording):
    drawn = overlays(mouse, (400, 300))
    assert [layer["name"] for layer in drawn] == ["white", EVIL, "regions (corner)"]
    white, other, regions = drawn
    assert white["edges"] == [0, 1, 1, 2]
    assert [len(layer["tracks"]) for layer in drawn] == [1, 1, 1]
    assert white["tracks"][0]["points"]["rows"] == 50
    assert other["tracks"][0]["points"]["rows"] == 40  # of frames in which it was seen
    assert white["colour"] != other["colour"]
    assert regions["edges"] == [0, 1, 1, 2, 2, 0]


def test_lanes_say_who_chases_whom(mouse: Recording):
    (lane,) = lanes(mouse, mouse.table("events"))
    assert lane["name"] == f"chase · white → {EVIL}"
    assert lane["spans"] == [0.4, 1.2]


def test_the_report_draws_animals_where_they_are(mouse: Recording, tmp_path: Path, browser: Any):
    write_report(open_store(tmp_path / "store"), tmp_path / "report")
    browser.open(tmp_path / "report" / "recordings" / "cage.html")
    assert browser.until("document.documentElement.dataset.ready") == "yes"
    browser.evaluate("document.querySelectorAll('.layer').forEach((box, n) => { if (n) box.click(); })")
    browser.evaluate("clock.seek(1.0)")
    browser.until("Math.abs(drawnAt - 1) < 0.05")
    # In px of the picture, whose size is known from the poses.
    left, right, y = browser.evaluate(
        "(() => { const d = overlay.getContext('2d').getImageData(0, 0, overlay.width, overlay.height).data;"
        "let a = 1e9, b = 0, y = 0, n = 0;"
        "for (let i = 3; i < d.length; i += 4) if (d[i] > 99) { const p = (i - 3) / 4;"
        "const x = p % overlay.width; a = Math.min(a, x); b = Math.max(b, x); y += Math.floor(p / overlay.width) + 0.5;"
        "n += 1; } return [a * 400 / overlay.width, b * 400 / overlay.width, y / n * 300 / overlay.height]; })()"
    )
    middle = 50 + 250 * 25 / 49
    assert (left, right) == pytest.approx((middle - 20, middle + 20), abs=4)
    assert y == pytest.approx(100, abs=1.5)
    assert not browser.evaluate("Boolean(window.pwned)")
    assert not browser.said()


def test_what_is_measured_of_people_is_one_line_on_the_page_of_animals(mouse: Recording, tmp_path: Path):
    write_report(open_store(tmp_path / "store"), tmp_path / "report")
    page = (tmp_path / "report" / "recordings" / "cage.html").read_text(encoding="utf-8")
    assert page.count("nothing could be measured of head, eyes, gaze, face") == 1
    assert "<h3>head</h3>" not in page
    assert "<h4>head</h4>" in page


def test_regions_are_drawn_by_mouse_and_taken_in(mouse: Recording, tmp_path: Path, browser: Any):
    page = write_regions_page(mouse, tmp_path / "draw.html")
    browser.open(page)
    left, top, width, height = browser.evaluate(
        "(() => { const m = ground.getScreenCTM(); return [m.e, m.f, 400 * m.a, 300 * m.d]; })()"
    )

    def click(x: float, y: float) -> None:
        browser.click(left + x / 400 * width, top + y / 300 * height)

    for place in ((100, 150), (300, 150), (300, 250), (100, 250)):
        click(*place)
    click(100, 150)  # the first corner ends the shape
    browser.click_on("[data-kind=line]")
    click(20, 290)
    click(380, 290)
    browser.press("Enter")
    browser.click_on("[data-kind=point]")
    click(200, 20)
    browser.evaluate(
        "(() => { const names = document.querySelectorAll('#list input'); names[1].value = 'nest';"
        "names[1].dispatchEvent(new Event('input')); })()"
    )
    saved = tmp_path / "regions.json"
    saved.write_text(browser.evaluate("saved()"))
    regions = read_regions_file(saved)
    assert regions.image_size == (400, 300)
    assert regions.names == ("corner", "nest", "region2", "region3")
    assert [region.kind for region in regions] == ["polygon", "polygon", "line", "point"]
    np.testing.assert_allclose(regions["nest"].points, [(100, 150), (300, 150), (300, 250), (100, 250)], atol=1)
    assert main(["regions", str(tmp_path / "store"), str(saved)]) == 0
    assert read_regions(mouse) == regions
    assert not browser.said()
    assert all(address.startswith(("file:", "data:")) for address in browser.requests())


def test_names_that_are_missing_or_twice_cannot_be_saved(mouse: Recording, tmp_path: Path, browser: Any):
    keep_regions(mouse, Regions((Region("a", "point", ((1, 1),)), Region("b", "point", ((9, 9),)))))
    browser.open(write_regions_page(mouse, tmp_path / "draw.html"))
    for name, sentence in (("a", "Two regions"), (" ", "needs a name")):
        browser.evaluate(
            f"(() => {{ const box = document.querySelectorAll('#list input')[1]; box.value = {json.dumps(name)};"
            "box.dispatchEvent(new Event('input')); })()"
        )
        assert sentence in browser.evaluate("document.getElementById('wrong').textContent")
        assert browser.evaluate("document.getElementById('save').disabled")


def test_the_page_holds_no_markup_of_names(mouse: Recording, tmp_path: Path):
    keep_regions(mouse, Regions((Region(EVIL, "point", ((1, 1),)),)))
    assert EVIL not in write_regions_page(mouse, tmp_path / "draw.html").read_text()


def test_there_must_be_something_to_draw_over(tmp_path: Path):
    with pytest.raises(UsageError, match="neither its video nor poses"):
        write_regions_page(FeatureStore.create(tmp_path).draft("empty"), tmp_path / "draw.html")


def test_regions_outside_the_picture_or_of_another_are_refused(mouse: Recording, tmp_path: Path, capsys):
    file = tmp_path / "regions.json"
    store = str(tmp_path / "store")
    before = read_regions(mouse)
    file.write_text(json.dumps({"regions": [{"name": "far", "kind": "line", "points": [[500, 0], [600, 9]]}]}))
    assert main(["regions", store, str(file)]) == 2
    assert "'far' lies outside the picture of 400 × 300 px" in capsys.readouterr().err
    square = [[0, 0], [9, 0], [9, 9]]
    file.write_text(json.dumps({"image_size": [640, 480], "regions": [{"name": "a", "points": square}]}))
    assert main(["regions", store, str(file)]) == 2
    assert "drawn on a picture of 640 × 480 px, and its own has 400 × 300 px" in capsys.readouterr().err
    assert read_regions(mouse) == before
    file.write_text(json.dumps({"regions": [{"name": "edge", "points": [[390, 0], [430, 0], [430, 50]]}]}))
    assert main(["regions", store, str(file)]) == 0
    assert "'edge' reaches out of the picture" in capsys.readouterr().err


def test_regions_are_listed_and_forgotten(mouse: Recording, tmp_path: Path, capsys):
    store = str(tmp_path / "store")
    assert main(["regions", store, "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["recordings"]
    assert entry["regions"][0] == {"name": "corner", "kind": "polygon", "points": [[0, 0], [90, 0], [90, 90]]}
    assert main(["regions", store, "--forget"]) == 0
    assert len(read_regions(mouse)) == 0
