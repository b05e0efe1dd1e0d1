"""Reading summaries: groups with their labels, counts and figures."""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from api.model.parameters import Clause
from api.model.ways import IN_LIST, as_list
from api.query.cursor import Position
from api.query.plan import narrowest, sizes_of
from api.query.rows import edges
from api.query.summary import GROUPS, TOLLS, Summary
from api.store.readers import Reader
from api.store.reading import sizes

Group = dict[str, Any]
ORDERS = {"group": ("k0", "k1"), "count": ("size", "k0", "k1")}


HAS_PARTS = "SELECT EXISTS (SELECT 1 FROM events WHERE part_of IS NOT NULL)"


def asked(reader: Reader, noun: str, names: Sequence[str], clauses: Sequence[Clause]) -> Summary:
    """The question, with what its plan needs to know."""
    known = sizes(reader, sizes_of(noun, clauses))
    has_parts = noun == "events" and bool(reader.rows(HAS_PARTS)[0][0])
    return Summary(noun, names, narrowest(noun, clauses, known), has_parts)


def groups(
    reader: Reader, summary: Summary, sort: tuple[str, bool], limit: int, position: Position | None
) -> tuple[list[Group], Position | None, Position | None]:
    """A page of groups, ready to show, and where the pages before and after it begin."""
    order = ORDERS[sort[0]]
    select = summary.page(order, [sort[1]] * len(order), limit, position)
    names = ("k0", "k1", "size", *TOLLS, "counted") if summary.noun == "events" else ("k0", "k1", "size")
    found = [dict(zip(names, each, strict=True)) for each in reader.rows(select.sql, select.values)]
    has_more, rows = len(found) > limit, found[:limit]
    if position is not None and position.is_backward:
        rows.reverse()
    keys = [tuple(row[name] for name in order) for row in rows]
    before, after = edges(keys, position, has_more)
    return _shown(reader, summary, rows), before, after


def total(reader: Reader, summary: Summary) -> int:
    """How many groups there are."""
    select = summary.total()
    return int(reader.rows(select.sql, select.values)[0][0])


def _shown(reader: Reader, summary: Summary, rows: Sequence[Mapping[str, Any]]) -> list[Group]:
    labels = [_labels(reader, summary, n, name, rows) for n, name in enumerate(summary.names)]
    figures = _figures(reader, summary) if summary.noun == "statements" else {}
    shown: list[Group] = []
    for row in rows:
        group: Group = {name: labels[n][row[f"k{n}"]] for n, name in enumerate(summary.names)}
        group[summary.noun] = row["size"]
        if summary.noun == "events":
            group["fatalities"] = {
                "low": row["fatalities_low"],
                "best": row["fatalities"],
                "high": row["fatalities_high"],
                "civilians": row["fatalities_civilians"],
                "events": row["counted"],
            }
            group |= {"injured": row["injured"], "displaced": row["displaced"]}
        else:
            group["figures"] = figures.get((row["k0"], row["k1"]), [])
        shown.append(group)
    return shown


def _labels(
    reader: Reader, summary: Summary, position: int, name: str, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """From a key to what stands for it in the answer; null where nothing is known."""
    keys = {row[f"k{position}"] for row in rows}
    collection = GROUPS[summary.noun][name].collection
    if collection:
        named = reader.rows(
            f"SELECT id, doc ->> '$.name' FROM {collection} JOIN {collection}_doc USING (seq) WHERE id {IN_LIST}",
            (as_list(keys),),
        )
        return {"": None} | {record_id: {"id": record_id, "name": label} for record_id, label in named}
    if name == "week":
        return {key: _iso_week(key) if key else None for key in keys}
    return {key: key or None for key in keys}


def _iso_week(monday: str) -> str:
    year, week, _ = datetime.date.fromisoformat(monday).isocalendar()
    return f"{year:04}-W{week:02}"


def _figures(reader: Reader, summary: Summary) -> dict[tuple[str, str], list[Group]]:
    select = summary.figures()
    found: dict[tuple[str, str], list[Group]] = defaultdict(list)
    names = ("measure", "population", "count", "low", "high", "share_low", "share_high")
    for k0, k1, *values in reader.rows(select.sql, select.values):
        found[k0, k1].append(dict(zip(names, values, strict=True)))
    return found
