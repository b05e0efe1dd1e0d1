"""Bundles out: everything, or what a filter selects with all that it refers to, as records that can be loaded again."""

from collections.abc import Iterable, Iterator, Mapping

from api.model.bundle import FORMAT
from api.model.nouns import BY_NAME, NOUNS
from api.model.problem import Problem
from api.model.references import references
from api.model.text import to_json
from api.model.ways import IN_LIST, as_list
from api.query import select
from api.query.select import Selection
from api.store.links import parse
from api.store.readers import Reader
from api.store.reading import known

MOST_OUT = 20_000
"""Records of one noun in one answer, which is made whole in memory; a larger copy is what `event-timeline export` gives."""
PAGE = 200
"""Rows read at a time, of which the largest have two megabytes."""
DATASETS = (
    "SELECT json_object('id', id, 'title', title, 'licence', licence, 'attribution', attribution, 'url', url)"
    " FROM datasets ORDER BY id"
)


def everything(reader: Reader, most: int | None = MOST_OUT) -> Iterator[str]:
    """All records as one bundle, in pieces of JSON text that are read as they are taken; 400 for more than `most` of a noun."""
    for noun in NOUNS if most else ():
        _refuse_too_many(count(reader, noun.name))
    return _document(reader, {noun.name: _all_records(reader, noun.name) for noun in NOUNS})


def lines(reader: Reader) -> Iterator[str]:
    """The same as NDJSON: first the form, then one record a line, each under its collection's name."""
    yield f'{{"bundle":{to_json(FORMAT)}}}\n'
    for (dataset,) in reader.rows(DATASETS):
        yield f'{{"datasets":{dataset}}}\n'
    for noun in NOUNS:
        for record in _all_records(reader, noun.name):
            yield f'{{"{noun.name}":{record}}}\n'


def documents(reader: Reader, name: str) -> Iterator[str]:
    """All records of a noun as they are read, in the order in which they were stored first."""
    return _by_page(reader, f"SELECT seq, doc FROM {name}_doc WHERE seq > ? ORDER BY seq LIMIT {PAGE}")


def count(reader: Reader, name: str) -> int:
    """How many records of a noun there are."""
    return int(reader.rows(f"SELECT count(*) FROM {name}")[0][0])


def selected(reader: Reader, selection: Selection) -> Iterator[str]:
    """The selected events and statements, and all that they refer to directly or through others."""
    found: dict[str, dict[str, str]] = {noun.name: {} for noun in NOUNS}
    wanted = {noun.name: set[str]() for noun in NOUNS}
    for branch, sizes in zip(selection.branches, known(reader, selection), strict=True):
        chosen = select.ids(branch, sizes, MOST_OUT + 1)
        rows = reader.rows(chosen.sql, chosen.values)
        _refuse_too_many(len(rows))
        wanted[branch.table] = {row[0] for row in rows}
    while any(wanted.values()):
        following = {noun.name: set[str]() for noun in NOUNS}
        for name, ids in wanted.items():
            records = _records(reader, name, ids)
            found[name] |= records
            for record in records.values():
                for _, to, record_id in references(BY_NAME[name].record_schema, parse(record)):
                    following[to].add(record_id)
        wanted = {name: ids - found[name].keys() for name, ids in following.items()}
    return _document(reader, {name: _in_order(reader, name, records) for name, records in found.items()})


def _document(reader: Reader, records: Mapping[str, Iterable[str]]) -> Iterator[str]:
    datasets = ",".join(row[0] for row in reader.rows(DATASETS))
    yield f'{{"bundle":{to_json(FORMAT)},\n"datasets":[{datasets}]'
    for name, texts in records.items():
        before = f',\n"{name}":[\n'
        for text in texts:
            yield before + text
            before = ",\n"
        yield "\n]" if before == ",\n" else f"{before}\n]"
    yield "}\n"


def _refuse_too_many(count: int) -> None:
    if count > MOST_OUT:
        raise Problem(
            400, "invalid-parameter",
            f"This bundle would hold more than {MOST_OUT} records of one kind; narrow it with filters.",
        )  # fmt: skip


def _all_records(reader: Reader, name: str) -> Iterator[str]:
    return _by_page(
        reader,
        f"SELECT {name}.seq, record FROM {name} JOIN changes ON changes.seq = {name}.change WHERE {name}.seq > ?"
        f" ORDER BY {name}.seq LIMIT {PAGE}",
    )


def _by_page(reader: Reader, sql: str) -> Iterator[str]:
    """The texts of a SELECT of row numbers and texts that follow a row number."""
    last = 0
    while rows := reader.rows(sql, (last,)):
        yield from (text for _, text in rows)
        last = rows[-1][0]


def _records(reader: Reader, name: str, ids: Iterable[str]) -> dict[str, str]:
    rows = reader.rows(
        f"SELECT {name}.id, record FROM {name} JOIN changes ON changes.seq = {name}.change WHERE {name}.id {IN_LIST}",
        (as_list(ids),),
    )
    return dict(rows)


def _in_order(reader: Reader, name: str, records: dict[str, str]) -> list[str]:
    rows = reader.rows(f"SELECT id FROM {name} WHERE id {IN_LIST} ORDER BY seq", (as_list(records),))
    return [records[row[0]] for row in rows]
