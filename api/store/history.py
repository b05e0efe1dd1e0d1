"""The history of all records: the feed of changes in their one order, and the versions of one record."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from api.model.parameters import Clause
from api.model.problem import Problem
from api.model.text import shown, to_json
from api.query.cursor import Position
from api.query.rows import edges
from api.query.select import after, conjunction
from api.store.readers import Reader
from api.store.reading import EXPORT_PAGE, unknown

MARK_DIGITS = 16
"""64 bits: that another history has the same mark by chance need not be feared."""


class Entry(NamedTuple):
    """A change as it is stored, with the name of its key. `record` is JSON text: null once deleted or merged.

    `before` is the record's text in the version before, None in the first; `latest` the record's latest change.
    """

    seq: int
    at: str
    collection: str
    id: str
    version: int
    change: str
    by: str | None
    reason: str | None
    merged_into: str | None
    record: str
    before: str | None
    latest: str

    def text(self, **more: object) -> str:
        """The change as JSON, with the stored text in it as it is, and whatever more belongs to it."""
        values = self._asdict()
        head = to_json({name: values[name] for name in self._fields[:-3]})
        return f'{head[:-1]},"record":{self.record}' + (f",{to_json(more)[1:]}" if more else "}")


COLUMNS = (
    "changes.seq, changes.at, changes.collection, changes.id, changes.version, changes.change, keys.name, changes.reason,"
    " changes.merged_into, changes.record"
)
SAME = "other.collection = changes.collection AND other.id = changes.id"
BEFORE = f"(SELECT record FROM changes AS other WHERE {SAME} AND other.version = changes.version - 1)"
LATEST = f"(SELECT change FROM changes AS other WHERE {SAME} ORDER BY other.version DESC LIMIT 1)"
WITH_KEYS = "FROM changes LEFT JOIN keys ON keys.id = changes.key"


@dataclass(frozen=True)
class Span:
    """Changes after `since` up to `until`, of all collections or of some."""

    since: int
    until: int
    collections: tuple[str, ...] = ()

    def newest(self, limit: int) -> Clause:
        """The SELECT of the last `limit` numbers."""
        return self._numbers("DESC", limit)

    def oldest(self, limit: int) -> Clause:
        """The SELECT of the first `limit` numbers."""
        return self._numbers("ASC", limit)

    def _numbers(self, direction: str, limit: int) -> Clause:
        """One SELECT for each collection: its index has the numbers of one in their order, and reads none of another."""
        parts = []
        values: list[str | int] = []
        for collection in self.collections or (None,):
            own = "INDEXED BY changes_by_collection WHERE collection = ? AND" if collection else "WHERE"
            values += [*([collection] if collection else []), self.since, self.until, limit]
            parts.append(
                f"SELECT * FROM (SELECT seq FROM changes {own} seq > ? AND seq <= ? ORDER BY seq {direction} LIMIT ?)"
            )
        return Clause(f"{' UNION ALL '.join(parts)} ORDER BY seq {direction} LIMIT ?", (*values, limit))


def mark(reader: Reader, epoch: str, seq: int) -> str:
    """What tells this change from another that has the same number in another history; for 0 of the epoch alone."""
    rows = reader.rows("SELECT seq, at, collection, id, version, record FROM changes WHERE seq = ?", (seq,))
    return hashlib.sha256(to_json([epoch, *rows]).encode()).hexdigest()[:MARK_DIGITS]


def check_place(reader: Reader, epoch: str, newest: int, since: int, given_mark: str | None) -> None:
    """`Problem` 410 unless `since` is a place in this history, and the one that the mark was made of."""
    if since > newest:
        said = f"since={since} is beyond the newest change, {newest}"
    elif given_mark is not None and given_mark != mark(reader, epoch, since):
        said = f"Up to since={since} this feed is not the one that the mark {given_mark} was given for"
    else:
        return
    raise Problem(
        410, "other-history", f"{said}: the database was restored or replaced. Begin again with since=0 and no mark."
    )


def changes(reader: Reader, span: Span, limit: int) -> list[Entry]:
    """The first `limit` changes of the span, without what was before each."""
    numbers = span.oldest(limit)
    sql = f"SELECT {COLUMNS}, NULL, '' {WITH_KEYS} WHERE changes.seq IN ({numbers.sql}) ORDER BY changes.seq"
    return [Entry(*row) for row in reader.rows(sql, numbers.values)]


def newest_changes(reader: Reader, span: Span, limit: int) -> list[Entry]:
    """The last `limit` changes of the span, newest first, with what was before each."""
    numbers = span.newest(limit)
    sql = (
        f"SELECT {COLUMNS}, {BEFORE}, {LATEST} {WITH_KEYS} WHERE changes.seq IN ({numbers.sql})"
        " ORDER BY changes.seq DESC"
    )
    return [Entry(*row) for row in reader.rows(sql, numbers.values)]


def every_change(reopen: Callable[[], Reader], reader: Reader, span: Span) -> Iterator[Entry]:
    """All changes of the span, a page at a time, each page its own short transaction; the first is read at once."""
    return _changes_from(reopen, span, changes(reader, span, EXPORT_PAGE))


def _changes_from(reopen: Callable[[], Reader], span: Span, found: list[Entry]) -> Iterator[Entry]:
    while found:
        yield from found
        if len(found) < EXPORT_PAGE:
            return
        reader = reopen()
        with reader.snapshot():
            found = changes(reader, replace(span, since=found[-1].seq), EXPORT_PAGE)


class Versions(NamedTuple):
    """Some versions of one record, newest first, and where the pages before and after them begin."""

    entries: list[Entry]
    before: Position | None
    after: Position | None


def versions(reader: Reader, collection: str, record_id: str, limit: int, position: Position | None) -> Versions:
    """A page of the versions of a record, whether it is still there or not; `Problem` 404 where it never was."""
    _newest(reader, collection, record_id)
    backward = position is not None and position.is_backward
    narrowed = [] if position is None else [after(("changes.version",), (not backward,), position.keys)]
    found = _versions(reader, collection, record_id, narrowed, "ASC" if backward else "DESC", limit + 1)
    has_more, entries = len(found) > limit, found[:limit]
    if backward:
        entries.reverse()
    return Versions(entries, *edges([(each.version,) for each in entries], position, has_more))


def version(reader: Reader, collection: str, record_id: str, number: int) -> Entry:
    """One version of a record; `Problem` 404 where the record never was, or has no such version."""
    newest = _newest(reader, collection, record_id)
    found = _versions(reader, collection, record_id, [Clause("changes.version = ?", (number,))], "DESC", 1)
    if not found:
        known = "is only version 1" if newest == 1 else f"are versions 1 to {newest}"
        said = f"There is no version {number} of {shown(record_id)} in {collection}; there {known}."
        raise Problem(404, "not-found", said)
    return found[0]


def _versions(
    reader: Reader, collection: str, record_id: str, narrowed: list[Clause], direction: str, limit: int
) -> list[Entry]:
    where = conjunction([Clause("changes.collection = ? AND changes.id = ?", (collection, record_id)), *narrowed])
    sql = f"SELECT {COLUMNS}, {BEFORE}, '' {WITH_KEYS} WHERE {where.sql} ORDER BY changes.version {direction} LIMIT ?"
    return [Entry(*row) for row in reader.rows(sql, (*where.values, limit))]


def _newest(reader: Reader, collection: str, record_id: str) -> int:
    sql = "SELECT max(version) FROM changes WHERE collection = ? AND id = ?"
    newest: int | None = reader.rows(sql, (collection, record_id))[0][0]
    if newest is None:
        raise unknown(reader, collection, record_id)
    return newest
