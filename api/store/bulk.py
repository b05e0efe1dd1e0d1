"""Bulk: a dataset of any size into the store, some thousand records at a time.

What is new and hangs on nothing is written straight into all tables, each row once, with counts added up instead of
counted anew; that is nearly all of an import. What is stored already, or is part of something longer, goes the way of
every write. Both leave the same rows, which a test holds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from api.model.bundle import Bundle
from api.model.changes import Author
from api.model.nouns import NOUNS
from api.store import sqlite
from api.store.inserting import Inserter
from api.store.making import Made
from api.store.receiving import Receiver, Rules
from api.store.rows import SeqOf
from api.store.tallying import tally
from api.store.writing import Id, Writer

Record = dict[str, Any]
Records = Mapping[str, list[Record]]

HANGING = {"sources": ("derived_from",), "actors": ("relations",), "events": ("part_of", "related")}
"""Members by which a record hangs on others of its kind: those are written in the usual way."""
REMEMBERED = ("locations", "actors")
"""Collections whose row numbers are kept from one batch to the next, as most records refer to them."""
MOST_REMEMBERED = 50_000
INDEXED = ("events", "statements", "sources", "event_actors", "event_sources", "statement_actors", "statement_events",
           "statement_sources", "statement_locations", "actors_events", "locations_events", "changes")  # fmt: skip
"""Tables of which an index is faster made at the end than kept while a large import runs."""


class Bulk:
    """Receives batches of records within one transaction, which somebody else began."""

    def __init__(self, connection: sqlite.Connection, author: Author | None = None, rules: Rules | None = None) -> None:
        self.connection = connection
        self.author, self.rules = author or Author(), rules or Rules()
        self.totals: Counter[tuple[str, str]] = Counter()
        """How many records of each collection had each outcome."""
        self._seqs: dict[Id, int] = {}
        self._inserter = Inserter(connection, self.author)

    def receive(self, datasets: list[Record], records: Records, made: Mapping[Id, Made] | None = None) -> None:
        """Store a batch; what it refers to is in it or stored already. `made` is there for each record or for none.

        Raises `Problem` 409 for conflicts where the rules let them fail, 422 where references lead nowhere or a record
        would lie inside itself.
        """
        writer = Writer(self.connection, self.author, SeqOf(self._seqs))
        batch = Bundle(datasets, {noun.name: records.get(noun.name, []) for noun in NOUNS})
        receiver = Receiver(writer, batch, self.rules, made)
        changed = receiver.changed()
        self.totals.update((each.collection, each.outcome) for each in receiver.report.outcomes)
        plain, others = _apart(changed, writer, receiver.made)
        self._inserter.insert(plain, writer.seq_of, writer.at, receiver.made)
        if any(others.values()):
            writer.apply(others)
            self._inserter.forget()
        self._remember(writer.seq_of)

    def finish(self) -> None:
        """Count anew what lists are planned by."""
        tally(self.connection)

    def total(self, outcome: str) -> int:
        """How many records had this outcome."""
        return sum(count for (_, each), count in self.totals.items() if each == outcome)

    def _remember(self, seq_of: SeqOf) -> None:
        self._seqs = {key: seq for key, seq in seq_of.items() if key[0] in REMEMBERED}
        if len(self._seqs) > MOST_REMEMBERED:
            self._seqs = {}


def _apart(
    changed: Records, writer: Writer, made: Mapping[Id, Made]
) -> tuple[dict[str, list[Record]], dict[str, list[Record]]]:
    """New records that can be inserted as they are, and all others with what refers to those."""
    plain: dict[str, list[Record]] = {}
    others: dict[str, list[Record]] = {}
    slow: set[Id] = set()
    for noun in NOUNS:
        name = noun.name
        plain[name], others[name] = [], []
        new = {(name, each["id"]) for each in changed[name]} - writer.held.keys() - writer.past.keys()
        for record in changed[name]:
            key = name, record["id"]
            refers = made[key].targets
            waits = any(to == name and (to, target) in new for to, target in refers)  # for one further on
            if key not in new or waits or refers & slow or any(record[each] for each in HANGING.get(name, ())):
                slow.add(key)
                others[name].append(record)
            else:
                plain[name].append(record)
                new.discard(key)
    return plain, others


@contextmanager
def without_indexes(connection: sqlite.Connection) -> Iterator[None]:
    """Do without what only lists need, within a transaction; it is made anew at the end."""
    names = ", ".join(f"'{each}'" for each in INDEXED)
    rows: Sequence[tuple[str, str]] = connection.execute(
        f"SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({names})"
    ).fetchall()
    for name, _ in rows:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, sql in rows:
        connection.execute(sql)
