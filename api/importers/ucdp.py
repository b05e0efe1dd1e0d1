"""UCDP GED: a row of the dataset in, our records out, or why not. `ged_columns.py` tells where each column goes.

The mapping is a function of the row alone: the same row gives the same records in every run, whatever rows stand before
it. Cells are checked here and not by the schemas, which would take ten times as long; a test holds that each record is
exactly what its schema would load.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from api.importers import ucdp_actors
from api.importers.ged_file import Refused, Row
from api.importers.ucdp_names import REMEMBERED, shortened
from api.importers.ucdp_places import PRECISIONS, Place, place
from api.importers.ucdp_sources import DATASET, OWN, Articles, articles
from api.model.event import LONGEST_ATTRIBUTE
from api.model.fields import calendar_day
from api.model.problem import Refusal
from api.model.text import shown, unstorable

Record = dict[str, Any]

DATE_PRECISIONS = {"1": "day", "2": "days", "3": "week", "4": "month", "5": "year"}
CLASH, ATTACK = ("armed_clash", ("side_a", "side_b")), ("attack_on_civilians", ("initiator", "victim"))
VIOLENCE = {"1": CLASH, "2": CLASH, "3": ATTACK}
"""By `type_of_violence`: the type of event, and the roles of the two sides."""
TOLL = ("low", "best", "high", "deaths_civilians")
DEATHS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown")
_ID = re.compile("[1-9][0-9]{0,17}")
_COUNT = re.compile("0|[1-9][0-9]{0,14}")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]00:00:00(?:\.0{1,9})?)?")


@dataclass(frozen=True)
class Mapped:
    """The records of one row, each as its schema loads it, those that others refer to first.

    Sources, locations and actors are shared between rows: read them, and copy what is to be changed.
    """

    line: int
    sources: tuple[Record, ...]
    locations: tuple[Record, ...]
    actors: tuple[Record, ...]
    event: Record
    statement: Record | None


def mapped(row: Row) -> Mapped | Refused:
    """The records of a row; `Refused` where a cell that they need is missing, wrong or cannot be stored."""
    try:
        return _mapped(row.line, row.cells)
    except Refusal as refusal:
        return Refused(row.line, refusal.detail, row.cells.get("id"))


def _mapped(line: int, cells: Mapping[str, str]) -> Mapped:
    if character := unstorable("\n".join(cells.values())):
        raise Refusal(_not_text(character))
    number = cells.get("id", "")
    if not _ID.fullmatch(number):
        raise Refusal(f"id is {shown(number)}, not a whole number" if number else "id is empty")
    kind, roles = _coded("type_of_violence", VIOLENCE, cells)
    span, held = _span(cells)
    where = _place(cells)
    cited = articles(cells.get("source_article", ""))
    coded = {name: _count(name, cells.get(name, "")) for name in (*TOLL, *DEATHS)}
    actors, participants, names, of_sides = _sides(cells, roles, coded)
    held = {**held, **where.held, **cited.held, **of_sides, "id": number}
    title = shortened(", ".join(filter(None, (" – ".join(names), where.name))) or f"UCDP event {number}", 300)
    event = {
        "id": f"{DATASET['id']}-{number}",
        "external_ids": {"ucdp": number},
        "type": kind,
        "title": title,
        "summary": None,
        **span,
        "location": where.id,
        "location_precision": PRECISIONS[cells["where_prec"]],
        "participants": participants,
        "part_of": None,
        "related": [],
        "status": None,
        "dataset": DATASET["id"],
        "coded_fatalities": {
            "low": coded["low"],
            "best": coded["best"],
            "high": coded["high"],
            "civilians": coded["deaths_civilians"],
        },
        "attributes": _attributes(cells, held),
        "quality": _quality(cells, span, coded),
        "evidence": cited.evidence,
    }
    report = _report(event, cells.get("source_original", ""), cited)
    if report:
        actors[report[0]["id"]] = report[0]
    return Mapped(
        line, (OWN, *cited.sources), where.locations, tuple(actors.values()), event, report[1] if report else None
    )


def _not_text(character: str) -> str:
    if "U+DC80" <= character <= "U+DCFF":
        return "is not UTF-8"
    return f"holds the character {character}, which cannot be stored"


def _coded(column: str, codes: Mapping[str, Any], cells: Mapping[str, str]) -> Any:
    cell = cells.get(column, "")
    if cell not in codes:
        raise Refusal(f"{column} is {shown(cell)}; it must be one of {', '.join(codes)}")
    return codes[cell]


@lru_cache(REMEMBERED)
def _day(cell: str) -> str | None:
    found = _DAY.fullmatch(cell)
    return found[1] if found and calendar_day(found[1]) else None


def _span(cells: Mapping[str, str]) -> tuple[Record, dict[str, str]]:
    """The event's days and how closely they are known, and what these hold of the row's cells."""
    days = {}
    for column in ("date_start", "date_end"):
        day = _day(cells.get(column, ""))
        if day is None:
            raise Refusal(f"{column} is {shown(cells.get(column, ''))}, not a calendar day")
        days[column] = day
    start, end = days["date_start"], days["date_end"]
    if end < start:
        raise Refusal(f"date_end {end} is before date_start {start}")
    precision = _coded("date_prec", DATE_PRECISIONS, cells)
    if precision == "day" and start != end:
        precision = "days"
    return {"start_date": start, "end_date": end, "date_precision": precision}, days | {"date_prec": cells["date_prec"]}


def _place(cells: Mapping[str, str]) -> Place:
    _coded("where_prec", PRECISIONS, cells)
    given = cells.get
    return place(
        given("country", ""), given("country_id", ""), given("adm_1", ""), given("adm_2", ""),
        given("where_coordinates", ""), given("latitude", ""), given("longitude", ""), cells["where_prec"],
    )  # fmt: skip


@lru_cache(REMEMBERED)
def _count(column: str, cell: str) -> int | None:
    if not cell:
        return None
    if not _COUNT.fullmatch(cell):
        raise Refusal(f"{column} is {shown(cell)}, not a whole number from 0")
    return int(cell)


def _sides(
    cells: Mapping[str, str], roles: tuple[str, str], coded: Mapping[str, int | None]
) -> tuple[dict[str, Record], list[Record], list[str], dict[str, str]]:
    """The actors by id, the participants, their names, and what these hold of the row's cells."""
    actors: dict[str, Record] = {}
    participants, names, held = [], [], {name: cells.get(name, "") for name in ("where_prec", *TOLL)}
    for letter, role in zip("ab", roles, strict=True):
        number = cells.get(f"side_{letter}_new_id", "")
        actor = ucdp_actors.side(number, cells.get(f"side_{letter}", ""))
        if actor is None:
            continue
        deaths = f"deaths_{letter}"
        count = coded["deaths_civilians" if role == "victim" and actor["type"] == "civilians" else deaths]
        participants.append({"actor": actor["id"], "role": role, "deaths": count})
        names.append(shortened(actor["name"], 100))
        held[f"side_{letter}_new_id"] = actor["external_ids"].get("ucdp", "")
        held[deaths] = "" if count is None else str(count)
        actors.setdefault(actor["id"], actor)
    return actors, participants, names, held


def _attributes(cells: Mapping[str, str], held: Mapping[str, str]) -> dict[str, str]:
    """The cells that the records do not hold word for word."""
    found = {name: cell for name, cell in cells.items() if cell and held.get(name) != cell}
    if any(map(str.isspace, found.values())):
        found = {name: cell for name, cell in found.items() if not cell.isspace()}
    longest = max(found, key=lambda name: len(found[name]), default=None)
    if longest and len(found[longest]) > LONGEST_ATTRIBUTE:
        raise Refusal(f"{longest} has {len(found[longest])} characters; at most {LONGEST_ATTRIBUTE} can be kept")
    return found


def _quality(cells: Mapping[str, str], span: Record, coded: Mapping[str, int | None]) -> list[str]:
    """What is to be known of the row before it is counted with (`taxonomy.QUALITIES`)."""
    low, best, high = coded["low"], coded["best"], coded["high"]
    parts = [coded[name] for name in DEATHS]
    found = []
    if low is not None and best is not None and low > best:
        found.append("low_exceeds_best")
    if best is not None and high is not None and best > high:
        found.append("best_exceeds_high")
    if low is not None and high is not None and low > high:
        found.append("low_exceeds_high")
    if best is not None and None not in parts and sum(each or 0 for each in parts) != best:
        found.append("parts_differ_from_best")
    if cells["date_prec"] == "1" and span["date_precision"] != "day":
        found.append("date_precision_differs")
    if cells.get("event_clarity") == "2":
        found.append("aggregate")
    if cells.get("code_status", "").strip() not in ("", "Clear"):
        found.append("provisional")
    return found


def _report(event: Record, reporter: str, cited: Articles) -> tuple[Record, Record] | None:
    """Who is said to have reported the event, and that they did; None where the row does not say it.

    Without figures: the row's numbers are the dataset's, made out of all reports.
    """
    if not reporter.strip():
        return None
    actor = ucdp_actors.reporter(reporter)
    if cited.newest:
        day, precision, basis = cited.newest, "day", "The day of the newest article that is cited."
    else:
        day, precision, basis = event["end_date"], event["date_precision"], "Not given; the event's last possible day."
    return actor, {
        "id": f"{event['id']}-report",
        "external_ids": {},
        "speaker": actor["id"],
        "on_behalf_of": None,
        "kind": "paraphrase",
        "type": "report",
        "text": f"Reported the event: {event['title']}.",
        "date": day,
        "end_date": None,
        "date_precision": precision,
        "date_basis": basis,
        "location": None,
        "addressees": [],
        "events": [event["id"]],
        "figures": [],
        "note": None,
        "dataset": DATASET["id"],
        "evidence": event["evidence"],
    }
