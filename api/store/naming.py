"""Names: which record a person means by an id, a name or an alias, and which they may have meant by another word."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.model import kinds
from api.model.cql2 import Expression
from api.model.parameters import Parameter
from api.model.problem import Fault, Refusal, bad_parameters
from api.model.text import fold, nearest, shown
from api.store.past import successor
from api.store.readers import Reader

MOST_CANDIDATES = 10
MOST_COMPARED = 600
"""How many names a misspelt one is compared with: those with the same first letter."""
LONGEST_COMPARED = 40
"""Characters of each; comparing costs the square of it."""
LIKENESS = 0.75
"""Names resemble each other more than words of a list do: below this ratio (difflib) another one is meant."""
LAST = "\U0010ffff"


def resolve(reader: Reader, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, with names of records turned into row numbers; `Problem` 400 names each that fits none or several."""
    resolved = dict(given)
    faults: list[Fault] = []
    for parameter in parameters:
        if parameter.name not in given:
            continue
        try:
            if isinstance(parameter.kind, kinds.Named):
                collection = parameter.kind.collection
                resolved[parameter.name] = tuple(_find(reader, collection, each) for each in given[parameter.name])
            elif isinstance(parameter.kind, kinds.Dataset):
                _check_datasets(reader, given[parameter.name])
            elif isinstance(given[parameter.name], Expression):
                resolved[parameter.name] = _expression(reader, given[parameter.name])
        except Refusal as refusal:
            faults.append(refusal.of(parameter.name))
    if faults:
        raise bad_parameters(faults)
    return resolved


def _expression(reader: Reader, expression: Expression) -> Expression:
    """The expression with the row number of every record that it names."""
    _check_datasets(reader, (name for collection, name in expression.names if collection == "datasets"))
    rows = {
        (collection, name): _find(reader, collection, name)
        for collection, name in sorted(expression.names)
        if collection != "datasets"
    }
    return expression.naming(rows)


def _find(reader: Reader, collection: str, name: str) -> int:
    """The row number of the record that has this id, or was merged with one that had it, or alone is called so."""
    seq = _seq(reader, collection, name)
    if seq is None and (target := successor(reader.rows, collection, name)) is not None:
        seq = _seq(reader, collection, target)
    return _named(reader, collection, name) if seq is None else seq


def _named(reader: Reader, collection: str, name: str) -> int:
    """The row number of the record that alone has this name or alias."""
    ids = named(reader, collection, name)
    if len(ids) > 1:
        raise Refusal(f"{shown(name)} is the name of several records; give an id", ids)
    seq = _seq(reader, collection, ids[0]) if ids else None
    if seq is None:
        close = closest(reader, collection, name)
        raise Refusal(f"{shown(name)} is no id, name or alias in {collection}", did_you_mean=close)
    return seq


def _seq(reader: Reader, collection: str, record_id: str) -> int | None:
    rows = reader.rows(f"SELECT seq FROM {collection} WHERE id = ?", (record_id,))
    return rows[0][0] if rows else None


def named(reader: Reader, collection: str, name: str) -> list[str]:
    """The ids of the records that have this name or alias, folded."""
    rows = reader.rows(
        f"SELECT DISTINCT id FROM names JOIN {collection} USING (seq) WHERE collection = ? AND folded = ?"
        " ORDER BY id LIMIT ?",
        (collection, fold(name), MOST_CANDIDATES),
    )
    return [row[0] for row in rows]


def closest(reader: Reader, collection: str, name: str) -> str | None:
    """The id of the record that was probably meant: by an id or a name much like this, or by one that begins with it."""
    folded = fold(name)[:LONGEST_COMPARED]
    between = (folded[:1], folded[:1] + LAST, MOST_COMPARED)
    ids = reader.rows(f"SELECT id, id FROM {collection} WHERE id >= ? AND id < ? LIMIT ?", between)
    names = reader.rows(
        f"SELECT folded, id FROM names JOIN {collection} USING (seq) WHERE collection = ? AND folded >= ? AND folded < ?"
        " LIMIT ?",
        (collection, *between),
    )
    meant = {fold(text)[:LONGEST_COMPARED]: record_id for text, record_id in (*ids, *names)}
    if (close := nearest(folded, meant, LIKENESS)) is not None:
        return str(meant[close])
    longer = {record_id for each, record_id in meant.items() if each.startswith(f"{folded} ")}
    return str(longer.pop()) if folded and len(longer) == 1 else None


def _check_datasets(reader: Reader, wanted: Iterable[str]) -> None:
    known = [row[0] for row in reader.rows("SELECT id FROM datasets ORDER BY id")]
    for each in wanted:
        if each not in known:
            raise Refusal(f"{shown(each)} is not a dataset here", known, nearest(each, known))
