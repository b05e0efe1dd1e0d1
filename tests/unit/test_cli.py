"""The command line: what each command says and does, and one clear line with an exit code where it cannot.

`serve` is tested where servers are.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.config import PREFIX, Settings
from api.store import connections, sqlite
from api.store.connections import DAMAGED, MISSING, NOT_OURS, SCHEMA_VERSION, TOO_NEW, open_writer
from unit.samples import ARTICLES, bundle, cited, event, location, opened, quoted, sample

COMMANDS = sorted(main.commands)
WITH_DB = [name for name in COMMANDS if any(each.name == "db" for each in main.commands[name].params)]


def run(*arguments: object, **environment: str | None) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], env=dict(environment))


def one_line(result: Result, code: int = 1) -> str:
    """What a command that failed said: one line that names the program, and nothing else."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("event-timeline: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert not result.exception or isinstance(result.exception, SystemExit)
    return result.stderr.removeprefix("event-timeline: ").removesuffix("\n")


# Help


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help(command: str | None, option: str) -> None:
    result = run(*([command] if command else []), option)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    if command:
        assert str(main.commands[command].help) in " ".join(result.stdout.split())
    else:
        assert all(name in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_says_what_it_is(command: str) -> None:
    assert main.commands[command].help
    for parameter in main.commands[command].params:
        assert getattr(parameter, "help", None), parameter.name


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_is_a_setting_names_its_variable(command: str) -> None:
    for parameter in main.commands[command].params:
        if parameter.name in Settings.__dataclass_fields__:
            assert f"[{PREFIX}{parameter.name.upper()}]" in getattr(parameter, "help", "")


def test_the_commands_are_those_of_the_contract() -> None:
    assert {"serve", "seed", "check", "verify", "openapi"} <= set(COMMANDS)


def test_version() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert "event-timeline, version " in result.stdout or "main, version " in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [["sed"], ["seed", "--bd", "x"], ["seed", "extra"], ["verify"], ["verify", "--articles", "nowhere"]],
)
def test_a_wrong_call_is_told_how_to_call(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "call", [[sys.executable, "-m", "api.cli"], [str(Path(sys.executable).parent / "event-timeline")]]
)
def test_it_is_a_program(tmp_path: Path, call: list[str]) -> None:
    def program(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*call, *arguments], capture_output=True, text=True, timeout=30, check=False)

    assert program("--help").returncode == 0
    failed = program("check", "--db", str(tmp_path / "absent.db"))
    assert (failed.returncode, failed.stdout) == (MISSING, "")
    assert failed.stderr == f"event-timeline: {tmp_path / 'absent.db'} is not there\n"


# What goes wrong with every command that opens the database


def folder(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("id,title\n1,A strike\n" * 100, "utf-8")


def other_program(path: Path) -> None:
    connection = sqlite.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE pages (id INTEGER)")
    connection.close()


def newer(path: Path) -> None:
    with opened(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def damaged(path: Path) -> None:
    with opened(path, sample()):
        pass
    path.write_bytes(path.read_bytes()[:-9000])


REFUSED: list[tuple[Callable[[Path], None], int, str]] = [
    (folder, MISSING, "is not a file"),
    (text, NOT_OURS, "is not a SQLite database"),
    (other_program, NOT_OURS, "is a database of another program"),
    (newer, TOO_NEW, "was written by a newer version of this program"),
    (damaged, DAMAGED, "is damaged"),
]


def call(command: str, db: Path) -> Result:
    more = ["--articles", str(db.parent)] if command == "verify" else []
    return run(command, "--db", str(db), *more)


@pytest.mark.parametrize("command", [name for name in WITH_DB if name != "serve"])
@pytest.mark.parametrize(("make", "code", "said"), REFUSED, ids=[each[0].__name__ for each in REFUSED])
def test_a_file_that_is_refused(
    tmp_path: Path, command: str, make: Callable[[Path], None], code: int, said: str
) -> None:
    path = tmp_path / "some.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    line = one_line(call(command, path), code)
    assert line.startswith(f"{path} ")
    assert said in line
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize("command", ["check", "verify"])
def test_a_file_that_is_missing_is_not_made(tmp_path: Path, command: str) -> None:
    path = tmp_path / "absent.db"
    assert one_line(call(command, path), MISSING) == f"{path} is not there"
    assert not path.exists()


@pytest.mark.parametrize("command", [name for name in WITH_DB if name != "serve"])
@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("EVENT_TIMELINE_PORT", "eighty", "EVENT_TIMELINE_PORT is 'eighty'; it takes a whole number, from 1 to 65535"),
        ("EVENT_TIMELINE_PROT", "80", "EVENT_TIMELINE_PROT is not a setting; there are EVENT_TIMELINE_CACHE_MB"),
    ],
)
def test_a_setting_that_cannot_be_used(tmp_path: Path, command: str, variable: str, value: str, said: str) -> None:
    more = ["--articles", str(tmp_path)] if command == "verify" else []
    assert one_line(run(command, "--db", tmp_path / "a.db", *more, **{variable: value})).startswith(said)
    assert list(tmp_path.iterdir()) == []


# seed


def test_seed_twice(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "seed.db"
    first, second = run("seed", "--db", path), run("seed", "--db", path)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert (first.stderr, second.stderr) == ("", "")
    count = int(first.stdout.split()[1])
    assert count >= 60
    assert first.stdout == f"Seed: {count} created, 0 updated, 0 unchanged.\n"
    assert second.stdout == f"Seed: 0 created, 0 updated, {count} unchanged.\n"


def test_the_database_may_be_a_variable_and_the_option_goes_first(tmp_path: Path) -> None:
    named, given = tmp_path / "variable.db", tmp_path / "option.db"
    assert run("seed", EVENT_TIMELINE_DB=str(named)).exit_code == 0
    assert named.exists()
    assert run("seed", "--db", given, EVENT_TIMELINE_DB=str(tmp_path / "neither.db")).exit_code == 0
    assert given.exists()
    assert not (tmp_path / "neither.db").exists()


def test_the_seed_leaves_other_records_as_they_are(tmp_path: Path) -> None:
    with opened(tmp_path / "both.db", sample()):
        pass
    assert run("seed", "--db", tmp_path / "both.db").exit_code == 0
    connection = open_writer(tmp_path / "both.db")
    assert connection.execute("SELECT version FROM events WHERE id = 'strike'").fetchone() == (1,)
    connection.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = one_line(run("seed", "--db", tmp_path / "file" / "a.db"))
    assert str(tmp_path / "file") in line


def test_a_database_that_another_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_MS", 0)
    with opened(tmp_path / "held.db") as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert one_line(run("seed", "--db", tmp_path / "held.db")) == "the database cannot be used: database is locked"
        connection.execute("ROLLBACK")
    assert run("seed", "--db", tmp_path / "held.db").exit_code == 0


# check


def test_check(database: Path) -> None:
    result = run("check", "--db", database)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{database} is sound.\n", "")


def test_a_check_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    run("check", "--db", path)
    assert path.read_bytes() == b""


def test_a_check_while_others_write(tmp_path: Path) -> None:
    with opened(tmp_path / "busy.db", sample()) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM names")
        assert run("check", "--db", tmp_path / "busy.db").exit_code == 0
        connection.execute("ROLLBACK")


def test_check_finds_references_that_lead_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "dangling.db"
    with opened(path, sample()) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM locations WHERE id = 'town'")
    line = one_line(run("check", "--db", path), DAMAGED)
    assert line.startswith(f"{path} is damaged: ")
    assert "dangling references" in line


def test_check_finds_an_index_without_a_row(tmp_path: Path) -> None:
    """`quick_check`, which every start makes, does not compare indexes with their tables."""
    path = tmp_path / "index.db"
    with opened(path, sample()) as connection:
        index = connection.execute("SELECT * FROM sqlite_schema WHERE name = 'actors_by_name'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'actors_by_name'")
    with sqlite.connect(path) as connection:
        connection.execute("UPDATE actors SET name_key = 'other' WHERE id = 'army'")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", index)
    connection.close()
    connections.check(path)
    assert "actors_by_name" in one_line(run("check", "--db", path), DAMAGED)


# verify


@pytest.mark.skipif(
    not ARTICLES.is_dir(), reason=f"the sample articles' texts are not part of the repository: no {ARTICLES}"
)
def test_verify_the_seed(database: Path) -> None:
    result = run("verify", "--db", database, "--articles", ARTICLES)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("quotes stand at their offsets in") == 2


@pytest.mark.parametrize(("start", "differences"), [(1, 2), (0, 1)])
def test_verify_says_what_differs(tmp_path: Path, start: int, differences: int) -> None:
    (tmp_path / "1.txt").write_text("Jets struck the town.", "utf-8")
    document = bundle(
        sources=[{"id": "paper", "sha256": "0" * 64}],
        locations=[location("town", evidence=[quoted("the town", 12)])],
        events=[event("strike", evidence=[quoted("Jets struck", start)])],
    )
    with opened(tmp_path / "verify.db", document):
        pass
    result = run("verify", "--db", tmp_path / "verify.db", "--articles", tmp_path)
    assert result.exit_code == 1
    assert result.stdout.count("DIFFERS  ") == differences
    assert result.stderr == f"event-timeline: {differences} difference{'s' * (differences > 1)}\n"


def test_verify_where_nothing_is_quoted(tmp_path: Path) -> None:
    with opened(tmp_path / "verify.db", bundle(sources=[{"id": "paper"}], events=[event("e", evidence=cited())])):
        pass
    result = run("verify", "--db", tmp_path / "verify.db", "--articles", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.startswith("no text  paper")


# openapi


@cache
def printed() -> bytes:
    """What `openapi` prints."""
    return run("openapi").stdout_bytes


def test_openapi_prints_the_document() -> None:
    result = run("openapi")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes == printed()  # each time the same
    document = json.loads(result.stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/events" in document["paths"]
    assert result.stdout.endswith("}\n")


def test_openapi_check(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_bytes(printed())
    result = run("openapi", "--check", path)
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: path.touch(),
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        lambda path: path.write_text("{}\n"),
        lambda path: path.write_bytes(printed()[:-1]),
        lambda path: path.write_bytes(printed().replace(b'"3.1', b'"3.2', 1)),
    ],
    ids=["missing", "folder", "empty", "binary", "other", "one byte less", "one byte else"],
)
def test_openapi_check_says_what_to_do(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "openapi.json"
    make(path)
    line = one_line(run("openapi", "--check", path))
    assert line == f"{path} is not the document of this version; write it with: event-timeline openapi > {path}"
