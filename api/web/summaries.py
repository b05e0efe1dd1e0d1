"""Summaries: counts and figures of a filtered set in groups, in the formats of lists."""

from collections.abc import Iterator, Sequence

from flask import Response

from api.formats.registry import JSON, PLAIN
from api.formats.sheet import Format, Sheet
from api.model.kinds import Word
from api.model.nouns import BY_NAME
from api.model.parameters import Parameter
from api.model.resource import CURSOR, LIMIT, LISTED, TOTAL, UNLIMITED, Cell, Column, Document, column
from api.model.text import to_json_bytes
from api.query import cursor
from api.query.select import clauses_of
from api.query.summary import GROUP_NAMES, GROUPS
from api.store import summaries
from api.web.listings import by_accept, page_links, page_response, position_of
from api.web.routes import Question, Route

ALL = 10_000_000
"""The limit of a format that gives everything: more groups than the deadline lets anybody make."""
ABOUT = {
    "events": "How many events each group has, and their tolls added up; null where no event of the group has one, or where"
    " it is open. A group is the place or the actor itself, without what lies inside; actors that only reported an event"
    " are left out. An event in several groups (by `actor` or `source`) counts in each, so rows may add up to more than the"
    " whole. Where a longer event and its parts stand in one group, its toll counts and theirs do not. Tolls belong to"
    " whoever gave them: by `source` there are none; see the summary of statements. A period (`day`, `week`, `month`,"
    " `year`) has the events whose whole span of days lies in it; where a span reaches over two, the period is null.",
    "statements": "How many statements each group has, and the least and the most that they give for each measure and"
    " population, null where a figure leaves it open. By `actor`, speakers, represented and addressees count. Periods go by"
    " the whole span of days, as for events.",
}
GROUP_BY = Parameter(
    "group_by",
    Word(GROUP_NAMES),
    "One or two of these; without it, all is one group.",
    "type,month",
    takes_many=True,
    most_values=2,
)
SORT = Parameter(
    "sort", Word(("group", "-group", "count", "-count")), "By group or by count, `-` for descending.", "-count",
    default="group",
)  # fmt: skip


def routes(noun: str) -> Iterator[Route]:
    """The summary of a noun: by `Accept`, and a path for each format."""
    first, *others = (_route(noun, form) for form in PLAIN)
    yield by_accept(first, others, f"Counts and figures of {noun} in groups")
    yield first
    yield from others


def _route(noun: str, form: Format) -> Route:
    path = f"/v1/{noun}/summary.{form.name}"
    name = f"{BY_NAME[noun].singular.capitalize()}SummaryList"
    schema = {"$ref": f"#/components/schemas/{name}"} if form is JSON else {"type": "string"}
    paging = (UNLIMITED, CURSOR) if form.is_whole else (LIMIT, CURSOR, TOTAL)
    parameters = (GROUP_BY, *BY_NAME[noun].all_filters, SORT, *paging)
    return Route(
        path, f"summarise_{noun}_{form.name}", noun, f"Counts and figures of {noun} in groups ({form.name})",
        form.media_type, schema, lambda question: answer(noun, form, question), f"{path}?group_by=type&country=SY",
        parameters, ABOUT[noun],
    )  # fmt: skip


def answer(noun: str, form: Format, question: Question) -> Response:
    """A page of groups."""
    given = question.given
    names = given.get("group_by", ())
    sort = given["sort"].removeprefix("-"), given["sort"].startswith("-")
    summary = summaries.asked(question.reader, noun, names, clauses_of(BY_NAME[noun], question.resolved))
    owner = cursor.fingerprint(f"{noun}/summary", given)
    position = position_of(given, owner, len(summaries.ORDERS[sort[0]]))
    limit = given.get("limit", ALL)
    groups, before, after = summaries.groups(question.reader, summary, sort, limit, position)
    links = page_links(before, after, owner)
    meta = {"limit": limit, "count": len(groups)}
    if given.get("total"):
        meta["total"] = summaries.total(question.reader, summary)
    meta["dataset_version"] = question.version.seq
    sheet = Sheet(_columns(noun, names), None, links, meta)
    pieces = form.encode((to_json_bytes(each) for each in groups), sheet)
    return page_response(form, pieces, links)


def _columns(noun: str, names: Sequence[str]) -> list[Column]:
    columns: list[Column] = []
    for name in names:
        if GROUPS[noun][name].collection:
            columns += (column(f"{name}_id", name, "id"), column(name, name, "name"))
        else:
            columns.append(column(name))
    columns.append(column(noun))
    if noun == "events":
        columns += (column(f"fatalities_{each}", "fatalities", each) for each in ("low", "best", "high", "civilians"))
        columns += (column("events_with_fatalities", "fatalities", "events"), column("injured"), column("displaced"))
    else:
        columns.append(Column("figures", _figures))
    return columns


def _figures(group: Document) -> Cell:
    return LISTED.join(_figure(each) for each in group["figures"]) or None


def _figure(figure: Document) -> str:
    bounds = [figure[name] for name in ("low", "high")]
    if bounds == [None, None]:
        bounds = [figure[name] for name in ("share_low", "share_high")]
    shown = "–".join("…" if each is None else f"{each:.15g}" for each in dict.fromkeys(bounds))
    return f"{figure['measure']} {figure['population']}: {shown} ({figure['count']})"
