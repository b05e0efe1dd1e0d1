"""The command with a clock that goes wrong: `python clock.py FILE …`, where the file says by how many seconds it is off."""

import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace

from api.cli import main
from api.model import moments
from api.web import http

OFF = Path(sys.argv.pop(1))


class Clock(datetime):
    """The time as this machine believes it to be."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        real = datetime.now(tz) + timedelta(seconds=float(OFF.read_text("ascii")))
        return cls.fromtimestamp(real.timestamp(), tz)


if __name__ == "__main__":
    vars(moments)["datetime"] = SimpleNamespace(datetime=Clock, UTC=UTC, timedelta=timedelta)
    vars(http)["datetime"] = Clock
    main()
