"""Processes of this machine: started and ended by their ids, waited for until they answer, their memory read from /proc."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from live import STOP_SECONDS, free_port

START_SECONDS = 120
"""Peers count all rows before their first answer."""
LOOK_SECONDS = 0.002
SAMPLE_SECONDS = 0.05
REST_SECONDS, REST_PAUSE = 60, 0.05
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Served:
    """A server that answers, and how long it took from its start to its first 200."""

    address: str
    process: "subprocess.Popen[bytes]"
    start_seconds: float

    def workers(self) -> list[int]:
        """Its processes but the first, or that one where there is no other."""
        return descendants(self.process.pid) or [self.process.pid]


@contextlib.contextmanager
def serving(
    command: Sequence[str], ready: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """A server, its command given `{port}` where a free port goes, until it is no longer needed."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [each.replace("{port}", str(port)) for each in command],
            stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True,
            env={**os.environ, **{name: text.replace("{port}", str(port)) for name, text in (environment or {}).items()}},
        )  # fmt: skip
        try:
            _wait(process, address + ready, log)
            yield Served(address, process, time.perf_counter() - started)
        finally:
            stop(process)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, HTTPError), urlopen(url, timeout=START_SECONDS) as response:
            if response.status == 200:
                return
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"{url} did not answer 200; {log} ends: {log.read_text(errors='replace')[-2000:]}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process, and what it started, in peace; after a while by force."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def descendants(pid: int) -> list[int]:
    """Children of a process, and theirs."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def rest(pid: int) -> None:
    """Wait until a process and its children use no processor any more, for a minute at the most."""
    last, used = time.monotonic() + REST_SECONDS, -1
    while time.monotonic() < last and (now := sum(map(_ticks, [pid, *descendants(pid)]))) > used + 1:
        used = now
        time.sleep(REST_PAUSE)


def _ticks(pid: int) -> int:
    """Hundredths of a second that a process has computed."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM; 0 where it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


class Peak:
    """The most memory that processes have together while this is entered."""

    def __init__(self, pids: Sequence[int], with_children: bool = False) -> None:
        self.bytes = 0
        self._pids, self._with_children = list(pids), with_children
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        every = [*self._pids, *(child for pid in self._pids if self._with_children for child in descendants(pid))]
        self.bytes = max(self.bytes, sum(map(resident_bytes, every)))


@dataclass(frozen=True)
class Ran:
    """What a command took: seconds, and the most memory of all its processes together."""

    seconds: float
    peak_bytes: int


def run(command: Sequence[str], log: Path) -> Ran:
    """Run a command to its end; `RuntimeError` with its last words where it fails."""
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True)
        try:
            with Peak([process.pid], with_children=True) as peak:
                code = process.wait()
            seconds = time.perf_counter() - started
        finally:
            stop(process)
    if code:
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {log.read_text(errors='replace')[-2000:]}")
    return Ran(seconds, peak.bytes)


def python_tool(name: str) -> str:
    """A command that is installed beside the Python that runs this."""
    return str(Path(sys.executable).with_name(name))
