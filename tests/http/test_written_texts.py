"""Texts that were written over HTTP: they come back as they were sent, and no spreadsheet runs them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from answers import Json
from full_records import full_set, texts
from test_formats import FORMULAS, LISTS, table_of, text_of
from unit.samples import bundle
from writers import CALLED, NOUNS, Desk, desk

from api.web.table import ROUTES

STARTS = tuple("=+-@\t\r\n＝＋－＠")
MORE = ("=", "+", "-", "@", "\tx", "\rx", "\nx", "＝x", "＋x", "－x", "＠x", "'=x", "=1+1\r\n=2", "@" * 200)
EVERY = tuple(each for each in dict.fromkeys((*FORMULAS, *MORE)) if each.strip())
CSV = sorted({route.path for route in ROUTES if route.media_type == "text/csv"})
SUMMED = ("type", "country", "location", "actor", "source", "month")


@dataclass(frozen=True)
class Written:
    """A desk, and the records that were sent to it, by text and noun."""

    desk: Desk
    sent: dict[str, dict[str, Json]]


def store_one_by_one(here: Desk, records: Mapping[str, Json]) -> None:
    """Store a record of each noun by a request of its own."""
    for noun, record in records.items():
        assert here.done("POST", f"/v1/{noun}", record)[CALLED[noun]] == record[CALLED[noun]]


def store_at_once(here: Desk, sets: Iterable[Mapping[str, Json]]) -> None:
    """Store any number of them as one bundle."""
    sets = list(sets)
    document = {noun: [records[noun] for records in sets] for noun in NOUNS}
    assert here.done("POST", "/v1/bundle", bundle(**document))["created"] == len(sets) * len(NOUNS)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """A record of each noun for every text, full of it."""
    with desk(tmp_path_factory.mktemp("texts") / "own.db") as here:
        sent = {text: full_set(number, text) for number, text in enumerate(EVERY)}
        store_one_by_one(here, sent[EVERY[0]])
        store_at_once(here, (sent[each] for each in EVERY[1:]))
        yield Written(here, sent)


def test_every_text_member_is_tried(written: Written) -> None:
    for text, records in written.sent.items():
        for noun in NOUNS:
            held = list(texts(noun, records[noun]))
            assert len(held) >= {"sources": 13, "locations": 11, "actors": 12, "events": 10, "statements": 12}[noun]
            assert {each for each in held if not text.startswith(each)} == set()


@pytest.mark.parametrize("noun", NOUNS)
def test_a_text_comes_back_as_it_was_sent(written: Written, noun: str) -> None:
    """In the record as it is read, as a line, in its history, in the feed and in the bundle."""
    here = written.desk
    bundle = {each["id"]: each for each in here.get("/v1/bundle")[noun]}
    listed = {each["id"]: each for each in here.get(f"/v1/{noun}.json?limit=1000")["data"]}
    fed = {each["id"]: each["record"] for each in here.get(f"/v1/changes?collection={noun}&limit=1000")["data"]}
    for records in written.sent.values():
        sent = records[noun]
        path = f"/v1/{noun}/{sent['id']}"
        read = here.get(path)
        assert listed[sent["id"]] == read
        for name, value in sent.items():
            if isinstance(value, str) and name not in ("location", "parent", "speaker", "on_behalf_of"):
                assert read[name] == value, name
        for name in ("aliases", "external_ids", "evidence"):
            assert read.get(name) == sent.get(name)
        assert bundle[sent["id"]] == fed[sent["id"]] == here.history(path)[0]["record"] == sent


@pytest.mark.parametrize("path", CSV)
def test_no_cell_is_a_formula(written: Written, path: str) -> None:
    found = 0
    for query in [f"?group_by={each}" for each in SUMMED] if "summary" in path else ["?limit=1000"]:
        response = written.desk.client.get(path + query)
        if response.status_code == 400:
            continue  # statements are not summed up so
        for row in table_of(response):
            for name, cell in row.items():
                assert not cell.startswith(STARTS), (path, name, cell)
                found += text_of(cell).startswith(STARTS)
    assert found >= (len(EVERY) if path.split("/")[2].split(".")[0] in LISTS else 0)


@pytest.mark.parametrize("noun", NOUNS)
def test_a_cell_gives_its_text_back(written: Written, noun: str) -> None:
    rows = {each["id"]: each for each in table_of(written.desk.client.get(f"/v1/{noun}.csv?limit=1000"))}
    for records in written.sent.values():
        sent = records[noun]
        for name in ("title", "name", "summary", "description", "text", "note", "publisher", "author"):
            if name in sent and name in rows[sent["id"]]:
                assert text_of(rows[sent["id"]][name]) == sent[name]


def test_a_reason_comes_back_as_it_was_sent(written: Written) -> None:
    """It stands in histories and the feed alone, which are no sheets."""
    here = written.desk
    for text in EVERY:
        here.done("PATCH", f"/v1/actors/cell?{urlencode({'reason': text})}", {"description": text}, If_Match="*")
        assert here.history("/v1/actors/cell")[-1]["reason"] == text
