"""What the tests of `/ogc` share: asking for features page by page, the records they are made of, and a world with edges."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from answers import EVIDENCE, Json, ask, event, faults_of, problem_of, serving, strict_json, write
from conftest import seeded
from flask.testing import FlaskClient

from api.config import Settings
from api.web.ogc.layers import COLLECTIONS

NAMES = tuple(each.noun.name for each in COLLECTIONS)
GEOJSON, JSON, SCHEMA = "application/geo+json", "application/json", "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
MANY = 90
"""Events without a place, so that there are more than a page holds."""
PLACES = {
    "suva": (178.44, -18.14), "taveuni": (-179.9, -16.8), "line-east": (-180, -17), "line-west": (180, -17),
    "pole": (12.5, 90), "null-island": (0, 0), "tiny": (0.00001, -0.00001), "nowhere": None,
}  # fmt: skip
SPANS = (
    ("2019-12-31", "2020-01-01"), ("2020-02-29", "2020-02-29"), ("2021-02-01", "2021-02-28"), ("2024-01-01", "2024-12-31"),
)  # fmt: skip


def target(collection: str, *pairs: tuple[str, Any], **named: Any) -> str:
    """A request for items."""
    query = urlencode([*pairs, *named.items()], quote_via=quote)
    return f"/ogc/collections/{collection}/items" + (f"?{query}" if query else "")


def get(client: FlaskClient, address: str) -> Json:
    """The JSON of a 200."""
    answer = ask(client, address.removeprefix("http://localhost"))
    assert answer.status_code == 200, answer.text
    found: Json = strict_json(answer.text)
    return found


def refused(client: FlaskClient, address: str, parameter: str) -> Json:
    """What a 400 says of the one parameter that is at fault."""
    answer = ask(client, address)
    assert answer.status_code == 400, f"{address}: {answer.status}"
    faults = faults_of(problem_of(answer))
    assert list(faults) == [parameter]
    return faults[parameter]


def links_of(body: Json) -> dict[str, Json]:
    """The links of a document by their relation."""
    found = {each["rel"]: each for each in body["links"]}
    assert len(found) == len(body["links"])
    return found


def pages(client: FlaskClient, address: str) -> list[Json]:
    """A page and all that follow it."""
    found = [get(client, address)]
    while "next" in (links := links_of(found[-1])):
        found.append(get(client, links["next"]["href"]))
        assert len(found) <= 2 * MANY
    return found


def ids(*bodies: Json) -> list[str]:
    return [feature["id"] for body in bodies for feature in body["features"]]


def matching(client: FlaskClient, collection: str, **query: Any) -> set[str]:
    """The ids of all features that match, which the counts must agree with."""
    found = pages(client, target(collection, **query | {"limit": 1000}))
    named = ids(*found)
    assert {each["numberMatched"] for each in found} == {len(named)}
    assert len(set(named)) == len(named)
    return set(named)


def records(client: FlaskClient, noun: str) -> list[Json]:
    """Every record of the noun as `/v1` gives it."""
    return [json.loads(line) for line in ask(client, f"/v1/{noun}.ndjson").text.splitlines()]


def point(record: Json) -> tuple[float, float] | None:
    """Where an event or a location is."""
    place = record if "longitude" in record else record["location"]
    return None if place is None or place["longitude"] is None else (place["longitude"], place["latitude"])


def lies_in(box: Sequence[float], where: tuple[float, float] | None) -> bool:
    """Is the point in the box or on its edge? A box that is farther west at its east crosses the antimeridian."""
    if where is None:
        return False
    west, south, east, north = box
    longitude, latitude = where
    turns = (-180, 180) if abs(longitude) == 180 else (longitude,)  # which are one meridian
    between = any(west <= each <= east if west <= east else each >= west or each <= east for each in turns)
    return between and south <= latitude <= north


@contextmanager
def wide(path: Path) -> Iterator[FlaskClient]:
    """The seed, places at the ends of the coordinates with an event each in every span, and many more events."""
    seeded(path)
    places = [
        {"id": name, "name": name.title(), "type": "town", "evidence": EVIDENCE}
        | ({"longitude": where[0], "latitude": where[1]} if where else {})
        for name, where in PLACES.items()
    ]
    spread = [
        event(
            f"{name}-{first}", name, location=name, location_precision="exact",
            start_date=first, end_date=last, date_precision="month",
        )
        for name in PLACES
        for first, last in SPANS
    ]  # fmt: skip
    write(path, locations=places, events=[*spread, *(event(f"one-of-{n:04}", f"Number {n}") for n in range(MANY))])
    with serving(Settings(db=path)) as client:
        yield client
