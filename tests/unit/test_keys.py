"""Keys in the store and on the command line: made once, listed without the secret, refused for what they are not."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.cli.keys import keys as commands
from api.model.problem import Problem
from api.store import sqlite
from api.store.connections import MISSING
from api.store.keys import KEY, SCOPES, Caller, create, find, listed, revoke
from api.store.readers import Reader
from unit.samples import opened, refusal

YEAR = timedelta(days=365)
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
UNKNOWN = "The key is unknown here."


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite.Connection]:
    with opened(tmp_path / "keys.db") as connection:
        yield connection


@pytest.fixture
def reader(tmp_path: Path, connection: sqlite.Connection) -> Iterator[Reader]:
    reader = Reader(tmp_path / "keys.db", 2000)
    yield reader
    reader.close()


def found(reader: Reader, key: str) -> Caller:
    with reader.snapshot():
        return find(reader, key)


def refused(reader: Reader, key: str) -> str:
    """What is said of a key that does not count."""
    problem = refusal(lambda: found(reader, key))
    assert (problem.status, problem.kind) == (401, "key-refused")
    return problem.detail


def expire(connection: sqlite.Connection, key: str, at: str) -> None:
    connection.execute("UPDATE keys SET expires_at = ? WHERE id = ?", (at, key[:11]))


# In the store


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("expires", [None, timedelta(hours=12), YEAR])
def test_a_key_is_found_again(
    connection: sqlite.Connection, reader: Reader, scope: str, expires: timedelta | None
) -> None:
    key = create(connection, "Newsroom", scope, expires)
    assert re.fullmatch(r"et_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", key)
    assert found(reader, key) == Caller(key[:11], "Newsroom", scope)
    (stored,) = listed(connection)
    assert (stored.id, stored.name, stored.scope, stored.revoked_at) == (key[:11], "Newsroom", scope, None)
    assert re.fullmatch(MOMENT, stored.created_at)
    assert (stored.expires_at is None) == (expires is None)
    assert not stored.expires_at or stored.expires_at > stored.created_at


def test_only_a_digest_is_stored(connection: sqlite.Connection, tmp_path: Path) -> None:
    key = create(connection, "Newsroom", "write", None)
    connection.execute("PRAGMA wal_checkpoint")
    for path in tmp_path.iterdir():
        assert key[12:].encode() not in path.read_bytes()
    (digest,) = connection.execute("SELECT digest FROM keys").fetchone()
    assert re.fullmatch("[0-9a-f]{64}", digest)


def test_no_two_keys_are_alike(connection: sqlite.Connection) -> None:
    made = {create(connection, f"key {number}", "read", None) for number in range(50)}
    assert len({each[:11] for each in made}) == len({each[12:] for each in made}) == 50


@pytest.mark.parametrize("name", ["x", "x" * 100, "Läden & Söhne", "記者", "a b", "ET_x", "-"])
def test_a_name_that_can_be_used(connection: sqlite.Connection, name: str) -> None:
    create(connection, name, "read", None)
    assert [each.name for each in listed(connection)] == [name]


@pytest.mark.parametrize(
    "name", ["", " ", " x", "x ", "x" * 101, "a\nb", "a\0b", "\x1b[31m", "\ud800", "\u202eabc", "et_x"]
)
def test_a_name_that_cannot_be_used(connection: sqlite.Connection, name: str) -> None:
    problem = refusal(lambda: create(connection, name, "read", None))
    assert (problem.status, problem.kind) == (400, "invalid-parameter")
    assert listed(connection) == []


def test_a_name_is_given_once(connection: sqlite.Connection) -> None:
    key = create(connection, "Newsroom", "read", None)
    problem = refusal(lambda: create(connection, "Newsroom", "write", None))
    assert (problem.status, problem.detail) == (409, f'There is a key named "Newsroom" already ({key[:11]}).')
    revoke(connection, "Newsroom")
    assert "; it was revoked on 2" in refusal(lambda: create(connection, "Newsroom", "write", None)).detail
    assert len(listed(connection)) == 1


def test_a_name_goes_to_one_of_many_who_want_it(connection: sqlite.Connection, tmp_path: Path) -> None:
    def try_it(_: int) -> int:
        with opened(tmp_path / "keys.db") as own:
            try:
                create(own, "Newsroom", "write", None)
            except Problem as problem:
                return problem.status
            return 201

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(try_it, range(8))) == [201, *[409] * 7]
    assert len(listed(connection)) == 1


def test_a_revoked_key_is_refused_at_once(connection: sqlite.Connection, reader: Reader) -> None:
    by_id, by_name = create(connection, "one", "read", None), create(connection, "two", "read", None)
    for key, given in ((by_id, by_id[:11]), (by_name, "two")):
        found(reader, key)
        assert revoke(connection, given).id == key[:11]
        assert re.fullmatch(f"The key {key[:11]} was revoked on {MOMENT}.", refused(reader, key))
        again = refusal(lambda given=given: revoke(connection, given))  # type: ignore[misc]
        assert again.status == 409
        assert again.detail.endswith("already.")


@pytest.mark.parametrize("given", ["", "nobody", "et_00000000", "%", "\ud800"])
def test_what_is_not_there_is_not_revoked(connection: sqlite.Connection, given: str) -> None:
    create(connection, "Newsroom", "read", None)
    assert refusal(lambda: revoke(connection, given)).status == 404
    assert listed(connection)[0].revoked_at is None


def test_a_key_ends_on_its_day(connection: sqlite.Connection, reader: Reader) -> None:
    key = create(connection, "Newsroom", "read", YEAR)
    expire(connection, key, "2020-01-31T12:00:00Z")
    assert refused(reader, key) == f"The key {key[:11]} expired on 2020-01-31T12:00:00Z."
    assert listed(connection)[0].fault == "expired on 2020-01-31T12:00:00Z"
    revoke(connection, "Newsroom")
    assert "was revoked" in refused(reader, key)


def test_only_who_has_the_secret_learns_what_became_of_a_key(connection: sqlite.Connection, reader: Reader) -> None:
    key = create(connection, "Newsroom", "read", YEAR)
    expire(connection, key, "2020-01-31T12:00:00Z")
    assert refused(reader, f"{key[:12]}{'x' * 43}") == UNKNOWN
    revoke(connection, "Newsroom")
    assert refused(reader, f"{key[:12]}{'x' * 43}") == UNKNOWN


NO_KEYS = [
    "", " ", "et_", "et_00000000", "et_00000000_", f"et_00000000_{'x' * 42}", f"et_00000000_{'x' * 44}",
    f"et_0000000G_{'x' * 43}", f"ET_00000000_{'x' * 43}", f"et_00000000_{'x' * 43}\n", f"et_00000000_{'x' * 42}\0",
    f"et_00000000_{'x' * 42}é", f"et_٠٠٠٠٠٠٠٠_{'x' * 43}", "\ud800", "x" * 1_000_000, "' OR 1=1 --", f"et_00000000_{'x' * 43}",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_KEYS, ids=[ascii(each[:14]) for each in NO_KEYS])
def test_what_is_no_key_here(connection: sqlite.Connection, reader: Reader, text: str) -> None:
    create(connection, "Newsroom", "read", None)
    assert refused(reader, text) == UNKNOWN


def test_near_a_key_is_not_the_key(connection: sqlite.Connection, reader: Reader) -> None:
    key = create(connection, "Newsroom", "read", None)
    other = create(connection, "Desk", "read", None)
    for text in (key[:-1], key + "x", key.swapcase(), f"{key[:12]}{other[12:]}", f" {key}", f"{key}\n"):
        assert refused(reader, text) == UNKNOWN


def test_a_key_without_a_digest_opens_nothing(connection: sqlite.Connection, reader: Reader) -> None:
    key = create(connection, "Newsroom", "read", None)
    connection.execute("UPDATE keys SET digest = ''")
    assert refused(reader, key) == UNKNOWN


def test_scopes_hold_each_other() -> None:
    may = {(has, needs) for has in SCOPES for needs in SCOPES if Caller("et_00000000", "x", has).may(needs)}
    assert may == {(has, needs) for has in SCOPES for needs in SCOPES if SCOPES.index(needs) <= SCOPES.index(has)}
    assert SCOPES == ("read", "write", "admin")


# On the command line


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["keys", *map(str, arguments)])


@pytest.fixture
def database(tmp_path: Path) -> Path:
    with opened(tmp_path / "keys.db"):
        pass
    return tmp_path / "keys.db"


def made(database: Path, name: str, *options: str) -> str:
    result = run("create", name, "--db", database, *(options or ("--scope", "write")))
    assert result.exit_code == 0, result.output
    assert "shown only this once" in result.stderr
    return result.stdout.removesuffix("\n")


def told(result: Result, code: int = 1) -> str:
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("event-timeline: ").removesuffix("\n")


def test_a_shell_can_keep_the_key(database: Path) -> None:
    command = [sys.executable, "-m", "api.cli", "keys", "create", "Newsroom", "--scope", "write", "--db", str(database)]
    given = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert KEY.fullmatch(given.stdout.removesuffix("\n"))
    assert given.stdout.strip() not in given.stderr


@pytest.mark.parametrize(
    ("given", "span"),
    [("12h", timedelta(hours=12)), ("90d", timedelta(days=90)), ("1y", YEAR), ("100y", 100 * YEAR), ("1h", timedelta(hours=1))],
)  # fmt: skip
def test_how_long_a_key_counts(database: Path, monkeypatch: pytest.MonkeyPatch, given: str, span: timedelta) -> None:
    seen: list[timedelta] = []

    def later(by: timedelta) -> str:
        seen.append(by)
        return "2999-01-01T00:00:00Z"

    monkeypatch.setattr("api.store.keys.later", later)
    made(database, "Newsroom", "--scope", "read", "--expires", given)
    assert seen == [span]


@pytest.mark.parametrize(
    "given", ["", "0d", "-1d", "90", "d", "1w", "1.5d", "1 d", "1D", "٣d", "101y", "9999y", "99999d", "1d\n", "1d1h"]
)
def test_what_is_no_span(database: Path, given: str) -> None:
    result = run("create", "Newsroom", "--scope", "read", "--expires", given, "--db", database)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "is not a span such as 12h, 90d or 1y" in " ".join(result.stderr.split())
    assert "Newsroom" not in run("list", "--db", database).stdout


@pytest.mark.parametrize(
    "arguments",
    [["create"], ["create", "Newsroom"], ["create", "Newsroom", "--scope", "all"], ["revoke"], ["lst"], ["list", "x"], []],
)  # fmt: skip
def test_a_wrong_call_is_told_how_to_call(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")


def test_the_list_says_all_but_the_secret(database: Path) -> None:
    assert run("list", "--db", database).stdout.split() == ["id", "name", "scope", "created", "expires", "state"]
    keys = [
        made(database, "Newsroom"),
        made(database, "x", "--scope", "admin", "--expires", "90d"),
        made(database, "Old desk"),
    ]
    assert run("revoke", "Old desk", "--db", database).stdout == f"{keys[2][:11]} (Old desk) is revoked.\n"
    result = run("list", "--db", database)
    assert (result.exit_code, result.stderr) == (0, "")
    title, *rows = result.stdout.splitlines()
    starts = [title.index(word) for word in title.split()]
    cells = [[row[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)] for row in rows]
    assert [(each[0], each[1], each[2]) for each in cells] == [
        (keys[0][:11], "Newsroom", "write"), (keys[1][:11], "x", "admin"), (keys[2][:11], "Old desk", "write"),
    ]  # fmt: skip
    assert all(re.fullmatch(MOMENT, each[3]) for each in cells)
    assert cells[0][4:] == ["never", "active"]
    assert re.fullmatch(MOMENT, cells[1][4])
    assert re.fullmatch(f"was revoked on {MOMENT}", cells[2][5])
    assert not any(key[12:] in result.stdout for key in keys)


def test_one_line_for_what_goes_wrong(database: Path, tmp_path: Path) -> None:
    key = made(database, "Newsroom")
    again = run("create", "Newsroom", "--scope", "read", "--db", database)
    assert told(again) == f'There is a key named "Newsroom" already ({key[:11]}).'
    assert told(run("create", "x" * 101, "--scope", "read", "--db", database)).startswith("A name has 1 to 100 ")
    assert told(run("revoke", "nobody", "--db", database)) == 'There is no key with the id or name "nobody".'
    assert run("revoke", key[:11], "--db", database).exit_code == 0
    assert re.fullmatch(
        f"The key {key[:11]} was revoked on {MOMENT} already.", told(run("revoke", "Newsroom", "--db", database))
    )


@pytest.mark.parametrize("arguments", [["create", "Newsroom", "--scope", "read"], ["list"], ["revoke", "Newsroom"]])
def test_a_file_that_is_missing_is_not_made(tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / "absent.db"
    assert told(run(*arguments, "--db", path), MISSING) == f"{path} is not there"
    assert not path.exists()


@pytest.mark.parametrize("command", ["create", "list", "revoke"])
def test_every_command_and_option_says_what_it_is(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert str(commands.commands[command].help) in " ".join(result.stdout.split())
    for parameter in commands.commands[command].params:
        assert parameter.param_type_name == "argument" or getattr(parameter, "help", None), parameter.name
