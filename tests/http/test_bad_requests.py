"""Bad requests: each is refused with a problem that names what was wrong, and nothing is guessed, clamped or ignored.

The tables name a request, the parameter at fault and the word that was probably meant. Further down the same is asked of
every parameter of every route, so that none is forgotten.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import pytest
from answers import (
    ASSET,
    EVERY_PATH,
    EVIDENCE,
    HEALTH,
    PAGES,
    ROUTES,
    Json,
    ask,
    check_type,
    event,
    faults_of,
    path_of,
    problem_of,
    serving,
    write,
)
from conftest import seeded
from flask.testing import FlaskClient

from api.config import Settings
from api.model.kinds import Word
from api.web.routes import Route

LONG = "x" * 5000


def refused(client: FlaskClient, target: str, parameter: str) -> Json:
    """The fault of the parameter in the 400 that a request is answered with."""
    response = ask(client, target)
    assert response.status_code == 400, f"{target}: {response.status}"
    problem = problem_of(response)
    check_type(client, problem)
    assert problem["type"].endswith("#invalid-parameter")
    faults = faults_of(problem)
    assert parameter in faults, faults
    assert f"{parameter}: " in problem["detail"]
    return faults[parameter]


UNKNOWN = (
    ("/v1/events?limt=5", "limt", "limit"),
    ("/v1/events?Limit=5", "Limit", "limit"),
    ("/v1/events?limit[]=5", "limit[]", "limit"),
    ("/v1/events?LOCATION=Aleppo", "LOCATION", "location"),
    ("/v1/events?start_date=2024-11-27", "start_date", "from"),
    ("/v1/events?locations=Aleppo", "locations", "location"),
    ("/v1/events?offset=10", "offset", "cursor"),
    ("/v1/events?page=2", "page", "cursor"),
    ("/v1/events?group_by=type", "group_by", None),
    ("/v1/events?speaker=SOHR", "speaker", None),
    ("/v1/events?=1", "", None),
    ("/v1/events?%20limit=1", " limit", "limit"),
    ("/v1/events?limit%00=1", "limit\0", "limit"),
    ("/v1/events.json?format=csv", "format", None),
    ("/v1/events.geojson?frmat=json", "frmat", ...),
    ("/v1/events.csv?total=true", "total", None),
    ("/v1/events.ndjson?total=true", "total", None),
    ("/v1/statements?min_fatalities=3", "min_fatalities", None),
    ("/v1/statements?speakr=SOHR", "speakr", "speaker"),
    ("/v1/statements.csv?total=false", "total", None),
    ("/v1/timeline?status=reported", "status", None),
    ("/v1/timeline.csv?entri=event", "entri", "entry"),
    ("/v1/actors?bbox=36,35,38,37", "bbox", None),
    ("/v1/actors?names=HTS", "names", "name"),
    ("/v1/actors.ndjson?from=2024-01-01", "from", None),
    ("/v1/locations?withn=Syria", "withn", "within"),
    ("/v1/locations.geojson?location=Syria", "location", None),
    ("/v1/sources?country=SY", "country", None),
    ("/v1/sources?publisher=SSBCrack", "publisher", None),
    ("/v1/events/saraqib-captured?field=id", "field", "fields"),
    ("/v1/actors/hayat-tahrir-al-sham?limit=1", "limit", None),
    ("/v1/locations/aleppo?format=geojson", "format", None),
    ("/v1/sources/ssbcrack-half-of-aleppo?type=article", "type", None),
    ("/v1/statements/sohr-death-toll?q=toll", "q", None),
    ("/v1/events/summary?groupby=type", "groupby", "group_by"),
    ("/v1/events/summary?fields=type", "fields", None),
    ("/v1/events/summary.csv?total=true", "total", None),
    ("/v1/statements/summary?min_sources=2", "min_sources", ...),
    ("/v1/bundle?format=json", "format", None),
    ("/v1/bundle?limit=10", "limit", None),
    ("/v1/bundle?loction=Saraqib", "loction", "location"),
    ("/v1/meta?fields=counts", "fields", None),
    ("/v1/event-types?typ=airstrike", "typ", ...),
    ("/v1/openapi.json?format=yaml", "format", None),
    ("/?format=json", "format", None),
    ("/docs?x=1", "x", None),
    ("/docs/guide?section=csv", "section", None),
    ("/docs/problems?kind=not-found", "kind", None),
    (f"{ASSET}?v=1", "v", None),
    ("/healthz?verbose=true", "verbose", None),
    ("/readyz?timeout=1", "timeout", None),
)
"""The last member: the word that was meant; `None` where nothing is near; `...` where anything may be suggested."""


@pytest.mark.parametrize(("target", "parameter", "meant"), UNKNOWN)
def test_an_unknown_parameter_is_refused(client: FlaskClient, target: str, parameter: str, meant: object) -> None:
    fault = refused(client, target, parameter)
    assert "is not a parameter here" in fault["detail"]
    if parameter == "format":
        assert "a list's format is part of its path" in fault["detail"]
    else:
        assert parameter not in fault["allowed"]
    if meant is not ...:
        assert fault.get("did_you_mean") == meant


WORDS = (
    ("/v1/events?type=airstrke", "type", "airstrike"),
    ("/v1/events?type=air_strike", "type", "airstrike"),
    ("/v1/events?type=Airstrike", "type", "airstrike"),
    ("/v1/events?type=airstrike,shelng", "type", "shelling"),
    ("/v1/events?type=airstrike&type=protests", "type", "protest"),
    ("/v1/events?type=condemn", "type", None),
    ("/v1/events?type=*", "type", None),
    ("/v1/events?actor=HTS&role=inititator", "role", "initiator"),
    ("/v1/events?actor=HTS&role=speaker", "role", None),
    ("/v1/events?status=corobborated", "status", "corroborated"),
    ("/v1/events?location_precision=Exact", "location_precision", "exact"),
    ("/v1/events?date_precision=dayz", "date_precision", "day"),
    ("/v1/events?dataset=northern-syria-2025", "dataset", "northern-syria-2024"),
    ("/v1/events?dataset=ucdp", "dataset", None),
    ("/v1/events?dataset=no%20id", "dataset", None),
    ("/v1/events?total=yes", "total", None),
    ("/v1/events?total=1", "total", None),
    ("/v1/events?total=True", "total", None),
    ("/v1/events?from=2024-11-27&certain=maybe", "certain", None),
    ("/v1/events?country=Syriaa", "country", "Syria"),
    ("/v1/events?country=Turky", "country", "Turkey"),
    ("/v1/events?country=XX", "country", None),
    ("/v1/events?country=EU", "country", ...),
    ("/v1/events?country=SY,Utopia", "country", ...),
    ("/v1/events?sort=start_dat", "sort", "start_date"),
    ("/v1/events?sort=-fatalitys", "sort", "fatalities"),
    ("/v1/events?sort=%2Btitle", "sort", "title"),
    ("/v1/events?sort=title%20desc", "sort", ...),
    ("/v1/events?sort=title,", "sort", None),
    ("/v1/events?sort=-", "sort", None),
    ("/v1/events?sort=--title", "sort", "title"),
    ("/v1/events?sort=date", "sort", ...),
    ("/v1/events?fields=id,titel", "fields", "title"),
    ("/v1/events?fields=location_id", "fields", ...),
    ("/v1/events?fields=location.name", "fields", ...),
    ("/v1/events.ndjson?fields=url", "fields", None),
    ("/v1/events.csv?fields=participants.actor", "fields", "participants"),
    ("/v1/events.csv?fields=Title", "fields", "title"),
    ("/v1/events.geojson?fields=geometry", "fields", None),
    ("/v1/statements?kind=quotes", "kind", "quote"),
    ("/v1/statements?type=airstrike", "type", None),
    ("/v1/statements?actor=SOHR&role=adressee", "role", "addressee"),
    ("/v1/statements?sort=start_date", "sort", ...),
    ("/v1/timeline?entry=events", "entry", "event"),
    ("/v1/timeline?type=person", "type", None),
    ("/v1/timeline?actor=HTS&role=speakr", "role", "speaker"),
    ("/v1/timeline?sort=title", "sort", None),
    ("/v1/timeline?fields=start_date", "fields", ...),
    ("/v1/actors?type=persons", "type", "person"),
    ("/v1/actors?type=city", "type", None),
    ("/v1/locations?type=citty", "type", "city"),
    ("/v1/sources?type=artcle", "type", "article"),
    ("/v1/sources?sort=published", "sort", "published_at"),
    ("/v1/events/saraqib-captured?fields=name", "fields", ...),
    ("/v1/sources/ssbcrack-half-of-aleppo?fields=titel", "fields", "title"),
    ("/v1/events/summary?group_by=typ", "group_by", "type"),
    ("/v1/events/summary?group_by=quarter", "group_by", None),
    ("/v1/events/summary?sort=cout", "sort", "count"),
    ("/v1/events/summary?sort=type", "sort", None),
    ("/v1/statements/summary?type=airstrike", "type", None),
    ("/v1/bundle?entry=actors", "entry", None),
)


@pytest.mark.parametrize(("target", "parameter", "meant"), WORDS)
def test_an_unknown_word_is_refused(client: FlaskClient, target: str, parameter: str, meant: object) -> None:
    fault = refused(client, target, parameter)
    if meant is not ...:
        assert fault.get("did_you_mean") == meant
    if meant is not None and meant is not ... and "allowed" in fault:
        assert meant in fault["allowed"]


ODD_NUMBERS = (
    "-1", "+5", "1_0", "%205", "5%20", "05", "00", "1e2", "1E2", "0x10", "0b11", "1.0", "1.", "1,0", "٣", "%D9%A3", "५",
    "Ⅳ", "²", "１０", "ten", "nan", "NaN", "inf", "-inf", "null", "true", "5;", "5%00", "5%0A", "%EF%BB%BF5",
    "99999999999999999999", "9" * 400, "1e400",
)  # fmt: skip
"""Spellings that some reader of numbers takes."""


@pytest.mark.parametrize("text", ["0", "1001", *ODD_NUMBERS])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/sources.csv", "/v1/events/summary"])
def test_a_limit_is_plain_digits_from_1_to_1000(client: FlaskClient, path: str, text: str) -> None:
    fault = refused(client, f"{path}?limit={text}", "limit")
    assert "from 1 to 1000" in fault["detail"]


@pytest.mark.parametrize("text", ODD_NUMBERS)
@pytest.mark.parametrize("name", ["min_fatalities", "max_fatalities", "min_sources", "min_independent_sources"])
def test_a_count_is_plain_digits(client: FlaskClient, name: str, text: str) -> None:
    refused(client, f"/v1/events?{name}={text}", name)


ODD_DAYS = (
    "2024-13-01", "2024-00-10", "2024-02-30", "2023-02-29", "2024-11-31", "20241127", "2024-W48-3", "2024W483", "2024-332",
    "2024-11", "2024", "2024-1-1", "24-11-27", "02024-11-27", "0000-01-01", "-2024-11-27", "%2B2024-11-27", "27-11-2024",
    "27/11/2024", "11/27/2024", "2024/11/27", "2024.11.27", "2024-11-27T00:00:00Z", "2024-11-27%2000:00", "%202024-11-27",
    "2024-11-27%20", "2024-11-27%0A", "2024-11-27%00", "2024–11–27", "٢٠٢٤-١١-٢٧", "２０２４-１１-２７", "today", "yesterday",
    "Wednesday", "27 November 2024", "1732665600", "nan", "null",
)  # fmt: skip


@pytest.mark.parametrize("text", ODD_DAYS)
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_day_is_written_in_one_way(client: FlaskClient, name: str, text: str) -> None:
    fault = refused(client, f"/v1/events?{name}={text}", name)
    assert "YYYY-MM-DD" in fault["detail"]


ODD_MOMENTS = (
    "2024-11-27", "2024-11-27T08:00:00", "2024-11-27T08:00:00%2B00:00", "2024-11-27T08:00:00%2B03:00",
    "2024-11-27T08:00:00-00:00", "2024-11-27T08:00Z", "2024-11-27T24:00:00Z", "2024-11-27T08:60:00Z",
    "2024-11-27T08:00:60Z", "2024-11-27T08:00:00z", "2024-11-27t08:00:00Z", "2024-11-27%2008:00:00Z", "20241127T080000Z",
    "2024-02-30T08:00:00Z", "2024-11-27T8:00:00Z", "2024-11-27T08:00:00.Z", "2024-11-27T08:00:00.1234567Z",
    "2024-11-27T08:00:00,5Z", "٢٠٢٤-11-27T08:00:00Z", "2024-11-27T08:00:00Z%0A", "now", "1732665600",
)  # fmt: skip


@pytest.mark.parametrize("text", ODD_MOMENTS)
@pytest.mark.parametrize("noun", ["events", "sources"])
def test_a_moment_is_in_utc(client: FlaskClient, noun: str, text: str) -> None:
    refused(client, f"/v1/{noun}?updated_since={text}", "updated_since")


PLACES = (
    ("bbox=36,35,38", "bbox"),
    ("bbox=36,35,38,37,39", "bbox"),
    ("bbox=36,35,,37", "bbox"),
    ("bbox=36,35,38,37,", "bbox"),
    ("bbox=36;35;38;37", "bbox"),
    ("bbox=36,%2035,%2038,%2037", "bbox"),
    ("bbox=west,south,east,north", "bbox"),
    ("bbox=181,35,38,37", "bbox"),
    ("bbox=36,35,-180.0001,37", "bbox"),
    ("bbox=36,-91,38,37", "bbox"),
    ("bbox=36,35,38,90.5", "bbox"),
    ("bbox=36,37,38,35", "bbox"),
    ("bbox=nan,nan,nan,nan", "bbox"),
    ("bbox=NaN,35,38,37", "bbox"),
    ("bbox=-inf,35,38,37", "bbox"),
    ("bbox=36,35,Infinity,37", "bbox"),
    ("bbox=36,35,1e400,37", "bbox"),
    ("bbox=3.6e1,35,38,37", "bbox"),
    ("bbox=0x24,35,38,37", "bbox"),
    ("bbox=36.,35,38,37", "bbox"),
    ("bbox=.5,35,38,37", "bbox"),
    ("bbox=%2B36,35,38,37", "bbox"),
    ("bbox=036,35,38,37", "bbox"),
    ("bbox=٣٦,٣٥,٣٨,٣٧", "bbox"),
    (f"bbox=36.{'0' * 400},35,38,37", "bbox"),
    ("bbox=36,35,38,37&bbox=1,2,3,4", "bbox"),
    ("near=36.2", "near"),
    ("near=36.2,37.1,0", "near"),
    ("near=36.2%2037.1", "near"),
    ("near=91,0", "near"),
    ("near=0,-181", "near"),
    ("near=nan,0", "near"),
    ("near=0,inf", "near"),
    ("near=Aleppo", "near"),
    ("near=36%C2%B012'N,37%C2%B09'E", "near"),
    ("near=36.2,37.1&near=1,2", "near"),
    ("radius=25", "radius"),
    ("radius=25&bbox=36,35,38,37", "radius"),
    ("near=36.2,37.1&radius=0", "radius"),
    ("near=36.2,37.1&radius=0.0", "radius"),
    ("near=36.2,37.1&radius=-5", "radius"),
    ("near=36.2,37.1&radius=20039", "radius"),
    ("near=36.2,37.1&radius=1e2", "radius"),
    ("near=36.2,37.1&radius=1e400", "radius"),
    ("near=36.2,37.1&radius=nan", "radius"),
    ("near=36.2,37.1&radius=inf", "radius"),
    ("near=36.2,37.1&radius=25km", "radius"),
    ("near=36.2,37.1&radius=%2025", "radius"),
    ("near=36.2,37.1&radius=25,5", "radius"),
    ("near=36.2,37.1&radius=1_0", "radius"),
)


@pytest.mark.parametrize(("query", "parameter"), PLACES)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/locations.geojson", "/v1/timeline.csv"])
def test_a_place_is_in_degrees_and_kilometres(client: FlaskClient, path: str, query: str, parameter: str) -> None:
    refused(client, f"{path}?{query}", parameter)


SEARCHES = (
    ("!!!", "no word"),
    ("*", "no word"),
    ('""', "no word"),
    ("-", "no word"),
    ("_", "no word"),
    ("\0", "no word"),
    ("🙂", "no word"),
    ("a*", "3 letters"),
    ("al*", "3 letters"),
    ("aleppo sy*", "3 letters"),
    ("al-*", "3 letters"),
    ("x" * 257, "256 characters"),
    (LONG, "256 characters"),
    ("a " * 17, "16 words"),
    ('"' + "b " * 17 + '"', "16 words"),
    ("a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q", "16 words"),
)


@pytest.mark.parametrize(("text", "says"), SEARCHES)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/actors", "/v1/timeline", "/v1/statements/summary", "/v1/bundle"])
def test_a_search_has_words(client: FlaskClient, path: str, text: str, says: str) -> None:
    fault = refused(client, f"{path}?q={quote(text)}", "q")
    assert says in fault["detail"]


MISFITS = (
    ("/v1/events?from=2024-11-29&to=2024-11-27", "from"),
    ("/v1/statements?from=2024-11-29&to=2024-11-28", "from"),
    ("/v1/timeline?from=2025-01-01&to=2024-12-31", "from"),
    ("/v1/sources?from=2024-11-29&to=2024-11-27", "from"),
    ("/v1/events/summary?group_by=type&from=2024-11-29&to=2024-11-27", "from"),
    ("/v1/bundle?from=2024-11-29&to=2024-11-27", "from"),
    ("/v1/events?min_fatalities=5&max_fatalities=4", "min_fatalities"),
    ("/v1/events.csv?max_fatalities=0&min_fatalities=1", "min_fatalities"),
    ("/v1/events?certain=true", "certain"),
    ("/v1/events?certain=false", "certain"),
    ("/v1/statements?certain=true&country=SY", "certain"),
    ("/v1/timeline?certain=true", "certain"),
    ("/v1/sources?certain=true", "certain"),
    ("/v1/events?role=initiator", "role"),
    ("/v1/statements?role=speaker", "role"),
    ("/v1/statements?role=speaker&speaker=SOHR", "role"),
    ("/v1/timeline?role=speaker", "role"),
    ("/v1/bundle?role=speaker", "role"),
    ("/v1/events?sort=relevance", "sort"),
    ("/v1/events?sort=-relevance,title", "sort"),
    ("/v1/statements.csv?sort=relevance", "sort"),
    ("/v1/events?sort=title,-title", "sort"),
    ("/v1/events?sort=title,type,title", "sort"),
    ("/v1/sources?sort=published_at&sort=title", "sort"),
    ("/v1/events?limit=5&limit=5", "limit"),
    ("/v1/events?from=2024-11-27&from=2024-11-28", "from"),
    ("/v1/events?q=aleppo&q=damascus", "q"),
    ("/v1/events?from=2024-11-27&certain=true&certain=true", "certain"),
    ("/v1/events/summary?group_by=type,country,month", "group_by"),
    ("/v1/events/summary?group_by=type&group_by=country&group_by=month", "group_by"),
    ("/v1/statements/summary.csv?group_by=type,source,actor", "group_by"),
    ("/v1/events?type=" + ",".join(["airstrike"] * 101), "type"),
    ("/v1/events?" + "&".join(["country=SY"] * 101), "country"),
    (f"/v1/events?actor={'x' * 201}", "actor"),
    (f"/v1/actors?name={LONG}", "name"),
    ("/v1/actors?name=%00", "name"),
    ("/v1/events?actor=%7F", "actor"),
    ("/v1/events?q=%FF", "q"),
    ("/v1/events?actor=%ED%A0%80", "actor"),
    ("/v1/events?country=%C0%AF", "country"),
    ("/v1/events?limit=5&q=%E2%82", "q"),
    ("/v1/events?%FF=1", "�"),
    ("/healthz?x=%FF", "x"),
)


@pytest.mark.parametrize(("target", "parameter"), MISFITS)
def test_what_does_not_go_together_is_refused(client: FlaskClient, target: str, parameter: str) -> None:
    refused(client, target, parameter)


def test_every_fault_is_named_at_once(client: FlaskClient) -> None:
    response = ask(client, "/v1/events?limt=5&type=airstrke&from=2024-13-01&bbox=1&role=victim&total=&q=*&sort=up")
    problem = problem_of(response)
    assert faults_of(problem).keys() == {"limt", "type", "from", "bbox", "role", "total", "q", "sort"}
    assert len(problem["errors"]) == 8


NAMES = (
    ("/v1/events?actor=Hayat%20Tahrir%20al-Shamm", "actor", True),
    ("/v1/events?actor=hts2", "actor", True),
    ("/v1/events?actor=HTS,Kremlim", "actor", True),
    ("/v1/events?actor=Napoleon", "actor", False),
    ("/v1/events?location=Alepo", "location", True),
    ("/v1/events?location=Atlantis", "location", False),
    ("/v1/events?source=ssbcrack-half-of-alepo", "source", True),
    ("/v1/events?source=Unnamed-Lightning-Assault", "source", True),
    ("/v1/events?source=Jihadist%20Capture%20Half%20of%20Aleppo%20Amid%20Ongoing%20Syrian%20Conflict", "source", True),
    ("/v1/events?part_of=Offensive%20against%20government%20forces", "part_of", True),
    ("/v1/events?part_of=nothing", "part_of", False),
    ("/v1/statements?speaker=Dmitry%20Pesckov", "speaker", True),
    ("/v1/statements?speaker=Nobody%20of%20Note", "speaker", False),
    ("/v1/statements?on_behalf_of=Kremlinn", "on_behalf_of", True),
    ("/v1/statements?event=Saraqib%20capture", "event", True),
    ("/v1/statements?event=zzz", "event", False),
    ("/v1/timeline?actor=Kreml", "actor", True),
    ("/v1/timeline.csv?location=Damascuss", "location", True),
    ("/v1/locations?within=Syriia", "within", True),
    ("/v1/locations?within=!!!", "within", False),
    ("/v1/events/summary?actor=Kreml", "actor", True),
    ("/v1/statements/summary.csv?speaker=Peskow", "speaker", True),
    ("/v1/bundle?location=Sarakib", "location", True),
)
"""The last member: is there a name near enough to suggest?"""


@pytest.mark.parametrize(("target", "parameter", "is_near"), NAMES)
def test_an_unknown_name_is_refused(client: FlaskClient, target: str, parameter: str, is_near: bool) -> None:
    fault = refused(client, target, parameter)
    assert ("did_you_mean" in fault) == is_near, fault
    if is_near:
        meant = quote(fault["did_you_mean"])
        path, _, _ = target.partition("?")
        assert ask(client, f"{path}?{parameter}={meant}").status_code == 200


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of the seed with two records of each kind that share a name."""
    path = seeded(tmp_path_factory.mktemp("crowded") / "crowded.db")
    write(
        path,
        sources=[{"id": f"source-{n}", "title": "Morning report", "type": "report"} for n in (1, 2)],
        locations=[
            {"id": f"springfield-{n}", "name": "Springfield", "type": "town", "country": "US", "evidence": EVIDENCE}
            for n in (1, 2)
        ],
        actors=[
            {"id": "john-smith", "name": "John Smith", "aliases": ["Smith"], "type": "person", "evidence": EVIDENCE},
            {"id": "smith", "name": "Jane Smith", "type": "person", "evidence": EVIDENCE},
            {
                "id": "adam-smith",
                "name": "Adam",
                "aliases": ["SMITH", "Mr Smith"],
                "type": "person",
                "evidence": EVIDENCE,
            },
            {"id": "mr-smith", "name": "Mr. Smith", "type": "person", "evidence": EVIDENCE},
        ],
        events=[event(f"clash-{n}", "Clash at the bridge") for n in (1, 2)],
    )
    with serving(Settings(db=path)) as client:
        yield client


SHARED_NAMES = (
    ("/v1/events?actor=Smíth%20", "actor", ["adam-smith", "john-smith"]),
    ("/v1/events?actor=MR%20SMITH", "actor", ["adam-smith", "mr-smith"]),
    ("/v1/events?location=Springfield", "location", ["springfield-1", "springfield-2"]),
    ("/v1/events?source=morning%20report", "source", ["source-1", "source-2"]),
    ("/v1/events?part_of=Clash%20at%20the%20Bridge", "part_of", ["clash-1", "clash-2"]),
    ("/v1/statements?event=clash%20at%20the%20bridge!", "event", ["clash-1", "clash-2"]),
    ("/v1/statements?speaker=Mr.%20Smith", "speaker", ["adam-smith", "mr-smith"]),
    ("/v1/statements?on_behalf_of=mr-Smith", "on_behalf_of", ["adam-smith", "mr-smith"]),
    ("/v1/timeline?location=SPRINGFIELD", "location", ["springfield-1", "springfield-2"]),
    ("/v1/locations?within=springfield", "within", ["springfield-1", "springfield-2"]),
    ("/v1/events/summary?actor=Mr%20Smith", "actor", ["adam-smith", "mr-smith"]),
    ("/v1/bundle?location=Springfield", "location", ["springfield-1", "springfield-2"]),
)


@pytest.mark.parametrize(("target", "parameter", "ids"), SHARED_NAMES)
def test_a_name_of_several_records_is_refused(
    crowded: FlaskClient, target: str, parameter: str, ids: list[str]
) -> None:
    fault = refused(crowded, target, parameter)
    assert "is the name of several records" in fault["detail"]
    assert fault["allowed"] == ids
    path, _, _ = target.partition("?")
    for each in ids:
        assert ask(crowded, f"{path}?{parameter}={each}").status_code == 200


def test_an_id_goes_before_a_name(crowded: FlaskClient) -> None:
    assert ask(crowded, "/v1/events?actor=smith").status_code == 200


OTHER_LISTS = (
    ("/v1/events?limit=1", "/v1/events?limit=1&type=airstrike", "another filter"),
    ("/v1/events?limit=1&type=airstrike,shelling", "/v1/events?limit=1&type=airstrike", "fewer values"),
    ("/v1/events?limit=1&from=2024-11-27", "/v1/events?limit=1&to=2024-11-27", "another parameter, the same value"),
    ("/v1/events?limit=1&near=36.2,37.1", "/v1/events?limit=1&near=36.2,37.1&radius=26", "another radius"),
    ("/v1/events?limit=1", "/v1/events?limit=1&sort=start_date", "the other direction"),
    ("/v1/events?limit=1", "/v1/events?limit=1&sort=-start_date,title", "one more key"),
    ("/v1/events?limit=1", "/v1/statements?limit=1", "another noun"),
    ("/v1/actors?limit=1", "/v1/locations?limit=1", "another noun with the same sort"),
    ("/v1/timeline?limit=1", "/v1/events?limit=1&sort=start_date", "a part of it"),
    ("/v1/events/summary?group_by=type&limit=1", "/v1/events/summary?group_by=month&limit=1", "another group"),
    ("/v1/events/summary?group_by=type&limit=1", "/v1/statements/summary?group_by=type&limit=1", "another summary"),
    ("/v1/events?limit=1", "/v1/events/summary?limit=1", "a summary of it"),
)


@pytest.mark.parametrize(("own", "other"), [pytest.param(own, other, id=why) for own, other, why in OTHER_LISTS])
def test_a_cursor_belongs_to_its_list(client: FlaskClient, own: str, other: str) -> None:
    cursor = ask(client, own).get_json()["links"]["next"].partition("cursor=")[2]
    assert ask(client, f"{own}&cursor={cursor}").status_code == 200
    fault = refused(client, f"{other}&cursor={cursor}", "cursor")
    assert "another list" in fault["detail"]


BAD_CURSORS = (
    "1", "0", "-1", "null", "!!!", "%00", "%F0%9F%99%82", "abc", "W10", "e30", "bnVsbA", "WzFd", "=", "WyI", "../../etc",
    "W3t9XQ", "TmFO", "WyJhIiwwLE5hTl0", "WyJhIiwwLDFlNDAwXQ", "WyJhIiwwLCJcdWQ4MDAiXQ", "WyJhIiwwLHRydWVd", "AAAA",
    "_____w", "gICAgA", LONG, "W" * 2048, "W" * 2049, "WyJh" * 500, "W1tb" * 500, "MTEx" * 500,
)  # fmt: skip
"""Among them JSON that is no list, nested deeper than it is read, lists of too few or the wrong things, and bytes."""


@pytest.mark.parametrize("cursor", BAD_CURSORS)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/timeline.ndjson", "/v1/actors.csv", "/v1/statements/summary"])
def test_a_text_that_is_no_cursor_is_refused(client: FlaskClient, path: str, cursor: str) -> None:
    fault = refused(client, f"{path}?cursor={cursor}", "cursor")
    assert "is not an id" not in fault["detail"]


def test_a_damaged_cursor_is_refused_or_names_another_place(client: FlaskClient) -> None:
    """A cursor is no secret: whoever changes the key in it asks for another page of the same list, and gets it."""
    cursor = ask(client, "/v1/events?limit=1").get_json()["links"]["next"].partition("cursor=")[2]
    for index in range(len(cursor)):
        for other in "A_z9":
            damaged = cursor[:index] + other + cursor[index + 1 :]
            response = ask(client, f"/v1/events?limit=1&cursor={damaged}")
            assert response.status_code in (200, 400), damaged
            if response.status_code == 400:
                assert faults_of(problem_of(response)).keys() == {"cursor"}
        refused(client, f"/v1/events?limit=1&cursor={cursor[: index + 1][:-1] or 'W'}", "cursor")


NOT_FOUND = (
    ("/v1/event", "/v1/events"),
    ("/v1/Events", "/v1/events"),
    ("/v1/events/", "/v1/events"),
    ("/v1//events", "/v1/events"),
    ("/v1/events.xml", ""),
    ("/v1/events.CSV", "/v1/events.csv"),
    ("/v1/events.csv/", "/v1/events.csv"),
    ("/v1/actors.geojson", "/v1/actors"),
    ("/v1/sources.geojson", "/v1/sources"),
    ("/v1/events/summary.geojson", ""),
    ("/v1", ""),
    ("/v1/", ""),
    ("/v2/events", "/v1/events"),
    ("/events", "/v1/events"),
    ("/docs/", "/docs"),
    ("/docs/problem", "/docs/problems"),
    ("/docs/assets/", ""),
    ("/docs/assets/none.css", ""),
    ("/docs/assets/..", ""),
    ("/docs/assets/../templates", ""),
    ("/docs/assets/%2E%2E%2Ftemplates", ""),
    ("/docs/assets/..%5Ctemplates", ""),
    ("/favicon.ico", ""),
    ("/robots.txt", ""),
    ("/.env", ""),
    ("/v1/events/no-such-event", ""),
    ("/v1/events/saraqib-capturd", "saraqib-captured"),
    ("/v1/events/Saraqib-captured", ""),
    ("/v1/actors/hayat-tahrir-al-shamm", "hayat-tahrir-al-sham"),
    ("/v1/actors/HTS", ""),
    ("/v1/locations/alepo", "aleppo"),
    ("/v1/sources/ssbcrack-half-of-alepo", "ssbcrack-half-of-aleppo"),
    ("/v1/statements/sohr-deathtoll", "sohr-death-toll"),
    ("/v1/statements/" + "x" * 3000, ""),
    ("/v1/events/summary/type", ""),
    ("/v1/events/saraqib-captured/", ""),
)


@pytest.mark.parametrize(("target", "meant"), NOT_FOUND)
def test_what_is_not_there_is_a_404(client: FlaskClient, target: str, meant: str) -> None:
    response = ask(client, target)
    assert response.status_code == 404
    problem = problem_of(response)
    check_type(client, problem)
    assert problem["type"].endswith("#not-found")
    assert meant in problem["detail"]
    assert len(problem["detail"]) < 400


EVERY_ROUTE = [pytest.param(route, id=route.operation) for route in ROUTES]


def refused_parameters(client: FlaskClient, route: Route, query: Mapping[str, str]) -> dict[str, Json]:
    """The faults in the 400 that a route answers to a query; each value stands in it as it is."""
    response = ask(client, f"{path_of(route)}?{'&'.join(f'{name}={text}' for name, text in query.items())}")
    assert response.status_code == 400
    return faults_of(problem_of(response))


@pytest.mark.parametrize("route", EVERY_ROUTE)
def test_no_parameter_takes_an_empty_value(client: FlaskClient, route: Route) -> None:
    for empty in ("", "%20", "%09", "+", "%C2%A0", "%E2%80%83"):
        wrong = [each for each in route.parameters if empty or not each.may_be_empty]
        faults = refused_parameters(client, route, {"x": "1"} | {each.name: empty for each in wrong})
        for parameter in wrong:
            assert "is empty" in faults[parameter.name]["detail"]


@pytest.mark.parametrize("route", EVERY_ROUTE)
def test_a_parameter_of_one_value_is_given_once(client: FlaskClient, route: Route) -> None:
    single = [each for each in route.parameters if not each.takes_many]
    twice = {each.name: f"{quote(each.example)}&{each.name}={quote(each.example)}" for each in single}
    faults = refused_parameters(client, route, {"x": "1"} | twice)
    for parameter in single:
        assert "is given 2 times" in faults[parameter.name]["detail"]


@pytest.mark.parametrize("route", EVERY_ROUTE)
def test_a_list_has_no_empty_member(client: FlaskClient, route: Route) -> None:
    many = [each for each in route.parameters if each.takes_many]
    for spelling in ("{0},", ",{0}", "{0},,{0}", "{0}&{1}=", "&{1}={0}"):
        texts = {each.name: spelling.format(quote(each.example), each.name) for each in many}
        faults = refused_parameters(client, route, {"x": "1"} | texts)
        for parameter in many:
            assert "is empty" in faults[parameter.name]["detail"]


WORD_LISTS = {
    (parameter.name, parameter.kind.allowed): (route, parameter.kind)
    for route in ROUTES
    for parameter in route.parameters
    if isinstance(parameter.kind, Word)
}
"""Every list of words, and a route that takes one of them."""


@pytest.mark.parametrize(
    ("name", "route", "kind"),
    [pytest.param(key[0], *found, id=f"{found[0].operation}-{key[0]}") for key, found in WORD_LISTS.items()],
)
def test_every_list_of_words_is_closed(client: FlaskClient, name: str, route: Route, kind: Word) -> None:
    fault = refused(client, f"{path_of(route)}?{name}=%C2%BFqu%C3%A9%3F", name)
    assert fault["allowed"] == list(kind.allowed)
    for word in filter(None, kind.allowed):
        fault = refused(client, f"{path_of(route)}?{name}={word}x", name)
        assert fault["did_you_mean"].lstrip("-") == word.lstrip("-")


@pytest.mark.parametrize("path", EVERY_PATH)
def test_no_route_takes_an_unknown_parameter(client: FlaskClient, path: str) -> None:
    fault = refused(client, f"{path}?colour=red", "colour")
    assert "is not a parameter here" in fault["detail"]
    for other in ("fmt", "callback", "access_token", "_", "utm_source"):
        refused(client, f"{path}?{other}=1", other)


def test_all_pages_and_probes_are_among_the_paths() -> None:
    assert {*PAGES, *HEALTH} < set(EVERY_PATH)
