"""Bundles out: everything, or what a filter selects with all that it refers to, as records that can be loaded again."""

from collections.abc import Iterable, Iterator

from api.model.bundle import FORMAT
from api.model.fields import references
from api.model.filters import IN_LIST, as_list
from api.model.nouns import BY_NAME, NOUNS
from api.model.problem import Problem
from api.model.text import to_json
from api.query.select import Selection
from api.store.links import parse
from api.store.readers import Reader

MOST_OUT = 20_000
"""Records of one noun in one answer, which is made whole in memory; a larger copy is the whole sets of the lists."""
DATASETS = (
    "SELECT json_group_array(json_object('id', id, 'title', title, 'licence', licence, 'attribution', attribution,"
    " 'url', url)) FROM (SELECT * FROM datasets ORDER BY id)"
)


def everything(reader: Reader) -> Iterator[str]:
    """All records as one bundle, in pieces of JSON text."""
    for noun in NOUNS:
        _refuse_too_many(reader.rows(f"SELECT count(*) FROM {noun.name}")[0][0])
    return _document(reader, {noun.name: _all_records(reader, noun.name) for noun in NOUNS})


def selected(reader: Reader, selection: Selection) -> Iterator[str]:
    """The selected events and statements, and all that they refer to directly or through others."""
    found: dict[str, dict[str, str]] = {noun.name: {} for noun in NOUNS}
    wanted = {noun.name: set[str]() for noun in NOUNS}
    for branch in selection.branches:
        where = branch.where()
        select = f"SELECT id FROM {branch.origin.sql} WHERE {where.sql} LIMIT ?"
        rows = reader.rows(select, (*where.values, MOST_OUT + 1))
        _refuse_too_many(len(rows))
        wanted[branch.origin.sql] = {row[0] for row in rows}
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


def _document(reader: Reader, records: dict[str, list[str]]) -> Iterator[str]:
    datasets = reader.rows(DATASETS)[0][0]
    yield f'{{"bundle":{to_json(FORMAT)},\n"datasets":{datasets}'
    for name, texts in records.items():
        lines = ",\n".join(texts)
        yield f',\n"{name}":[\n{lines}\n]'
    yield "}\n"


def _refuse_too_many(count: int) -> None:
    if count > MOST_OUT:
        raise Problem(
            400, "invalid-parameter",
            f"This bundle would hold more than {MOST_OUT} records of one kind; narrow it with filters.",
        )  # fmt: skip


def _all_records(reader: Reader, name: str) -> list[str]:
    rows = reader.rows(f"SELECT record FROM {name} JOIN changes ON changes.seq = {name}.change ORDER BY {name}.seq")
    return [row[0] for row in rows]


def _records(reader: Reader, name: str, ids: Iterable[str]) -> dict[str, str]:
    rows = reader.rows(
        f"SELECT {name}.id, record FROM {name} JOIN changes ON changes.seq = {name}.change WHERE {name}.id {IN_LIST}",
        (as_list(ids),),
    )
    return dict(rows)


def _in_order(reader: Reader, name: str, records: dict[str, str]) -> list[str]:
    rows = reader.rows(f"SELECT id FROM {name} WHERE id {IN_LIST} ORDER BY seq", (as_list(records),))
    return [records[row[0]] for row in rows]
