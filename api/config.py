"""Settings: one frozen value, read from `EVENT_TIMELINE_…` variables; each field says what it is and why it is so."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9._\[\]:-]+(/[A-Za-z0-9._~-]+)*/?")
"""What may stand before a path in a link: it is put into documents and headers as it is."""
PREFIX = "EVENT_TIMELINE_"


class BadSetting(ValueError):
    """A setting that cannot be used, said in a sentence."""


LARGEST = 2**31 - 1
"""The largest number that a setting takes where it has no bound of its own."""


def _setting(default: Any, says: str, least: int | None = None, most: int = LARGEST) -> Any:
    return field(default=default, metadata={"says": says, "least": least, "most": most})


@dataclass(frozen=True)
class Settings:
    """How one server runs."""

    db: Path = _setting(Path("event-timeline.db"), "The SQLite file; made on first start.")
    host: str = _setting("127.0.0.1", "The address to listen on. Only this machine by default.")
    port: int = _setting(8000, "The port to listen on.", 1, 65535)
    public_url: str = _setting(
        "",
        "Scheme, host and path prefix under which clients reach the API, such as https://data.example.org/conflict;"
        " links are made with it. Empty: the host that the request names.",
    )
    workers: int = _setting(2, "Server processes; one a core is a good number.", 1)
    threads: int = _setting(4, "Threads of each process that answer requests.", 1)
    query_ms: int = _setting(2000, "A request that reads the database for longer is stopped and answered 503.", 1)
    max_age: int = _setting(
        10, "Seconds for which caches may reuse an answer without asking; then a 304 costs them one short request.", 0
    )
    cache_mb: int = _setting(32, "Megabytes of answers that each process keeps until the data change; 0 keeps none.", 0)
    rate_limit: int = _setting(0, "Requests a minute for each client address; 0 is no limit.", 0)
    reads_need_key: int = _setting(0, "1: reads need a key with scope read too; 0: they are open.", 0, 1)
    shutdown_seconds: int = _setting(30, "How long a stop waits for requests under way.", 1)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, **given: Any) -> "Settings":
        """Settings from variables, those given by name going first; `BadSetting` names what cannot be used."""
        names = {PREFIX + each.name.upper(): each for each in fields(cls)}
        for name in environment:
            if name.startswith(PREFIX) and name not in names:
                raise BadSetting(f"{name} is not a setting; there are {', '.join(sorted(names))}")
        values = {
            each.name: _read(each, name, environment[name]) for name, each in names.items() if name in environment
        }
        return cls(**values | {name: value for name, value in given.items() if value is not None})

    def as_environment(self) -> dict[str, str]:
        """The same as variables, for a process that starts with these settings."""
        return {PREFIX + each.name.upper(): str(getattr(self, each.name)) for each in fields(self)}


def _read(setting: Any, name: str, text: str) -> Any:
    if setting.type is Path:
        return Path(text)
    if setting.type is str:
        if setting.name == "public_url" and text and not PUBLIC_URL.fullmatch(text):
            raise BadSetting(f"{name} is {text[:100]!r}; it takes an address such as https://data.example.org/conflict")
        return text
    least, most = setting.metadata["least"], setting.metadata["most"]
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and least <= int(text) <= most):
        bounds = f"{least} or more" if most == LARGEST else f"from {least} to {most}"
        raise BadSetting(f"{name} is {text[:100]!r}; it takes a whole number, {bounds}")
    return int(text)
