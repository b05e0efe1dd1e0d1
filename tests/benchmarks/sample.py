"""What is asked for: values drawn from the events that a database has, always the same ones, so that answers are not empty."""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.store import sqlite

TRIES = 50
"""Events looked at for one that has all that is asked about."""
EVENT = """
SELECT events.seq, events.id, events.type, events.country, events.start_date, events.end_date, events.fatalities,
       places.latitude, places.longitude, places.id, provinces.id
FROM (SELECT * FROM events WHERE seq >= ? ORDER BY seq LIMIT 1) AS events
JOIN locations AS places ON places.seq = events.location
JOIN tree ON tree.collection = 'locations' AND tree.descendant = places.seq
JOIN locations AS provinces ON provinces.seq = tree.ancestor
JOIN locations AS countries ON countries.seq = provinces.parent AND countries.type = 'country'
WHERE places.latitude IS NOT NULL AND events.country IS NOT NULL AND events.fatalities IS NOT NULL
"""
ACTORS = "SELECT actors.id FROM event_actors JOIN actors ON actors.seq = actor WHERE event = ? ORDER BY role, actors.id"


@dataclass(frozen=True)
class Seen:
    """An event as filters see it."""

    seq: int
    id: str
    type: str
    country: str
    start_date: str
    end_date: str
    fatalities: int
    latitude: float
    longitude: float
    place: str
    province: str
    actor: str
    actor_column: str


@contextlib.contextmanager
def opened(db: Path) -> Iterator[sqlite.Connection]:
    """A connection that only reads."""
    connection = sqlite.connect(f"{db.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def events(connection: sqlite.Connection, count: int, chance: random.Random) -> list[Seen]:
    """So many events with a country, a province, a point and an actor: the frequent ones are drawn most often."""
    first, last = connection.execute("SELECT min(seq), max(seq) FROM events").fetchone()
    found: list[Seen] = []
    for _ in range(TRIES * count):
        row = connection.execute(EVENT, (chance.randint(first, last),)).fetchone()
        if row is None:
            continue
        actors = [each for (each,) in connection.execute(ACTORS, (row[0],))]
        if actors:
            which = chance.randrange(min(len(actors), 2))
            found.append(Seen(*(*row, actors[which], ("actor_a", "actor_b")[which])))
        if len(found) == count:
            return found
    raise RuntimeError(f"only {len(found)} events have all that is asked about")


def rare(connection: sqlite.Connection, count: int, chance: random.Random) -> tuple[list[str], list[str]]:
    """Actors and countries drawn without regard to how many events they have: the long tails."""
    actors = connection.execute("SELECT DISTINCT actor FROM event_actors").fetchall()
    countries = connection.execute("SELECT DISTINCT country FROM events WHERE country IS NOT NULL").fetchall()
    drawn = [actor for (actor,) in chance.choices(actors, k=count)]
    names = [connection.execute("SELECT id FROM actors WHERE seq = ?", (each,)).fetchone()[0] for each in drawn]
    return names, [country for (country,) in chance.choices(countries, k=count)]


def words(connection: sqlite.Connection, count: int, chance: random.Random) -> tuple[list[str], list[str]]:
    """Common words, each in one event of twenty or more, and rare ones, each in one of ten thousand or fewer."""
    (total,) = connection.execute("SELECT count(*) FROM events").fetchone()
    connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'events_text', 'row')")
    many, few = total // 20, max(2, total // 10_000)
    found = connection.execute("SELECT term, doc FROM temp.words WHERE doc >= ? OR doc <= ?", (many, few))
    sizes = {word: size for word, size in found if _is_word(word)}
    common = [word for word, size in sizes.items() if size >= many]
    uncommon = [word for word, size in sizes.items() if size <= few]
    return common[:count], chance.sample(uncommon, min(count, len(uncommon)))


def _is_word(text: str) -> bool:
    return text.isascii() and text.isalpha() and len(text) > 2


def deep(connection: sqlite.Connection, size: int, count: int, chance: random.Random) -> list[tuple[int, str, int]]:
    """Places near the end of the list, the newest first: rows before them, and the keys of the last of these rows."""
    (total,) = connection.execute("SELECT count(*) FROM events").fetchone()
    before = [total - size - chance.randint(0, total // 100) for _ in range(count)]
    sql = "SELECT start_date, seq FROM events ORDER BY start_date DESC, seq DESC LIMIT 1 OFFSET ?"
    return [(each, *connection.execute(sql, (each - 1,)).fetchone()) for each in before]
