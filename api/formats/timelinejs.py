"""`timelinejs.json`: what TimelineJS 3 of the Knight Lab shows: a slide for each record, and a title slide before them.

TimelineJS stops at a null in a date and at a list without events, and it cannot ask for a second page. So a date has only
the members that are known, nothing found is told on a slide of its own, and the title tells how many records are not here.
Texts are HTML there: every one is escaped.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from api.formats import prose
from api.formats.sheet import Cover, Format, Sheet, covered
from api.model.resource import Document
from api.model.text import from_json, to_json_bytes

Slide = dict[str, Any]
NOTHING = "nothing-found"
"""The id of the slide that is there where nothing is."""
PARTS = ("year", "month", "day")


class TimelineJs(Format):
    """`{"title", "events"}`; as many slides as it shows without getting slow, where no limit is given."""

    name = "timelinejs.json"
    media_type = "application/json"
    is_fixed = True
    limit = 300

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        cover = covered(sheet)
        records = [prose.record_of(from_json(each)) for each in documents]
        slides = [_slide(each) for each in records] or [_nothing(cover)]
        title = _title(cover, sheet, {each["dataset"] for each in records})
        yield to_json_bytes({"title": title, "events": slides}) + b"\n"


def _title(cover: Cover, sheet: Sheet, of_datasets: set[str | None]) -> Slide:
    count = sheet.meta["count"]
    said = [_text(" · ".join(f"{name} = {value}" for name, value in cover.asked))] if cover.asked else []
    if cover.total is None or cover.total == count:
        found = f"All {count} that match" if count else "Nothing matches"
        said.append(_text(f"{found}, in the data of {cover.changed_at[:10]}."))
    else:
        said.append(_text(f"{count} of {cover.total} that match: narrow the filters, or give limit= up to 1000."))
    owed = [each for each in cover.datasets if each.id in of_datasets]
    said += (_link(each.url, each.credit) if each.url else _text(each.credit) for each in owed)
    said.append(_link(str(sheet.links["self"]), "Where this comes from"))
    return {
        "unique_id": "title",
        "text": {"headline": escape(f"Event Timeline: {cover.name}"), "text": "".join(said)},
        "autolink": False,
    }


def _slide(record: Document) -> Slide:
    body = [*map(_text, prose.lines(record)), _link(record["links"]["self"], "The record, with its evidence")]
    return {
        "unique_id": f"{'statement' if prose.is_statement(record) else 'event'}-{record['id']}",
        **_days(prose.first_day(record), record["end_date"]),
        "text": {"headline": escape(record["title"]), "text": "".join(body)},
        "group": escape(prose.label(record)),
        "autolink": False,
    }


def _nothing(cover: Cover) -> Slide:
    """What there is to see where nothing matches: that it is so, on the day the data are of."""
    return {
        "unique_id": NOTHING,
        **_days(cover.changed_at[:10], cover.changed_at[:10]),
        "text": {"headline": "Nothing matches", "text": _text(f"Nothing of {cover.name} passes these filters.")},
        "autolink": False,
    }


def _days(first: str, last: str) -> Slide:
    """A day, a month or a year, where it is just that; else the first and the last day, and that the day is not known."""
    year, month, _ = map(int, last.split("-"))
    for depth, begin, end in ((1, "-01-01", "-12-31"), (2, "-01", f"-{monthrange(year, month)[1]}"), (3, "", "")):
        if first.removesuffix(begin) + end == last and first.endswith(begin):
            return {"start_date": _date(first, depth)}
    return {
        "start_date": _date(first),
        "end_date": _date(last),
        "display_date": f"{first} to {last}, day not known",
    }


def _date(day: str, depth: int = len(PARTS)) -> dict[str, int]:
    return dict(zip(PARTS[:depth], map(int, day.split("-")), strict=False))


def _text(line: str) -> str:
    return f"<p>{escape(line)}</p>"


def _link(address: str, text: str) -> str:
    return f'<p><a href="{escape(address)}">{escape(text)}</a></p>'
