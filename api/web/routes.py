"""Routes as data: what a path takes and gives, with an example. Flask, the OpenAPI document, the index and the tests read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flask import Flask, Response, g, request

from api.model.parameters import Parameter
from api.model.problem import Fault, Problem
from api.model.snapshot import SNAPSHOT
from api.store.naming import resolve
from api.store.readers import Reader, Version
from api.store.snapshots import Snapshot, find
from api.web import forms
from api.web.cache import MARK
from api.web.http import accepted, not_modified, settings, store, validators
from api.web.queries import read

JsonSchema = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A request as answers see it: the parameters, with records in place of names, and the data they are asked of.

    `reopen` gives a reader of the same data to whichever thread reads the rest of a long answer.
    """

    given: Mapping[str, Any]
    resolved: Mapping[str, Any]
    reader: Reader
    version: Version
    reopen: Callable[[], Reader]
    snapshot: Snapshot | None = None


Answer = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """One path that gives one media type. `answer` is called with a `Question` and what the path names."""

    path: str
    operation: str
    tag: str
    about: str
    media_type: str
    schema: JsonSchema
    answer: Answer
    example: str
    parameters: Sequence[Parameter] = ()
    description: str = ""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()
    """Kinds of problem that this path may answer with, beside those that every path has."""
    state: Callable[[], str] | None = None
    """What the answer depends on beside the data, as a text."""
    variants: Sequence["Route"] = ()
    """The same with other media types, among which `Accept` chooses."""
    takes_form: bool = False
    """Its parameters may also come as a form by POST, which is a read like any other."""


def of_snapshots(route: Route) -> Route:
    """The same route, which may also be asked of a snapshot."""
    variants = tuple(of_snapshots(each) for each in route.variants)
    return replace(route, parameters=(*route.parameters, SNAPSHOT), variants=variants)


def register(app: Flask, routes: Sequence[Route]) -> None:
    """Give every route to Flask."""
    for route in routes:
        app.add_url_rule(
            route.path, route.operation, _view(route), methods=["GET", *(["POST"] if route.takes_form else ())]
        )


def _view(route: Route) -> Callable[..., Response]:
    def view(**named: str) -> Response:
        chosen = negotiated(route)
        given = read(forms.asked(), chosen.parameters)
        name = given.get("snapshot")
        snapshot = find(store().path, name) if name is not None else None
        reopen = partial(store().reader, name)
        reader = reopen()
        with reader.snapshot():
            version = reader.version()
            current = replace(validators(version, chosen.media_type), is_immutable=snapshot is not None)
            if route.state:
                current = current.with_state(route.state())
            is_form = request.method == "POST"  # to which the URL is no key
            response = None if is_form else not_modified(current)
            if response is None:
                resolved = resolve(reader, chosen.parameters, given)
                response = chosen.answer(Question(given, resolved, reader, version, reopen, snapshot), **named)
            if is_form:
                response.headers["Cache-Control"] = "no-store"
            elif response.status_code != 304:
                current = current.with_version(response.get_etag()[0])
                response.headers.update(current.headers(settings().max_age))
                response = not_modified(current, is_found=True) or response
            g.database_seconds = reader.seconds
        if snapshot is None and route.state is None and not is_form:
            request.environ[MARK] = True
        if route.variants:
            response.vary.add("Accept")
        return response

    return view


def negotiated(route: Route) -> Route:
    """The variant that `Accept` likes best; `Problem` 406 where it likes none. Without variants it is not looked at."""
    if not route.variants:
        return route
    offered = {each.media_type: each for each in (route, *route.variants)}
    if not request.headers.get("Accept", "").strip():
        return route
    best = accepted().best_match(offered)
    if best is None:
        faults = [Fault("allows none of these media types", "Accept", allowed=tuple(offered))]
        raise Problem(406, "not-acceptable", f"Accept allows none of {', '.join(offered)}.", faults)
    return offered[best]
