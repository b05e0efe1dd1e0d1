"""Filters: what each one finds in the seed, by id; and that any combination of them finds what plain Python finds."""

import itertools
from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.web.listings import LISTINGS, Listing
from contract import questions
from contract.oracle import MATCHERS, Question, distance_km, ids, select
from contract.questions import VALUES
from contract.worlds import World, as_query

SINGLE = {
    "from", "to", "certain", "bbox", "near", "radius", "q", "min_fatalities", "max_fatalities", "min_sources",
    "min_independent_sources", "updated_since",
}  # fmt: skip
"""Filters that take one value, in which a comma is a comma."""

EXPRESSIONS = {"filter", "filter-lang"}
"""Which have tests of their own (`test_cql2.py`)."""

NAMES = [listing.name for listing in LISTINGS]
ALL_AFTER_TWENTY_TWENTY = """
    northern-syria-offensive assault-on-aleppo towns-and-villages-captured saraqib-captured highway-cut
    russian-airstrikes-kill-civilians airstrikes-on-idlib shelling-of-student-residence bombardment-heard-by-residents
    positions-retaken reinforcements-to-aleppo western-aleppo-entered clashes-in-new-aleppo abandoned-equipment
    displacement iran-syria-talks half-of-aleppo-captured withdrawal-from-aleppo"""

CASES: tuple[tuple[str, str, str], ...] = (
    ("events", "type=airstrike,bombing", "russian-airstrikes-kill-civilians airstrikes-on-idlib"),
    ("events", "type=airstrike&type=ceasefire&country=LB,TR", "lebanon-ceasefire"),
    ("events", "actor=HTS", "shelling-of-student-residence"),
    ("events", "actor=kremlin", ""),
    ("events", "actor=Syrian government&type=shelling,force_movement,airstrike",
     "airstrikes-on-idlib shelling-of-student-residence reinforcements-to-aleppo"),
    ("events", "actor=Jihadists&role=initiator&type=shelling,airstrike", "shelling-of-student-residence"),
    ("events", "actor=Jihadists&role=target,mediator", "airstrikes-on-idlib"),
    ("events", "location=Saraqeb", "saraqib-captured"),
    ("events", "location=SARAQIB,turkey", "saraqib-captured"),
    ("events", "location=Aleppo city&type=territory_captured,force_movement",
     "reinforcements-to-aleppo western-aleppo-entered half-of-aleppo-captured"),
    ("events", "country=Lebanon", "lebanon-ceasefire"),
    ("events", "from=2024-11-28", ALL_AFTER_TWENTY_TWENTY),
    ("events", "to=2024-11-26", "idlib-truce-2020"),
    ("events", "from=2024-11-28&to=2024-11-28&type=ceasefire,withdrawal,talks", "iran-syria-talks"),
    ("events", "from=2024-11-28&to=2024-11-30&certain=true", "half-of-aleppo-captured withdrawal-from-aleppo"),
    ("events", "to=2024-11-27&certain=true", "idlib-truce-2020 lebanon-ceasefire"),
    ("events", "to=2024-11-27&certain=false&type=ceasefire,blockade", "idlib-truce-2020 lebanon-ceasefire highway-cut"),
    ("events", "bbox=36.8006,35.8636,36.8006,35.8636", "saraqib-captured"),
    ("events", "near=36.2,37.16&type=armed_clash,shelling", "assault-on-aleppo shelling-of-student-residence"),
    ("events", "near=36.2,37.16&radius=0.1", ""),
    ("events", "near=36.2,37.16&radius=3&type=armed_clash", "assault-on-aleppo"),
    ("events", "q=HIGHWAY", "highway-cut"),
    ("events", 'q=kill* "student residence"', "shelling-of-student-residence"),
    ("events", 'q="residence student"', ""),
    ("events", "min_fatalities=5", "northern-syria-offensive"),
    ("events", "max_fatalities=4", "shelling-of-student-residence"),
    ("events", "min_fatalities=4&max_fatalities=277", "northern-syria-offensive shelling-of-student-residence"),
    ("events", "source=wire-report-aleppo-2024-11&type=ceasefire", "idlib-truce-2020 lebanon-ceasefire"),
    ("events", "source=unnamed-lightning-assault-on-aleppo&type=ceasefire,airstrike",
     "lebanon-ceasefire airstrikes-on-idlib"),
    ("events", "dataset=northern-syria-2024&type=ceasefire", "idlib-truce-2020 lebanon-ceasefire"),
    ("events", "status=disputed,retracted", "withdrawal-from-aleppo"),
    ("events", "min_sources=2&type=shelling", "shelling-of-student-residence"),
    ("events", "min_independent_sources=1&type=other", "abandoned-equipment"),
    ("events", "min_independent_sources=2", ""),
    ("events", "part_of=northern-syria-offensive&type=armed_clash", "assault-on-aleppo clashes-in-new-aleppo"),
    ("events", "location_precision=route,near", "highway-cut shelling-of-student-residence"),
    ("events", "date_precision=year,day",
     "idlib-truce-2020 lebanon-ceasefire half-of-aleppo-captured withdrawal-from-aleppo"),
    ("events", "updated_since=2999-01-01T00:00:00Z", ""),
    ("events", "updated_since=2024-01-01T00:00:00.5Z&type=talks", "iran-syria-talks"),
    ("statements", "type=condemn,demand", "peskov-violation-of-sovereignty turkey-halt-bombardment"),
    ("statements", "actor=Iran", "araghchi-support-for-government iran-reaffirms-backing"),
    ("statements", "actor=SOHR&kind=quote", "abdel-rahman-no-fighting"),
    ("statements", "actor=SOHR&role=on_behalf_of&type=assess", "abdel-rahman-unopposed"),
    ("statements", "actor=Turkey&role=addressee", ""),
    ("statements", "location=Saraqib", "report-saraqib assessment-readiness"),
    ("statements", "country=LB", "report-offensive-begins report-lebanon-tensions"),
    ("statements", "from=2024-11-30", ""),
    ("statements", "to=2024-11-27&type=demand", "turkey-halt-bombardment"),
    ("statements", "from=2024-11-28&certain=true&speaker=SOHR&type=report&kind=paraphrase",
     "sohr-rapid-advance abdel-rahman-some-areas"),
    ("statements", "bbox=36.5,35.8,36.9,36", "report-saraqib assessment-readiness"),
    ("statements", "near=35.86,36.8", "report-saraqib assessment-readiness"),
    ("statements", "near=36.2,37.16&radius=0.1", ""),
    ("statements", "q=sovereignty", "peskov-violation-of-sovereignty"),
    ("statements", 'q="two million"', "report-aleppo-before-the-war"),
    ("statements", "source=unnamed-lightning-assault-on-aleppo&kind=quote",
     "russian-defence-ministry-strikes sarmad-scared-of-war"),
    ("statements", "dataset=northern-syria-2024&type=condemn", "peskov-violation-of-sovereignty"),
    ("statements", "updated_since=2001-01-01T00:00:00Z&type=demand", "turkey-halt-bombardment"),
    ("statements", "speaker=The Kremlin", "peskov-violation-of-sovereignty peskov-support-for-government"),
    ("statements", "on_behalf_of=SOHR",
     "abdel-rahman-no-fighting abdel-rahman-unopposed abdel-rahman-some-areas"),
    ("statements", "kind=quote&actor=Sarmad", "sarmad-scared-of-war"),
    ("statements", "event=highway between ALEPPO and Damascus cut,iran-syria-talks&type=report,support",
     "report-highway-cut araghchi-support-for-government"),
    ("timeline", "entry=statement&type=demand,airstrike", "turkey-halt-bombardment"),
    ("timeline", "type=ceasefire,condemn", "idlib-truce-2020 lebanon-ceasefire peskov-violation-of-sovereignty"),
    ("timeline", "actor=Turkey", "idlib-truce-2020 turkey-halt-bombardment turkish-foreign-ministry-escalation"),
    ("timeline", "actor=Turkey&role=mediator", "idlib-truce-2020"),
    ("timeline", "actor=Turkey&role=mediator,speaker&type=demand,ceasefire", "idlib-truce-2020 turkey-halt-bombardment"),
    ("timeline", "location=New Aleppo", "clashes-in-new-aleppo report-clashes-in-new-aleppo"),
    ("timeline", "country=LB", "lebanon-ceasefire report-offensive-begins report-lebanon-tensions"),
    ("timeline", "from=2024-11-28&type=talks,demand,ceasefire", "iran-syria-talks turkey-halt-bombardment"),
    ("timeline", "to=2020-12-31", "idlib-truce-2020"),
    ("timeline", "from=2024-11-28&certain=true&entry=event", "half-of-aleppo-captured withdrawal-from-aleppo"),
    ("timeline", "bbox=36.7,35.8,36.9,36", "saraqib-captured report-saraqib assessment-readiness"),
    ("timeline", "near=35.86,36.8", "saraqib-captured report-saraqib assessment-readiness"),
    ("timeline", "near=35.9306,36.6339&radius=1", ""),
    ("timeline", "q=saraqeb", "saraqib-captured"),
    ("timeline", "source=unnamed-lightning-assault-on-aleppo&type=demand,ceasefire",
     "lebanon-ceasefire turkey-halt-bombardment"),
    ("timeline", "dataset=northern-syria-2024&type=displacement,aid", "displacement"),
    ("timeline", "updated_since=2999-01-01T00:00:00Z", ""),
    ("actors", "type=media", "syrian-state-media"),
    ("actors", "country=Türkiye,LB", "turkey turkish-foreign-ministry hezbollah"),
    ("actors", "name=hts,SARMAD,Hay’at", "hayat-tahrir-al-sham sarmad"),
    ("actors", 'q="defence ministry"', "russian-defence-ministry"),
    ("actors", 'q="Kremlin The"', ""),  # the end of one name and the beginning of another are no phrase
    ("actors", "q=spokes* peskov", "dmitry-peskov"),
    ("actors", "updated_since=2001-01-01T00:00:00Z&type=media", "syrian-state-media"),
    ("locations", "type=city", "aleppo idlib-city damascus"),
    ("locations", "country=SY&type=country,province", "syria aleppo-governorate idlib-governorate"),
    ("locations", "within=Idlib", "idlib-city saraqib"),
    ("locations", "within=Aleppo,lebanon&type=district", "western-aleppo"),
    ("locations", "name=seraqib,m5", "saraqib aleppo-damascus-highway"),
    ("locations", "bbox=36,35,37,36", "idlib-city saraqib"),
    ("locations", "bbox=37,36,36,37", "aleppo"),
    ("locations", "near=33.5,36.3", "damascus"),
    ("locations", "near=33.5,36.3&radius=1", ""),
    ("locations", "q=motorway", "aleppo-damascus-highway"),
    ("locations", "updated_since=2999-01-01T00:00:00Z", ""),
    ("sources", "type=wire_report", "wire-report-aleppo-2024-11"),
    ("sources", "from=2001-01-01", ""),  # nobody knows when they were published
    ("sources", "to=2999-01-01", ""),
    ("sources", "from=2001-01-01&certain=true", ""),
    ("sources", "q=jihadists capture", "ssbcrack-half-of-aleppo"),
    ("sources", "updated_since=2001-01-01T00:00:00Z&type=wire_report", "wire-report-aleppo-2024-11"),
)  # fmt: skip
"""List, query, the ids that it finds in the seed."""

MADE_UP_CASES: tuple[tuple[str, str, str], ...] = (
    ("locations", "bbox=170,12,180,13", "date-line-east date-line-west"),
    ("locations", "bbox=-180,12,-170,13", "date-line-east date-line-west"),
    ("locations", "bbox=179,12,-179,13", "date-line-east date-line-west"),
    ("locations", "bbox=180,12,-180,13", "date-line-east date-line-west"),
    ("locations", "bbox=179.9999,-17.1,-179.9999,-16.9", "almost-date-line just-past-date-line"),
    ("locations", "near=-17,180&radius=0.01", "almost-date-line just-past-date-line"),
    ("locations", "near=12.5,-180&radius=0.01", "date-line-east date-line-west"),
    ("locations", "near=89.9,-120&radius=20", "north-pole"),
    ("locations", "near=-90,180&radius=0.001", "south-pole"),
    ("locations", "near=90,77&radius=0.0001", "north-pole"),
    ("locations", "near=0,30&radius=3335.84", ""),
    ("locations", "near=0,30&radius=3335.86&type=site", "null-island"),
    ("locations", "near=0,0&radius=20038&country=FJ&type=site", "date-line-west almost-date-line just-past-date-line"),
    ("locations", "name=acores SWELL", "high-seas"),
    ("events", "to=0987-12-31", "event-of-0001-01-01 event-of-0987-03-04"),
    ("events", "from=9999-12-31", "event-of-9999-12-31"),
)
"""The same in the made-up world, for what the seed does not have."""


def question_of(query: str) -> Question:
    """A query as the oracle reads it."""
    found: dict[str, str | tuple[str, ...]] = {}
    for name, value in parse_qsl(query, strict_parsing=True):
        found[name] = value if name in SINGLE else (*found.get(name, ()), *value.split(","))
    return found


def answer(world: World, listing: str, question: Question, repeats: bool = False) -> list[str]:
    """The ids of a whole list, whose `total` must be their number."""
    query = as_query(question, repeats)
    found = [each["id"] for each in world.lines(f"/v1/{listing}.ndjson?fields=id&{query}")]
    counted = world.json(f"/v1/{listing}?fields=id&limit=1&total=true&{query}")
    assert counted["meta"]["total"] == len(found)
    assert counted["meta"]["count"] == len(counted["data"]) == min(len(found), 1)
    return found


@pytest.mark.parametrize(("listing", "query", "expected"), CASES)
def test_a_filter_finds_in_the_seed(seed_world: World, listing: str, query: str, expected: str) -> None:
    question = question_of(query)
    assert sorted(ids(select(seed_world.records, listing, question))) == sorted(expected.split())
    assert sorted(answer(seed_world, listing, question)) == sorted(expected.split())


@pytest.mark.parametrize(("listing", "query", "expected"), MADE_UP_CASES)
def test_a_filter_finds_in_the_made_up_world(made_up_world: World, listing: str, query: str, expected: str) -> None:
    question = question_of(query)
    assert sorted(ids(select(made_up_world.records, listing, question))) == sorted(expected.split())
    assert sorted(answer(made_up_world, listing, question)) == sorted(expected.split())


@pytest.mark.parametrize("listing", LISTINGS, ids=NAMES)
def test_every_filter_has_a_case_an_oracle_and_values(listing: Listing) -> None:
    declared = {each.name for each in listing.filters} - EXPRESSIONS
    assert {name for name_of, query, _ in CASES if name_of == listing.name for name in question_of(query)} == declared
    assert set(MATCHERS[listing.name]) == declared
    assert declared <= set(VALUES)
    assert {each.name for each in listing.filters if not each.takes_many} - EXPRESSIONS == declared & SINGLE
    assert {each.name: each.needs for each in listing.filters if each.needs and each.name in declared} == {
        name: needs for name, needs in questions.NEEDS.items() if name in declared
    }


TELLING: Mapping[str, str] = {
    "events": """
        type=talks actor=actor-07 actor=actor-07&role=target location=fiji country=FJ from=2020-06-01 to=2020-05-03
        to=2020-05-03&certain=true bbox=170,-90,-170,90 near=-17,180 near=-17,180&radius=500 q=road min_fatalities=20
        max_fatalities=20 source=source-03 dataset=made-up-desk status=disputed min_sources=3
        min_independent_sources=2 part_of=event-010 location_precision=exact date_precision=week
        updated_since=2025-06-01T12:00:00Z """,
    "statements": """
        type=warn actor=actor-07 actor=actor-07&role=speaker location=fiji country=FJ from=2020-06-01 to=2020-05-03
        to=2020-05-03&certain=true bbox=170,-90,-170,90 near=-17,180 near=-17,180&radius=500 q=road source=source-03
        dataset=made-up-desk speaker=actor-07 on_behalf_of=actor-07 kind=quote event=event-010
        updated_since=2025-06-01T12:00:01Z """,
    "timeline": """
        entry=event type=talks,warn actor=actor-07 actor=actor-07&role=speaker,target location=fiji country=FJ
        from=2020-06-01 to=2020-05-03 to=2020-05-03&certain=true bbox=170,-90,-170,90 near=-17,180
        near=-17,180&radius=500 q=road source=source-03 dataset=made-up-desk updated_since=2025-06-01T11:59:59.9Z """,
    "actors": """
        type=media country=FJ name=Renamed+1 q=brigade updated_since=2025-06-01T12:00:00Z """,
    "locations": """
        type=town country=FJ within=russia name=Newtown bbox=170,-90,-170,90 near=-17,180 near=-17,180&radius=500
        q=newtown updated_since=2026-01-01T00:00:00Z """,
    "sources": """
        type=report from=2020-06-01 to=2020-05-03 q=owner updated_since=2026-01-01T00:00:00Z """,
}
"""In the made-up world each of these finds something and leaves something out, also compared with the same question
without its last filter: one that were ignored would be seen."""


@pytest.mark.parametrize(
    ("listing", "query"), [(name, query) for name, queries in TELLING.items() for query in queries.split()]
)
def test_no_filter_is_ignored(made_up_world: World, listing: str, query: str) -> None:
    question = question_of(query)
    found = answer(made_up_world, listing, question)
    without = answer(made_up_world, listing, dict(list(question.items())[:-1]))
    assert found
    assert len(found) != len(without)
    assert sorted(found) == sorted(ids(select(made_up_world.records, listing, question)))


def test_no_filter_is_left_out_of_that() -> None:
    """But `certain` for sources, whose span is one day."""
    for listing in LISTINGS:
        last = {list(question_of(query))[-1] for query in TELLING[listing.name].split()}
        assert {each.name for each in listing.filters} - EXPRESSIONS - last == (
            {"certain"} if listing.name == "sources" else set()
        )


def test_circles_reach_as_far_as_they_say(made_up_world: World) -> None:
    """Pairs of places from Fiji to the poles: a radius just longer than their distance finds the other, a shorter does not."""
    placed = [each for each in made_up_world.records.nouns["locations"] if each["latitude"] is not None]
    pairs = [*itertools.combinations(placed[::4], 2)][::4]
    assert len(pairs) > 60
    for centre, other in pairs:
        points = [(each["latitude"], each["longitude"]) for each in (centre, other)]
        distance = distance_km(*points)
        near = ",".join(f"{each:.6f}" for each in points[0])
        for factor, is_inside in ((0.9999, False), (1.0001, True)):
            radius = f"{min(max(distance * factor, 0.001), 20_038):.6f}"
            question: Question = {"near": near, "radius": radius}
            found = answer(made_up_world, "locations", question)
            assert sorted(found) == sorted(ids(select(made_up_world.records, "locations", question))), question
            assert (other["id"] in found) is (is_inside or distance < 1), question


def ask_at_random(world: World, listing: str, examples: int, is_repeatable: bool) -> None:
    """Ask so many random questions, and compare each answer with the oracle's."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=is_repeatable,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(questions.questions(world.records, listing), st.booleans())
    def ask(question: Question, repeats: bool) -> None:
        found = answer(world, listing, question, repeats)
        assert sorted(found) == sorted(ids(select(world.records, listing, question))), as_query(question)

    ask()


@pytest.mark.parametrize("listing", NAMES)
def test_any_filters_together_find_what_plain_python_finds(world: World, listing: str) -> None:
    ask_at_random(world, listing, 60, is_repeatable=True)


@pytest.mark.slow
@pytest.mark.parametrize("listing", NAMES)
def test_any_filters_together_find_what_plain_python_finds_at_length(world: World, listing: str) -> None:
    ask_at_random(world, listing, 3000, is_repeatable=False)
