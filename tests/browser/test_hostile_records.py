"""Records whose every text is a script: whatever address of the API a browser opens, nothing of it runs.

They are written over HTTP, by a key and into a snapshot that are called so too. Then every page and a path of every
route is opened as a document, with the network cut: no script has run, no dialog was opened, nothing else was asked for,
and the console is quiet. That the same browser would have noticed is proven with a page that does not escape.
"""

import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from chromium import Browser, Visit, browser, needs_chromium
from conftest import seeded
from full_records import full_set
from live import Server, running
from unit.samples import sample

from api.importers.bundle import load
from api.model.nouns import NOUNS
from api.store.keys import create
from api.store.migrations import open_migrated
from api.web.http import PAGE_POLICY
from api.web.ogc import table as ogc
from api.web.reconcile import FRAMED
from api.web.table import ROUTES

pytestmark = needs_chromium

RAN = "ran=1,fetch('/ran')"
PAYLOADS = (
    f"<script>{RAN}</script>",
    f"<img src=x onerror=\"{RAN}\">",
    f"\"'><svg/onload=\"{RAN}\">",
    f"</script></title></textarea><script>{RAN}</script>",
    f"]]><x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">{RAN}</x:script>",
    "<iframe srcdoc=\"<script>parent.ran=1,fetch('/ran')</script>\"></iframe>",
    f"javascript:{RAN}",
    f"<a href=\"javascript:{RAN}\" autofocus onfocus=\"{RAN}\">x</a>",
    "<meta http-equiv=refresh content=\"0;url=/ran\">",
    f"<details open ontoggle=\"{RAN}\">",
    "<link rel=stylesheet href=/ran><base href=/ran/>",
    f"' onmouseover={RAN} style=animation-name:x onanimationstart={RAN} '",
    "<script>alert(1)</script>",
)  # fmt: skip
RUNNING = tuple(each for each in PAYLOADS if not each.startswith(("javascript:", "'", "]]>", "\"'", "<a")))
"""Those that run by themselves where a page puts them between its tags."""
COLLECTIONS = {noun.name for noun in NOUNS}
ADDRESSES = ("javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
             "vbscript:x", "//example.org/x", "file:///etc/passwd", "http:javascript", "https://a b", "x")  # fmt: skip
PAGES = (
    "/",
    "/docs",
    "/docs/guide",
    "/docs/problems",
    "/docs/filter",
    "/docs/ucdp",
    "/v1/openapi.json",
    "/readyz",
    "/docs/assets/icon.svg",
)
QUIET = ("Failed to load resource: the server responded with a status of 4",)
"""What the browser itself says of an answer that is an error, which is what was asked for."""


@dataclass(frozen=True)
class Hostile:
    """A server over hostile records, and a key that may write there."""

    server: Server
    key: str

    def send(self, method: str, path: str, body: Any) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of the answer."""
        request = urllib.request.Request(self.server.address + path, json.dumps(body).encode(), method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        request.add_header("Content-Type", "application/json")
        request.add_header("If-Match", "*") if method == "PATCH" else None
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, dict(response.headers), json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), json.loads(error.read())


def _named(database: Path) -> str:
    """A key that is called like a script."""
    with closing(open_migrated(database)) as connection:
        load(connection, json.dumps(sample()).encode())
        return create(connection, f"<script>{RAN}</script>", "admin", None)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    database = seeded(tmp_path_factory.mktemp("hostile") / "timeline.db")
    key = _named(database)
    with running(database) as server:
        found = Hostile(server, key)
        sets = [full_set(number, payload) for number, payload in enumerate(PAYLOADS)]
        datasets = [
            {
                "id": f"set-{number}",
                "title": each,
                "licence": each,
                "attribution": each,
                "url": "https://example.org/<script>",
            }
            for number, each in enumerate(PAYLOADS)
        ]
        document = {noun.name: [records[noun.name] for records in sets] for noun in NOUNS}
        body = {"bundle": "event-timeline/1", "datasets": datasets, **document}
        status, _, report = found.send("POST", "/v1/bundle?" + urlencode({"reason": PAYLOADS[0]}), body)
        assert (status, report.get("created")) == (200, len(PAYLOADS) * 6), report
        for payload in PAYLOADS:
            path = "/v1/actors/full-actors-0?" + urlencode({"reason": payload})
            assert found.send("PATCH", path, {"description": payload + "."})[0] == 200
        assert found.send("POST", "/v1/snapshots", {"name": "hostile", "note": PAYLOADS[1]})[0] == 201
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def has_run(page: Browser, visit: Visit) -> list[str]:
    """All that tells of a script, or of a page that loads what it should not."""
    found = [f"dialog {each}" for each in visit.dialogs]
    found += [each for each in visit.requests[1:] if "/ran" in each]
    found += ["the flag is set"] if page.value("window.ran") else []
    return found


def check_quiet(page: Browser, address: str) -> Visit:
    """Open an address; nothing has run, and nothing was asked for but what our pages are made of."""
    visit = page.open(address)
    assert has_run(page, visit) == []
    assert [each for each in visit.console if not each.startswith(QUIET)] == []
    origin = "/".join(address.split("/")[:3])
    own = (f"{origin}/docs/assets/", f"{origin}/favicon.ico", f"{origin}/v1/openapi.json", "data:image/")
    others = [each for each in visit.requests if each != visit.requests[0] and not each.startswith(own)]
    assert others == []
    return visit


def _summaries(path: str) -> Iterator[str]:
    groups = ("actor", "location", "source") if "events" in path else ("actor", "location")
    yield from (f"{path}?group_by={each}" for each in groups)


def addresses() -> Iterator[str]:
    """A path of every route, and errors that repeat what was asked."""
    for route in (*ROUTES, *ogc.ROUTES):
        noun = next((part for part in reversed(route.path.split("/")) if part in COLLECTIONS), "")
        path = route.path.replace("<record_id>", f"full-{noun}-0")
        if route.variants:
            continue  # there is a path of its own for each media type
        if "summary" in path:
            yield from _summaries(path)
        else:
            yield path
    script = quote(PAYLOADS[0])
    yield from (f"/{script}", f"/v1/events/{script}", f"/v1/events?{script}={script}", f"/v1/events?actor={script}")
    yield from (f"/docs/assets/{script}", f"/v1/events?snapshot={script}", f"/v1/events?q={script}", f"/?{script}")
    yield "/v1/events?snapshot=hostile"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_a_script_of_a_record(hostile: Hostile, page: Browser, path: str) -> None:
    check_quiet(page, hostile.server.address + path)


def test_no_answer_runs_as_a_document(hostile: Hostile, page: Browser) -> None:
    shown = 0
    for path in addresses():
        visit = check_quiet(page, hostile.server.address + path)
        if not visit.is_download:
            shown += page.has("onerror=")
    assert shown > 20, "the texts are shown, as texts"


def test_the_reference_shows_answers_as_text(hostile: Hostile, page: Browser) -> None:
    """Its form asks for hostile records and shows them; the script of it is ours."""
    page.open(hostile.server.address + "/docs")
    script = """(async () => {
        const wait = async find => {
            for (let n = 0; n < 400 && !find(); n++) await new Promise(done => setTimeout(done, 25));
            return find();
        };
        const at = '#operations-about-list_snapshots';
        (await wait(() => document.querySelector(at + ' .opblock-summary-control'))).click();
        (await wait(() => document.querySelector(at + ' .try-out__btn'))).click();
        (await wait(() => document.querySelector(at + ' .execute'))).click();
        const shown = () => document.querySelector(at + ' .live-responses-table')?.textContent ?? '';
        await wait(() => shown().includes('"data"'));
        return shown()
    })()"""
    text = page.value(script)
    assert "onerror=" in text
    assert has_run(page, page.visit) == []
    assert page.visit.console == []


def test_headers_forbid_what_texts_might_do(hostile: Hostile) -> None:
    for path in (*PAGES, *addresses()):
        request = urllib.request.Request(hostile.server.address + path, headers={"Accept": "text/html, */*"})
        try:
            response = urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            headers = response.headers
            assert headers["X-Content-Type-Options"] == "nosniff", path
            if headers.get_content_type() == "text/html":
                is_preview = "/preview/" in path
                assert is_preview or path in PAGES
                assert headers["Content-Security-Policy"] == (FRAMED if is_preview else PAGE_POLICY)
            assert "unsafe-inline" not in PAGE_POLICY.partition("style-src")[0]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_might_run_is_not_stored(hostile: Hostile, address: str) -> None:
    """Neither of a source nor of a dataset: a frontend makes links of both."""
    status, _, problem = hostile.send("POST", "/v1/sources", {"url": address})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/url")
    dataset = {"id": "x", "title": "x", "licence": "x", "attribution": "x", "url": address}
    status, _, problem = hostile.send("POST", "/v1/bundle", {"bundle": "event-timeline/1", "datasets": [dataset]})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/datasets/0/url")


# The browser notices


@contextmanager
def careless(bodies: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """A server that sends what it has, as it is: by path a media type and a body."""

    class Careless(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media_type, body = bodies.get(self.path, ("text/plain", "nothing"))
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Careless) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("payload", RUNNING)
def test_a_page_that_does_not_escape_is_caught(page: Browser, payload: str) -> None:
    html = "text/html; charset=utf-8"
    bodies = {
        "/careless": (html, f"<!doctype html><p>{payload}"),
        "/careful": (html, f"<!doctype html><p>{escape(payload)}"),
    }
    with careless(bodies) as address:
        assert has_run(page, page.open(f"{address}/careless"))
        assert not has_run(page, page.open(f"{address}/careful"))


def test_a_feed_that_does_not_escape_is_caught(page: Browser) -> None:
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{PAYLOADS[4].removeprefix(']]>')}</title></feed>"
    with careless({"/feed": ("application/xml", feed)}) as address:
        assert has_run(page, page.open(f"{address}/feed"))
