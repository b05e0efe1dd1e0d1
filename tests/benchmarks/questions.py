"""What is measured: the rows of the table, their values drawn from the database with one seed."""

import base64
import itertools
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from api.query import cursor
from api.query.cursor import Position
from benchmarks import load, sample
from benchmarks.limit import TAG
from benchmarks.load import Address
from benchmarks.sample import Seen
from benchmarks.spelling import DATASETTE, FILTERS, LIMIT, NEWEST, OURS, PYGEOAPI, SIZE, UNCOUNTED, Row, filtered, plain

SEED = 2024
VARIED = 40
"""Addresses of one row, where there are so many."""
COMBINATIONS = 12
MANY = 1000
SUMMARY = "/v1/events/summary?limit=1000&group_by="


@dataclass(frozen=True)
class Drawn:
    """Values of one database."""

    seen: list[Seen]
    tails: list[Seen]
    common: list[str]
    rare: list[str]
    deep: list[tuple[int, str, int]]
    combinations: list[tuple[str, ...]]


@cache
def draw(db: Path) -> Drawn:
    """Draw the values, the same ones each time."""
    chance = random.Random(SEED)
    combinations: list[tuple[str, ...]] = list(itertools.combinations([name for name in FILTERS if name != "place"], 3))
    drawn = sorted(chance.sample(combinations, COMBINATIONS), key=combinations.index)
    with sample.opened(db) as connection:
        seen = sample.events(connection, VARIED, chance)
        pairs = zip(*sample.rare(connection, VARIED // 4, chance), strict=True)
        tails = [replace(seen[0], actor=actor, country=country) for actor, country in pairs]
        return Drawn(
            seen, tails, *sample.words(connection, VARIED, chance), sample.deep(connection, SIZE, VARIED, chance), drawn
        )


def rows(db: Path, server: str) -> list[Row]:
    """All rows of the table. Our running server is asked for an entity tag and for a cursor."""
    drawn = draw(db)
    return [*_pages(drawn, server), *_filters(drawn), *_combinations(drawn), *_others(drawn, server)]


def _pages(drawn: Drawn, server: str) -> list[Row]:
    deep = {
        "ours": [Address(f"{OURS}&cursor={each}") for each in _cursors(server, drawn.deep)],
        "limit": [Address(f"{LIMIT[0].path}&day={day}&seq={seq}") for _, day, seq in drawn.deep],
        "datasette": [Address(f"{UNCOUNTED}{NEWEST}&_next={day},{seq}") for _, day, seq in drawn.deep],
        "pygeoapi": [Address(f"{PYGEOAPI}&offset={before}") for before, _, _ in drawn.deep],
    }
    first = plain("page 1 (newest)", "list", LIMIT[0].path, OURS, UNCOUNTED + NEWEST, PYGEOAPI)
    return [
        first,
        Row("the last pages", "list", deep),
        plain(
            "sort=-fatalities", "list", LIMIT[0].path, f"{OURS}&sort=-fatalities", f"{UNCOUNTED}&_sort_desc=fatalities"
        ),
        plain("sort=title", "list", LIMIT[0].path, f"{OURS}&sort=title", f"{UNCOUNTED}&_sort=title"),
    ]


def _cursors(server: str, deep: Sequence[tuple[int, str, int]]) -> list[str]:
    """Cursors of pages far into the list: those of the first page, with other keys."""
    _, body, _ = load.get(server, Address(OURS))
    given = urlsplit(json.loads(body)["links"]["next"]).query.split("cursor=")[1].split("&")[0]
    owner = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))[0]
    return [cursor.encode(Position((day, seq)), owner) for _, day, seq in deep]


def _filters(drawn: Drawn) -> list[Row]:
    every = [*drawn.seen, *drawn.tails]
    return [
        *(filtered(name, "filter", [name], every if name in ("actor", "country") else drawn.seen) for name in FILTERS),
        _search("q, common words", drawn.common),
        _search("q, rare words", drawn.rare),
        filtered("country and a year", "filter", ["country", "a year"], drawn.seen),
        filtered("type and min_fatalities", "filter", ["type", "min_fatalities"], drawn.seen),
    ]


def _search(name: str, words: Sequence[str]) -> Row:
    asked = {
        "ours": [Address(f"{OURS}&q={word}") for word in words],
        "datasette": [Address(f"{UNCOUNTED}{NEWEST}&_search={word}") for word in words],
    }
    return Row(name, "filter", asked | {"limit": LIMIT})


def _combinations(drawn: Drawn) -> list[Row]:
    return [filtered(", ".join(parts), "combination", parts, drawn.seen) for parts in drawn.combinations]


def _others(drawn: Drawn, server: str) -> list[Row]:
    countries = list(dict.fromkeys(each.country for each in (*drawn.seen, *drawn.tails)))
    totals = {
        "ours": [Address(f"{OURS}&total=true&country={each}") for each in countries],
        "datasette": [Address(f"{DATASETTE}{NEWEST}&country={each}") for each in countries],
        "pygeoapi": [Address(f"{PYGEOAPI}&resulttype=hits&country={each}") for each in countries],
        "limit": LIMIT,
    }
    records = {
        "ours": [Address(f"/v1/events/{each.id}") for each in drawn.seen],
        "limit": [Address(f"/record?id={each.id}") for each in drawn.seen],
        "datasette": [Address(f"/events/events/{each.seq}.json?_shape=objects") for each in drawn.seen],
        "pygeoapi": [Address(f"/collections/events/items/{each.seq}?f=json") for each in drawn.seen],
    }
    month, country = (_grouped(each) for each in ("substr(start_date, 1, 7)", "country"))
    _, _, tag = load.get(server, Address(OURS))
    return [
        plain("total=true", "other", LIMIT[0].path, f"{OURS}&total=true", DATASETTE + NEWEST, f"{PYGEOAPI}&resulttype=hits"),
        Row("total=true, a country", "other", totals),
        plain("summary by month", "other", None, f"{SUMMARY}month", month),
        plain("summary by country", "other", None, f"{SUMMARY}country", country),
        plain(
            f"GeoJSON of {MANY:,}", "other", f"/list?size={MANY}", f"/v1/events.geojson?limit={MANY}", None,
            PYGEOAPI.replace(f"limit={SIZE}", f"limit={MANY}"),
        ),
        Row("a single record", "other", records),
        Row("304 (limit: a bare Flask route)", "unchanged", {"ours": [Address(OURS, tag)], "flask": [Address("/", TAG)]}),
    ]  # fmt: skip


def _grouped(key: str) -> str:
    """The same as a query that one may send Datasette."""
    sql = f"SELECT {key} AS name, count(*), sum(fatalities) FROM events GROUP BY name ORDER BY name"
    return f"/events.json?_shape=objects&sql={quote(sql)}"
