"""The clock, as the text that records carry."""

import datetime


def now() -> str:
    """This moment in UTC, to the second, as RFC 3339 writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
