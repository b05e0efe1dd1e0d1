"""The pages in a real browser, with everything but this machine cut off: they render, and the console stays quiet."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM, browser, needs_chromium
from live import Server, running

pytestmark = needs_chromium
PHONE, DESK = "390,844", "1280,900"
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


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize(("path", "expected"), PAGES)
def test_a_page_renders_without_a_word_on_the_console(
    server: Server, tmp_path: Path, path: str, expected: str, size: str
) -> None:
    shown = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            f"--user-data-dir={tmp_path}",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            *("--enable-logging=stderr", "--v=0", "--virtual-time-budget=8000", f"--window-size={size}"),
            *("--dump-dom", server.address + path),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    assert expected in shown.stdout
    assert [line for line in shown.stderr.splitlines() if "CONSOLE" in line] == []


def test_no_page_is_wider_than_a_phone(server: Server, tmp_path: Path) -> None:
    """What does not fit wraps, or can be moved by itself. The reference is made by others."""
    with browser(tmp_path / "profile") as page:
        page.call("Emulation.setDeviceMetricsOverride", width=375, height=800, deviceScaleFactor=1, mobile=True)
        for path in (path for path, _ in PAGES if path != "/docs"):
            page.open(server.address + path)
            assert page.value("document.documentElement.scrollWidth") == 375, path
