"""The seed: the floors it keeps, evidence for everything, no words of the articles but where they are quoted."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from api.model import bundle as bundles
from api.model.bundle import all_references
from api.model.evidence import MOST_WORDS
from api.model.nouns import NOUNS
from api.model.text import fold
from api.store.seeding import seed_files
from unit.samples import ARTICLES, ROOT, Document

FLOORS = {"events": 14, "statements": 14, "actors": 20, "locations": 12, "sources": 2}
FEWEST_EVIDENCE = 40
LONGEST_RUN = 12
"""So many consecutive words of an article would be a copy of its text."""
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

FILES = [(each.name, json.loads(each.read_bytes())) for each in seed_files()]
SEED = [(name, index, record) for _, seed in FILES for name in FLOORS for index, record in enumerate(seed[name])]
NAMED = {f"{name}/{record['id']}": (name, record) for name, _, record in SEED}


def of(noun: str) -> list[Document]:
    return [record for name, _, record in SEED if name == noun]


def evidence_in(value: Any) -> Iterator[Document]:
    """Every piece of evidence, at whatever depth."""
    if isinstance(value, dict):
        yield from value.get("evidence", ())
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from evidence_in(inner)


def texts_in(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text, at whatever depth, with the name of the member that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner, name)


def words(text: str) -> list[str]:
    """The words of a text, as they are compared: a changed apostrophe or capital makes no new sentence."""
    return fold(text).split()


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[n : n + LONGEST_RUN]) for n in range(len(found) - LONGEST_RUN + 1)}


ALL_EVIDENCE = [(name, each) for name, (_, record) in NAMED.items() for each in evidence_in(record)]
FIGURES = [(each["id"], n, figure) for each in of("statements") for n, figure in enumerate(each.get("figures", ()))]


@pytest.mark.parametrize(("noun", "least"), FLOORS.items())
def test_there_is_enough(noun: str, least: int) -> None:
    assert len(of(noun)) >= least


def test_there_is_enough_evidence() -> None:
    spans = {(each["source"], each["start"], each["end"]) for _, each in ALL_EVIDENCE if each.get("quote")}
    assert len(spans) >= FEWEST_EVIDENCE


@pytest.mark.parametrize("name", [each for each in NAMED if not each.startswith("sources/")])
def test_every_record_has_a_phrase_as_evidence(name: str) -> None:
    assert any(each.get("quote") for each in NAMED[name][1]["evidence"])


@pytest.mark.parametrize(("statement", "number", "figure"), FIGURES, ids=[f"{each[0]}-{each[1]}" for each in FIGURES])
def test_every_figure_has_a_phrase_as_evidence(statement: str, number: int, figure: Document) -> None:
    assert any(each.get("quote") for each in figure["evidence"])
    given = {each["source"] for each in figure["evidence"]}
    assert given <= {each["source"] for each in NAMED[f"statements/{statement}"][1]["evidence"]}


def test_every_relation_has_evidence() -> None:
    relations = [(each["id"], other) for each in of("actors") for other in each.get("relations", ())]
    without = [(name, other["actor"]) for name, other in relations if not other.get("evidence")]
    assert without == []


@pytest.mark.parametrize(
    ("name", "evidence"), ALL_EVIDENCE, ids=[f"{n}-{each[0]}" for n, each in enumerate(ALL_EVIDENCE)]
)
def test_every_phrase_is_short_and_measured(name: str, evidence: Document) -> None:
    assert len(evidence["quote"].split()) <= MOST_WORDS
    assert evidence["end"] - evidence["start"] == len(evidence["quote"])
    assert evidence["quote"] == evidence["quote"].strip()
    source = NAMED[f"sources/{evidence['source']}"][1]
    assert evidence["end"] <= source["length"]


@pytest.mark.parametrize("noun", ["locations", "actors", "events", "sources"])
def test_no_two_records_have_one_name(noun: str) -> None:
    names = [
        {fold(each) for each in (record.get("name") or record.get("title"), *record.get("aliases", ())) if each}
        for record in of(noun)
    ]
    assert [name for name, count in Counter(each for called in names for each in called).items() if count > 1] == []


@pytest.mark.parametrize("name", NAMED)
def test_ids_are_readable_slugs(name: str) -> None:
    record_id = name.split("/")[1]
    assert SLUG.fullmatch(record_id)
    assert re.search("[a-z]{3}", record_id)
    assert len(record_id) <= 60


@pytest.mark.parametrize(("file", "seed"), FILES, ids=[each[0] for each in FILES])
def test_all_references_lead_somewhere(file: str, seed: Document) -> None:
    records = bundles.read(seed).records
    known = {(noun.name, record["id"]) for noun in NOUNS for record in records[noun.name]}
    assert [each for each in all_references(records) if each[1:] not in known] == []
    datasets = {each["id"] for each in seed["datasets"]}
    assert {each["dataset"] for each in (*records["events"], *records["statements"])} <= datasets


@pytest.mark.parametrize("location", of("locations"), ids=lambda each: str(each["id"]))
def test_a_place_lies_in_the_country_of_what_it_lies_in(location: Document) -> None:
    if location["type"] == "country":
        assert location.get("parent") is None or NAMED[f"locations/{location['parent']}"][1]["type"] == "region"
        assert location["country"]
    if location.get("parent"):
        parent = NAMED[f"locations/{location['parent']}"][1]
        assert parent.get("country") in (None, location.get("country"))
        assert location["type"] != "country" or parent["type"] == "region"


def test_points_lie_near_what_they_lie_in() -> None:
    """Degrees in the right order and sign: every point of the seed is in the Near East."""
    points = [(each["latitude"], each["longitude"]) for each in of("locations") if each.get("latitude") is not None]
    assert len(points) >= 3
    assert all(29 <= latitude <= 43 and 25 <= longitude <= 49 for latitude, longitude in points)


def test_figures_name_events_of_their_statement() -> None:
    for each in of("statements"):
        for figure in each.get("figures", ()):
            assert figure.get("event") in (None, *each.get("events", ()))


def test_statements_are_dated_within_what_their_sources_could_know() -> None:
    for each in of("statements"):
        for evidence in each["evidence"]:
            known_until = NAMED[f"sources/{evidence['source']}"][1]["reference_date"]
            assert each.get("end_date", each["date"]) <= known_until


def test_what_the_articles_say_themselves_has_no_speaker() -> None:
    assert any(each.get("speaker") is None for each in of("statements"))
    assert any(each.get("speaker") is not None and each["kind"] == "quote" for each in of("statements"))


def test_the_seed_in_the_repository_is_the_one_that_is_loaded() -> None:
    assert {each.name for each in seed_files()} == {each.name for each in (ROOT / "seed").glob("*.json")}


needs_articles = pytest.mark.skipif(
    not ARTICLES.is_dir(), reason=f"the sample articles' texts are not part of the repository: no {ARTICLES}"
)


@needs_articles
def test_no_passage_of_an_article_stands_in_the_seed() -> None:
    copied = set().union(*(runs(path.read_text("utf-8")) for path in ARTICLES.glob("[0-9]*.txt")))
    assert len(copied) > 500
    found = []
    for name, (_, record) in NAMED.items():
        for member, text in texts_in(record):
            spoken = member == "text" and record["kind"] == "quote"
            published = name.startswith("sources/") and member == "title"
            if not (member == "quote" or spoken or published) and runs(text) & copied:
                found.append((name, member, text))
    about = (ROOT / "seed" / "README.md").read_text("utf-8")
    assert not runs(about) & copied
    assert found == []


@needs_articles
def test_what_is_called_a_quote_stands_in_an_article() -> None:
    articles = [" ".join(words(path.read_text("utf-8"))) for path in ARTICLES.glob("[0-9]*.txt")]
    for each in of("statements"):
        if each["kind"] == "quote":
            assert any(" ".join(words(each["text"])) in article for article in articles), each["id"]
