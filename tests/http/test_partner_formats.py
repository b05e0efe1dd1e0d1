"""Formats for partners: HXL, TimelineJS, Atom, iCalendar, Data Package. Each is what its standard says and JSON tells."""

import csv
import html
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from answers import EVIDENCE, Json, ask, event, faults_of, problem_of, serving, strict_json, write
from conftest import seeded
from flask.testing import FlaskClient
from test_formats import LISTS, TITLES, every_document, header_of, pages_of, places_of, table_of
from werkzeug.test import TestResponse

from api.config import Settings
from api.formats.timelinejs import NOTHING
from api.store import transaction
from api.web.listings import LISTINGS

NAMES = {"a": "http://www.w3.org/2005/Atom", "georss": "http://www.georss.org/georss"}
TAG = re.compile(r"#[A-Za-z][A-Za-z0-9_]*(\+[A-Za-z][A-Za-z0-9_]*)*")
DOCUMENTS = ("/v1/events.timelinejs.json", "/v1/timeline.timelinejs.json", "/v1/timeline.atom", "/v1/events.ics")
"""Formats whose members others laid down."""
SPANS = {
    "a-day": ("2000-02-29", "2000-02-29"),
    "a-month": ("2000-02-01", "2000-02-29"),
    "a-common-february": ("2001-02-01", "2001-02-28"),
    "a-december": ("2000-12-01", "2000-12-31"),
    "a-year": ("2000-01-01", "2000-12-31"),
    "two-years": ("2000-01-01", "2001-12-31"),
    "two-months": ("2000-02-01", "2000-03-31"),
    "some-days": ("2000-02-01", "2000-02-28"),
    "over-the-year": ("1999-12-31", "2000-01-01"),
    "the-first-day": ("0001-01-01", "0001-01-01"),
    "the-last-day": ("9999-12-31", "9999-12-31"),
    "to-the-last-day": ("9999-12-30", "9999-12-31"),
}
"""First and last possible day, by id."""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of the seed with texts that are hard to write down, every kind of span, and what is rare."""
    path = seeded(tmp_path_factory.mktemp("odd") / "odd.db")
    spans = [
        event(each, each, start_date=first, end_date=last, date_precision="day" if first == last else "days")
        for each, (first, last) in SPANS.items()
    ]
    pole = {
        "id": "pole",
        "name": "Pole; <b>,\\",
        "type": "site",
        "latitude": -90,
        "longitude": 1e-7,
        "evidence": EVIDENCE,
    }
    write(
        path,
        locations=[pole],
        events=[
            *(event(each, title, summary=title) for each, title in TITLES.items()),
            *spans,
            event("gone", "Gone", status="retracted", location="pole", location_precision="exact"),
        ],
        statements=[
            {"id": f"said-{each}", "kind": "quote", "type": "claim", "text": title, "date": "2000-01-01",
             "date_precision": "day", "evidence": EVIDENCE}
            for each, title in TITLES.items()
        ],
    )  # fmt: skip
    with serving(Settings(db=path)) as client:
        yield client


@pytest.fixture(params=["client", "odd"])
def any_client(request: pytest.FixtureRequest) -> FlaskClient:
    """One after the other."""
    found: FlaskClient = request.getfixturevalue(request.param)
    return found


# HXL


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", ["", "?limit=3", "?q=aleppo", "?q=nowhere", "?fields=id,updated_at"])
def test_hxl_is_the_csv_with_a_row_of_tags(any_client: FlaskClient, name: str, query: str) -> None:
    if name == "timeline":
        query = query.replace("updated_at", "date")
    plain, tagged = (ask(any_client, f"/v1/{name}.{form}{query}") for form in ("csv", "hxl.csv"))
    assert tagged.content_type == plain.content_type
    first, tags, rest = tagged.data.split(b"\r\n", 2)
    assert first + b"\r\n" + rest == plain.data
    found = tags.decode().split(",")
    assert len(set(found)) == len(found) == len(first.split(b","))
    assert all(TAG.fullmatch(each) for each in found)


WANTED_TAGS = {
    "#event+id": "id", "#event+name": "title", "#event+type": "type", "#date+start": "start_date", "#date+end": "end_date",
    "#country+code+v_iso2": "country", "#loc+name": "location", "#geo+lat": "latitude", "#geo+lon": "longitude",
    "#affected+killed": "fatalities_best", "#affected+injured": "injured_best", "#affected+displaced": "displaced_best",
    "#actor+name": "participants", "#meta+source": "sources", "#description": "summary", "#status": "status",
}  # fmt: skip
"""What partners ask for, and the column that they should get: the first whose tag has every part of theirs."""


@pytest.mark.parametrize(("wanted", "column"), WANTED_TAGS.items())
def test_a_tag_finds_its_column(client: FlaskClient, wanted: str, column: str) -> None:
    names, tags = list(csv.reader(io.StringIO(ask(client, "/v1/events.hxl.csv?limit=1").text)))[:2]
    hashtag, *attributes = wanted.split("+")
    fitting = [
        name
        for name, tag in zip(names, tags, strict=True)
        if tag.split("+")[0] == hashtag and set(attributes) <= set(tag.split("+")[1:])
    ]
    assert fitting[0] == column


# TimelineJS


def without_null(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(without_null, value.values()))
    return all(map(without_null, value)) if isinstance(value, list) else value is not None


def slides_of(response: TestResponse) -> tuple[Json, list[Json]]:
    """The title slide and the others, as TimelineJS takes them: no null, each with an id of its own, dates of whole numbers."""
    assert response.content_type == "application/json"
    body = strict_json(response.text)
    assert body.keys() == {"title", "events"}
    assert without_null(body)
    slides = body["events"]
    assert slides
    assert len({each["unique_id"] for each in (body["title"], *slides)}) == len(slides) + 1
    for each in slides:
        for name in {"start_date", "end_date"} & each.keys():
            assert list(each[name]) == ["year", "month", "day"][: len(each[name])]
            assert all(type(part) is int for part in each[name].values())
            date(*each[name].values(), *[1] * (3 - len(each[name])))
    return body["title"], slides


def texts_of(markup: str) -> list[str]:
    """The lines of a slide's text; there is no markup in it but paragraphs and whole links."""
    assert re.fullmatch(r'(<p>[^<>]*</p>|<p><a href="[^<>"]*">[^<>]*</a></p>)*', markup)
    return [html.unescape(re.sub("<[^>]*>", "", each)) for each in re.findall("<p>(.*?)</p>", markup, re.DOTALL)]


@pytest.mark.parametrize("name", ["events", "timeline"])
def test_timelinejs_shows_what_json_has(any_client: FlaskClient, name: str) -> None:
    documents = every_document(any_client, f"/v1/{name}")
    title, slides = slides_of(ask(any_client, f"/v1/{name}.timelinejs.json?limit=1000"))
    assert len(documents) == len(slides)
    for document, slide in zip(documents, slides, strict=True):
        record = document.get("record", document)
        kind = "statement" if "speaker" in record else "event"
        assert slide["unique_id"] == f"{kind}-{record['id']}"
        assert html.unescape(slide["text"]["headline"]) == record["title"]
        assert "<" not in slide["text"]["headline"]
        told = texts_of(slide["text"]["text"])
        main = record["summary"] if kind == "event" else record["text"]
        assert main is None or any(main in each for each in told)
        assert f'<a href="{record["links"]["self"]}">' in slide["text"]["text"]
    told = texts_of(title["text"]["text"])
    assert f"All {len(slides)} that match" in told[0]
    assert any("CC-BY-4.0" in each and "Event Timeline contributors" in each for each in told)


SLIDES: dict[str, Json] = {
    "a-day": {"start_date": {"year": 2000, "month": 2, "day": 29}},
    "a-month": {"start_date": {"year": 2000, "month": 2}},
    "a-common-february": {"start_date": {"year": 2001, "month": 2}},
    "a-december": {"start_date": {"year": 2000, "month": 12}},
    "a-year": {"start_date": {"year": 2000}},
    "the-first-day": {"start_date": {"year": 1, "month": 1, "day": 1}},
    "some-days": {
        "start_date": {"year": 2000, "month": 2, "day": 1},
        "end_date": {"year": 2000, "month": 2, "day": 28},
        "display_date": "2000-02-01 to 2000-02-28, day not known",
    },
}


def test_timelinejs_has_no_more_of_a_date_than_is_known(odd: FlaskClient) -> None:
    _, slides = slides_of(ask(odd, "/v1/events.timelinejs.json?limit=1000"))
    found = {each["unique_id"].removeprefix("event-"): each for each in slides}
    for record_id, wanted in SLIDES.items():
        slide = found[record_id]
        assert {name: slide[name] for name in ("start_date", "end_date", "display_date") if name in slide} == wanted
    for record_id in SPANS.keys() - SLIDES.keys():
        assert ("end_date" in found[record_id]) == (SPANS[record_id][0] != SPANS[record_id][1])


def test_timelinejs_tells_what_is_not_shown(client: FlaskClient) -> None:
    title, slides = slides_of(ask(client, "/v1/timeline.timelinejs.json?limit=7&location=Syria"))
    every = len(every_document(client, "/v1/timeline?location=Syria"))
    assert len(slides) == 7 < every
    assert texts_of(title["text"]["text"])[:2] == [
        "location = Syria",
        f"7 of {every} that match: narrow the filters, or give limit= up to 1000.",
    ]
    schema = strict_json(ask(client, "/v1/openapi.json").text)["paths"]["/v1/events.timelinejs.json"]["get"]
    assert schema["operationId"] == "list_events_timelinejs_json"


def test_timelinejs_of_nothing_says_so(client: FlaskClient) -> None:
    title, (slide,) = slides_of(ask(client, "/v1/events.timelinejs.json?q=nowhere+%3Cb%3E"))
    assert slide["unique_id"] == NOTHING
    assert slide["text"]["headline"] == "Nothing matches"
    asked, told, *_ = texts_of(title["text"]["text"])
    assert asked == "q = nowhere <b>"
    assert told.startswith("Nothing matches, in the data of ")


# Atom


def feed_of(response: TestResponse) -> ET.Element:
    assert response.content_type == "application/atom+xml"
    return ET.fromstring(response.data)


def text_at(parent: ET.Element, name: str) -> str | None:
    found = parent.find(f"a:{name}", NAMES)
    return None if found is None else found.text


@pytest.mark.parametrize(
    ("query", "size"),
    [("", 9), ("?entry=statement", 9), ("?location=Aleppo&sort=date", 4), ("?q=aleppo&sort=relevance", 3)],
)
def test_the_pages_of_a_feed_have_every_entry_once(any_client: FlaskClient, query: str, size: int) -> None:
    """By its own links (RFC 5005)."""
    documents = {each["record"]["links"]["self"]: each for each in every_document(any_client, f"/v1/timeline{query}")}
    target: str | None = f"/v1/timeline.atom{query}{'&' if query else '?'}limit={size}"
    seen: list[str] = []
    ids: set[str] = set()
    feeds: set[str | None] = set()
    previous = None
    while target is not None:
        root = feed_of(ask(any_client, target))
        links = {each.get("rel"): each.get("href") for each in root.findall("a:link", NAMES)}
        assert links.get("self") == f"http://localhost{target}"
        assert (links.get("previous") is None) == (previous is None)
        feeds.add(text_at(root, "id"))
        for entry in root.findall("a:entry", NAMES):
            link = entry.find("a:link", NAMES)
            assert link is not None
            address = str(link.get("href"))
            seen.append(address)
            ids.add(str(text_at(entry, "id")))
            check_entry(entry, documents[address])
        previous = target
        target = (links.get("next") or "").removeprefix("http://localhost") or None
    assert sorted(seen) == sorted(documents)
    assert len(ids) == len(seen)
    assert len(feeds) == 1


def check_entry(entry: ET.Element, document: Json) -> None:
    record = document["record"]
    assert " ".join(str(text_at(entry, "title")).split()) == " ".join(record["title"].split())
    assert text_at(entry, "updated") == record["updated_at"]
    assert text_at(entry, "published") == record["created_at"]
    category = entry.find("a:category", NAMES)
    assert category is not None
    assert category.get("term") == document["type"]
    point = entry.find("georss:point", NAMES)
    places = places_of(document)
    if len(places) == 1:
        assert point is not None
        assert [float(each) for each in str(point.text).split()] == places[0][::-1]
    else:
        assert point is None


def test_a_feed_begins_with_what_was_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long ago it happened."""
    path = seeded(tmp_path / "fed.db")
    with serving(Settings(db=path)) as client:
        before = feed_of(ask(client, "/v1/timeline.atom"))
        monkeypatch.setattr(transaction, "now", lambda: "2100-01-01T00:00:00Z")
        write(path, events=[event("an-old-story", "An old story", start_date="1950-01-01", end_date="1950-01-01")])
        after = feed_of(ask(client, "/v1/timeline.atom"))
    titles = [text_at(each, "title") for each in after.findall("a:entry", NAMES)]
    assert titles[0] == "An old story"
    ids = [[text_at(each, "id") for each in root.findall("a:entry", NAMES)] for root in (before, after)]
    assert ids[0][:-1] == ids[1][1:]
    assert text_at(before, "id") == text_at(after, "id")
    assert text_at(after, "updated") == text_at(after.findall("a:entry", NAMES)[0], "updated")


def test_a_feed_of_nothing_is_a_feed(client: FlaskClient) -> None:
    root = feed_of(ask(client, "/v1/timeline.atom?q=nowhere"))
    assert root.find("a:entry", NAMES) is None
    assert text_at(root, "id") != text_at(feed_of(ask(client, "/v1/timeline.atom")), "id")
    assert text_at(root, "title") == "Event Timeline: timeline, q=nowhere"


# iCalendar

UNESCAPED = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n", "\\N": "\n"}


def lines_of(data: bytes) -> list[tuple[str, str, str]]:
    """Name, parameters and value of each content line, as RFC 5545 demands: CRLF, 75 octets, no character cut."""
    assert data.endswith(b"\r\n")
    physical = data[:-2].split(b"\r\n")
    assert all(len(each) <= 75 and not set(each) & set(b"\r\n") for each in physical)
    for each in physical:
        each.decode("utf-8")
    found = []
    for line in data[:-2].replace(b"\r\n ", b"").decode().split("\r\n"):
        parts = re.fullmatch(r"([A-Z-]+)((?:;[A-Z]+=[A-Z]+)*):(.*)", line, re.DOTALL)
        assert parts, line
        assert not re.search("[\x00-\x08\x0a-\x1f\x7f]", line)
        found.append((parts[1], parts[2], parts[3]))
    return found


def events_of(response: TestResponse) -> list[dict[str, str]]:
    """The properties of each VEVENT, texts unescaped; what must be there once is."""
    assert response.content_type == "text/calendar; charset=utf-8"
    lines = lines_of(response.data)
    assert lines[0] == ("BEGIN", "", "VCALENDAR")
    assert lines[-1] == ("END", "", "VCALENDAR")
    assert {("VERSION", "", "2.0"), ("CALSCALE", "", "GREGORIAN")} <= set(lines)
    assert [each[0] for each in lines].count("PRODID") == 1
    events: list[dict[str, str]] = []
    for name, parameters, value in lines:
        if (name, value) == ("BEGIN", "VEVENT"):
            events.append({})
        elif events and name not in ("BEGIN", "END"):
            assert name not in events[-1]
            assert parameters == (";VALUE=DATE" if name in ("DTSTART", "DTEND") else "")
            is_text = name in ("SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES")
            assert not is_text or not re.search(r"(?<!\\)(\\\\)*[;,]|(?<!\\)(\\\\)*\\[^\\;,nN]", value)
            events[-1][name] = re.sub(r"\\.", lambda it: UNESCAPED[it[0]], value) if is_text else value
    for each in events:
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "LAST-MODIFIED", "CREATED", "URL"} <= each.keys()
        assert ("DTEND" in each) != ("DURATION" in each)
    assert len({each["UID"] for each in events}) == len(events)
    return events


def moment(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%Y%m%dT%H%M%SZ")


def plain(text: str) -> str:
    """A text without what a calendar has no way to write."""
    return re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", " ", text.replace("\r\n", "\n").replace("\r", "\n"))


def test_a_calendar_has_what_json_has(any_client: FlaskClient) -> None:
    documents, entries = every_document(any_client, "/v1/events"), events_of(ask(any_client, "/v1/events.ics"))
    assert len(documents) == len(entries)
    for record, entry in zip(documents, entries, strict=True):
        assert entry["SUMMARY"] == plain(record["title"])
        assert plain(record["summary"] or "") in entry["DESCRIPTION"]
        assert entry["URL"] == record["links"]["self"]
        assert entry["DTSTART"] == record["start_date"].replace("-", "")
        last = date.fromisoformat(record["end_date"])
        if last < date.max:
            assert entry["DTEND"] == (last + timedelta(1)).isoformat().replace("-", "")
        else:
            assert entry["DURATION"] == f"P{(last - date.fromisoformat(record['start_date'])).days + 1}D"
        assert entry["DTSTAMP"] == entry["LAST-MODIFIED"] == moment(record["updated_at"])
        assert entry["CREATED"] == moment(record["created_at"])
        assert entry["SEQUENCE"] == str(record["version"] - 1)
        assert ("LOCATION" in entry) == (record["location"] is not None)
        assert entry.get("LOCATION", "").startswith(plain(record["location"]["name"]) if record["location"] else "")
        assert ("GEO" in entry) == bool(places_of(record))
        if "GEO" in entry:
            latitude, longitude = map(float, entry["GEO"].split(";"))
            assert [[round(each, 6) for each in place] for place in places_of(record)] == [[longitude, latitude]]
        wanted = {"corroborated": "CONFIRMED", "disputed": "TENTATIVE", "retracted": "CANCELLED"}
        assert entry.get("STATUS") == wanted.get(record["status"])
        if record["dataset"]:
            assert "CC-BY-4.0" in entry["DESCRIPTION"]


def test_rare_things_are_in_the_calendar(odd: FlaskClient) -> None:
    by_summary = {each["SUMMARY"]: each for each in events_of(ask(odd, "/v1/events.ics"))}
    assert by_summary["Gone"]["STATUS"] == "CANCELLED"
    assert by_summary["Gone"]["LOCATION"] == "Pole; <b>,\\"
    assert by_summary["Gone"]["GEO"] == "-90.000000;0.000000"
    assert by_summary["to-the-last-day"]["DURATION"] == "P2D"
    assert by_summary["the-first-day"]["DTSTART"] == "00010101"


def test_a_calendar_of_nothing_holds_a_component(client: FlaskClient) -> None:
    response = ask(client, "/v1/events.ics?q=nowhere")
    assert events_of(response) == []
    assert ("BEGIN", "", "VTIMEZONE") in lines_of(response.data)
    assert ("BEGIN", "", "VTIMEZONE") not in lines_of(ask(client, "/v1/events.ics").data)


def test_a_changed_event_keeps_its_uid(tmp_path: Path) -> None:
    path = seeded(tmp_path / "own.db")
    versions = []
    with serving(Settings(db=path)) as client:
        for title in ("First", "Second"):
            write(path, events=[event("changing", title)])
            versions.append(events_of(ask(client, "/v1/events.ics?to=2000-12-31"))[0])
    first, second = versions
    assert (first["SUMMARY"], second["SUMMARY"]) == ("First", "Second")
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == ("0", "1")


def test_pages_of_a_calendar_are_the_whole(client: FlaskClient) -> None:
    pages = [each for page in pages_of(client, "/v1/events.ics?limit=7") for each in events_of(page)]
    assert pages == events_of(ask(client, "/v1/events.ics"))


# Data Package


def package_of(client: FlaskClient, target: str) -> Json:
    response = ask(client, target)
    assert response.content_type == "application/json"
    package: Json = strict_json(response.text)
    assert package["licenses"] == [{"name": "CC-BY-4.0", "title": "CC-BY-4.0"}]
    assert all(re.fullmatch(r"[-a-z0-9._/]+", each["name"]) for each in (package, *package["resources"]))
    return package


READ: dict[str, Any] = {
    "string": str,
    "integer": lambda text: int(text) if re.fullmatch("-?[0-9]+", text) else None,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": lambda text: date.fromisoformat(text) if len(text) == 10 else None,
    "datetime": lambda text: datetime.fromisoformat(text) if text.endswith("Z") else None,
}


def check_cells(resource: Json, rows: list[dict[str, str]]) -> None:
    """Every cell is of its column's type and within its bounds, and no two rows have one key."""
    schema = resource["schema"]
    assert schema["missingValues"] == [""]
    for field in schema["fields"]:
        bounds = field.get("constraints", {})
        for row in rows:
            cell = row[field["name"]]
            if cell == "":
                assert not bounds.get("required"), field["name"]
                continue
            value = READ[field["type"]](cell)
            assert value is not None, (field["name"], cell)
            assert "enum" not in bounds or value in bounds["enum"]
            assert "minimum" not in bounds or value >= bounds["minimum"]
            assert "maximum" not in bounds or value <= bounds["maximum"]
    keys = [tuple(row[name] for name in schema.get("primaryKey", row)) for row in rows]
    assert len(set(keys)) == len(keys)


def test_a_package_describes_every_csv(any_client: FlaskClient) -> None:
    package = package_of(any_client, "/v1/datapackage.json")
    assert [each["name"] for each in package["resources"]] == [each.name for each in LISTINGS]
    for resource in package["resources"]:
        path = resource["path"].removeprefix("http://localhost")
        assert path == f"/v1/{resource['name']}.csv"
        answer = ask(any_client, path)
        assert [each["name"] for each in resource["schema"]["fields"]] == header_of(answer)
        assert all(each["description"] for each in resource["schema"]["fields"])
        check_cells(resource, table_of(answer))


def test_columns_have_their_types_and_units(client: FlaskClient) -> None:
    events = package_of(client, "/v1/datapackage.json")["resources"][0]["schema"]
    fields = {each["name"]: each for each in events["fields"]}
    for name, kind, unit in (
        ("id", "string", None), ("start_date", "date", None), ("created_at", "datetime", None),
        ("latitude", "number", "degrees"), ("fatalities_best", "integer", "people"), ("displaced_low", "integer", "people"),
        ("fatalities_disputed", "boolean", None), ("participants", "string", None), ("source_count", "integer", None),
    ):  # fmt: skip
        assert (fields[name]["type"], fields[name].get("unit")) == (kind, unit), name
    assert fields["latitude"]["constraints"] == {"minimum": -90, "maximum": 90}
    assert fields["start_date"]["constraints"] == {"required": True}
    assert "airstrike" in fields["type"]["constraints"]["enum"]
    assert events["primaryKey"] == ["id"]


@pytest.mark.parametrize(
    ("target", "count"),
    [
        ("/v1/events.datapackage.json?type=airstrike,shelling&sort=title", None),
        ("/v1/events.datapackage.json?type=airstrike&type=shelling&limit=1", 1),
        ("/v1/statements.datapackage.json?speaker=SOHR&q=%C3%A9%26%22", 0),
        ("/v1/timeline.datapackage.json?location=Aleppo", None),
        ("/v1/events.datapackage.json?fields=title,type", None),
    ],
)
def test_a_package_of_a_filter_leads_to_the_csv_of_that_filter(
    client: FlaskClient, target: str, count: int | None
) -> None:
    (resource,) = package_of(client, target)["resources"]
    found = table_of(ask(client, resource["path"].removeprefix("http://localhost")))
    assert found == table_of(ask(client, target.replace("datapackage.json", "csv")))
    assert count is None or len(found) == count
    fields = [each["name"] for each in resource["schema"]["fields"]]
    assert not found or list(found[0]) == fields
    assert ("primaryKey" in resource["schema"]) == ("id" in fields)
    check_cells(resource, found) if "id" in fields else None


def test_without_datasets_no_licence_is_named(tmp_path: Path) -> None:
    with serving(Settings(db=tmp_path / "empty.db")) as client:
        write(tmp_path / "empty.db")
        package = strict_json(ask(client, "/v1/datapackage.json").text)
        assert not {"licenses", "sources"} & package.keys()


# All of them


@pytest.mark.parametrize("path", DOCUMENTS)
def test_what_others_laid_down_takes_no_fields(client: FlaskClient, path: str) -> None:
    for query, name in (("?fields=id", "fields"), ("?total=true", "total"), ("?limt=1", "limt")):
        response = ask(client, path + query)
        assert response.status_code == 400
        assert list(faults_of(problem_of(response))) == [name]


NEW = (
    *DOCUMENTS,
    "/v1/datapackage.json",
    *(f"/v1/{name}.{form}" for name in LISTS for form in ("hxl.csv", "datapackage.json")),
)


@pytest.mark.parametrize("path", NEW)
def test_a_copy_that_is_current_is_not_sent_again(client: FlaskClient, path: str) -> None:
    answer = ask(client, path)
    assert answer.status_code == 200
    again = ask(client, path, If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    head = ask(client, path, "HEAD")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", answer.headers["ETag"])
    packed = ask(client, path, Accept_Encoding="gzip")
    assert packed.headers.get("Content-Encoding") == "gzip"


def test_the_index_and_the_guide_name_every_format(client: FlaskClient) -> None:
    routes = {each["path"]: each for each in strict_json(ask(client, "/").text)["routes"]}
    guide = ask(client, "/docs/guide").text
    for listing in LISTINGS:
        formats = routes[f"/v1/{listing.name}"]["formats"]
        assert set(formats) == {*(each.name for each in listing.formats), "datapackage.json"}
        for name, address in formats.items():
            assert ask(client, address.removeprefix("http://localhost")).status_code == 200
            assert f"<code>/v1/{listing.name}.{name}</code>" in guide
    assert "/v1/datapackage.json" in routes
