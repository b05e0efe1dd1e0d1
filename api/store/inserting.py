"""Inserting: new records into every table at once, rows in tens of thousands.

The rows are those that `writing.py` and `rendering.py` write, made by the same functions; only what a record adds to the
counts of others is added to what stands there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from api.model.changes import Author
from api.model.nouns import BY_NAME, NOUNS
from api.model.shape import order_of
from api.model.text import to_json
from api.model.ways import DAYS, IN_LIST, as_list, text_row
from api.store import sqlite
from api.store.known import Count, Key, Known, Record
from api.store.links import parse
from api.store.making import Made
from api.store.rendering import render, searched_text
from api.store.rows import JOINS, ROWS, SeqOf
from api.store.views import VIEWS

Rows = defaultdict[str, list[tuple[Any, ...]]]
"""Rows by table."""
FIRST = ("changes", "sources", "locations", "actors", "events", "statements")
"""The tables that others refer to, in the order in which they do."""
COUNTED = ("sources", "locations", "actors")


class Inserter:
    """Inserts batches of new records. Of each that is referred to `seq_of` knows the row number."""

    def __init__(self, connection: sqlite.Connection, author: Author) -> None:
        self.connection, self.author = connection, author
        self._known = Known(connection)
        self._columns: dict[str, Callable[[Record], tuple[Any, ...]]] = {}

    def forget(self) -> None:
        """Somebody else has written: what was read before may have changed."""
        self._known = Known(self.connection)

    def insert(self, records: Mapping[str, list[Record]], seq_of: SeqOf, at: str, made: Mapping[Key, Made]) -> None:
        """Write new records that hang on nothing but places on places; `at` is the time of the change.

        `made` is there for each of them.
        """
        known = self._known
        rows: Rows = defaultdict(list)
        new = {(noun.name, seq_of[noun.name, each["id"]]) for noun in NOUNS for each in records[noun.name]}
        (change,) = self.connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()
        for noun in NOUNS:
            known.take(noun.name, records[noun.name])
        self._plant(records["locations"], seq_of)
        self._count(records, seq_of, rows)
        for noun in NOUNS:
            for record in records[noun.name]:
                change += 1
                self._add(noun.name, record, seq_of, (change, at), rows)
                key = noun.name, record["id"]
                own = noun.name, seq_of[key]
                text, targets, names = made[key]
                rows["changes"].append(
                    (change, at, *key, 1, "created", text, self.author.key, self.author.reason, None)
                )
                rows["pointers"] += [(target[0], seq_of[target], *own) for target in targets]
                rows["names"] += [(noun.name, name, own[1]) for name in names]
        for table in (*FIRST, *(each for each in rows if each not in FIRST)):
            self._insert(table, rows[table])
        self._raise_counts(new)
        self._show_statements(records, seq_of)
        known.drop()

    def _add(self, name: str, record: Record, seq_of: SeqOf, change: tuple[int, str], rows: Rows) -> None:
        number, at = change
        seq, record_id = seq_of[name, record["id"]], record["id"]
        view = VIEWS[name](seq, record, self._known)
        stamps = {"version": 1, "created_at": at, "updated_at": at}
        row = ROWS[name](record, seq_of) | view.columns | stamps | {"seq": seq, "id": record_id, "change": number}
        place = seq
        if name in DAYS:
            row["text_row"] = place = text_row(record[DAYS[name]], seq)
        rows[name].append(self._in_order(name, row))
        view.document.update(stamps, links={"self": f"/v1/{name}/{record_id}"})
        rows[f"{name}_doc"].append((seq, to_json(order_of(BY_NAME[name].view)(view.document))))
        rows[f"{name}_text"].append((place, searched_text(view)))
        for table, joined in JOINS[name](seq, record, seq_of) if name in JOINS else ():
            rows[table].append(tuple(joined.values()))
        if name == "locations" and record["longitude"] is not None:
            x, y = record["longitude"], record["latitude"]
            rows["locations_box"].append((seq, x, x, y, y))

    def _in_order(self, name: str, row: Record) -> tuple[Any, ...]:
        """The values of a row as the table has its columns."""
        if name not in self._columns:
            columns = (each[1] for each in self.connection.execute(f"PRAGMA table_info({name})"))
            self._columns[name] = itemgetter(*columns)
        return self._columns[name](row)

    def _insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            return
        if table.endswith("_text"):
            rows.sort()  # FTS5 begins a new segment whenever row numbers go back
        named = f"{table} (rowid, text)" if table.endswith("_text") else table
        repeats = "" if table in FIRST else "OR IGNORE "  # of one actor in one role, one source cited twice
        self.connection.executemany(f"INSERT {repeats}INTO {named} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def _plant(self, locations: Iterable[Record], seq_of: SeqOf) -> None:
        """New places into the tree, each under a parent that is in it."""
        for record in locations:
            if record["parent"] is not None:
                seq = seq_of["locations", record["id"]]
                above = self._known.owners("locations", record["parent"], seq_of)
                self._insert("tree", [("locations", each, seq) for each in above])

    def _count(self, records: Mapping[str, list[Record]], seq_of: SeqOf, rows: Rows) -> None:
        """Add up what events and statements add to the counts of others, and place them."""
        known = self._known
        added: dict[tuple[str, int], Count] = defaultdict(Count)
        for event in records["events"]:
            seq, first, last = seq_of["events", event["id"]], event["start_date"], event["end_date"]
            owners = {
                "locations": self._union("locations", [event["location"]], seq_of),
                "actors": self._union("actors", (each["actor"] for each in event["participants"]), seq_of),
                "sources": self._union("sources", (each["source"] for each in event["evidence"]), seq_of),
            }
            for owner in ((name, each) for name, seqs in owners.items() for each in seqs):
                added[owner].add_event(event)
            for name in ("locations", "actors"):
                rows[f"{name}_events"] += [(owner, first, seq, last) for owner in owners[name]]
        for statement in records["statements"]:
            seq = seq_of["statements", statement["id"]]
            for each in statement["events"]:
                known.said.setdefault(each, []).append(statement)
            spots = {statement["location"], *(known.record("events", each)["location"] for each in statement["events"])}
            rows["statement_locations"] += [(seq, known.seq("locations", each, seq_of)) for each in spots if each]
            speakers = (statement["speaker"], statement["on_behalf_of"], *statement["addressees"])
            owners = {
                "locations": self._union("locations", spots, seq_of),
                "actors": self._union("actors", speakers, seq_of),
                "sources": self._union("sources", (each["source"] for each in statement["evidence"]), seq_of),
            }
            for owner in ((name, each) for name, seqs in owners.items() for each in seqs):
                added[owner].statements += 1
        known.added = added

    def _show_statements(self, records: Mapping[str, list[Record]], seq_of: SeqOf) -> None:
        """Events that were there before show how much is said of them, and what their tolls are by it."""
        own = {event["id"] for event in records["events"]}
        said = {event: each for event, each in self._known.said.items() if event not in own}
        counted = {seq_of["events", event] for event, each in said.items() if any(one["figures"] for one in each)}
        if counted:
            render(self.connection, {noun.name: counted if noun.name == "events" else set() for noun in NOUNS})
        more = {seq_of["events", event]: len(each) for event, each in said.items()}
        rows = self.connection.execute(
            f"SELECT seq, doc FROM events_doc WHERE seq {IN_LIST}", (as_list(more.keys() - counted),)
        ).fetchall()
        documents = [(parse(doc), seq) for seq, doc in rows]
        self.connection.executemany(
            "UPDATE events_doc SET doc = ? WHERE seq = ?",
            [(to_json(each | {"statements": each["statements"] + more[seq]}), seq) for each, seq in documents],
        )

    def _union(self, name: str, ids: Iterable[str | None], seq_of: SeqOf) -> set[int]:
        found: set[int] = set()
        for each in ids:
            found |= self._known.owners(name, each, seq_of)
        return found

    def _raise_counts(self, new: set[tuple[str, int]]) -> None:
        """Add what was counted to the records that were there before."""
        for name in COUNTED:
            added = {seq: each for (of, seq), each in self._known.added.items() if of == name and (of, seq) not in new}
            columns, documents = [], []
            for seq, doc in self.connection.execute(
                f"SELECT seq, doc FROM {name}_doc WHERE seq {IN_LIST}", (as_list(added),)
            ):
                document = parse(doc)
                counts = added[seq].added_to(document)
                documents.append((to_json(document | counts), seq))
                columns.append((counts["events"], counts["statements"], seq))
            self.connection.executemany(f"UPDATE {name}_doc SET doc = ? WHERE seq = ?", documents)
            if name != "sources":
                self.connection.executemany(f"UPDATE {name} SET events = ?, statements = ? WHERE seq = ?", columns)
