"""The pages in a real browser, with everything but this machine cut off: they render, and the console stays quiet."""

import time
from collections.abc import Iterator

import pytest
from chromium import LOAD_SECONDS, Browser, browser, needs_chromium
from live import Server, running

pytestmark = needs_chromium
PHONE, DESK = (390, 844), (1280, 900)
PAGES = [
    ("/", "/v1/events"),
    ("/docs", "operations-events-list_events"),
    ("/docs/guide", "min_independent_sources"),
    ("/docs/filter", "fatalities_best"),
    ("/docs/ucdp", "type_of_violence"),
    ("/docs/problems", "invalid-parameter"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("browser") / "timeline.db") as server:
        yield server


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def resize(page: Browser, width: int, height: int) -> None:
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 400)


def shows(page: Browser, expected: str) -> bool:
    """Is the text in the page, once what its script asks for has come?"""
    last = time.monotonic() + LOAD_SECONDS
    while expected not in page.value("document.documentElement.outerHTML"):
        if time.monotonic() > last:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize(("path", "expected"), PAGES)
def test_a_page_renders_without_a_word_on_the_console(
    server: Server, page: Browser, path: str, expected: str, size: tuple[int, int]
) -> None:
    resize(page, *size)
    visit = page.open(server.address + path)
    assert shows(page, expected)
    assert visit.console == []


def test_a_word_on_the_console_is_heard(server: Server, page: Browser) -> None:
    visit = page.open(server.address + "/docs/guide")
    page.value("console.warn('a word')")
    assert visit.console == ["['a word']"]


def test_no_page_is_wider_than_a_phone(server: Server, page: Browser) -> None:
    """What does not fit wraps, or can be moved by itself. The reference is made by others."""
    resize(page, 375, 800)
    for path in (path for path, _ in PAGES if path != "/docs"):
        page.open(server.address + path)
        assert page.value("document.documentElement.scrollWidth") == 375, path
