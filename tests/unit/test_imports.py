"""`import bundle` and `export` as a user calls them: what they say, what they leave, and what happens when they are cut short."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from api.cli import imports, main, plain
from api.model.bundle import FORMAT
from api.store import connections, sqlite
from api.store.bulk import Bulk
from api.store.connections import DAMAGED, MISSING
from unit.samples import actor, bundle, changed, cited, contents, opened, sample

PROGRAM = [sys.executable, "-m", "api.cli"]
MOST_MEGABYTES = 300
PATIENCE_SECONDS = 60


def run(*arguments: object, data: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], input=data)


def refused(code: int, *arguments: object, data: bytes | None = None) -> str:
    """The one line on standard error of a command that fails."""
    result = run(*arguments, data=data)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("event-timeline: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("event-timeline: ").rstrip("\n")


def state(path: Path) -> Any:
    """Everything in a database."""
    with closing(sqlite.connect(path)) as connection:
        return contents(connection)


def as_file(path: Path, document: Any) -> Path:
    path.write_bytes(json.dumps(document).encode())
    return path


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A database with the sample in it."""
    with opened(tmp_path / "filled.db", sample()):
        pass
    return tmp_path / "filled.db"


# What is said


def test_help() -> None:
    for name, command in imports.import_group.commands.items():
        result = run("import", name, "--help")
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: ")
        assert command.help
        for each in command.params:
            assert isinstance(each, click.Argument) or getattr(each, "help", None), each.name


def test_the_summary(tmp_path: Path, filled: Path) -> None:
    newer = changed(("/actors/0/country", None), ("/events/1/title", "Other"))
    newer["actors"].append(actor("guard"))
    result = run("import", "bundle", as_file(tmp_path / "a.json", newer), "--on-conflict", "replace", "--db", filled)
    assert (result.exit_code, result.stderr) == (0, "")
    *counts, last = result.stdout.splitlines()
    assert counts == [
        "datasets: 0 created, 0 updated, 1 unchanged, 0 skipped",
        "sources: 0 created, 0 updated, 2 unchanged, 0 skipped",
        "locations: 0 created, 0 updated, 3 unchanged, 0 skipped",
        "actors: 1 created, 1 updated, 3 unchanged, 0 skipped",
        "events: 0 created, 1 updated, 1 unchanged, 0 skipped",
        "statements: 0 created, 0 updated, 2 unchanged, 0 skipped",
    ]
    assert last.startswith("15 records in ")
    assert last.endswith(" records/s.")


@pytest.mark.parametrize("has_database", [False, True])
def test_a_dry_run(tmp_path: Path, filled: Path, has_database: bool) -> None:
    path = filled if has_database else tmp_path / "absent.db"
    before = state(filled)
    newer = as_file(tmp_path / "a.json", changed(("/actors/0/country", None)))
    result = run("import", "bundle", newer, "--dry-run", "--on-conflict", "skip", "--db", path)
    assert result.exit_code == 0
    said = (
        "0 created, 0 updated, 3 unchanged, 1 skipped"
        if has_database
        else "4 created, 0 updated, 0 unchanged, 0 skipped"
    )
    assert f"actors: {said}" in result.stdout
    assert result.stdout.endswith("This was a dry run: nothing was changed.\n")
    assert state(filled) == before
    assert not (tmp_path / "absent.db").exists()
    assert "conflict" in refused(1, "import", "bundle", newer, "--dry-run", "--db", filled)


@pytest.mark.parametrize(
    ("rule", "title", "counts"),
    [("skip", "Strike", "0 updated, 1 unchanged, 1 skipped"), ("replace", "Raid", "1 updated, 1 unchanged, 0 skipped")],
)
def test_conflicts(tmp_path: Path, filled: Path, rule: str, title: str, counts: str) -> None:
    file = as_file(tmp_path / "a.json", changed(("/events/1/title", "Raid")))
    before = state(filled)
    line = refused(1, "import", "bundle", file, "--db", filled)
    assert line == (
        f"One record is in conflict with what is stored; the first is at /events/1: {file}, line 1: Version 1 is stored,"
        " which differs."
    )
    assert state(filled) == before
    result = run("import", "bundle", file, "--on-conflict", rule, "--reason", "A second look", "--db", filled)
    assert f"events: 0 created, {counts}" in result.stdout
    with closing(sqlite.connect(filled)) as connection:
        (record,) = connection.execute(
            "SELECT record FROM events JOIN changes ON changes.seq = events.change WHERE events.id = 'strike'"
        ).fetchone()
        reasons = {row[0] for row in connection.execute("SELECT reason FROM changes")}
    assert json.loads(record)["title"] == title
    assert reasons == ({None} if rule == "skip" else {None, "A second look"})


def test_many_faults_are_told_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text('{"bundle": "event-timeline/1"}\n{"actors": {"id": "a", "nam": "b"}}\n', "utf-8")
    result = run("import", "bundle", file, "--db", tmp_path / "a.db")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert f"/actors/0/nam: {file}, line 2: Unknown field." in lines
    assert result.stderr.startswith(f"event-timeline: {len(lines)} faults in the document; the first is at /actors/0")
    assert not (tmp_path / "a.db").exists()


def test_a_reference_that_leads_nowhere(tmp_path: Path) -> None:
    whole = changed(("/statements/0/speaker", "leeder"), ("/events/1/dataset", "made-down"))
    file = as_file(tmp_path / "a.json", whole)
    line = refused(1, "import", "bundle", file, "--db", tmp_path / "a.db")
    assert line.startswith("One fault in the document; the first is at /events/1/dataset")
    file = as_file(tmp_path / "a.json", changed(("/statements/0/speaker", "leeder")))
    line = refused(1, "import", "bundle", file, "--db", tmp_path / "a.db")
    assert line.endswith(f"at /statements/0/speaker: {file}, line 1: There is no record 'leeder' in actors.")
    assert run("export", "--db", tmp_path / "a.db").stdout.count('"id"') == 0


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "a\0b"])
def test_reasons_that_no_history_can_keep(tmp_path: Path, reason: str) -> None:
    result = run("import", "bundle", "-", "--reason", reason, "--db", tmp_path / "a.db")
    assert result.exit_code == 2
    assert not (tmp_path / "a.db").exists()


# Files


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_standard_input_and_gzip(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    data = compress(json.dumps(sample()).encode())
    (tmp_path / "file").write_bytes(data)
    assert "14 records" in run("import", "bundle", "-", "--db", tmp_path / "a.db", data=data).stdout
    assert "14 records" in run("import", "bundle", tmp_path / "file", "--db", tmp_path / "b.db").stdout
    assert run("export", "--db", tmp_path / "a.db").stdout == run("export", "--db", tmp_path / "b.db").stdout


def test_several_files_are_one_bundle(tmp_path: Path) -> None:
    one = as_file(tmp_path / "1.json", bundle(events=sample()["events"], datasets=sample()["datasets"]))
    two = as_file(
        tmp_path / "2.json", {name: each for name, each in sample().items() if name not in ("events", "datasets")}
    )
    assert "14 records" in run("import", "bundle", one, two, "--db", tmp_path / "a.db").stdout
    assert "Stands twice" in refused(1, "import", "bundle", one, one, "--db", tmp_path / "b.db").splitlines()[-1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Line 1, column 1: Expecting value."),
        (b"id,title\n1,A strike\n", "Line 1, column 1: Expecting value."),
        (b"SQLite format 3\0", "Line 1, column 1: Expecting value."),
        (b"PK\x03\x04\x14\0\0\0\x08\0\xb7", "The text is not UTF-8: byte 10 cannot be read."),
        (b"\x1f\x8b\x08\0\0", "The file is compressed, and damaged: "),
    ],
)
def test_a_file_that_is_no_bundle(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "file").write_bytes(data)
    line = refused(1, "import", "bundle", tmp_path / "file", "--db", tmp_path / "a.db")
    assert line.startswith(f"{tmp_path / 'file'}: {said}")


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_a_file_that_is_none(tmp_path: Path, name: str) -> None:
    result = run("import", "bundle", tmp_path / name, "--db", tmp_path / "a.db")
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: ")


def test_a_database_that_is_none(tmp_path: Path) -> None:
    """It is looked at before the file is, which may take long to read."""
    file = as_file(tmp_path / "a.json", [])
    (tmp_path / "folder").mkdir()
    assert "is not a file" in refused(MISSING, "import", "bundle", file, "--db", tmp_path / "folder")
    with opened(tmp_path / "cut.db", sample()):
        pass
    (tmp_path / "cut.db").write_bytes((tmp_path / "cut.db").read_bytes()[:-9000])
    assert "is damaged" in refused(DAMAGED, "import", "bundle", file, "--db", tmp_path / "cut.db")
    good = as_file(tmp_path / "b.json", sample())
    assert str(tmp_path / "a.json") in refused(1, "import", "bundle", good, "--db", tmp_path / "a.json" / "b.db")


def test_a_database_that_another_holds(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_MS", 0)
    with closing(sqlite.connect(filled, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        line = refused(1, "import", "bundle", as_file(tmp_path / "a.json", sample()), "--db", filled)
        assert line == "the database cannot be used: database is locked"


# Exports


@pytest.mark.parametrize("arguments", [["--format", "csv"], ["--noun", "events"], ["--format", "xml"], ["--noun", "x"]])
def test_exports_that_are_none(filled: Path, arguments: list[str]) -> None:
    result = run("export", *arguments, "--db", filled)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.json"
    assert run("export", "--output", out, "--db", filled).output == ""
    for arguments in ([], ["--output", "-"]):
        assert run("export", *arguments, "--db", filled).stdout_bytes == out.read_bytes()
    names = sorted(each.name for each in tmp_path.iterdir())
    before = out.read_bytes()

    @contextmanager
    def failing(error: BaseException) -> Iterator[None]:
        def everything(*_: Any, **__: Any) -> Iterator[str]:
            yield "{"
            raise error

        with monkeypatch.context() as patch:
            patch.setattr("api.store.bundling.everything", everything)
            yield

    for error, code in ((OSError(28, "No space left on device"), 1), (KeyboardInterrupt(), 130)):
        with failing(error):
            refused(code, "export", "--output", out, "--db", filled)
        assert out.read_bytes() == before
        assert sorted(each.name for each in tmp_path.iterdir()) == names


def test_an_export_keeps_links_and_devices(tmp_path: Path, filled: Path) -> None:
    (tmp_path / "real.json").touch()
    (tmp_path / "link.json").symlink_to("real.json")
    run("export", "--output", tmp_path / "link.json", "--db", filled)
    assert (tmp_path / "link.json").is_symlink()
    assert b"strike" in (tmp_path / "real.json").read_bytes()
    run("export", "--output", os.devnull, "--db", filled)
    assert not Path(os.devnull).is_file()


def test_an_export_that_cannot_be_written(tmp_path: Path, filled: Path) -> None:
    assert refused(1, "export", "--output", tmp_path / "no" / "out.json", "--db", filled).endswith(
        "No such file or directory"
    )
    assert refused(MISSING, "export", "--db", tmp_path / "absent.db") == f"{tmp_path / 'absent.db'} is not there"


def test_an_older_database(filled: Path) -> None:
    with closing(sqlite.connect(filled)) as connection:
        connection.execute("PRAGMA user_version = 1")
    assert "was written by an older version" in refused(1, "export", "--db", filled)


def test_a_reader_that_has_enough(tmp_path: Path) -> None:
    many(tmp_path / "many.ndjson", 3000)
    run("import", "bundle", tmp_path / "many.ndjson", "--db", tmp_path / "many.db")
    command = [*PROGRAM, "export", "--db", str(tmp_path / "many.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10) == b'{"bundle":'
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_SECONDS) == 1


def test_an_export_is_of_one_moment(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run("export", "--db", filled).stdout
    monkeypatch.setattr("api.store.bundling.PAGE", 1)
    newer = as_file(tmp_path / "a.json", bundle(actors=[actor("guard"), actor("army", type="other")]))
    monkeypatch.setattr("api.cli.exports.PIECES_TOLD", 1)

    def meanwhile(*_: object) -> None:
        monkeypatch.setattr("api.cli.progress.Progress.update", lambda *_: None)
        assert "1 updated" in run("import", "bundle", newer, "--on-conflict", "replace", "--db", filled).stdout

    monkeypatch.setattr("api.cli.progress.Progress.update", meanwhile)
    assert run("export", "--db", filled).stdout == before
    assert run("export", "--db", filled).stdout != before


# Cut short


def many(path: Path, records: int) -> Path:
    """A file of about so many records, made up as it is written: sources, events and what is said of each."""
    third = records // 3
    with path.open("w", encoding="utf-8") as file:

        def put(collection: str, record: dict[str, Any]) -> None:
            file.write(json.dumps({collection: record}) + "\n")

        file.write(json.dumps({"bundle": FORMAT}) + "\n")
        for number in range(third):
            put("sources", {"id": f"s{number}", "type": "article", "title": f"Article {number}"})
        for number in range(200):
            where = {"latitude": 33 + number / 1000, "longitude": 36.5, "parent": "l0" if number else None}
            put(
                "locations",
                {"id": f"l{number}", "name": f"Place {number}", "type": "town", "evidence": cited("s0")} | where,
            )
            put(
                "actors",
                {"id": f"a{number}", "name": f"Group {number}", "type": "rebel_group", "evidence": cited("s0")},
            )
        for number in range(third):
            day = f"20{number % 25:02}-{number % 12 + 1:02}-{number % 28 + 1:02}"
            put("events", {
                "id": f"e{number}", "type": "armed_clash", "title": f"Clash {number}", "summary": "Words of it. " * 20,
                "start_date": day, "end_date": day, "date_precision": "day", "location": f"l{number % 200}",
                "location_precision": "exact", "evidence": cited(f"s{number}"),
                "participants": [{"actor": f"a{number % 200}", "role": "side_a"}],
                "related": [f"e{min(number + 5000, third - 1)}"] if number % 100 == 50 else [],
            })  # fmt: skip
            put("statements", {
                "id": f"t{number}", "kind": "paraphrase", "type": "report", "text": f"Some died in {number}.", "date": day,
                "date_precision": "day", "events": [f"e{number}"], "evidence": cited(f"s{number}"),
                "figures": [{"measure": "killed", "best": number % 50, "evidence": cited(f"s{number}")}],
            })  # fmt: skip
    return path


def wait_until(is_so: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    last = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < last
        time.sleep(0.002)


def is_written(path: Path) -> bool:
    """Does somebody write to the database?"""
    with closing(sqlite.connect(path, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite.OperationalError:
            return True
        connection.execute("ROLLBACK")
        return False


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_cut_short_while_it_writes(tmp_path: Path, filled: Path, signum: signal.Signals, seconds: float) -> None:
    """However it ends, the database is as it was, and the same import then does all of it."""
    before = state(filled)
    file = many(tmp_path / "many.ndjson", 3000)
    command = [*PROGRAM, "import", "bundle", str(file), "--quiet", "--db", str(filled)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_until(lambda: is_written(filled), process)
        time.sleep(seconds)
        process.send_signal(signum)
        out, error = process.communicate(timeout=PATIENCE_SECONDS)
    assert out == b""
    if signum == signal.SIGINT:
        assert (process.returncode, error) == (130, b"event-timeline: interrupted; nothing was changed\n")
    else:
        assert process.returncode == -signum
    assert state(filled) == before
    if signum == signal.SIGKILL and seconds:
        result = run("import", "bundle", file, "--quiet", "--db", filled)
        assert result.exit_code == 0, result.output
        assert "events: 1000 created" in result.stdout


def test_cut_short_while_it_reads(tmp_path: Path, filled: Path) -> None:
    before = state(filled)
    command = [*PROGRAM, "import", "bundle", "-", "--db", str(filled)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(many(tmp_path / "many.ndjson", 1500).read_bytes())
        process.stdin.flush()  # more than a pipe holds, so it is being read
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)
        assert process.stderr is not None
        assert process.stderr.read() == b"event-timeline: interrupted; nothing was changed\n"
    assert process.returncode == 130
    assert state(filled) == before


def test_ctrl_c_before_and_after_the_last_moment(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, handler = state(filled), signal.getsignal(signal.SIGINT)
    file = as_file(tmp_path / "a.json", bundle(actors=[actor("guard")]))
    with monkeypatch.context() as patch:
        patch.setattr(Bulk, "finish", lambda _: signal.raise_signal(signal.SIGINT))
        assert refused(130, "import", "bundle", file, "--db", filled) == "interrupted; nothing was changed"
    assert state(filled) == before

    def too_late() -> None:
        last_moment()
        signal.raise_signal(signal.SIGINT)

    last_moment = plain.ignore_interrupts
    monkeypatch.setattr("api.cli.imports.ignore_interrupts", too_late)
    assert "actors: 1 created" in run("import", "bundle", file, "--db", filled).stdout
    assert signal.getsignal(signal.SIGINT) is handler
    assert state(filled) != before


# Memory


MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def megabytes(*arguments: object) -> float:
    """What a command that must succeed needs at the most."""
    command = [sys.executable, "-c", MEASURE, *PROGRAM, *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert found[0] == "0"
    return int(found[1]) / (1024 if sys.platform == "linux" else 1024**2)


@pytest.mark.parametrize("records", [2_500, pytest.param(90_000, marks=pytest.mark.slow)])
def test_memory(tmp_path: Path, records: int) -> None:
    """In, out, and in again as one JSON document."""
    database, file = tmp_path / "many.db", many(tmp_path / "many.ndjson", records)
    needed = [
        megabytes("import", "bundle", file, "--db", database, "--quiet"),
        megabytes("export", "--db", database, "--output", tmp_path / "all.json"),
        megabytes(
            "export", "--format", "csv", "--noun", "events", "--db", database, "--output", tmp_path / "events.csv"
        ),
        megabytes("import", "bundle", tmp_path / "all.json", "--db", tmp_path / "copy.db", "--quiet"),
    ]
    assert max(needed) < MOST_MEGABYTES, needed
    megabytes("export", "--db", tmp_path / "copy.db", "--output", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "all.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("inner", ["[]", "{}", "1.5", '"é"'])
def test_memory_for_one_hostile_record(tmp_path: Path, inner: str) -> None:
    """As long as a record may be, and as many values as fit into it."""
    count = 8_000_000 // (len(inner) + 1)
    text = f'{{"bundle": "{FORMAT}", "events": [{{"id": "a", "related": [{inner}{f",{inner}" * (count - 1)}]}}]}}'
    (tmp_path / "hostile.json").write_text(text, "utf-8")
    command = [*PROGRAM, "import", "bundle", str(tmp_path / "hostile.json"), "--db", str(tmp_path / "a.db")]
    found = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    code, kibibytes = found.stdout.split()
    assert code == "1"
    assert int(kibibytes) / 1024 < MOST_MEGABYTES
