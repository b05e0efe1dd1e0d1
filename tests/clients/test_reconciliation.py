"""Reconciliation as its clients use it: the package reconciler, and what OpenRefine sends, request by request.

OpenRefine itself is no package; its requests are written down here as version 3.9 makes them. What comes back is held
against the specification (`reconciliation_schemas.py`) and against the names in the database, row by row.
"""

import json
import sqlite3
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema
import pytest
from live import Server

from clients import reconciliation_schemas as schemas
from clients.programs import read

Json = dict[str, Any]
NOUNS = ("actors", "locations")
SUGGESTING = {"spell": "always", "exact": "false", "prefixed": "true"}
"""What OpenRefine's suggestions send beside the prefix."""
NAMES = """
SELECT name, group_concat(id, ' ') FROM (
    SELECT DISTINCT json_extract(doc, '$.name') AS name, other.id
    FROM {noun}_doc JOIN names AS own ON own.collection = '{noun}' AND own.seq = {noun}_doc.seq
    JOIN names AS same ON same.collection = '{noun}' AND same.folded = own.folded
    JOIN {noun} AS other ON other.seq = same.seq
    WHERE own.folded = fold(name) ORDER BY 1, 2
) GROUP BY name ORDER BY name
"""


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as response:
        return json.load(response)


def post(address: str, **form: Any) -> Any:
    """A form as OpenRefine sends it: JSON in a field, its media type with the charset."""
    data = urlencode({name: json.dumps(value) for name, value in form.items()}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=30) as response:
        return json.load(response)


def valid(schema: Json, value: Any) -> Any:
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    assert fault is None, f"{fault.json_path}: {fault.message}"
    return value


def names(server: Server, noun: str) -> dict[str, set[str]]:
    """Of every name the records that are called so, folded, by SQL."""
    from api.model.text import fold

    connection = sqlite3.connect(f"{server.database.as_uri()}?mode=ro", uri=True)
    connection.create_function("fold", 1, fold)
    rows = connection.execute(NAMES.format(noun=noun)).fetchall()
    connection.close()
    return {name: set(ids.split()) for name, ids in rows}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_session_of_openrefine(server: Server, noun: str) -> None:
    """Register, guess the type, reconcile a column, look at a candidate, match by hand, add columns."""
    service = f"{server.address}/v1/reconcile/{noun}"
    manifest = valid(schemas.MANIFEST, get(service))
    wanted = names(server, noun)
    column = list(wanted)[:10]
    guessed = valid(
        schemas.RESULTS, post(service, queries={f"q{i}": {"query": name, "limit": 3} for i, name in enumerate(column)})
    )
    kinds = {each["id"] for one in guessed.values() for found in one["result"] for each in found["type"]}
    assert manifest["defaultTypes"][0]["id"] in kinds
    for kind in (manifest["defaultTypes"][0]["id"], *kinds):
        queries = {
            f"q{i}": {
                "query": name,
                "type": kind,
                "type_strict": "should",
                "properties": [{"pid": "country", "v": "Syria"}],
            }
            for i, name in enumerate(column)
        }
        results = valid(schemas.RESULTS, post(service, queries=queries))
        for i, name in enumerate(column):
            assert wanted[name] <= {each["id"] for each in results[f"q{i}"]["result"]} | wanted_beyond(wanted[name])
    candidate = guessed["q0"]["result"][0]
    with urllib.request.urlopen(
        manifest["preview"]["url"].replace("{{id}}", quote(candidate["id"])), timeout=30
    ) as page:
        assert "frame-ancestors" not in page.headers["Content-Security-Policy"]
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert get(manifest["view"]["url"].replace("{{id}}", candidate["id"]))["id"] == candidate["id"]
    for kind, schema, typed in (
        ("entity", schemas.ENTITIES, column[0]),
        ("type", schemas.TYPES, candidate["type"][0]["id"]),
        ("property", schemas.PROPERTIES, "count"),
    ):
        place = manifest["suggest"][kind]
        scoring = {} if kind == "entity" else {"scoring": "schema"}
        query = urlencode({"prefix": typed, **SUGGESTING, **scoring})
        suggested = valid(schema, get(f"{place['service_url']}{place['service_path']}?{query}"))
        assert suggested["result"], kind
    place = manifest["extend"]["propose_properties"]
    proposed = valid(schemas.PROPOSAL, get(f"{place['service_url']}{place['service_path']}?type="))
    chosen = [{"id": each["id"], "name": each["name"]} for each in proposed["properties"]]
    ids = [candidate["id"], "never-there"]
    extended = valid(schemas.EXTENSION, post(service, extend={"ids": ids, "properties": chosen}))
    assert [each["id"] for each in extended["meta"]] == [each["id"] for each in chosen]
    assert list(extended["rows"]) == ids
    assert extended["rows"][ids[0]]["name"] == [{"str": candidate["name"]}]


LONGEST_COLUMN = 2000
"""Names that are matched; of more every second, third and so on."""


def wanted_beyond(ids: set[str]) -> set[str]:
    """More namesakes than candidates are given by default."""
    return ids if len(ids) > 10 else set()


@pytest.mark.parametrize("noun", NOUNS)
def test_every_name_is_matched_as_sql_says(server: Server, noun: str) -> None:
    """Columns in full batches: a name of one record is its match; of several, all score 100 and none is."""
    service = f"{server.address}/v1/reconcile/{noun}"
    size, wanted = get(service)["batchSize"], names(server, noun)
    column = list(wanted)[:: 1 + len(wanted) // LONGEST_COLUMN]
    assert len(column) > 10
    for at in range(0, len(column), size):
        part = column[at : at + size]
        found = post(service, queries={name: {"query": name, "limit": 50} for name in part})
        for name in part:
            same = {each["id"] for each in found[name]["result"] if each["score"] == 100}
            assert same == wanted[name] or (len(wanted[name]) > 50 and same <= wanted[name]), name
            matched = {each["id"] for each in found[name]["result"] if each["match"]}
            assert matched == (wanted[name] if len(wanted[name]) == 1 else set()), name


def test_the_package_reconciler_matches_a_column(seed_server: Server, client_python: Path) -> None:
    spellings = {
        "Hayat Tahrir al Sham": "hayat-tahrir-al-sham",
        "Hizb Allah": "hezbollah",
        "SOHR": "syrian-observatory-for-human-rights",
        "Rami Abdulrahman": "rami-abdel-rahman",
    }
    job = {"address": f"{seed_server.address}/v1/reconcile/actors", "names": list(spellings), "type": "actor"}
    rows = read(client_python, "reconciler_reader", job)
    assert {row[0]: row[1] for row in rows} == spellings
    assert {row[0] for row in rows if row[2]} == {"Hayat Tahrir al Sham", "SOHR", "Rami Abdulrahman"}


def test_the_package_reconciler_narrows_by_a_column(seed_server: Server, client_python: Path) -> None:
    job: Json = {
        "address": f"{seed_server.address}/v1/reconcile/locations",
        "names": ["Halab", "Turkey"],
        "type": "location",
    }
    job["property"] = {"country": ["Syrian Arab Republic", "Lebanon"]}
    rows = {row[0]: row[1:4] for row in read(client_python, "reconciler_reader", job)}
    assert rows == {"Halab": ["aleppo", True, 100.0], "Turkey": ["turkey", False, 75.0]}
