"""The report as a reader uses it: in a browser, from disk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from bitflow.report.site import page_names

RATE, SECONDS = 25, 8
EVIL = '<script>window.pwned = "words"</script>'
EVIL_ID = "<img src=x onerror=window.pwned='id'>"


@pytest.fixture
def talk(browser: Any, report: Path) -> Any:
    browser.open(report / "recordings" / "talk.html")
    assert browser.until("document.documentElement.dataset.ready") == "yes"
    browser.until("video.readyState >= 2")
    return browser


def seek(page: Any, to: float) -> None:
    page.evaluate(f"clock.seek({to})")
    page.until(f"!video.seeking && Math.abs(drawnAt - {to}) < 0.05")


def test_a_click_on_the_plot_seeks_the_video_to_that_time(talk: Any) -> None:
    place = talk.evaluate(
        "(() => { graph.scrollIntoView(); const b = graph.getBoundingClientRect(), l = graph._fullLayout;"
        "return [b.left + l._size.l + l.xaxis._length * 0.75, b.top + l._size.t + 60]; })()"
    )
    talk.click(*place)
    talk.until("!video.seeking")
    assert talk.evaluate("video.currentTime") == pytest.approx(6.0, abs=0.05)


def test_the_cursor_stands_at_the_time_and_follows_playback(talk: Any) -> None:
    def cursor() -> float:
        """The time at which the cursor stands, read off the axis."""
        return talk.evaluate(
            "(() => { const c = document.getElementById('cursor').getBoundingClientRect(),"
            "b = graph.getBoundingClientRect(), l = graph._fullLayout;"
            "return l.xaxis.p2l(c.left + 1 - b.left - l._size.l); })()"
        )

    seek(talk, 2.0)
    assert cursor() == pytest.approx(2.0, abs=0.03)
    talk.click_on("#play")
    talk.until("clock.time > 3")
    talk.evaluate("clock.pause()")
    assert cursor() == pytest.approx(talk.evaluate("clock.time"), abs=0.05)
    assert cursor() > 2.9


def test_points_are_drawn_where_they_were_in_the_picture_on_the_screen(talk: Any) -> None:
    for frame in (30, 101, 160):
        seek(talk, (frame + 0.5) / RATE)
        # Where something is drawn, in px of the recording's picture.
        x, y = talk.evaluate(
            "(() => { const d = overlay.getContext('2d').getImageData(0, 0, overlay.width, overlay.height).data;"
            "let n = 0, x = 0, y = 0; for (let i = 3; i < d.length; i += 4) { const p = (i - 3) / 4; n += d[i];"
            "x += d[i] * (p % overlay.width + 0.5); y += d[i] * (Math.floor(p / overlay.width) + 0.5); }"
            "return [x / n * 640 / overlay.width, y / n * 360 / overlay.height]; })()"
        )
        assert (x, y) == pytest.approx((60 + 2.5 * frame, 80 + 0.5 * frame), abs=0.4)


def test_a_layer_can_be_switched_off(talk: Any) -> None:
    drawn = "overlay.getContext('2d').getImageData(0, 0, overlay.width, overlay.height).data.some(v => v)"
    seek(talk, 1.0)
    assert talk.evaluate(drawn) is True
    talk.click_on("input.layer")
    assert talk.evaluate(drawn) is False


def test_words_are_marked_while_they_are_said_and_seek_when_clicked(talk: Any) -> None:
    now = "[...document.querySelectorAll('.word.now')].map(word => word.textContent)"
    seek(talk, 1.2)
    assert talk.evaluate(now) == ["first"]
    seek(talk, 1.7)
    assert talk.evaluate(now) == []
    talk.click_on(".word:nth-of-type(3)")
    assert talk.evaluate("clock.time") == pytest.approx(3.0, abs=0.01)
    assert talk.evaluate(now) == ["third"]


def test_space_plays_and_arrows_step_a_picture(talk: Any) -> None:
    seek(talk, 4.0)
    talk.press("ArrowRight")
    assert talk.evaluate("clock.time") == pytest.approx(4.04, abs=1e-3)
    talk.press("ArrowLeft")
    assert talk.evaluate("clock.time") == pytest.approx(4.0, abs=1e-3)
    talk.press(" ", "Space", " ")
    assert talk.evaluate("clock.playing") is True
    talk.press(" ", "Space", " ")
    assert talk.evaluate("clock.playing") is False


def test_a_long_signal_is_reduced_and_keeps_its_spike(talk: Any) -> None:
    shown = "graph.data.find(trace => Math.max(...trace.y) === 50)"
    assert talk.evaluate(f"{shown}.x.length") <= 5000
    at = talk.evaluate(f"{shown}.x[{shown}.y.indexOf(50)]")
    assert at == pytest.approx(123_456 * SECONDS / 200_000, abs=1e-3)
    talk.evaluate("Plotly.relayout(graph, {'xaxis.range': [4.93, 4.95]}).then(() => 1)")
    talk.until(f"{shown} && {shown}.x.length < 1000")
    assert talk.evaluate(f"{shown}.x[1] - {shown}.x[0]") == pytest.approx(SECONDS / 200_000, abs=1e-4)


def test_scripts_in_words_names_and_notes_are_text(browser: Any, report: Path) -> None:
    for recording in ("talk", EVIL_ID):
        browser.open(report / "recordings" / f"{page_names([recording])[recording]}.html")
        assert browser.until("document.documentElement.dataset.ready") == "yes"
        assert browser.evaluate("document.querySelectorAll('.word')[1].textContent") == EVIL
        assert browser.evaluate("document.querySelector('h1').textContent") == recording
        assert "a <b>note</b>" in browser.evaluate("document.querySelector('main').textContent")
        assert browser.evaluate("window.pwned") is None
    browser.open(report / "index.html")
    assert EVIL_ID in browser.evaluate("document.querySelector('table').textContent")
    assert browser.evaluate("window.pwned") is None


def test_headings_sort_and_what_is_missing_stays_last(browser: Any, report: Path) -> None:
    browser.open(report / "index.html")
    ids = "[...document.querySelectorAll('tbody tr')].map(row => row.cells[0].dataset.value)"
    browser.click_on("th:nth-child(5) .sort")
    assert browser.evaluate(ids) == [EVIL_ID, "talk", "played"]
    browser.click_on("th:nth-child(5) .sort")
    assert browser.evaluate(ids) == ["played", "talk", EVIL_ID]
    assert browser.evaluate("document.querySelector('th:nth-child(5)').getAttribute('aria-sort')") == "descending"


def test_no_request_leaves_the_report(browser: Any, report: Path) -> None:
    for page in ("index.html", "recordings/talk.html"):
        browser.open(report / page)
        time.sleep(0.5)
        browser.evaluate("1")
        asked = [address for address in browser.requests() if not address.startswith(("data:", "blob:"))]
        assert asked
        assert all(address.startswith(report.resolve().as_uri()) for address in asked), asked
        assert browser.said() == []
        blocked = browser.evaluate("fetch('https://example.org/').then(() => 'left', () => 'stayed')")
        assert blocked == "stayed"


def test_a_recording_without_a_video_plays_on_a_clock_of_its_own(browser: Any, report: Path) -> None:
    browser.open(report / "recordings" / "played.html")
    assert browser.until("document.documentElement.dataset.ready") == "yes"
    assert "simulated" in browser.evaluate("document.querySelector('.simulated').textContent")
    browser.click_on("#play")
    browser.until("clock.time > 0.5")
    browser.evaluate("clock.pause()")
    assert browser.evaluate("clock.time") < 8
