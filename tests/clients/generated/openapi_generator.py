"""What a user of the client writes that `openapi-generator -g python` makes; prints what the API answered as JSON."""

import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import ogc_client  # type: ignore[import-not-found]
from ogc_client import ActorRecord, Event, EvidenceRecord
from ogc_client.exceptions import ApiException  # type: ignore[import-not-found]

job = json.loads(sys.argv[1])
sent: list[str] = []


class Client(ogc_client.ApiClient):  # type: ignore[misc]
    """Remembers the queries as they go over the wire."""

    def call_api(self, method: str, url: str, *rest: Any, **options: Any) -> Any:
        sent.append(urlsplit(url).query)
        return super().call_api(method, url, *rest, **options)


client = Client(ogc_client.Configuration(host=job["address"], access_token=job["key"]))
events, actors = ogc_client.EventsApi(client), ogc_client.ActorsApi(client)


def row(event: Any) -> list[Any]:
    place = event.location and event.location.id
    return [event.id, event.type, event.title, str(event.start_date), place, event.fatalities.best, event.version]


def all_events() -> list[list[Any]]:
    found, cursor = [], None
    while True:
        page = events.list_events_json(type=job["type"], country=job["country"], limit=1000, cursor=cursor)
        found += [row(each) for each in page.data]
        if page.links.next is None:
            return found
        (cursor,) = parse_qs(urlsplit(page.links.next).query)["cursor"]


def timeline() -> list[list[Any]]:
    page = ogc_client.TimelineApi(client).list_timeline_json(limit=200)
    return [[each.entry, each.id, str(each.var_date), type(each.record.actual_instance).__name__] for each in page.data]


def summary() -> list[list[Any]]:
    page = events.summarise_events_json(group_by=["type", "country"], limit=1000)
    return [[each.type, each.country, each.events, each.fatalities.best] for each in page.data]


def problem(call: Any, **options: Any) -> list[Any]:
    try:
        call(**options)
    except ApiException as error:
        return told(error.data)
    raise AssertionError("there is no problem")


def told(problem: Any) -> list[Any]:
    assert isinstance(problem, ogc_client.Problem), problem
    return [problem.status, problem.type, [[each.parameter, each.detail] for each in problem.errors or ()]]


def write() -> list[Any]:
    record = ActorRecord(
        name="Made-up Front", type="rebel_group", evidence=[EvidenceRecord(source=job["source"])], aliases=["MUF"]
    )
    made = actors.create_actor_with_http_info(record)
    tag = next(value for name, value in made.headers.items() if name.lower() == "etag")
    record.description = "Changed."
    changed = actors.put_actor(made.data.id, record, if_match=tag, reason="To see that it works.")
    record.description = "Changed once more, by somebody who has not read it again."
    late = problem(actors.put_actor, id=made.data.id, actor_record=record, if_match=tag)
    actors.delete_actor(made.data.id, if_match=f'"{changed.version}"')
    return [made.data.id, made.data.version, changed.version, changed.description, late[0]]


found = all_events()
single = events.get_event(job["id"])
assert Event.from_dict(single.to_dict()).title == single.title
json.dump(
    {
        "sent": sent[0],
        "events": found,
        "event": json.loads(single.to_json()),
        "timeline": timeline(),
        "summary": summary(),
        "not_found": problem(events.get_event, id="nobody"),
        "wrong": problem(events.list_events_json, cursor="nonsense"),
        "written": write() if job["key"] else None,
    },
    sys.stdout,
)
