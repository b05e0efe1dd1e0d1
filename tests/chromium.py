"""A headless Chromium that tells all that a page does, spoken to over two pipes: no port, no further package.

Everything but this machine is cut off. One browser serves many pages, which is what makes opening every address cheap.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

Json = dict[str, Any]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")]
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
AS_3_AND_4 = """
import fcntl, os, sys
high = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
for number, each in zip((3, 4), high):
    os.dup2(each, number)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Becomes the browser, with the two pipes where it looks for them."""
LOAD_SECONDS = 30
QUIET_SECONDS = 0.15
"""How long after the load of a page what it started may still show itself."""


@dataclass
class Visit:
    """What happened when an address was opened."""

    requests: list[str] = field(default_factory=list)
    """Every address that was asked for, the opened one too."""
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    is_download: bool = False


@dataclass
class Browser:
    """A running browser with one page."""

    commands: IO[bytes]
    events: IO[bytes]
    session: str = ""
    visit: Visit = field(default_factory=Visit)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _loaded: bool = False
    _messages: deque[bytes] = field(default_factory=deque)
    _begun: list[bytes] = field(default_factory=list)
    """What has come of a message whose end has not."""

    def call(self, method: str, **parameters: Any) -> Json:
        """The answer to a command; events that come before it are taken in."""
        number = next(self._ids)
        message: Json = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.commands.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                if "navigated" in answer.get("error", {}).get("message", ""):
                    return {"result": {}}  # the page that was asked is no more
                assert "error" not in answer, (method, answer)
                return answer["result"]  # type: ignore[no-any-return]

    def open(self, address: str) -> Visit:
        """Open an address as a document, and wait until nothing more comes of it."""
        self.call("Page.navigate", url="about:blank")
        self._settle(0.01)
        self.visit, self._loaded = Visit(), False
        answer = self.call("Page.navigate", url=address)
        self.visit.is_download = answer.get("errorText") == "net::ERR_ABORTED"
        last = time.monotonic() + LOAD_SECONDS
        while not self._loaded and not self.visit.is_download:
            assert time.monotonic() < last, f"{address} did not load"
            self._settle(0.02)
        self._settle()
        return self.visit

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def has(self, text: str) -> bool:
        """Is the text in the page, as a reader would find it?"""
        found = (
            f"document.documentElement !== null && document.documentElement.textContent.includes({json.dumps(text)})"
        )
        return bool(self.value(found))

    def _settle(self, seconds: float = QUIET_SECONDS) -> None:
        """Let time pass in the page; its events come before the answer."""
        self.call(
            "Runtime.evaluate", expression=f"new Promise(done => setTimeout(done, {seconds * 1000}))", awaitPromise=True
        )

    def _message(self) -> Json:
        while not self._messages:
            read = self.events.read(1 << 16)
            assert read, "the browser has ended"
            *whole, rest = read.split(b"\0")
            for each in whole:
                self._messages.append(b"".join((*self._begun, each)))
                self._begun.clear()
            self._begun.append(rest)
        message: Json = json.loads(self._messages.popleft())
        self._take(message.get("method", ""), message.get("params", {}))
        return message

    def _take(self, method: str, told: Json) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.visit.requests.append(told["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.visit.console.append(str([each.get("value") for each in told["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.visit.console.append(str(told["exceptionDetails"].get("exception", told)))
        elif method == "Log.entryAdded":
            self.visit.console.append(told["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.visit.dialogs.append(told["message"])
            message = {"id": next(self._ids), "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
            self.commands.write(json.dumps({**message, "sessionId": self.session}).encode() + b"\0")


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile, ended by its process id."""
    from_us, to_browser = os.pipe()
    from_browser, to_us = os.pipe()
    command = [str(CHROMIUM), *OPTIONS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
    with (
        open(os.devnull, "wb") as nothing,
        open(to_browser, "wb", buffering=0) as commands,
        open(from_browser, "rb", buffering=0) as events,
    ):
        process = subprocess.Popen(
            [sys.executable, "-c", AS_3_AND_4, str(from_us), str(to_us), *command],
            pass_fds=(from_us, to_us),
            stdout=nothing,
            stderr=nothing,
        )
        os.close(from_us)
        os.close(to_us)
        try:
            found = Browser(commands, events)
            (target,) = (
                each["targetId"] for each in found.call("Target.getTargets")["targetInfos"] if each["type"] == "page"
            )
            found.call("Browser.setDownloadBehavior", behavior="deny")
            found.session = found.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Network", "Runtime", "Log"):
                found.call(f"{domain}.enable")
            yield found
        finally:
            process.terminate()
            process.wait(timeout=30)
