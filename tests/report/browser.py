"""A headless Chromium driven through its DevTools protocol over two pipes: nothing to install beside the browser."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def program() -> str | None:
    """The browser, where there is one."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Browser:
    """One page in a browser of its own; use as a context manager."""

    def __init__(self, profile: Path, *, width: int = 1280, height: int = 900):
        to_browser, self._writer = os.pipe()
        self._reader, from_browser = os.pipe()

        def descriptors() -> None:  # the browser reads from 3 and writes to 4
            # Either pipe may be 3 or 4 itself: move both out of the way first.
            given, taken = os.dup(to_browser), os.dup(from_browser)
            os.dup2(given, 3)
            os.dup2(taken, 4)

        command = [
            *(program() or "chromium", "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"),
            *("--no-first-run", "--mute-audio", "--autoplay-policy=no-user-gesture-required", "--disable-extensions"),
            *("--disable-background-networking", f"--user-data-dir={profile}", f"--window-size={width},{height}"),
            "about:blank",
        ]
        self._process = subprocess.Popen(
            command, pass_fds=(3, 4), preexec_fn=descriptors, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        self._pending = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._writer)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._reader)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command to the page."""
        return self._send(method, session=self._session, **parameters)

    def open(self, page: Path | str) -> None:
        """Go to a page and wait until it has loaded; events before are forgotten."""
        self.events.clear()
        self.send("Page.navigate", url=page if isinstance(page, str) else page.resolve().as_uri())
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, condition: str, seconds: float = 60.0) -> Any:
        """Wait for a JavaScript expression to become true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.evaluate(condition):
                return value
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s: {condition}; said: {self.said()}")

    def click(self, x: float, y: float) -> None:
        """Press and release the mouse at a place of the window."""
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click_on(self, selector: str) -> None:
        """Click the middle of an element."""
        place = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        self.click(*place)

    def press(self, key: str, code: str = "", text: str = "") -> None:
        """Press and release a key."""
        details = {"key": key, "code": code or key}
        self.send("Input.dispatchKeyEvent", type="keyDown", **details, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **details)

    def screenshot(self, path: Path, *, whole: bool = False) -> Path:
        """What the page looks like."""
        answer = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened."""
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]

    def said(self) -> list[str]:
        """What the page complained about since it was opened."""
        found: list[str] = []
        for event in self.events:
            if event["method"] == "Log.entryAdded":
                found.append(event["params"]["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(event["params"]["exceptionDetails"])[:400])
            elif event["method"] == "Runtime.consoleAPICalled" and event["params"]["type"] == "error":
                found.append(json.dumps(event["params"]["args"])[:400])
        return found

    def _send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._reader], [], [], 90)
            assert ready, "the browser does not answer"
            received = os.read(self._reader, 1 << 20)
            assert received, "the browser ended"
            self._pending += received
        line, self._pending = self._pending.split(b"\0", 1)
        return json.loads(line)
