"""The clock, as the text that records carry."""

import datetime


def now() -> str:
    """This moment in UTC, to the second, as RFC 3339 writes it."""
    return later(datetime.timedelta())


def later(by: datetime.timedelta) -> str:
    """The moment that comes so much after this one, written in the same way."""
    return (datetime.datetime.now(datetime.UTC) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
