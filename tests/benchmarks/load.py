"""The load: `wrk` with one thread and a few connections walks a list of varied addresses, as fast as it is answered."""

import contextlib
import http.client
import json
import shutil
import signal
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CONNECTIONS = 4
"""Kept open by the load generator: two for each worker, so that no worker waits for it. For every server the same."""
WARM_SECONDS = 0.5
"""At the most: not longer than what is counted."""
SLICES = 3
PATIENCE_SECONDS = 10
"""How long a slice is in which nothing is answered; a server that answers nothing then is not asked again."""
TIMEOUT_SECONDS = 30
SCRIPT = Path(__file__).with_name("walk.lua")


class Refused(Exception):
    """A server answered something else than it was asked for."""


@dataclass(frozen=True)
class Address:
    """What is asked: a path with its query, perhaps with the entity tag that the client holds."""

    path: str
    tag: str = ""


Target = tuple[str, Sequence[Address]]
"""A server, and what it is asked for."""


@dataclass(frozen=True)
class Rate:
    """How a server answered: requests per second, and milliseconds within which half, and 99 of 100, were."""

    per_second: float
    p50: float
    p99: float


def is_here() -> bool:
    """Is the load generator installed?"""
    return shutil.which("wrk") is not None


def get(server: str, address: Address) -> tuple[int, bytes, str]:
    """Status, body and entity tag of one request."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", address.path, headers={"If-None-Match": address.tag} if address.tag else {})
        response = connection.getresponse()
        return response.status, response.read(), response.headers.get("ETag", "")
    finally:
        connection.close()


def check(server: str, addresses: Sequence[Address]) -> list[bytes]:
    """The bodies; `Refused` unless each answer is a 200, or a 304 where a tag was sent."""
    bodies = []
    for address in addresses:
        try:
            status, body, _ = get(server, address)
        except OSError as error:
            raise Refused(f"{error} for {address.path}") from None
        if status != (304 if address.tag else 200):
            raise Refused(f"{status} for {address.path}: {body[:200].decode(errors='replace')}")
        bodies.append(body)
    return bodies


def in_turn(asked: Mapping[str, Target], seconds: float, rest: Callable[[str], None]) -> dict[str, Rate | str]:
    """How each server answers its addresses, or why it did not.

    Each is asked for `seconds` in all, in slices that take turns, so that whatever else the machine does slows them all;
    the figures are the medians of the slices. Before that, each walks its addresses for a short time that is not counted.
    After each slice `rest` waits until the server has finished what nobody waits for any more.
    """
    slices: dict[str, list[Rate]] = {name: [] for name in asked}
    refused: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context(_file(addresses)) for name, (_, addresses) in asked.items()}
        for duration in (min(WARM_SECONDS, seconds), *([seconds / SLICES] * SLICES)):
            for name in [each for each in asked if each not in refused]:
                try:
                    slices[name].append(_walk(asked[name][0], files[name], duration))
                except Refused as refusal:
                    refused[name] = str(refusal)
                rest(name)
    return {name: refused.get(name) or _median(rates[1:]) for name, rates in slices.items()}


def _median(rates: Sequence[Rate]) -> Rate:
    return Rate(*(statistics.median(getattr(each, part) for each in rates) for part in ("per_second", "p50", "p99")))


@contextlib.contextmanager
def _file(addresses: Sequence[Address]) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{each.path}\t{each.tag}\n" for each in addresses))
        file.flush()
        yield file.name


def _walk(server: str, file: str, seconds: float) -> Rate:
    # wrk counts whole seconds, so it is stopped as by a user, whose interrupt it answers with its figures.
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        "-d600s",
        f"--timeout={TIMEOUT_SECONDS}s",
        "-s",
        str(SCRIPT),
        server,
        "--",
        file,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise Refused(f"wrk said: {output[-500:]}")
    found = json.loads(lines[0].removeprefix("RESULT "))
    if found["refused"] or found["broken"]:
        raise Refused(
            f"of {found['requests']} requests {found['refused']} were refused and {found['broken']} broken off"
        )
    if not found["requests"]:
        if seconds >= PATIENCE_SECONDS:
            raise Refused(f"no answer within {seconds:g} s")
        return _walk(server, file, PATIENCE_SECONDS)
    return Rate(found["requests"] / found["microseconds"] * 1e6, found["p50"] / 1000, found["p99"] / 1000)
