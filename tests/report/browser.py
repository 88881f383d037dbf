"""A headless Chromium driven through chromedriver by the WebDriver protocol, with the standard library alone."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
MISSING = (
    "NO BROWSER: the report was not opened by any test. Install chromium and chromium-driver "
    "(apt-get install -y chromium chromium-driver)"
)


class Browser:
    """One session; use it in a ``with`` block."""

    def __init__(self, width: int = 1366, height: int = 900) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._address = f"http://127.0.0.1:{port}"
        assert DRIVER and BROWSER
        self._process = subprocess.Popen(
            [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            f"--window-size={width},{height}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]  # fmt: skip
        options = {"args": arguments, "binary": BROWSER}
        always = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            self._wait_for_driver()
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": always}})
        except BaseException:
            self._end()
            raise
        self._session = f"/session/{answer['sessionId']}"

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._call("DELETE", self._session)
        finally:
            self._end()

    def open(self, page: Path) -> None:
        self._call("POST", f"{self._session}/url", {"url": page.resolve().as_uri()})

    def run(self, script: str) -> Any:
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def wait(self, condition: str, seconds: float = 20.0) -> Any:
        """Wait until a JavaScript expression is true, and give its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = self.run(f"return ({condition});")
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"never came true: {condition}; console: {self.console()}")

    def click(self, x: float, y: float) -> None:
        """Press and release the mouse at a place of the window, as a person would."""
        steps = [
            {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0}, {"type": "pause", "duration": 60}, {"type": "pointerUp", "button": 0},
        ]  # fmt: skip
        self._act(steps)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        (x0, y0), (x1, y1) = start, end
        steps = [
            {"type": "pointerMove", "duration": 0, "x": round(x0), "y": round(y0)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 200, "x": round(x1), "y": round(y1)},
            {"type": "pointerUp", "button": 0},
        ]  # fmt: skip
        self._act(steps)

    def screenshot(self, path: Path) -> bytes:
        png = base64.b64decode(self._call("GET", f"{self._session}/screenshot"))
        path.write_bytes(png)
        return png

    def print(self, path: Path) -> bytes:
        pdf = base64.b64decode(self._call("POST", f"{self._session}/print", {"background": True}))
        path.write_bytes(pdf)
        return pdf

    def console(self) -> list[str]:
        """Everything the page wrote to the console as a warning or error since the last call."""
        entries = self._call("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def _act(self, steps: list[dict[str, Any]]) -> None:
        actions = [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}]
        self._call("POST", f"{self._session}/actions", {"actions": actions})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._address + path, content, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.loads(error.read())["value"]["message"]) from None

    def _wait_for_driver(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except urllib.error.URLError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(10)
