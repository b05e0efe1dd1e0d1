"""Progress: a bar on a terminal, lines in a log, nothing where it is to be quiet."""

import contextlib
import io

import pytest

from api.cli.progress import LINE_SECONDS, REFRESH_SECONDS, Progress, duration


class Screen(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lines(screen: Screen) -> list[str]:
    return screen.getvalue().split("\n")


def test_lines_in_a_log(clock: Clock) -> None:
    log = Screen(is_terminal=False)
    with Progress("Reading a.json", 1000, stream=log, clock=clock) as progress:
        for second in range(11):
            clock.now = 100.0 + second * (LINE_SECONDS / 5)
            progress.update(second * 100, second * 10_000)
    assert lines(log) == [
        "Reading a.json: 50%, 50,000 records, 10,000 records/s, 0:05 left",
        "Reading a.json: 100%, 100,000 records, 10,000 records/s, 0:00 left",
        "",
    ]


def test_a_bar_on_a_terminal(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen(is_terminal=True)
    with Progress("Writing", 400, stream=screen, clock=clock) as progress:
        progress.update(1, 1)
        assert screen.getvalue() == ""
        for done in (100, 101, 200, 400):
            clock.now += 1.01 * REFRESH_SECONDS if done != 101 else 0
            progress.update(done, done)
    assert screen.getvalue().endswith("\n")
    shown = screen.getvalue().strip("\n").split("\r")[1:]
    bars = [each[1 : each.index("]")] for each in shown]
    assert [round(each.count("#") / len(each), 1) for each in bars] == [0.2, 0.5, 1, 1]
    assert "25%, 100 records, 990 records/s, 0:00 left" in shown[0]
    assert all(len(each) < 80 for each in shown)
    assert [len(each) for each in shown] == sorted(len(each) for each in shown)  # nothing of the line before is left


def test_a_narrow_terminal(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    screen = Screen(is_terminal=True)
    with Progress("Writing", 400, stream=screen, clock=clock) as progress:
        clock.now += 1
        progress.update(100, 100)
    assert all(len(each) < 20 for each in screen.getvalue().strip("\n").split("\r"))


def test_a_total_that_nobody_knows(clock: Clock) -> None:
    log = Screen(is_terminal=False)
    with Progress("Reading", None, stream=log, clock=clock) as progress:
        clock.now += LINE_SECONDS
        progress.update(10, 5)
    assert lines(log) == ["Reading: 5 records, 1 records/s", ""]


@pytest.mark.parametrize("total", [0, None, 10])
@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize("quiet", [False, True])
def test_nothing_done_is_no_error(clock: Clock, total: int | None, is_terminal: bool, quiet: bool) -> None:
    screen = Screen(is_terminal)
    with Progress("Reading", total, quiet=quiet, stream=screen, clock=clock) as progress:
        progress.update(0, 0)
        clock.now += 100
        progress.update(0, 0)
    assert (screen.getvalue() == "") == quiet


def test_what_goes_wrong_begins_on_a_line_of_its_own(clock: Clock) -> None:
    screen = Screen(is_terminal=True)
    with contextlib.suppress(KeyboardInterrupt), Progress("Reading", 10, stream=screen, clock=clock) as progress:
        clock.now += 1
        progress.update(1, 1)
        raise KeyboardInterrupt
    assert screen.getvalue().endswith("\n")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
