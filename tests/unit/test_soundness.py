"""The check that fault tests rest on sees each kind of damage."""

from contextlib import closing
from pathlib import Path

import pytest
from soundness import assert_sound

from api.store.migrations import open_migrated
from unit.samples import opened, sample

DAMAGES = {
    "a dangling reference": "INSERT INTO event_actors VALUES (99, 99, 'target')",
    "a gap in the history": "UPDATE changes SET seq = seq + 1 WHERE seq = (SELECT max(seq) FROM changes)",
    "a lost version": "UPDATE changes SET version = 2 WHERE collection = 'actors' AND id = 'army'",
    "a record that is not its newest version": "UPDATE actors SET version = 2 WHERE id = 'army'",
    "a record without its history": "UPDATE changes SET id = 'navy' WHERE collection = 'actors' AND id = 'army'",
    "an old document": "UPDATE events_doc SET doc = replace(doc, 'Jets', 'Nets')",
    "an old column": "UPDATE events SET fatalities = 9 WHERE id = 'strike'",
    "a lost branch": "DELETE FROM tree WHERE collection = 'locations' AND ancestor = 1",
    "a lost day of a place": "DELETE FROM locations_events WHERE owner = 1",
    "an event of nobody": "UPDATE actors_events SET owner = 99 WHERE owner = 1",
    "an old day": "UPDATE actors_events SET end_date = '2030-01-01' WHERE owner = 1",
    "a lost name": "DELETE FROM names WHERE folded = 'the town'",
    "a name of nobody": "INSERT INTO names VALUES ('actors', 'nobody', 99)",
    "a lost pointer": "DELETE FROM pointers WHERE to_collection = 'actors' AND to_seq = 1",
    "a lost join": "DELETE FROM statement_locations",
    "a lost box": "DELETE FROM locations_box",
    "a box of nobody": "INSERT INTO locations_box VALUES (99, 1, 1, 1, 1)",
    "a torn tree of boxes": "DELETE FROM locations_box_rowid",
    "a lost text": "DELETE FROM events_text WHERE rowid IN (SELECT text_row FROM events WHERE seq = 1)",
    "a text that the index does not have": "UPDATE events_text_content SET c0 = 'other words'",
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("soundness") / "sample.db"
    with opened(path, sample()):
        return path


def test_a_sound_database_is_sound(database: Path, tmp_path: Path) -> None:
    with closing(open_migrated(database)) as connection:
        assert_sound(connection, tmp_path / "scratch.db")


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(database: Path, tmp_path: Path, damage: str) -> None:
    with closing(open_migrated(database)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        connection.execute(DAMAGES[damage])
        with pytest.raises(AssertionError):
            assert_sound(connection, tmp_path / "scratch.db")
        connection.execute("ROLLBACK")
