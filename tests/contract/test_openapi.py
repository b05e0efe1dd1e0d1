"""The OpenAPI document: valid, complete, and true. What it says of requests works, and what it says of answers is sent."""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema
import jsonschema_rs
import openapi_spec_validator
import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from api import create_app
from api.cli import main
from api.config import Settings
from api.formats.timelinejs import NOTHING
from api.model.event import EVENTS
from api.web import datapackages, server
from api.web import routes as web_routes
from api.web.actions import Action
from api.web.openapi import document as make_document
from api.web.openapi_pieces import LONGEST_HEADER
from api.web.problems import BY_NAME
from api.web.table import ACTIONS
from contract.oracle import NOUNS
from contract.worlds import Json, World

ROOT = Path(__file__).parents[2]
DOCUMENT: Json = make_document("http://127.0.0.1:8000")
"""For naming the cases; what is tested is what the server sends."""
ITSELF = "/v1/openapi.json"
NO_FILTERS = ("sort", "limit", "cursor", "fields", "total", "group_by")
FIXED = ("429", "500", "503")
"""Statuses that every operation may answer with and that no query brings about."""
ENDED = ("308", "410")
"""Statuses of records that were merged or deleted, of which the seed has none; `tests/http/test_history.py` has them."""
EXAMPLE_ID = "no-such-record"
GROUPINGS = (
    "type,month", "country,week", "location,day", "actor,year", "source,type", "location,actor", "country", "source",
)  # fmt: skip
IMPOSSIBLE = {("sources", each) for each in ("from", "to", "certain")}
"""List and filter whose example finds nothing in the seed: neither article says on which day it was published."""


def operations() -> Iterator[tuple[str, Json]]:
    for path, item in DOCUMENT["paths"].items():
        if "get" in item:
            yield path, item["get"]


def resolved(node: Json) -> Json:
    """What a `$ref` of the document stands for, or the node itself."""
    while "$ref" in node:
        found: Any = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def parameters_of(operation: Json) -> dict[str, Json]:
    """The query parameters of an operation, by name, their schemas without references."""
    found = [resolved(each) for each in operation["parameters"]]
    return {each["name"]: each | {"schema": inlined(each["schema"])} for each in found if each["in"] == "query"}


def inlined(schema: Any) -> Any:
    """The schema with what its references stand for in their place."""
    if isinstance(schema, list):
        return [inlined(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    more = inlined(resolved({"$ref": schema["$ref"]})) if "$ref" in schema else {}
    return more | {name: inlined(each) for name, each in schema.items() if name != "$ref"}


def url_of(path: str, operation: Json) -> str:
    """The path with the example of what it names."""
    for each in map(resolved, operation["parameters"]):
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", each["example"])
    return path


def as_text(value: Any) -> str:
    """A value as clients write it into a URL."""
    if isinstance(value, list):
        return ",".join(as_text(each) for each in value)
    return json.dumps(value) if isinstance(value, bool) else str(value)


def needed_by(parameter: Json) -> list[str]:
    """The first parameter without which this one means nothing, as its description says."""
    return re.findall(r"Only with `(\w+)`", parameter["description"])[:1]


def count(response: TestResponse) -> int:
    """How many records, features, groups or lines an answer holds."""
    text = response.get_data(as_text=True)
    if response.mimetype == "text/csv":
        rows = list(csv.reader(io.StringIO(text)))[1:]
        return len([each for each in rows if not each[0].startswith("#")])  # which are HXL's tags
    if response.mimetype == "application/x-ndjson":
        return len(text.split("\n")) - 1
    if response.mimetype == "text/html":
        return text.count("<h1>")
    if response.mimetype == "application/atom+xml":
        return text.count("<entry>")
    if response.mimetype == "text/calendar":
        return text.count("BEGIN:VEVENT")
    body = json.loads(text)
    if body.keys() == {"title", "events"}:
        return len([each for each in body["events"] if each["unique_id"] != NOTHING])
    if "features" in body:
        return len(body["features"])
    if "bundle" in body:
        return sum(len(body[noun]) for noun in NOUNS)
    return len(body["data"]) if "data" in body else len(body)


def media_type_of(operation: Json) -> str:
    (media_type,) = operation["responses"]["200"]["content"]
    return str(media_type)


@pytest.fixture(scope="module")
def document(seed_world: World) -> Json:
    """What the server sends."""
    return seed_world.json(ITSELF)


PATHS = [path for path, _ in operations()]


# The document as such


def test_the_document_is_valid_openapi(document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    openapi_spec_validator.validate(document)


def test_the_server_sends_the_document_with_its_own_address(document: Json) -> None:
    assert document["servers"] == [{"url": "http://localhost"}]
    assert document | {"servers": DOCUMENT["servers"]} == json.loads(json.dumps(DOCUMENT))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "$ref":
                yield each
            else:
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def test_every_reference_leads_somewhere(document: Json) -> None:
    found = set(_references(document))
    assert found
    for each in found:
        assert each.startswith("#/components/")
        assert resolved({"$ref": each})


def test_the_paths_are_the_routes(seed_world: World, document: Json) -> None:
    """All of Flask's rules under /v1 and nothing else; the document itself is no operation of its own."""
    rules = {each.rule for each in seed_world.app.url_map.iter_rules() if each.rule.startswith("/v1/")}
    assert {re.sub("<[^>]+>", "{}", each) for each in rules} == {
        re.sub("{[^}]+}", "{}", each) for each in (*document["paths"], ITSELF)
    }
    methods: dict[str, set[str]] = defaultdict(set)
    for rule in seed_world.app.url_map.iter_rules():
        methods[re.sub("<[^>]+>", "{}", rule.rule)] |= (rule.methods or set()) - {"HEAD", "OPTIONS"}
    for path, operations in document["paths"].items():
        assert {each.upper() for each in operations} == methods[re.sub("{[^}]+}", "{}", path)], path


def test_operations_are_named_once_and_described(document: Json) -> None:
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    tags = {each["name"] for each in document["tags"]}
    assert {tag for _, operation in operations() for tag in operation["tags"]} == tags
    for path, operation in operations():
        assert operation["summary"], path
        assert operation["security"] == [], path
        parameters = [resolved(each) for each in operation["parameters"]]
        assert len({(each["in"], each["name"]) for each in parameters}) == len(parameters), path
        assert all(each["description"] for each in parameters), path


def test_the_committed_file_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(main, ["openapi"])
    assert printed.exit_code == 0
    file = ROOT / "openapi" / "openapi.json"
    assert file.read_text("utf-8") == printed.output, "write it with: event-timeline openapi > openapi/openapi.json"
    assert CliRunner().invoke(main, ["openapi", "--check", str(file)]).exit_code == 0


# Requests


def _parameter_cases() -> list[tuple[str, str]]:
    return [(path, name) for path, operation in operations() for name in parameters_of(operation)]


@pytest.mark.parametrize(("path", "name"), _parameter_cases())
def test_the_example_of_a_parameter_works(seed_world: World, path: str, name: str) -> None:
    operation = DOCUMENT["paths"][path]["get"]
    parameters = parameters_of(operation)
    parameter = parameters[name]
    if name in ("cursor", "mark", "snapshot"):
        assert "example" not in parameter, "it is opaque, or not in every database"
        has_links = "{" not in path and "/suggest/" not in path  # a record of the seed has one version, and so one page
        if name == "cursor" and has_links:
            _check_cursor(seed_world, path, parameters)
        return
    assert "example" in parameter
    jsonschema.Draft202012Validator(parameter["schema"]).validate(parameter["example"])
    query = {name: as_text(parameter["example"])}
    for needed in needed_by(parameter):
        query[needed] = as_text(parameters[needed]["example"])
    response = seed_world.get(f"{url_of(path, operation)}?{urlencode(query)}")
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == media_type_of(operation)
    if (operation["tags"][0], name) in IMPOSSIBLE and not path.endswith(datapackages.NAME):
        assert count(response) == 0, "it has become possible: take it out of the list"
    else:
        assert count(response) > 0, query


def _check_cursor(world: World, path: str, parameters: Mapping[str, Json]) -> None:
    """Those that the links hold are taken."""
    grouped = "&group_by=type" if "group_by" in parameters else ""
    first = world.get(f"{path}?limit=1{grouped}")
    assert first.status_code == 200
    (following,) = re.findall(r'<([^>]*)>; rel="next"', first.headers["Link"])
    assert count(world.get(following)) == 1


@pytest.mark.parametrize("path", PATHS)
def test_the_example_of_an_operation_works(seed_world: World, path: str) -> None:
    operation = DOCUMENT["paths"][path]["get"]
    (example,) = re.findall(r"Example: .*?(/v1/[^`'\s]*)", operation["description"])
    assert re.fullmatch(re.sub("{[^}]+}", "[^/?]+", path), example.partition("?")[0])
    response = seed_world.get(example)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == media_type_of(operation)
    assert count(response) > 0 or path == "/v1/snapshots", "of which the seed has none"


@pytest.mark.parametrize("path", PATHS)
def test_a_client_that_sends_every_default_gets_what_one_gets_that_sends_none(seed_world: World, path: str) -> None:
    """Generated clients do send them."""
    operation = DOCUMENT["paths"][path]["get"]
    url = url_of(path, operation)
    defaults = {
        name: as_text(each["schema"]["default"])
        for name, each in parameters_of(operation).items()
        if "default" in each["schema"]
    }
    plain, explicit = seed_world.get(url), seed_world.get(f"{url}?{urlencode(defaults)}")
    assert explicit.status_code == plain.status_code == 200, explicit.get_data(as_text=True)
    assert _without_links(explicit) == _without_links(plain)


def _without_links(response: TestResponse) -> Any:
    """The answer without its own address, wherever it stands."""
    data = re.sub(rb'(http://localhost/v1/[a-z]+\.[a-z.]+)\?[^"\s\\]*', rb"\1", response.data.replace(b"\r\n ", b""))
    if not response.is_json:
        return re.sub(rb'<link rel="self"[^>]*>', b"", data)
    return {name: value for name, value in json.loads(data).items() if name != "links"}


@pytest.mark.parametrize("path", PATHS)
def test_every_documented_word_is_taken(seed_world: World, path: str) -> None:
    """All words of each enum at once; for `group_by`, which takes two, and single values one after the other."""
    operation = DOCUMENT["paths"][path]["get"]
    url = url_of(path, operation)
    parameters = parameters_of(operation)
    for name, parameter in parameters.items():
        schema = parameter["schema"]
        words = schema.get("items", schema).get("enum")
        if words is None:
            continue
        values = [",".join(words)] if "items" in schema and name != "group_by" else words
        for value in values:
            needed = {each: as_text(parameters[each]["example"]) for each in needed_by(parameter)}
            if value == "cql2-json":
                needed = {"filter": '{"op": "isNull", "args": [{"property": "version"}]}'}
            response = seed_world.get(f"{url}?{urlencode({name: value} | needed)}")
            assert response.status_code == 200, f"{name}={value}"


@pytest.mark.parametrize("path", [path for path, operation in operations() if "sort" in parameters_of(operation)])
def test_every_documented_sort_is_taken(seed_world: World, path: str) -> None:
    schema = parameters_of(DOCUMENT["paths"][path]["get"])["sort"]["schema"]
    words = schema.get("enum") or re.findall(r"[a-z_]+", schema["pattern"].partition(")")[0])
    assert len(words) > 1
    for word in words:
        sort = word.removeprefix("-")
        needed = "&q=aleppo" if sort == "relevance" else ""
        for each in (sort, f"-{sort}"):
            response = seed_world.get(f"{path}?sort={each}{needed}")
            assert response.status_code == 200, f"{path} {each}: {response.get_data(as_text=True)}"


# Errors


def validator(schema: Json, document: Json) -> jsonschema.Draft202012Validator:
    """A validator for a schema that may refer to the document's components. Formats count."""
    whole = {**schema, "components": document["components"]}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def check_problem(response: TestResponse, status: str, document: Json) -> None:
    assert response.status_code == int(status)
    if status == "304":
        assert response.data == b""
        return
    assert response.mimetype == "application/problem+json"
    body = json.loads(response.data)
    validator(closed({"$ref": "#/components/schemas/Problem"}), closed(document)).validate(body)
    assert body["status"] == int(status)


@pytest.mark.parametrize("path", PATHS)
def test_every_documented_status_can_be_had(seed_world: World, document: Json, path: str) -> None:
    operation = DOCUMENT["paths"][path]["get"]
    url = url_of(path, operation)
    tag = seed_world.get(url).headers["ETag"]
    has_media_types = "406" in operation["responses"]
    reached = {
        "304": seed_world.get(url, **{"If-None-Match": tag}),
        "400": seed_world.get(f"{url}?limt=5"),
        "401": seed_world.get(url, Authorization="Bearer et_00000000_unknown"),
        "406": seed_world.get(url, Accept="image/png"),
    }
    if "{" in path:
        reached["404"] = seed_world.get(re.sub("{[^}]+}", EXAMPLE_ID, path))
    if not has_media_types:
        assert reached.pop("406").status_code == 200  # a path of one format ignores Accept
    if path.startswith("/v1/changes"):
        reached["410"] = seed_world.get(f"{url}?since=999999")
    gone = ENDED if path.endswith("/{id}") else ()
    assert set(operation["responses"]) == {"200", *reached, *FIXED, *gone}
    for status, response in reached.items():
        check_problem(response, status, document)
        description = resolved(operation["responses"][status])
        assert list(description.get("content", {})) == ([] if status == "304" else ["application/problem+json"])


def test_the_fixed_statuses_can_be_had_too(seed_world: World, document: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = create_app(Settings(db=seed_world.path, rate_limit=1, port=1 + hash(seed_world.path) % 60_000))
    client = limited.test_client()
    assert client.get("/v1/meta").status_code in (200, 429)
    refused = client.get("/v1/meta")
    limited.config["STORE"].close()
    check_problem(refused, "429", document)
    assert int(refused.headers["Retry-After"]) > 0
    missing = create_app(Settings(db=seed_world.path.with_name("missing.db")))
    response = missing.test_client().get("/v1/meta")
    check_problem(response, "503", document)
    assert int(response.headers["Retry-After"]) > 0

    def fail(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(web_routes, "resolve", fail)
    response = seed_world.get("/v1/meta")
    check_problem(response, "500", document)
    assert "secret" not in response.get_data(as_text=True)


# Writes

WRITES = pytest.mark.parametrize("action", ACTIONS, ids=lambda each: each.operation)
EVERY_WRITE = {"400", "401", "403", "409", "422", "429", "500", "503"}
"""Statuses of all that writes: of its key, its query, its Idempotency-Key, and of the server."""
WITH_A_BODY = {"408", "411", "413", "415"}


def written(action: Action) -> Json:
    """The operation that the document has for an action."""
    found: Json = DOCUMENT["paths"][action.path.replace("<record_id>", "{id}")][action.method.lower()]
    return found


@WRITES
def test_what_writes_is_documented(action: Action) -> None:
    operation = written(action)
    assert operation["operationId"] == action.operation
    assert operation["tags"] == [action.tag]
    assert operation["security"] == [{"bearer": []}, {"api_key": []}]
    assert f"scope `{action.scope}`" in operation["description"]
    bodies = operation.get("requestBody", {"content": {}})
    assert {each: content["schema"] for each, content in bodies["content"].items()} == action.bodies
    assert bodies.get("required", not action.bodies)
    done, told = ({str(status) for status in statuses} for statuses in (action.statuses, _refusals(action)))
    assert set(operation["responses"]) == done | told | EVERY_WRITE | (WITH_A_BODY if action.bodies else set())
    for status, response in operation["responses"].items():
        media_types = list(resolved(response).get("content", ()))
        expected = "application/json" if status in done else "application/problem+json"
        assert media_types == ([] if status == "204" else [expected])
        assert ("Location" in response.get("headers", ())) == (status == "201")
    given = [resolved(each) for each in operation["parameters"]]
    assert {each["name"] for each in given if each["in"] == "query"} == {each.name for each in action.parameters}
    headers = {each["name"] for each in given if each["in"] == "header"}
    assert {"Idempotency-Key", "If-Match"} & headers == (set() if action.is_apart else {"Idempotency-Key", "If-Match"})


def _refusals(action: Action) -> set[int]:
    return {BY_NAME[each].status for each in action.problems}


def test_what_is_sent_holds_nothing_else(document: Json) -> None:
    """All objects of a body are closed, at any depth; those of an answer may grow."""
    for action in ACTIONS:
        for schema in action.bodies.values():
            for name in _all_references(schema, document):
                part = resolved({"$ref": name})
                assert "enum" in part or part["additionalProperties"] is False, name
    for path, operation in operations():
        (content,) = operation["responses"]["200"]["content"].values()
        if not path.startswith("/v1/bundle"):  # which is what can be sent again
            for name in _all_references(content["schema"], document):
                assert resolved({"$ref": name}).get("additionalProperties") is not False, name


def _all_references(schema: Any, document: Json) -> set[str]:
    found: set[str] = set()
    wanted = list(_references(schema))
    while wanted:
        each = wanted.pop()
        if each not in found:
            found.add(each)
            wanted += _references(resolved({"$ref": each}))
    return found


@pytest.mark.parametrize("noun", NOUNS)
def test_a_record_of_the_bundle_is_as_its_schema_says(seed_world: World, document: Json, noun: str) -> None:
    """Each that is stored could be sent by itself, without its id too, and each member of it as a patch."""
    operation = document["paths"][f"/v1/{noun}"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    patch = document["paths"][f"/v1/{noun}/{{id}}"]["patch"]["requestBody"]["content"]
    for record in seed_world.json("/v1/bundle")[noun]:
        bare = {name: value for name, value in record.items() if name != "id"}
        validator(schema, document).validate(record)
        validator(schema, document).validate(bare)
        for content in patch.values():
            validator(content["schema"], document).validate(bare)
        assert not validator(schema, document).is_valid(record | {"colour": "red"})
        assert not validator(schema, document).is_valid(
            record | {"evidence": []} if noun != "sources" else {"url": "x"}
        )


@pytest.mark.parametrize(("names", "is_valid"), [("relid", True), ("Rel id", False), ("1st", False), ("a" * 65, False)])
def test_attributes_have_names_of_one_form(seed_world: World, document: Json, names: str, is_valid: bool) -> None:
    event = seed_world.json("/v1/bundle")["events"][0] | {"attributes": {names: "x"}}
    assert validator({"$ref": "#/components/schemas/EventRecord"}, document).is_valid(event) is is_valid
    assert (EVENTS.record_schema.validate(event) == {}) is is_valid


def test_no_member_that_is_sent_has_a_default(document: Json) -> None:
    """Some typed clients ask for every member that has one; words tell what is meant by leaving it out."""
    figure = document["components"]["schemas"]["FigureRecord"]
    assert '"default":' not in json.dumps(
        [document["components"]["schemas"][f"{each}Record"] for each in ("Event", "Figure")]
    )
    assert figure["properties"]["accepted"]["description"].endswith("By default false.")
    assert figure["properties"]["population"]["description"] == "By default total."
    assert "population" not in figure["required"]


def test_addresses_are_no_longer_than_requests_let_them_be() -> None:
    assert LONGEST_HEADER == server.HEADER_BYTES


# Answers


def closed(schema: Any) -> Any:
    """The schema with every object that lists its members allowing no others, so that an undocumented member is an error."""
    if isinstance(schema, dict):
        found = {name: closed(each) for name, each in schema.items()}
        if isinstance(found.get("properties"), dict) and "additionalProperties" not in found:
            found["additionalProperties"] = False
        return found
    return [closed(each) for each in schema] if isinstance(schema, list) else schema


def answers(world: World) -> Iterator[tuple[str, str]]:
    """Documented path and a URL of it, such that every shape of answer is among them."""
    for path, operation in operations():
        url = url_of(path, operation)
        if media_type_of(operation) not in ("application/json", "application/geo+json"):
            continue
        if "{" not in path:
            yield path, url
        if "group_by" in parameters_of(operation):
            yield from ((path, f"{url}?group_by={each}&total=true&limit=20") for each in GROUPINGS)
        elif path.startswith("/v1/changes"):
            yield from ((path, f"{url}?{each}") for each in ("limit=1000", "limit=1&since=5", "collection=datasets"))
        elif path.endswith("/history"):
            noun = path.split("/")[2]
            yield from ((path, path.replace("{id}", each["id"])) for each in world.records.nouns[noun][::9])
        elif path.startswith("/v1/reconcile/"):
            examples = {name: each["example"] for name, each in parameters_of(operation).items() if "example" in each}
            yield from ((path, f"{url}?{urlencode({name: as_text(each)})}") for name, each in examples.items())
        elif "limit" in parameters_of(operation):
            if path.endswith(".json"):  # the bare path gives the same
                yield path, f"{url}?limit=1000" + ("&total=true" if "total" in parameters_of(operation) else "")
            yield path, f"{url}?limit=1"
            if "fields" in parameters_of(operation):
                yield path, f"{url}?fields=id&limit=3"
            if "q" in parameters_of(operation):
                yield path, f"{url}?q=nothing+of+the+kind"
        elif "{" in path:
            noun = path.split("/")[2]
            yield from ((path, path.replace("{id}", each["id"])) for each in world.records.nouns[noun][::9])
            yield path, f"{path.replace('{id}', world.records.nouns[noun][0]['id'])}?fields=id,version"


def test_answers_are_as_documented(world: World, document: Json) -> None:
    """And every member that is sent is documented."""
    strict: Json = closed(document)
    checks: dict[str, jsonschema_rs.Draft202012Validator] = {}
    for path, url in answers(world):
        response = world.get(url)
        assert response.status_code == 200, url
        if path not in checks:
            (content,) = strict["paths"][path]["get"]["responses"]["200"]["content"].values()
            whole = {**content["schema"], "components": strict["components"]}
            checks[path] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)  # fifty times as fast
        faults = [
            f"{url}: {each.instance_path}: {each.message}" for each in checks[path].iter_errors(response.get_json())
        ]
        assert faults == []


@pytest.mark.parametrize("noun", [*NOUNS, "timeline"])
def test_lines_are_records_as_documented(world: World, document: Json, noun: str) -> None:
    schema = document["paths"][f"/v1/{noun}.json"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    item = resolved(schema)["properties"]["data"]["items"]
    check = validator(closed(item), closed(document))
    for line in world.lines(f"/v1/{noun}.ndjson"):
        check.validate(line)


@pytest.mark.parametrize("noun", NOUNS)
def test_without_fields_a_record_is_whole(world: World, document: Json, noun: str) -> None:
    """It has every member, at any depth, as what a write answers with says; a part of it has not."""
    answer = document["paths"][f"/v1/{noun}"]["post"]["responses"]["201"]["content"]["application/json"]
    check = validator(closed(answer["schema"]), closed(document))
    records = list(world.lines(f"/v1/{noun}.ndjson"))
    for record in records:
        check.validate(record)
    for left_out in records[0]:
        assert not check.is_valid({name: value for name, value in records[0].items() if name != left_out}), left_out


@pytest.mark.parametrize("noun", NOUNS)
def test_every_documented_member_of_a_record_is_sent(world: World, document: Json, noun: str) -> None:
    """Unknown is null or empty, never left out."""
    schema = document["paths"][f"/v1/{noun}/{{id}}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for each in world.records.nouns[noun]:
        assert list(_left_out(schema, each, each["id"])) == []


def _left_out(schema: Json, value: Any, at: str) -> Iterator[str]:
    """Members that a schema documents and the value has not, at any depth."""
    for part in (schema, *schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        node = resolved(part)
        if isinstance(value, dict):
            for name, member in node.get("properties", {}).items():
                if name not in value:
                    yield f"{at}/{name}"
                else:
                    yield from _left_out(member, value[name], f"{at}/{name}")
        elif isinstance(value, list) and "items" in node:
            for number, each in enumerate(value):
                yield from _left_out(node["items"], each, f"{at}/{number}")


@pytest.mark.parametrize("path", PATHS)
def test_documented_headers_are_sent(seed_world: World, path: str) -> None:
    operation = DOCUMENT["paths"][path]["get"]
    response = seed_world.get(url_of(path, operation))
    assert response.mimetype == media_type_of(operation)
    for name, header in operation["responses"]["200"]["headers"].items():
        description = resolved(header)
        assert (name in response.headers) is description.get("required", False), name
        if name in response.headers:
            validator(description["schema"], DOCUMENT).validate(response.headers[name])
