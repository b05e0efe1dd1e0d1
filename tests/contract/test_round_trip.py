"""There and back: what is exported, imported into an empty database and exported again is the same bytes, in every form."""

import gzip
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner
from unit.samples import actor, bundle, changed, cited, event, location, opened, sample, statement

from api.cli import main
from api.importers.bundle import COLLECTIONS
from api.model.nouns import BY_NAME
from contract.worlds import Json, World

FORMS = ("bundle", "ndjson")


def run(*arguments: object, data: bytes | None = None) -> bytes:
    """What a command that must succeed prints."""
    result = CliRunner().invoke(main, [str(each) for each in arguments], input=data)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


def exported(path: Path, form: str = "bundle") -> bytes:
    return run("export", "--format", form, "--db", path)


def tables(path: Path) -> dict[str, bytes]:
    """Each noun as CSV."""
    return {noun: run("export", "--format", "csv", "--noun", noun, "--db", path) for noun in BY_NAME}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_bytes(world: World, form: str, tmp_path: Path) -> None:
    """The made-up world has records that were changed since, and refer to others that were stored after them."""
    data, copy = exported(world.path, form), tmp_path / "copy.db"
    (tmp_path / "file").write_bytes(data)
    run("import", "bundle", tmp_path / "file", "--db", copy)
    for each in FORMS:
        assert exported(copy, each) == exported(world.path, each)
    assert tables(copy) == tables(world.path)


def test_the_bundle_is_that_of_the_api(world: World) -> None:
    assert exported(world.path) == world.get("/v1/bundle").data
    lines = exported(world.path, "ndjson").splitlines()
    found: Json = json.loads(lines[0]) | {name: [] for name in COLLECTIONS}
    for line in lines[1:]:
        ((name, record),) = json.loads(line).items()
        found[name].append(record)
    assert found == world.json("/v1/bundle")


def test_a_table_is_that_of_the_api_without_stamps(world: World) -> None:
    for noun, data in tables(world.path).items():
        names = [each.name for each in BY_NAME[noun].columns]
        shown = names[: names.index("version")]
        own = world.get(f"/v1/{noun}.csv?sort=created_at&fields={','.join(shown)}").data
        assert data == own


def test_small_batches(made_up_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a batch holds, the order is that of the file."""
    monkeypatch.setattr("api.store.feeding.BATCH_RECORDS", 7)
    data = exported(made_up_world.path)
    run("import", "bundle", "-", "--db", tmp_path / "copy.db", data=gzip.compress(data))
    assert exported(tmp_path / "copy.db") == data


def test_nothing_there_and_back(tmp_path: Path) -> None:
    with opened(tmp_path / "empty.db"):
        pass
    for form in FORMS:
        data = exported(tmp_path / "empty.db", form)
        run("import", "bundle", "-", "--db", tmp_path / "copy.db", data=data)
        assert exported(tmp_path / "copy.db", form) == data


RINGS = bundle(
    sources=[{"id": "paper", "type": "article", "derived_from": "wire"}, {"id": "wire", "type": "wire_report"}],
    locations=[location("town", parent="province"), location("province", parent="land"), location("land")],
    actors=[
        actor("a", relations=[{"actor": "b", "relation": "allied_with"}]),
        actor("b", relations=[{"actor": "c", "relation": "allied_with"}]),
        actor("c", relations=[{"actor": "a", "relation": "allied_with"}]),
    ],
    events=[
        event("e1", related=["e3"], part_of="e4"), event("e2", related=["e1"]), event("e3", related=["e1"]),
        event("e4", location="town", location_precision="exact", related=["e2"]),
    ],
    statements=[statement("s", events=["e1"], speaker="a")],
)  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 2000])
@pytest.mark.parametrize("is_filled", [False, True])
def test_references_to_what_comes_later(
    tmp_path: Path, size: int, is_filled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.store.feeding.BATCH_RECORDS", size)
    path = tmp_path / "a.db"
    if is_filled:
        with opened(path, bundle(sources=[{"id": "other", "type": "article"}])):
            pass
    nouns = list(RINGS)
    random.Random(size).shuffle(nouns)
    data = json.dumps({name: RINGS[name] for name in nouns}, indent=2).encode()
    run("import", "bundle", "-", "--db", path, data=data)
    found = json.loads(exported(path))
    for noun in BY_NAME:
        stored = [each["id"] for each in found[noun] if each["id"] != "other"]
        wanted = [each["id"] for each in RINGS[noun]]
        assert stored == wanted if not is_filled else sorted(stored) == sorted(wanted)
    again = run("import", "bundle", "-", "--db", path, data=data).decode().splitlines()
    assert [line.split(": ")[1] for line in again[:-1]] == [
        f"0 created, 0 updated, {len(RINGS[noun])} unchanged, 0 skipped" for noun in BY_NAME
    ]


@pytest.mark.parametrize("size", [1, 2000])
def test_names_that_later_records_have(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is referred to by name is looked for when all names are known."""
    monkeypatch.setattr("api.store.feeding.BATCH_RECORDS", size)
    whole = bundle(
        sources=[{"id": "paper", "type": "article"}],
        locations=[location("t", parent="The Land"), location("u", parent="t"), location("l", name="The Land")],
        actors=[
            actor("m", relations=[{"actor": "Old Guard", "relation": "member_of"}], evidence=cited()),
            actor("g", name="Guard", aliases=["Old Guard"]),
        ],
        events=[
            event(
                "e", location="The Land", location_precision="country",
                participants=[{"actor": "guard", "role": "target"}],
            )
        ],
    )  # fmt: skip
    run("import", "bundle", "-", "--db", tmp_path / "a.db", data=json.dumps(whole).encode())
    found = json.loads(exported(tmp_path / "a.db"))
    assert [(each["id"], each["parent"]) for each in found["locations"]] == [("t", "l"), ("u", "t"), ("l", None)]
    assert found["actors"][0]["relations"][0]["actor"] == "g"
    assert (found["events"][0]["location"], found["events"][0]["participants"][0]["actor"]) == ("l", "g")
    two = bundle(locations=[location("v", parent="Newtown"), *(location(f"n{n}", name="Newtown") for n in (1, 2))])
    result = CliRunner().invoke(main, ["import", "bundle", "-", "--db", str(tmp_path / "a.db")], input=json.dumps(two))
    assert result.exit_code == 1
    assert "/locations/0/parent" in result.stderr
    assert "the name of several records" in result.stderr


def test_it_is_stored_as_the_api_would_store_it(tmp_path: Path) -> None:
    """By the usual way of a bundle and by the way of files: the same documents."""
    with opened(tmp_path / "usual.db", sample()):
        pass
    run("import", "bundle", "-", "--db", tmp_path / "file.db", data=json.dumps(sample()).encode())
    assert tables(tmp_path / "file.db") == tables(tmp_path / "usual.db")
    newer = json.dumps(changed(("/actors/0/name", "The Army"))).encode()
    run("import", "bundle", "-", "--on-conflict", "replace", "--db", tmp_path / "file.db", data=newer)
    assert b"The Army" in tables(tmp_path / "file.db")["actors"]
