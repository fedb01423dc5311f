"""A headless Chromium of our own, for screenshots and tests of pages; Debian's package ``chromium``.

It is spoken to by its debugging protocol. It has a profile of its own, which goes with it.

    with Browser(1440, 900) as browser:
        browser.open("http://127.0.0.1:8080/")
        browser.wait_for("document.querySelector('h1')")
        browser.screenshot(Path("page.png"))
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.request import urlopen

from websockets.sync.client import connect

from dev.guard import Guard

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_START_TIMEOUT_S, _POLL_S = 60.0, 0.2


def chromium() -> str | None:
    """Where it is; None: ``apt-get install chromium`` brings it."""
    return shutil.which("chromium")


class Browser:
    """One page in a window of so many pixels; use it as a context manager."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._folder = Path(tempfile.mkdtemp(prefix="browser-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._page: ClientConnection | None = None
        self._calls = 0

    def __enter__(self) -> Self:
        self._guard = Guard(self._folder)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._page is not None:
            self._page.close()
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self._process.kill()
            self._process.wait()
        self._guard.dismiss()
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, url: str) -> None:
        """Go to a page; it may still be at work when this comes back."""
        self._call("Page.navigate", url=url)

    def evaluate(self, javascript: str) -> Any:
        """The value of an expression in the page, as JSON has it. Raises RuntimeError where it throws."""
        answer = self._call("Runtime.evaluate", expression=javascript, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait_for(self, javascript: str, timeout_s: float = 60.0) -> Any:
        """The first value of an expression that is true. AssertionError, with the page's text, if none comes."""
        deadline = time.monotonic() + timeout_s
        while True:
            with suppress(RuntimeError):  # a page that is being left
                if value := self.evaluate(f"(() => {{ const found = {javascript}; return found ? true : false; }})()"):
                    return value
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {javascript}; the page says:\n{self.text()}")
            time.sleep(_POLL_S)

    def text(self) -> str:
        """What the page says, as far as it is shown."""
        return str(self.evaluate("document.body.innerText"))

    def screenshot(self, path: Path) -> None:
        """What the window shows, as a PNG."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))

    def _start(self) -> None:
        program = chromium()
        if program is None:
            raise RuntimeError("there is no chromium; apt-get install chromium")
        width, height = self._size
        self._process = subprocess.Popen(
            [
                program,
                "--headless",
                "--no-sandbox",  # it is to run in containers too, as root, and opens only pages of our own
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                f"--user-data-dir={self._folder}",
                f"--window-size={width},{height}",
                "--lang=en-US",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "log").open("wb"),
        )
        port = self._port()
        with urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
            (page,) = [target for target in json.load(answer) if target["type"] == "page"]
        self._page = connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None)
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _port(self) -> int:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            log = (self._folder / "log").read_text(errors="replace")
            if found := re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", log):
                return int(found[1])
            time.sleep(_POLL_S)
        raise RuntimeError("chromium did not start")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        assert self._page is not None
        self._calls += 1
        self._page.send(json.dumps({"id": self._calls, "method": method, "params": params}))
        while True:
            answer = json.loads(self._page.recv(60))
            if answer.get("id") == self._calls:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
