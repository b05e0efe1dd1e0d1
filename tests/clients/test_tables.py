"""DuckDB, pandas and jq read the lists of `/v1` over HTTP, filtered, and get row by row what SQL says."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from live import Server

from clients.programs import command, read, run
from clients.recorder import recording
from clients.truth import COLUMNS, Case, events, in_order, same, select

NEAR_ALEPPO = "km(l.latitude, l.longitude, 36.2, 37.16)"
INSIDE_SYRIA = """e.location IN (
    WITH RECURSIVE inside (seq) AS (
        SELECT seq FROM locations WHERE id IN ('syria', 'ucdp-country-652')
        UNION SELECT l.seq FROM locations AS l JOIN inside ON l.parent = inside.seq)
    SELECT seq FROM inside)"""
AND_MEMBERS = """e.seq IN (
    WITH RECURSIVE these (seq) AS (
        SELECT seq FROM actors WHERE id = 'anti-government-forces'
        UNION SELECT r.actor FROM actor_relations AS r JOIN these ON r.other = these.seq
        WHERE r.relation IN ('member_of', 'part_of'))
    SELECT event FROM event_actors JOIN these ON these.seq = actor)"""
WHOLE = "all"
"""Read by DuckDB alone: it is 17,000 events, and they are the same for everybody."""
CASES = (
    Case(WHOLE, "", "true", ("seed", "ged", "real")),
    Case("type", "type=shelling,attack_on_civilians", "e.type IN ('shelling', 'attack_on_civilians')"),
    Case("country", "country=Syria", "l.country = 'SY'"),
    Case("bbox", "bbox=36,35,38,37", "l.longitude BETWEEN 36 AND 38 AND l.latitude BETWEEN 35 AND 37"),
    Case(
        "antimeridian", "bbox=178,-30,-178,-10",
        "(l.longitude >= 178 OR l.longitude <= -178) AND l.latitude BETWEEN -30 AND -10", ("ged",),
    ),
    Case("near", "near=36.2,37.16&radius=80", f"{NEAR_ALEPPO} <= 80"),
    Case("span", "from=2019-06-01&to=2024-11-28", "e.end_date >= '2019-06-01' AND e.start_date <= '2024-11-28'"),
    Case(
        "certain", "from=2019-06-01&to=2024-11-29&certain=true",
        "e.start_date >= '2019-06-01' AND e.end_date <= '2024-11-29'",
    ),
    Case("fatalities", "min_fatalities=4&max_fatalities=300", "e.fatalities BETWEEN 4 AND 300"),
    Case("status", "status=disputed&status=corroborated", "e.status IN ('disputed', 'corroborated')"),
    Case("location", "location=Syria", INSIDE_SYRIA),
    Case("actor", "actor=anti-government-forces", AND_MEMBERS, ("seed",)),
    Case("role", "actor=ucdp-actor-652&role=side_a", """e.seq IN (SELECT event FROM event_actors WHERE role = 'side_a'
        AND actor = (SELECT seq FROM actors WHERE id = 'ucdp-actor-652'))""", ("ged",)),
    Case(
        "expression", "filter=NOT type IN ('ceasefire','armed_clash') AND (fatalities_best > 3 OR title LIKE 'S%')",
        "e.type NOT IN ('ceasefire', 'armed_clash') AND (e.fatalities > 3 OR json_extract(c.record, '$.title') GLOB 'S*')",
    ),
)  # fmt: skip
IN_JSON = {
    "location_id": "location.id", "country": "location.country", "latitude": "location.latitude",
    "longitude": "location.longitude", "fatalities_low": "fatalities.low", "fatalities_best": "fatalities.best",
    "fatalities_high": "fatalities.high",
}  # fmt: skip
"""Where a column of the CSV stands in a record."""
PARTICIPANTS = "list_transform(participants, lambda p: p.actor.name || ' (' || p.role || ')')"
JQ = "[{}]".format(
    ", ".join(
        '([.participants[] | "\\(.actor.name) (\\(.role))"] | join("; ") | select(. != "")) // null'
        if name == "participants"
        else f".{IN_JSON.get(name, name)}"
        for name in COLUMNS
    )
)
NARROW = [each.name for each in CASES if each.name != WHOLE]
FEW = ("bbox", "certain", "expression")
"""For a second format, as what it filters by is the same, and where each question is a process."""


def cases(server: Server, names: Collection[str]) -> list[Case]:
    """Those in which something matches in the server's world."""
    return [each for each in CASES if each.name in names and server.database.stem in each.worlds]


def address(server: Server, case: Case, ending: str) -> str:
    return f"{server.address}/v1/events.{ending}?{quote(case.asked, safe='=&,')}".rstrip("?")


def check(server: Server, found: dict[str, Any]) -> None:
    """Every row is as SQL has it."""
    assert found
    for case in cases(server, found):
        expected = events(server.database, case.where)
        assert expected, f"{case.name}: nothing to compare"
        same(in_order(found[case.name]), expected, case.name)


def by_duckdb(server: Server, python: Path, ending: str, names: Collection[str]) -> Any:
    def shown(name: str) -> str:
        if ending == "csv" or name not in (*IN_JSON, "participants"):
            return name
        return IN_JSON.get(name, f"nullif(array_to_string({PARTICIPANTS}, '; '), '')")

    columns = ", ".join(map(shown, COLUMNS))
    questions = {
        each.name: f"SELECT {columns} FROM read_{ending}('{address(server, each, ending)}')"
        for each in cases(server, names)
    }
    return read(python, "duckdb_reader", {"extensions": ["httpfs"], "questions": questions})


def by_pandas(server: Server, python: Path, ending: str, names: Collection[str]) -> Any:
    addresses = {each.name: address(server, each, ending) for each in cases(server, names)}
    return read(python, "pandas_reader", {"format": ending, "columns": COLUMNS, "addresses": addresses})


@pytest.mark.parametrize(("ending", "names"), [("csv", [WHOLE, *NARROW]), ("ndjson", [WHOLE, *FEW])])
def test_duckdb(server: Server, client_python: Path, ending: str, names: Collection[str]) -> None:
    check(server, by_duckdb(server, client_python, ending, names))


@pytest.mark.parametrize(("ending", "names"), [("csv", NARROW), ("ndjson", FEW)])
def test_pandas(server: Server, client_python: Path, ending: str, names: Collection[str]) -> None:
    check(server, by_pandas(server, client_python, ending, names))


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_real_names_and_headlines(real_server: Server, client_python: Path, ending: str) -> None:
    """Many scripts, quotes, commas."""
    check(real_server, by_duckdb(real_server, client_python, ending, [WHOLE]))
    check(real_server, by_pandas(real_server, client_python, ending, [WHOLE]))


def test_jq_on_what_curl_gets(server: Server) -> None:
    curl, jq = command("curl"), command("jq")
    found = {}
    for case in cases(server, FEW):
        lines = run(curl, "--fail", "--silent", "--show-error", address(server, case, "ndjson"))
        found[case.name] = [json.loads(row) for row in run(jq, "-c", JQ, given=lines).splitlines()]
    check(server, found)


TABLES = {
    "actors": "SELECT id, type, country, events, statements FROM actors ORDER BY id",
    "locations": "SELECT id, type, country, latitude, longitude, events FROM locations ORDER BY id",
    "statements": "SELECT id, kind, type, date, end_date FROM statements ORDER BY id",
    "sources": "SELECT id, type, published_at FROM sources ORDER BY id",
}


def test_duckdb_reads_the_other_lists_whole(server: Server, client_python: Path) -> None:
    questions = {
        name: sql.replace(f"FROM {name}", f"FROM read_csv('{server.address}/v1/{name}.csv')")
        for name, sql in TABLES.items()
    }
    found = read(client_python, "duckdb_reader", {"extensions": ["httpfs"], "questions": questions})
    for name, sql in TABLES.items():
        same(in_order(found[name]), in_order(select(server.database, sql)), name)


def test_duckdb_joins_two_lists_of_the_server(ged_server: Server, client_python: Path) -> None:
    """What a database is there for: a question that the API has no words for."""
    at = f"{ged_server.address}/v1"
    sql = f"""SELECT l.id, sum(e.fatalities_best) FROM read_csv('{at}/events.csv?country=SY') AS e
        JOIN read_csv('{at}/locations.csv?country=SY') AS l ON l.id = e.location_id GROUP BY l.id ORDER BY l.id"""
    found = read(client_python, "duckdb_reader", {"extensions": ["httpfs"], "questions": {"sums": sql}})
    expected = select(
        ged_server.database,
        """SELECT l.id, sum(e.fatalities) FROM events AS e JOIN locations AS l ON l.seq = e.location
        WHERE l.country = 'SY' GROUP BY l.id ORDER BY l.id""",
    )
    same([(place, int(total)) for place, total in found["sums"]], expected, "sums")


@pytest.mark.parametrize("limit", [None, 1000])
def test_duckdb_asks_for_the_head_and_then_once(ged_server: Server, client_python: Path, limit: int | None) -> None:
    """A page tells its length, and DuckDB asks for a range of it; what is sent whole tells none. Neither is compressed."""
    with recording(ged_server.address) as proxy:
        url = f"{proxy.address}/v1/events.csv?country=SY" + (f"&limit={limit}" if limit else "")
        job = {"extensions": ["httpfs"], "questions": {"count": f"SELECT count(*) FROM read_csv('{url}')"}}
        found = read(client_python, "duckdb_reader", job)
    head, get = proxy.asked
    assert (head.method, get.method, head.status, get.status) == ("HEAD", "GET", 200, 200)
    assert ("Range" in get.headers) == (limit is not None)
    expected = len(events(ged_server.database, "l.country = 'SY'"))
    assert found["count"] == [[min(limit or expected, expected)]]
