"""Opening a database: what is made, what is refused with which exit code, and what a failure leaves behind."""

import gc
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlite_utils import Database

from api.model.nouns import NOUNS
from api.store import connections, migrations, rendering, sqlite
from api.store.connections import (
    APPLICATION_ID,
    DAMAGED,
    MISSING,
    NOT_OURS,
    SCHEMA_VERSION,
    TOO_NEW,
    TOO_OLD_SQLITE,
    StoreRefused,
    check,
    open_writer,
)
from api.store.migrations import open_migrated
from api.store.views import VIEWS
from unit.samples import contents, opened, sample

HEADER = b"SQLite format 3\0"


def execute(path: Path, *statements: str) -> None:
    connection = sqlite.connect(path, isolation_level=None)
    for each in statements:
        connection.execute(each)
    connection.close()


def value(path: Path, sql: str) -> object:
    connection = sqlite.connect(path)
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()


@cache
def sound() -> bytes:
    """A database of ours with the sample in it."""
    with TemporaryDirectory() as folder:
        with opened(Path(folder) / "ours.db", sample()):
            pass
        return (Path(folder) / "ours.db").read_bytes()


def ours(path: Path) -> None:
    path.write_bytes(sound())


def text(path: Path) -> None:
    path.write_text("id,title\n1,A strike\n", "utf-8")


def two_bytes(path: Path) -> None:
    path.write_bytes(b"\n\n")  # a single one is an empty file to SQLite


def noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def folder(path: Path) -> None:
    path.mkdir()


def other_program(path: Path) -> None:
    execute(path, "CREATE TABLE pages (id INTEGER)")


def other_empty_program(path: Path) -> None:
    execute(path, "PRAGMA application_id = 252006673")


def other_with_a_version(path: Path) -> None:
    execute(
        path, "PRAGMA application_id = 1196444487", "CREATE TABLE gpkg_contents (id)", "PRAGMA user_version = 10300"
    )


def newer(path: Path) -> None:
    ours(path)
    execute(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def header_only(path: Path) -> None:
    path.write_bytes(HEADER)


def cut_short(path: Path) -> None:
    ours(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def cut_inside_a_page(path: Path) -> None:
    ours(path)
    data = path.read_bytes()
    path.write_bytes(data[:-1000])


def overwritten(path: Path) -> None:
    """All pages but the first are noise."""
    ours(path)
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))


def bad_schema(path: Path) -> None:
    ours(path)
    execute(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE events (' WHERE name = 'events'",
    )


def lost_index_entry(path: Path) -> None:
    ours(path)
    execute(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'events_by_end')"
        " WHERE name = 'events_by_title'",
    )


REFUSED: list[tuple[Callable[[Path], None] | None, int, str]] = [
    (None, MISSING, "is not there"),
    (folder, MISSING, "is not a file"),
    (text, NOT_OURS, "is not a SQLite database"),
    (two_bytes, NOT_OURS, "is not a SQLite database"),
    (noise, NOT_OURS, "is not a SQLite database"),
    (other_program, NOT_OURS, "is a database of another program"),
    (other_empty_program, NOT_OURS, "is a database of another program"),
    (other_with_a_version, NOT_OURS, "is a database of another program"),
    (newer, TOO_NEW, f"newer version of this program (schema {SCHEMA_VERSION + 1}, known up to {SCHEMA_VERSION})"),
    (header_only, DAMAGED, "is damaged"),
    (cut_short, DAMAGED, "is damaged"),
    (cut_inside_a_page, DAMAGED, "is damaged"),
    (overwritten, DAMAGED, "is damaged"),
    (bad_schema, DAMAGED, "is damaged"),
    (lost_index_entry, DAMAGED, "is damaged"),
]
IDS = [each[0].__name__ if each[0] else "missing" for each in REFUSED]


@pytest.mark.parametrize(("make", "code", "said"), REFUSED, ids=IDS)
def test_refused_by_check(tmp_path: Path, make: Callable[[Path], None] | None, code: int, said: str) -> None:
    path = tmp_path / "some.db"
    if make:
        make(path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    with pytest.raises(StoreRefused) as caught:
        check(path)
    assert caught.value.exit_code == code
    assert str(caught.value).startswith(f"{path} ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    gc.collect()  # nothing is left open
    after = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    assert after == before


@pytest.mark.parametrize(("make", "code", "said"), REFUSED[1:], ids=IDS[1:])
def test_refused_before_anything_is_written(tmp_path: Path, make: Callable[[Path], None], code: int, said: str) -> None:
    path = tmp_path / "some.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreRefused) as caught:
        open_migrated(path)
    assert (caught.value.exit_code, said in str(caught.value)) == (code, True)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_each_refusal_has_a_code_of_its_own() -> None:
    codes = (NOT_OURS, TOO_NEW, DAMAGED, TOO_OLD_SQLITE, MISSING)
    assert len(set(codes)) == len(codes)
    assert not {0, 1, 2} & set(codes)  # success, failure, and what click says of a wrong option


@pytest.mark.parametrize("open_it", [check, open_migrated])
@pytest.mark.parametrize("name", ["ours.db", "new.db"])
def test_a_sqlite_that_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, open_it: Callable[[Path], object]
) -> None:
    ours(tmp_path / "ours.db")
    monkeypatch.setattr(sqlite, "OLDEST", (99, 0, 0))
    with pytest.raises(StoreRefused, match=r"is too old: 99\.0\.0 or newer is needed") as caught:
        open_it(tmp_path / name)
    assert caught.value.exit_code == TOO_OLD_SQLITE
    assert [each.name for each in tmp_path.iterdir()] == ["ours.db"]


@pytest.mark.parametrize("name", ["new.db", "deeper/and/deeper/new.db", "a b?#%41.db"])
@pytest.mark.parametrize("is_empty", [False, True], ids=["absent", "empty"])
def test_a_new_database_is_made(tmp_path: Path, name: str, is_empty: bool) -> None:
    path = tmp_path / name
    if is_empty:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    open_migrated(path).close()
    check(path)
    assert value(path, "PRAGMA application_id") == APPLICATION_ID
    assert value(path, "PRAGMA user_version") == SCHEMA_VERSION
    assert value(path, "PRAGMA journal_mode") == "wal"
    assert value(path, "SELECT count(*) FROM store") == 1


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    ours(path)
    epoch = value(path, "SELECT epoch FROM store")
    for _ in range(2):
        open_migrated(path).close()
    assert value(path, "SELECT epoch FROM store") == epoch
    assert value(path, "SELECT count(*) FROM actors") == 4


def test_documents_of_an_older_form_are_rendered_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "older.db"
    ours(path)
    with opened(path) as connection:
        wanted = contents(connection)
        for noun in NOUNS:
            connection.execute(f"UPDATE {noun.name}_doc SET doc = '{{}}'")
            connection.execute(f"DELETE FROM {noun.name}_text")
        connection.execute("UPDATE store SET documents = documents - 1")
        older = contents(connection)

    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(rendering, "VIEWS", {**VIEWS, "statements": broken})
    with pytest.raises(MemoryError):
        open_migrated(path)
    monkeypatch.undo()
    connection = open_writer(path)
    assert contents(connection) == older
    connection.close()
    with opened(path) as connection:
        assert contents(connection) == wanted


def test_an_empty_file_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    check(path)
    assert path.stat().st_size == 0


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "half.db"
    whole = migrations._statements

    def cut(script: str) -> object:
        for number, statement in enumerate(whole(script)):
            if number == 20:
                raise MemoryError
            yield statement

    monkeypatch.setattr(migrations, "_statements", cut)
    try:
        open_migrated(path)
    except MemoryError:
        # While the exception is at hand, nobody is locked out.
        second = open_writer(path)
        second.execute("PRAGMA busy_timeout = 0")
        second.execute("BEGIN IMMEDIATE")
        second.execute("ROLLBACK")
        second.close()
    else:
        raise AssertionError("it did not fail")
    assert value(path, "SELECT count(*) FROM sqlite_schema") == 0
    assert value(path, "PRAGMA application_id") == 0
    assert value(path, "PRAGMA user_version") == 0
    monkeypatch.undo()
    open_migrated(path).close()
    check(path)


def test_a_migration_that_fails_late_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After sqlite-utils has applied it and before it is said to be applied."""
    path = tmp_path / "late.db"

    def apply_and_fail(db: Database) -> None:
        applied(db)
        raise KeyboardInterrupt

    applied = migrations.MIGRATIONS.apply
    monkeypatch.setattr(migrations.MIGRATIONS, "apply", apply_and_fail)
    with pytest.raises(KeyboardInterrupt):
        open_migrated(path)
    assert value(path, "SELECT count(*) FROM sqlite_schema") == 0
    monkeypatch.undo()
    open_migrated(path).close()
    check(path)


def test_two_who_open_a_new_database_at_once(tmp_path: Path) -> None:
    path = tmp_path / "both.db"
    gate = threading.Barrier(6)
    failed: list[BaseException] = []

    def open_it() -> None:
        gate.wait()
        try:
            open_migrated(path).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    check(path)
    assert value(path, "SELECT count(*) FROM store") == 1


def test_the_schema_is_split_into_whole_statements() -> None:
    script = "-- a; b\nCREATE TABLE a (b TEXT DEFAULT ';');\n\nCREATE TABLE c (\n d\n);\n"
    assert [each.strip().splitlines()[-1] for each in migrations._statements(script)] == [
        "CREATE TABLE a (b TEXT DEFAULT ';');",
        ");",
    ]


def test_a_writer_that_cannot_be_set_up_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[sqlite.Connection] = []

    def connect(*given: object, **options: object) -> sqlite.Connection:
        made.append(sqlite_connect(*given, **options))
        return made[-1]

    def broken(_: sqlite.Connection) -> None:
        raise MemoryError

    sqlite_connect = sqlite.connect
    monkeypatch.setattr(sqlite, "connect", connect)
    monkeypatch.setattr(connections, "harden", broken)
    with pytest.raises(MemoryError):
        open_writer(tmp_path / "never.db")
    with pytest.raises(sqlite.Error, match="closed"):
        made[0].execute("SELECT 1")
