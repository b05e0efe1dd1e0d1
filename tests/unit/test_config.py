"""Settings from variables: every field, what each refuses, and the way back into variables."""

import os
import subprocess
import sys
from dataclasses import Field, FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.config import PREFIX, BadSetting, Settings

READ: list[tuple[str, str, Any]] = [
    # A field, the text of its variable, the value.
    ("db", "/srv/data/timeline.db", Path("/srv/data/timeline.db")),
    ("db", "with space #1.db", Path("with space #1.db")),
    ("host", "0.0.0.0", "0.0.0.0"),
    ("host", "::1", "::1"),
    ("port", "1", 1),
    ("port", "65535", 65535),
    ("public_url", "https://data.example.org/conflict", "https://data.example.org/conflict"),
    ("public_url", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("public_url", "http://[::1]:8000/", "http://[::1]:8000/"),
    ("public_url", "", ""),
    ("workers", "1", 1),
    ("workers", "64", 64),
    ("threads", "1", 1),
    ("query_ms", "1", 1),
    ("query_ms", "60000", 60_000),
    ("max_age", "0", 0),
    ("max_age", "31536000", 31_536_000),
    ("cache_mb", "0", 0),
    ("cache_mb", "256", 256),
    ("rate_limit", "0", 0),
    ("rate_limit", "6000", 6000),
    ("reads_need_key", "0", 0),
    ("reads_need_key", "1", 1),
    ("shutdown_seconds", "1", 1),
]
NUMBERS = {
    "port": "from 1 to 65535",
    "workers": "1 or more",
    "threads": "1 or more",
    "query_ms": "1 or more",
    "max_age": "0 or more",
    "cache_mb": "0 or more",
    "rate_limit": "0 or more",
    "reads_need_key": "from 0 to 1",
    "shutdown_seconds": "1 or more",
}
NO_NUMBERS = [
    "", " ", "-1", "+1", "1.0", "1e3", "1_000", " 5", "5 ", "5\n", "0x10", "٣", "１", "²", "five", "nan", "true", "9" * 11,
    "9" * 5000,
]  # fmt: skip


def variable(name: str) -> str:
    return PREFIX + name.upper()


def test_every_field_has_a_case_and_says_what_it_is() -> None:
    names = {each.name for each in fields(Settings)}
    assert {name for name, *_ in READ} == names
    assert set(NUMBERS) == {each.name for each in fields(Settings) if each.type is int}
    for each in fields(Settings):
        assert each.metadata["says"].endswith(".")


@pytest.mark.parametrize(("name", "text", "value"), READ)
def test_a_variable_sets_its_field_and_no_other(name: str, text: str, value: Any) -> None:
    read = Settings.from_environment({variable(name): text})
    assert read == replace(Settings(), **{name: value})
    assert type(getattr(read, name)) is type(value) or isinstance(value, Path)


@pytest.mark.parametrize("text", NO_NUMBERS, ids=[repr(each[:12]) for each in NO_NUMBERS])
@pytest.mark.parametrize(("name", "bounds"), NUMBERS.items())
def test_what_is_no_number(name: str, bounds: str, text: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.from_environment({variable(name): text})
    said = str(caught.value)
    assert said.startswith(f"{variable(name)} is ")
    assert said.endswith(f"it takes a whole number, {bounds}")
    assert "\n" not in said
    assert len(said) < 250


@pytest.mark.parametrize(
    ("name", "text"),
    [("port", "0"), ("port", "65536"), ("port", "70000"), ("workers", "0"), ("threads", "0"), ("query_ms", "0"),
     ("shutdown_seconds", "0"), ("max_age", "2147483648"), ("rate_limit", "9999999999"),
     ("reads_need_key", "2")],
)  # fmt: skip
def test_what_is_out_of_bounds(name: str, text: str) -> None:
    with pytest.raises(BadSetting, match=f"{variable(name)} is '{text}'"):
        Settings.from_environment({variable(name): text})


@pytest.mark.parametrize(
    "text",
    ["example.org", "ftp://example.org", "https://", "//example.org", "https://example.org/?a=b", "https://example.org/#a",
     "https://exa mple.org", "https://example.org\n", " https://example.org", "https://user:pass@example.org",
     'https://example.org/"><script>', "https://example.org//", "javascript:alert(1)", "/conflict"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.from_environment({variable("public_url"): text})
    said = str(caught.value)
    assert said.startswith(f"{variable('public_url')} is ")
    assert said.endswith("it takes an address such as https://data.example.org/conflict")
    assert "\n" not in said


@pytest.mark.parametrize(
    "name", ["EVENT_TIMELINE_PROT", "EVENT_TIMELINE_", "EVENT_TIMELINE_DB_", "EVENT_TIMELINE_port"]
)
def test_a_variable_that_is_no_setting(name: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.from_environment({"EVENT_TIMELINE_PORT": "8001", name: "1"})
    said = str(caught.value)
    assert said.startswith(f"{name} is not a setting; there are EVENT_TIMELINE_CACHE_MB, EVENT_TIMELINE_DB, ")
    assert all(variable(each.name) in said for each in fields(Settings))


def test_other_programs_variables_are_nothing_to_us() -> None:
    others = {
        "PATH": "/bin",
        "PORT": "x",
        "EVENT_TIMELINER": "x",
        "event_timeline_port": "x",
        "MY_EVENT_TIMELINE_PORT": "x",
    }
    assert Settings.from_environment(others) == Settings()


def test_without_variables_all_is_as_declared() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings().host == "127.0.0.1"  # only this machine


def test_what_is_given_goes_first() -> None:
    environment = {variable("port"): "8001", variable("host"): "::1"}
    read = Settings.from_environment(environment, port=9000, host=None, db=Path("given.db"))
    assert read == Settings(port=9000, host="::1", db=Path("given.db"))


def test_the_environment_is_read_when_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("port"), "8123")
    assert Settings.from_environment().port == 8123


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


def values(field: "Field[Any]") -> st.SearchStrategy[Any]:
    if field.type is int:
        return st.integers(field.metadata["least"], field.metadata["most"])
    if field.name == "public_url":
        return st.sampled_from(["", "https://example.org", "http://localhost:8000/a/b"])
    return TEXTS.filter(bool).map(Path) if field.type is Path else TEXTS


@settings(deadline=None)
@given(st.builds(Settings, **{each.name: values(each) for each in fields(Settings)}))
def test_there_and_back(settings: Settings) -> None:
    environment = settings.as_environment()
    assert set(environment) == {variable(each.name) for each in fields(Settings)}
    assert Settings.from_environment(environment) == settings


def test_there_and_back_through_a_process() -> None:
    settings = Settings(
        db=Path("some where/ä.db"), port=8123, public_url="https://example.org/a", host="::1", max_age=0
    )
    program = "from api.config import Settings; print(repr(Settings.from_environment()))"
    given = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program],
        env={**os.environ, **settings.as_environment()},
        capture_output=True, text=True, encoding="utf-8", check=True, timeout=20,
    )  # fmt: skip
    assert given.stdout.strip() == repr(settings)
