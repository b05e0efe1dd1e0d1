"""TimelineJS in a real browser, with everything but this machine cut off, shows from an address what SQL has.

Its page is on another origin than the API, as that of a newspaper is.
"""

import functools
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import Browser, browser, needs_chromium
from live import Server, running

from api.importers.bundle import load, load_seed
from api.store.migrations import open_migrated
from clients.truth import select

pytestmark = needs_chromium
PAGE = """<!doctype html><html><head><title>Timeline</title><meta charset="utf-8"><link rel="icon" href="data:,">
<link rel="stylesheet" href="css/timeline.css"><script src="js/timeline.js"></script></head>
<body style="margin:0"><div id="timeline" style="width:100vw;height:100vh"></div><script>
const address = new URLSearchParams(location.search).get("address");
const timeline = new TL.Timeline("timeline", address, {font: null, script_path: new URL("js/", location).href, duration: 0});
</script></body></html>"""
READY_SECONDS = 90
SLIDES = """timeline.config.events.map(each => [each.unique_id, each.text.headline, each.group || null,
    ["start_date", "end_date"].map(name => each[name] ? each[name].data.date_obj.toLocaleDateString("sv") : null)])"""
HOSTILE = "<img src=x onerror=console.log('ran')> &amp; \"'</h2><script>console.log('ran')</script>"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """The files of the package, and the page."""

    def do_GET(self) -> None:
        if not self.path.startswith("/?"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(client_node: Path) -> Iterator[str]:
    """The address of a page that shows a timeline."""
    folder = client_node / "@knight-lab" / "timelinejs" / "dist"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser") / "profile") as found:
        found.call("Emulation.setDeviceMetricsOverride", width=1200, height=800, deviceScaleFactor=1, mobile=False)
        yield found


def show(page: Browser, site: str, address: str) -> list[Any]:
    """Open a timeline; its slides as TimelineJS has understood them. Nothing is complained of, nothing else asked for."""
    visit = page.open(f"{site}?address={address.replace('?', '%3F').replace('&', '%26')}")
    last = time.monotonic() + READY_SECONDS
    while not page.value("timeline.ready"):
        assert time.monotonic() < last, page.value("document.body.innerText")
        time.sleep(0.2)
    assert visit.console == []
    assert [each for each in visit.requests if not each.startswith(("http://127.0.0.1:", "data:"))] == []
    assert page.value("timeline.config.getErrors()") == []
    slides: list[Any] = page.value(SLIDES)
    assert page.value("document.querySelectorAll('.tl-slide').length") == len(slides) + 1
    assert page.value("document.querySelectorAll('.tl-timemarker').length") == len(slides)
    return slides


LAST = """CASE WHEN {first} GLOB '*-01-01' AND {last} = date({first}, '+1 year', '-1 day')
        OR {first} GLOB '*-01' AND {last} = date({first}, '+1 month', '-1 day') THEN {first} ELSE {last} END"""
"""A whole month or year has no last day: it is shown as what it is."""
EVENTS = f"""SELECT 'event-' || e.id, e.start_date, {LAST.format(first="e.start_date", last="e.end_date")}
FROM events AS e LEFT JOIN locations AS l ON l.seq = e.location"""
STATEMENTS = f"SELECT 'statement-' || id, date, {LAST.format(first='date', last='end_date')} FROM statements"


def days(slides: list[Any]) -> list[tuple[str, str, str]]:
    return sorted((name, first, last or first) for name, _, _, (first, last) in slides)


def test_all_of_the_seed(seed_server: Server, site: str, page: Browser) -> None:
    address = f"{seed_server.address}/v1/timeline.timelinejs.json"
    expected = select(seed_server.database, f"{EVENTS} UNION ALL {STATEMENTS}")
    assert days(show(page, site, address)) == sorted(expected)
    told = page.value("document.querySelector('.tl-slide-titleslide').innerText")
    assert f"All {len(expected)} that match" in told
    assert "CC-BY-4.0" in told


def test_a_part_of_many(ged_server: Server, site: str, page: Browser) -> None:
    """As many as it shows without getting slow, the newest; the title tells that there are more."""
    rows = select(ged_server.database, f"{EVENTS} WHERE l.country = 'SY' ORDER BY e.start_date DESC, e.seq DESC")
    assert len(rows) > 300
    slides = show(page, site, f"{ged_server.address}/v1/events.timelinejs.json?country=SY")
    starts = {
        each["unique_id"] for each in page.value("timeline.config.events.map(each => ({unique_id: each.unique_id}))")
    }
    assert starts == {each[0] for each in rows[:300]}
    told = page.value("document.querySelector('.tl-slide-titleslide').innerText")
    assert f"{len(slides)} of {len(rows)} that match" in told
    assert "country = SY" in told


def test_nothing_is_a_timeline_too(seed_server: Server, site: str, page: Browser) -> None:
    ((name, headline, *_),) = show(page, site, f"{seed_server.address}/v1/events.timelinejs.json?q=nowhere")
    assert (name, headline) == ("nothing-found", "Nothing matches")


@contextmanager
def hostile(path: Path) -> Iterator[Server]:
    evidence = [{"source": "ssbcrack-half-of-aleppo"}]
    days = {"start_date": "2000-01-01", "end_date": "2000-01-01", "date_precision": "day"}
    event = {"id": "hostile", "type": "other", "title": HOSTILE, "summary": HOSTILE, **days, "evidence": evidence}
    with closing(open_migrated(path)) as connection:
        load_seed(connection)
        load(connection, json.dumps({"bundle": "event-timeline/1", "events": [event]}).encode())
    with running(path) as server:
        yield server


def test_texts_are_shown_and_not_run(site: str, page: Browser, tmp_path: Path) -> None:
    with hostile(tmp_path / "hostile.db") as server:
        show(page, site, f"{server.address}/v1/events.timelinejs.json?to=2001-01-01")
    assert (
        page.value("document.querySelector('.tl-slide h2.tl-headline:not(.tl-headline-title)').textContent") == HOSTILE
    )
    assert HOSTILE in page.value(
        "document.querySelectorAll('.tl-slide')[1].querySelector('.tl-text-content').textContent"
    )
    assert page.value("document.querySelectorAll('.tl-slide img').length") == 0
    assert page.visit.console == []
