"""What a user of the client writes that `openapi-python-client` makes; prints what the API answered as JSON."""

import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx  # type: ignore[import-not-found]
from opc_client import AuthenticatedClient  # type: ignore[import-not-found]
from opc_client.api.actors import create_actor, delete_actor, put_actor  # type: ignore[import-not-found]
from opc_client.api.events import get_event, list_events_json, summarise_events_json  # type: ignore[import-not-found]
from opc_client.api.timeline import list_timeline_json  # type: ignore[import-not-found]
from opc_client.models import ActorRecord, ActorType, Event, EventType, EvidenceRecord, GroupName, Problem  # type: ignore[import-not-found]
from opc_client.types import UNSET  # type: ignore[import-not-found]

job = json.loads(sys.argv[1])
sent: list[str] = []
hooks = {"request": [lambda request: sent.append(request.url.query.decode())]}
client = AuthenticatedClient(job["address"], token=job["key"] or "", httpx_args={"event_hooks": hooks})
if not job["key"]:
    client.set_httpx_client(httpx.Client(base_url=job["address"], event_hooks=hooks))


def row(event: Any) -> list[Any]:
    place = event.location and event.location.id
    return [event.id, event.type_, event.title, str(event.start_date), place, event.fatalities.best, event.version]


def all_events() -> list[list[Any]]:
    found, cursor = [], UNSET
    wanted = [EventType(each) for each in job["type"]]
    while True:
        page = list_events_json.sync(client=client, type_=wanted, country=job["country"], limit=1000, cursor=cursor)
        found += [row(each) for each in page.data]
        if page.links.next_ is None:
            return found
        (cursor,) = parse_qs(urlsplit(page.links.next_).query)["cursor"]


def timeline() -> list[list[Any]]:
    page = list_timeline_json.sync(client=client, limit=200)
    return [[each.entry, each.id, str(each.date), type(each.record).__name__] for each in page.data]


def summary() -> list[list[Any]]:
    page = summarise_events_json.sync(client=client, group_by=[GroupName.TYPE, GroupName.COUNTRY], limit=1000)
    return [[each.type_, each.country, each.events, each.fatalities.best] for each in page.data]


def told(problem: Any) -> list[Any]:
    assert isinstance(problem, Problem), problem
    return [problem.status, problem.type_, [[each.parameter, each.detail] for each in problem.errors or ()]]


def write() -> list[Any]:
    evidence = [EvidenceRecord(source=job["source"])]
    record = ActorRecord(name="Made-up Front", type_=ActorType.REBEL_GROUP, evidence=evidence, aliases=["MUF"])
    made = create_actor.sync_detailed(client=client, body=record)
    record.description = "Changed."
    tag, name = made.headers["ETag"], made.parsed.id
    changed = put_actor.sync(name, client=client, body=record, if_match=tag, reason="To see that it works.")
    record.description = "Changed once more, by somebody who has not read it again."
    late = told(put_actor.sync(name, client=client, body=record, if_match=tag))
    gone = delete_actor.sync_detailed(name, client=client, if_match=f'"{changed.version}"')
    assert gone.status_code == 204
    return [name, made.parsed.version, changed.version, changed.description, late[0]]


found = all_events()
single = get_event.sync(job["id"], client=client)
assert Event.from_dict(single.to_dict()).title == single.title
json.dump(
    {
        "sent": sent[0],
        "events": found,
        "event": single.to_dict(),
        "timeline": timeline(),
        "summary": summary(),
        "not_found": told(get_event.sync("nobody", client=client)),
        "wrong": told(list_events_json.sync(client=client, cursor="nonsense")),
        "written": write() if job["key"] else None,
    },
    sys.stdout,
)
