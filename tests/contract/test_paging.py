"""Paging: whatever the sort and the size of a page, following the links gives every row once, in order, there and back."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from api.web.listings import LISTINGS
from contract import synthetic
from contract.oracle import Document, Found, Records, fold, has_words, ids, select
from contract.worlds import Json, World, as_query, close_world, load_into, open_world

Key = Callable[[str, Document], Any]

NAME: Key = lambda _, each: fold(each["name"])  # noqa: E731
TITLE: Key = lambda _, each: fold(each["title"])  # noqa: E731


def _member(name: str) -> Key:
    return lambda _, each: each[name]


WRITTEN: Mapping[str, Key] = {"updated_at": _member("updated_at"), "created_at": _member("created_at")}
COUNTED: Mapping[str, Key] = {"type": _member("type"), "events": _member("events"), "statements": _member("statements")}
KEYS: Mapping[str, Mapping[str, Key]] = {
    "events": {
        "start_date": _member("start_date"),
        "end_date": _member("end_date"),
        "title": TITLE,
        "type": _member("type"),
        "fatalities": lambda _, each: -1 if each["fatalities"]["best"] is None else each["fatalities"]["best"],
        **WRITTEN,
    },
    "statements": {
        "date": _member("date"),
        "end_date": _member("end_date"),
        "type": _member("type"),
        "title": TITLE,
        **WRITTEN,
    },
    "timeline": {"date": lambda noun, each: each["start_date" if noun == "events" else "date"], **WRITTEN},
    "actors": {"name": NAME, **COUNTED, **WRITTEN},
    "locations": {"name": NAME, **COUNTED, **WRITTEN},
    "sources": {
        "published_at": lambda _, each: each["published_at"] or "",
        "title": lambda _, each: fold(each["title"] or each["publisher"] or each["id"]),
        **WRITTEN,
    },
}
"""What each sort key orders by, told from the documents; unknown tolls stand below 0 and unknown days before the first."""

PAIRS: Mapping[str, tuple[str, ...]] = {
    "events": (
        "type,title",
        "type,-start_date",
        "-fatalities,end_date",
        "-start_date,-title",
        "created_at,-type,title",
    ),
    "statements": ("type,date", "-type,end_date", "date,-title", "-updated_at,-type"),
    "timeline": ("date,-updated_at",),
    "actors": ("type,-events", "-statements,name", "type,name"),
    "locations": ("type,-name", "-events,-statements", "-events,name"),
    "sources": ("published_at,-title", "-published_at,-title", "updated_at,title"),
}
SORTS = [
    (listing, sort) for listing, keys in KEYS.items() for sort in (*keys, *(f"-{key}" for key in keys), *PAIRS[listing])
]


def in_order(records: Records, listing: str, sort: str, found: list[Found]) -> list[Found]:
    """What was found, sorted; ties as stored, in the timeline events first, and the other way round where the last key falls."""
    *_, last = sort.split(",")
    nouns = list(records.nouns)
    ordered = sorted(found, key=lambda each: (nouns.index(each[0]), records.order[each[0]][each[1]["id"]]))
    if last.startswith("-"):
        ordered.reverse()
    for key in reversed(sort.split(",")):
        name = key.removeprefix("-")
        turned = key.startswith("-")
        if turned:
            ordered.reverse()  # a stable sort from the other end keeps ties as they are
        ordered.sort(key=lambda each: KEYS[listing][name](*each))
        if turned:
            ordered.reverse()
    return ordered


MOST_PAGES = 2000


def link_header(response: Any) -> dict[str, str]:
    """The links of a `Link` header (RFC 8288), by relation."""
    return {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers["Link"])}


def fetch(world: World, target: str) -> Json:
    """A page, whose links stand in the header too."""
    response = world.get(target)
    assert response.status_code == 200, f"{target}: {response.get_data(as_text=True)}"
    page: Json = json.loads(response.data)
    assert link_header(response) == {rel: url for rel, url in page["links"].items() if url is not None}
    assert page["links"]["self"] == f"http://localhost{target.removeprefix('http://localhost')}"
    assert page["meta"]["count"] == len(page["data"])
    return page


def walk(world: World, target: str, rel: str = "next") -> Iterator[Json]:
    """The page at the target, and all that follow by the link."""
    for _ in range(MOST_PAGES):
        page = fetch(world, target)
        yield page
        target = page["links"][rel]
        if target is None:
            return
    raise AssertionError(f"the links lead on and on: {target}")


def check_walk(world: World, path: str, size: int, expected: list[Any], shown: Callable[[Json], Any]) -> None:
    """There and back through a list, page by page."""
    pages = list(walk(world, f"{path}&limit={size}&total=true"))
    assert [shown(each) for page in pages for each in page["data"]] == expected
    assert all(page["meta"]["total"] == len(expected) and page["meta"]["limit"] == size for page in pages)
    assert all(len(page["data"]) == size for page in pages[:-1])
    assert [page["links"]["next"] is None for page in pages] == [False] * (len(pages) - 1) + [True]
    back = list(walk(world, pages[-1]["links"]["self"], "prev"))
    assert [page["data"] for page in back] == [page["data"] for page in reversed(pages)]
    assert [page["links"]["prev"] is None for page in back] == [False] * (len(back) - 1) + [True]
    if len(back) > 1:  # and from the far end one can go on again
        assert [page["data"] for page in walk(world, back[-1]["links"]["next"])] == [page["data"] for page in pages[1:]]


def _id(each: Json) -> Any:
    return each["id"]


def test_every_sort_key_has_a_case() -> None:
    declared = {listing.name: {each for each in listing.sorts if each != "relevance"} for listing in LISTINGS}
    assert {name: set(keys) for name, keys in KEYS.items()} == declared


def test_the_default_sorts() -> None:
    assert {listing.name: listing.default_sort for listing in LISTINGS} == {
        "events": "-start_date",
        "statements": "-date",
        "timeline": "date",
        "actors": "name",
        "locations": "name",
        "sources": "-published_at",
    }


@pytest.mark.parametrize(("listing", "default"), [(each.name, each.default_sort) for each in LISTINGS])
def test_without_a_sort_the_default_one_holds(world: World, listing: str, default: str) -> None:
    assert world.json(f"/v1/{listing}")["data"] == world.json(f"/v1/{listing}?sort={default}")["data"]


def _sized() -> Iterator[Any]:
    """Every sort with pages of 3 and 7; row by row the longer lists take their time, so most of that is for the long form."""
    for listing, sort in SORTS:
        is_short = listing in ("locations", "sources") or sort in (
            "-start_date",
            "-date",
            "type,-events",
            "-fatalities",
        )
        yield pytest.param(listing, sort, 1, marks=[] if is_short else pytest.mark.slow)
        yield from ((listing, sort, size) for size in (3, 7))


@pytest.mark.parametrize(("listing", "sort", "size"), [*_sized()])
def test_walking_the_seed(seed_world: World, listing: str, sort: str, size: int) -> None:
    expected = ids(in_order(seed_world.records, listing, sort, select(seed_world.records, listing, {})))
    check_walk(seed_world, f"/v1/{listing}?sort={sort}&fields=id", size, expected, _id)


@pytest.mark.parametrize(("listing", "sort"), SORTS)
def test_walking_the_made_up_world(made_up_world: World, listing: str, sort: str) -> None:
    expected = ids(in_order(made_up_world.records, listing, sort, select(made_up_world.records, listing, {})))
    check_walk(made_up_world, f"/v1/{listing}?sort={sort}&fields=id", 50, expected, _id)


FILTERED = (
    ("events", "-fatalities,end_date", {"country": ("FJ", "AQ"), "from": "2020-02-01"}),
    ("statements", "-type,date", {"location": ("russia",)}),
    ("timeline", "-date", {"bbox": "170,-90,-170,90", "to": "2020-12-01"}),
    ("timeline", "date", {"entry": ("statement",), "from": "2020-05-01"}),
    ("actors", "type,-events", {"country": ("FJ",)}),
    ("locations", "-events,name", {"within": ("fiji", "syria")}),
    ("sources", "-published_at", {"type": ("report", "post")}),
)


@pytest.mark.parametrize(("listing", "sort", "question"), FILTERED)
def test_walking_a_filtered_list(made_up_world: World, listing: str, sort: str, question: dict[str, Any]) -> None:
    expected = ids(in_order(made_up_world.records, listing, sort, select(made_up_world.records, listing, question)))
    assert len(expected) > 3
    check_walk(made_up_world, f"/v1/{listing}?sort={sort}&fields=id&{as_query(question)}", 3, expected, _id)


@pytest.mark.parametrize("listing", [each.name for each in LISTINGS])
@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_whole_list_is_in_the_order_of_its_pages(made_up_world: World, listing: str, form: str) -> None:
    default = next(each.default_sort for each in LISTINGS if each.name == listing)
    expected = ids(in_order(made_up_world.records, listing, default, select(made_up_world.records, listing, {})))
    text = made_up_world.get(f"/v1/{listing}.{form}?fields=id").get_data(as_text=True)
    lines = [json.loads(each)["id"] for each in text.splitlines()] if form == "ndjson" else text.splitlines()[1:]
    assert lines == expected


WHOLE = (
    ("events", "-start_date"), ("events", "type,-title"), ("statements", "date"), ("timeline", "-date"),
    ("timeline", "date"), ("actors", "-events,name"), ("locations", "type,-name"), ("sources", "-published_at"),
)  # fmt: skip


@pytest.mark.parametrize(("listing", "sort"), WHOLE)
@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_whole_list_is_whole_when_it_is_read_in_parts(
    made_up_world: World, monkeypatch: pytest.MonkeyPatch, listing: str, sort: str, form: str
) -> None:
    monkeypatch.setattr("api.store.reading.EXPORT_PAGE", 7)
    expected = ids(in_order(made_up_world.records, listing, sort, select(made_up_world.records, listing, {})))
    text = made_up_world.get(f"/v1/{listing}.{form}?fields=id&sort={sort}").get_data(as_text=True)
    lines = [json.loads(each)["id"] for each in text.splitlines()] if form == "ndjson" else text.splitlines()[1:]
    assert lines == expected


@pytest.mark.parametrize("listing", [each.name for each in LISTINGS])
def test_a_whole_format_with_a_limit_pages_by_its_header(made_up_world: World, listing: str) -> None:
    whole = made_up_world.get(f"/v1/{listing}.ndjson?fields=id").data
    target: str | None = f"/v1/{listing}.ndjson?fields=id&limit=40"
    lines = b""
    while target is not None:
        response = made_up_world.get(target)
        lines += response.data
        target = link_header(response).get("next")
    assert lines == whole


# Relevance

SEARCHES: Mapping[str, str] = {
    "events": "Aleppo", "statements": "Aleppo", "timeline": "government", "actors": "Syrian", "locations": "Aleppo",
    "sources": "Aleppo",
}  # fmt: skip


@pytest.mark.parametrize("listing", [each.name for each in LISTINGS])
@pytest.mark.parametrize("sort", ["relevance", "-relevance", "relevance,-updated_at", "-updated_at,relevance"])
@pytest.mark.parametrize("size", [1, 3])
def test_walking_by_relevance(seed_world: World, listing: str, sort: str, size: int) -> None:
    if listing == "timeline":
        sort = sort.replace("updated_at", "date")
    path = f"/v1/{listing}?q={SEARCHES[listing]}&sort={sort}&fields=id"
    whole = [each["id"] for each in seed_world.json(f"{path}&limit=1000")["data"]]
    assert sorted(whole) == sorted(ids(select(seed_world.records, listing, {"q": SEARCHES[listing]})))
    check_walk(seed_world, path, size, whole, _id)


def test_the_best_fit_comes_first(tmp_path: Path) -> None:
    """Texts of one length fit better the more often they hold the word, and the rarer the word is."""
    titles = ("Aid aid aid arrives", "Aid aid convoy arrives", "Aid for camp arrives", "No word of it")
    world = _small_world(tmp_path, [{"id": f"e{n}", "title": title} for n, title in enumerate(titles)])
    found = [each["id"] for each in world.json("/v1/events?q=aid&sort=relevance")["data"]]
    turned = [each["id"] for each in world.json("/v1/events?q=aid&sort=-relevance")["data"]]
    entries = [each["id"] for each in world.json("/v1/timeline?q=aid&sort=relevance")["data"]]
    close_world(world)
    assert found == entries == turned[::-1] == ["e0", "e1", "e2"]


# Cursors belong to one list


def _next(world: World, target: str) -> str:
    link = world.json(target)["links"]["next"]
    assert link is not None
    return str(link)


OTHERS = (
    ("/v1/events?limit=2", "/v1/statements?limit=2"),
    ("/v1/events?limit=2", "/v1/timeline?limit=2"),
    ("/v1/events?limit=2", "/v1/events?limit=2&sort=start_date"),
    ("/v1/events?limit=2", "/v1/events?limit=2&sort=title"),
    ("/v1/events?limit=2", "/v1/events?limit=2&country=SY"),
    ("/v1/events?limit=1&type=ceasefire", "/v1/events?limit=1&type=ceasefire,airstrike"),
    ("/v1/events?limit=2", "/v1/events/summary?limit=2&group_by=type"),
    ("/v1/events/summary?limit=2&group_by=type", "/v1/events/summary?limit=2&group_by=day"),
    ("/v1/events/summary?limit=2&group_by=type", "/v1/events/summary?limit=2&group_by=type&sort=count"),
    ("/v1/events/summary?limit=2&group_by=type", "/v1/statements/summary?limit=2&group_by=type"),
    ("/v1/actors?limit=2", "/v1/locations?limit=2"),
    ("/v1/actors?limit=2&country=SY", "/v1/actors?limit=2"),
)


@pytest.mark.parametrize(("own", "other"), OTHERS)
def test_a_cursor_of_one_list_is_refused_in_another(seed_world: World, own: str, other: str) -> None:
    cursor = _next(seed_world, own).partition("cursor=")[2]
    response = seed_world.get(f"{other}&cursor={cursor}")
    assert response.status_code == 400
    assert [each["parameter"] for each in json.loads(response.data)["errors"]] == ["cursor"]


SAME = (
    ("/v1/events?limit=2", "/v1/events?limit=3&total=true&fields=id,title"),
    ("/v1/events?limit=2", "/v1/events?sort=-start_date"),
    ("/v1/events?limit=2", "/v1/events.csv?limit=2"),
    (
        "/v1/events?limit=2&country=SY&type=airstrike,armed_clash",
        "/v1/events?type=airstrike&type=armed_clash&country=SY",
    ),
)


@pytest.mark.parametrize(("own", "other"), SAME)
def test_a_cursor_goes_on_with_another_size_fields_and_format(seed_world: World, own: str, other: str) -> None:
    cursor = _next(seed_world, own).partition("cursor=")[2]
    assert seed_world.get(f"{other}&cursor={cursor}").status_code == 200


# Writing between pages


def _small_world(folder: Path, events: list[Json]) -> World:
    load_into(folder / "small.db", _events(events))
    return open_world("small", folder / "small.db")


def _events(events: list[Json]) -> Json:
    common = {
        "type": "aid",
        "start_date": "2020-01-01",
        "end_date": "2020-01-01",
        "date_precision": "day",
        "evidence": [{"source": "s"}],
    }
    return {"bundle": "event-timeline/1", "sources": [{"id": "s"}], "events": [common | each for each in events]}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose database is to be copied, and the copy written to."""
    path = tmp_path_factory.mktemp("busy") / "busy.db"
    load_into(path, synthetic.make(events=80, statements=90), "2025-01-01T00:00:00Z")
    world = open_world("busy", path)
    yield world
    close_world(world)


WRITTEN_MEANWHILE = (
    ("events", "-fatalities,end_date", 11, "next"),
    ("events", "type,-start_date", 13, "prev"),
    ("timeline", "-date", 23, "prev"),
    ("locations", "type,name", 17, "next"),
    ("sources", "-published_at", 5, "prev"),
    *(
        pytest.param(*each, marks=pytest.mark.slow)
        for each in (
            ("events", "start_date", 7, "next"),
            ("events", "-title", 11, "prev"),
            ("statements", "-date", 17, "next"),
            ("timeline", "date", 23, "next"),
            ("actors", "name", 7, "next"),
            ("actors", "-events,name", 7, "prev"),
        )
    ),
)


@pytest.mark.parametrize(("listing", "sort", "size", "rel"), WRITTEN_MEANWHILE)
def test_rows_that_do_not_change_are_seen_once_while_others_are_written(
    tmp_path: Path, busy: World, listing: str, sort: str, size: int, rel: str
) -> None:
    """Between pages records come, change and move about; each that stands in the end where it stood is seen once."""
    before = busy.records
    world = open_world("copy", Path(shutil.copy(busy.path, tmp_path)), before)
    start: str = f"/v1/{listing}?sort={sort}&fields=id&limit={size}"
    if rel == "prev":
        *_, end = walk(world, start)
        start = end["links"]["self"]
    pages = []
    writes = _writes()
    for page in walk(world, start, rel):
        pages.append([each["id"] for each in page["data"]])
        if bundle := next(writes, None):
            load_into(world.path, bundle, "2025-02-02T00:00:00Z")
    assert next(writes, None) is None, "all was read before all was written"
    same = _unmoved(world, before, listing, sort)
    close_world(world)
    assert len(same) > len(select(before, listing, {})) / 6
    expected = ids(in_order(before, listing, sort, same))
    seen = [each for page in (pages if rel == "next" else reversed(pages)) for each in page]
    assert [each for each in seen if each in expected] == expected


@pytest.mark.parametrize(("listing", "sort"), [("events", "-start_date"), ("timeline", "date"), ("actors", "name")])
def test_a_list_that_is_sent_while_others_are_written_has_each_unchanged_row_once(
    tmp_path: Path, busy: World, monkeypatch: pytest.MonkeyPatch, listing: str, sort: str
) -> None:
    """The same for a whole list, which is read page by page as it is taken."""
    monkeypatch.setattr("api.store.reading.EXPORT_PAGE", 9)
    world = open_world("copy", Path(shutil.copy(busy.path, tmp_path)), busy.records)
    writes = _writes()
    seen: list[str] = []
    response = world.app.test_client().get(f"/v1/{listing}.ndjson?sort={sort}&fields=id")
    for number, piece in enumerate(response.iter_encoded()):
        seen += [json.loads(each)["id"] for each in piece.splitlines()]
        if number % 10 == 5 and (bundle := next(writes, None)):
            load_into(world.path, bundle, "2025-02-02T00:00:00Z")
    assert next(writes, None) is None, "all was read before all was written"
    expected = ids(in_order(busy.records, listing, sort, _unmoved(world, busy.records, listing, sort)))
    close_world(world)
    assert expected
    assert [each for each in seen if each in expected] == expected
    assert len(seen) > len(expected)


def _unmoved(world: World, before: Records, listing: str, sort: str) -> list[Found]:
    """The records of a list that stand in the end where they stood, by their sort keys."""
    after = world.fetched()
    keys = [KEYS[listing][key.removeprefix("-")] for key in sort.split(",")]
    return [
        (noun, each)
        for noun, each in select(before, listing, {})
        if all(key(noun, each) == key(noun, after.by_id[noun][each["id"]]) for key in keys)
    ]


def _writes() -> Iterator[Json]:
    """New records before, among and behind the old ones, and old ones that move from one end to the other."""
    made = synthetic.make(events=80, statements=90)
    other = synthetic.make(seed=2, events=80, statements=90)
    for number in range(4):
        new: Json = {
            "bundle": made["bundle"],
            "sources": [
                each | {"id": f"new-{each['id']}", "derived_from": None} for each in other["sources"][number::9]
            ],
            "locations": [{**made["locations"][number * 9], "name": f"{'AZ'[number % 2]} moved", "type": "site"}],
            "actors": [{**made["actors"][number * 9], "name": f"{'ZA'[number % 2]} renamed", "relations": []}],
        }
        apart: Json = {"part_of": None, "related": [], "location": "fiji", "location_precision": "country"}
        new["events"] = [each | apart | {"id": f"new-{each['id']}"} for each in other["events"][number:80:9]]
        moved = ("1999-01-01", "2030-01-01")[number % 2]
        new["events"] += [
            each | {"start_date": moved, "end_date": moved, "date_precision": "day", "title": f"{moved} moved"}
            for each in made["events"][number + 1 : 80 : 11]
        ]
        apart = {"location": None, "events": [], "figures": []}
        new["statements"] = [each | apart | {"id": f"new-{each['id']}"} for each in other["statements"][number::9]]
        new["statements"] += [
            each | {"date": moved, "end_date": moved, "date_precision": "day", "type": "warn"}
            for each in made["statements"][number::11]
        ]
        yield new


def test_has_words_is_told_by_the_seed(seed_world: World) -> None:
    """The searches above find something, but not everything."""
    for listing, search in SEARCHES.items():
        found = select(seed_world.records, listing, {"q": search})
        assert found
        assert all(has_words(seed_world.records, noun, each, search) for noun, each in found)
