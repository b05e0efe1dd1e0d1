"""A made-up bundle, large and awkward enough to tell right from nearly right; the same one every time.

Six countries, two of them across the antimeridian and two round the poles; places five levels deep, some without a
point; organisations in a graph four levels deep; longer events in longer events; sources that rewrite each other;
figures of every shape; texts in several scripts. Nothing in it ever happened.
"""

import copy
import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from api.model.event_types import EVENT_TYPE_NAMES
from api.model.taxonomy import (
    ACTOR_TYPES,
    LOCATION_PRECISIONS,
    MEASURES,
    QUALIFIERS,
    QUALITIES,
    ROLES,
    STATEMENT_TYPES,
    STATUSES,
)

Record = dict[str, Any]

DATASETS = ("made-up-desk", "made-up-coded", "made-up-empty")
COUNTRIES: tuple[tuple[str, str, tuple[float, float], tuple[float, float]], ...] = (
    ("FJ", "Fiji", (-21.0, -12.0), (176.0, 184.0)),
    ("RU", "Russia", (62.0, 71.0), (170.0, 191.0)),
    ("US", "United States", (51.0, 55.0), (172.0, 200.0)),
    ("AQ", "Antarctica", (-90.0, -78.0), (-180.0, 180.0)),
    ("GL", "Greenland", (60.0, 83.7), (-73.0, -11.0)),
    ("SY", "Syria", (32.5, 37.3), (35.7, 42.3)),
)
"""Code, name, degrees north from–to, degrees east from–to; an east beyond 180 lies across the antimeridian."""
EDGES = (
    ("date-line-east", "SY", 12.5, 180.0),
    ("date-line-west", "FJ", 12.5, -180.0),
    ("north-pole", None, 90.0, 0.0),
    ("south-pole", "AQ", -90.0, 17.0),
    ("null-island", None, 0.0, 0.0),
    ("almost-date-line", "FJ", -17.0, 179.99999),
    ("just-past-date-line", "FJ", -17.0, -179.99999),
)
"""Places where longitudes wrap, meet or mean nothing: id, country, latitude, longitude."""

SYLLABLES = ("ba", "dor", "el", "fi", "gur", "hal", "im", "jo", "kar", "lun", "mos", "na", "or", "pel", "qua", "riv")
MARKS = ("é", "ā", "ö", "ș", "ñ", "ø", "ł", "ʿ", "’")
WORDS = (
    "air", "aid", "army", "attack", "bridge", "Aleppo’s", "al-Shām", "Hay'at", "İzmir", "straße", "naïve", "Ōsaka",
    "C-130", "5,000", "ﬁre", "Русский", "дорога", "دمشق", "北京", "東京", "हिन्दी", "x²", "½", "o’clock", "co-operation",
    "road", "roads", "roadblock", "river", "rivers", "troops", "talks", "truce", "village", "villages", "winter",
    "north", "northern", "south", "west", "east", "fighters", "clashes", "shells", "aircraft", "convoy", "market",
    "school", "hospital", "bakery", "water", "power", "grid", "mine", "drone", "envoy", "border", "camp", "harbour",
    "ΑΘΗΝΑ", "Αθήνα", "ẞ", "Ǆ", "e\u0301tat", "état", "etat", "snake_case", "a.b", "U.N.", "UN", "№5", "№", "Ⅷ",
)  # fmt: skip
FIRST, LAST = datetime.date(2019, 12, 20), datetime.date(2021, 1, 15)
"""Two turns of the year, the second with an ISO week 53."""


def make(seed: int = 1, events: int = 300, statements: int = 400) -> Record:
    """The bundle, as JSON values."""
    return _Maker(Random(seed)).bundle(events, statements)


def history() -> Iterator[tuple[str, Record]]:
    """The same in three writes, each with its moment: a half, the rest with the half again, and changes of every kind."""
    whole = make()
    events = whole["events"][:150]
    known = {each["id"] for each in events}
    statements = [each for each in whole["statements"] if known.issuperset(each["events"])]
    yield "2025-01-01T00:00:00Z", whole | {"events": events, "statements": statements[:100]}
    yield "2025-06-01T12:00:00Z", whole
    yield "2026-01-01T00:00:00Z", _changed(whole)


def _changed(whole: Record) -> Record:
    """Some records of the bundle with other names, places, members, parts, figures and origins; nothing else."""
    changed = copy.deepcopy(
        {noun: whole[noun][5::20] for noun in ("sources", "locations", "actors", "events", "statements")}
    )
    for source in changed["sources"]:
        source |= {"publisher": "The New Owner", "derived_from": "source-00"}
    for location in changed["locations"]:
        location["name"] += " Nova"
        if location["type"] == "neighbourhood":
            location["parent"] = "syria"
    for number, actor in enumerate(changed["actors"]):
        actor |= {"name": f"Renamed {number}", "relations": [{"actor": "actor-00", "relation": "part_of"}]}
    for event in changed["events"]:
        event |= {"location": "high-seas", "location_precision": "water", "part_of": "event-000", "participants": []}
    for statement in changed["statements"]:
        statement |= {"speaker": "actor-01", "figures": [], "events": ["event-001"], "location": None}
    return {"bundle": whole["bundle"], **changed}


@dataclass
class _Maker:
    random: Random
    sources: list[Record] = field(default_factory=list)
    locations: list[Record] = field(default_factory=list)
    actors: list[Record] = field(default_factory=list)
    events: list[Record] = field(default_factory=list)
    statements: list[Record] = field(default_factory=list)

    def bundle(self, events: int, statements: int) -> Record:
        self._make_sources()
        self._make_locations()
        self._make_actors()
        for number in range(events):
            self._make_event(number)
        self._make_special_events()
        for number in range(statements):
            self._make_statement(number)
        return {
            "bundle": "event-timeline/1",
            "datasets": [
                {"id": each, "title": f"Made up: {each}", "licence": "CC0-1.0", "attribution": "Nobody"}
                for each in DATASETS
            ],
            "sources": self.sources,
            "locations": self.locations,
            "actors": self.actors,
            "events": self.events,
            "statements": self.statements,
        }

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _name(self) -> str:
        name = "".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 3)))
        if self._chance(0.3):
            place = self.random.randint(1, len(name))
            name = name[:place] + self.random.choice(MARKS) + name[place:]
        return name.capitalize()

    def _text(self, least: int, most: int) -> str:
        words = self.random.choices(WORDS, k=self.random.randint(least, most))
        return " ".join(words).capitalize() if self._chance(0.5) else " ".join(words) + "."

    def _evidence(self) -> list[Record]:
        evidence: list[Record] = []
        for source in self.random.sample(self.sources, self.random.choice((1, 1, 1, 2, 2, 3))):
            if self._chance(0.5):
                quote = self._text(2, 5)
                start = self.random.randint(0, 4000)
                evidence.append({"source": source["id"], "quote": quote, "start": start, "end": start + len(quote)})
            else:
                evidence.append({"source": source["id"]})
        return evidence

    def _make_sources(self) -> None:
        for number in range(30):
            source: Record = {"id": f"source-{number:02}", "language": "en"}
            source["type"] = self.random.choice(("article", "wire_report", "report", "dataset", "broadcast", "post"))
            if self._chance(0.8):
                source["title"] = self._text(2, 6)
            if self._chance(0.7):
                source["publisher"] = f"{self._name()} {self.random.choice(('Post', 'Times', 'News'))}"
            if self._chance(0.3):
                source["author"] = f"{self._name()} {self._name()}"
            if self._chance(0.3):
                source["note"] = self._text(2, 8)
            if self._chance(0.7):
                source["published_at"] = self.random.choice(("2020-01-01", "2020-05-03", "2020-05-04", "2020-12-31"))
            if self.sources and self._chance(0.4):
                source["derived_from"] = self.random.choice(self.sources)["id"]
            self.sources.append(source)

    def _make_locations(self) -> None:
        for code, name, *_ in COUNTRIES:
            country = {"id": name.lower().replace(" ", "-"), "name": name, "type": "country", "country": code}
            self._add_location(country)
            for province in range(2):
                self._make_inner(code, country["id"], f"{code.lower()}-{province}", 1)
        for place, country_code, latitude, longitude in EDGES:
            name = place.replace("-", " ").capitalize()
            point = {"latitude": latitude, "longitude": longitude}
            self._add_location({"id": place, "name": name, "type": "site", "country": country_code} | point)
        for number, parent in enumerate(("fj-0", "us-1")):  # one name, two places
            same = {"id": f"newtown-{number}", "name": "Newtown", "type": "town", "parent": parent}
            self._add_location(same | {"country": parent[:2].upper()})
        self._add_location({"id": "high-seas", "name": "High Seas", "aliases": ["Açores swell"], "type": "water"})

    def _make_inner(self, code: str, parent: str, location_id: str, level: int) -> None:
        kind = ("country", "province", "district", "town", "neighbourhood")[level]
        location: Record = {"id": location_id, "name": self._name(), "type": kind, "parent": parent, "country": code}
        if self._chance(0.05):
            del location["country"]
        if self._chance(0.5):
            location["aliases"] = [f"{self._name()} {self._name()}" for _ in range(self.random.randint(1, 2))]
        if level > 2 or self._chance(0.3):
            location |= self._point(code)
        self._add_location(location)
        for number in range((0, 2, 2, self.random.choice((0, 0, 2)), 0)[level]):
            self._make_inner(code, location_id, f"{location_id}-{number}", level + 1)

    def _point(self, code: str) -> Record:
        _, _, (south, north), (west, east) = next(each for each in COUNTRIES if each[0] == code)
        longitude = round(self.random.uniform(west, east), 4)
        longitude = longitude - 360 if longitude > 180 else longitude
        return {"latitude": round(self.random.uniform(south, north), 4), "longitude": round(longitude, 4)}

    def _add_location(self, location: Record) -> None:
        self.locations.append(location | {"evidence": self._evidence()})

    def _make_actors(self) -> None:
        for number in range(60):
            actor: Record = {"id": f"actor-{number:02}", "name": f"{self._name()} {self._name()}"}
            actor["type"] = self.random.choice(ACTOR_TYPES)
            actor["evidence"] = self._evidence()
            if self._chance(0.6):
                actor["country"] = self.random.choice(COUNTRIES)[0]
            if self._chance(0.5):
                actor["aliases"] = ["".join(self.random.choices("ABCDEFGH", k=4)), self._name() + " Brigade"]
            if self._chance(0.3):
                actor["description"] = self._text(3, 8)
            if self.actors:
                actor["relations"] = self._relations()
            self.actors.append(actor)

    def _relations(self) -> list[Record]:
        kinds = ("member_of", "part_of", "led_by", "leads", "backed_by", "allied_with")
        others = self.random.sample(self.actors, min(len(self.actors), self.random.choice((0, 0, 1, 1, 2))))
        return [{"actor": each["id"], "relation": self.random.choice(kinds)} for each in others]

    def _span(self) -> Record:
        start = FIRST + datetime.timedelta(days=self.random.randint(0, (LAST - FIRST).days))
        precision = self.random.choice(("day", "day", "day", "days", "week", "month", "year"))
        days = {"day": 0, "days": self.random.randint(1, 4), "week": 6, "month": 30, "year": 365}[precision]
        end = start + datetime.timedelta(days=days)
        return {"start_date": str(start), "end_date": str(end), "date_precision": precision}

    def _dataset(self) -> Record:
        return {"dataset": self.random.choice(DATASETS[:2])} if self._chance(0.8) else {}

    def _make_event(self, number: int) -> None:
        kind = self.random.choice(EVENT_TYPE_NAMES)
        event: Record = {"id": f"event-{number:03}", "type": kind, "title": self._text(2, 5)} | self._span()
        event["evidence"] = self._evidence()
        event |= self._dataset()
        if self._chance(0.5):
            event["summary"] = self._text(4, 12)
        if self._chance(0.9):
            event["location"] = self.random.choice(self.locations)["id"]
            event["location_precision"] = self.random.choice(LOCATION_PRECISIONS)
        event["participants"] = [
            {"actor": self.random.choice(self.actors)["id"], "role": self.random.choice(ROLES)}
            for _ in range(self.random.choice((0, 1, 2, 3, 4)))
        ]
        if self.events and self._chance(0.35):
            event["part_of"] = self.random.choice(self.events[:40])["id"]
        if self.events and self._chance(0.2):
            event["related"] = [self.random.choice(self.events)["id"]]
        if self._chance(0.15):
            event["status"] = self.random.choice(STATUSES)
        if self._chance(0.2):
            event["coded_fatalities"] = self._coded()
            event["attributes"] = {"relid": f"XLD-{number}", "where_description": "Ḥalab,\n“the old town”"}
            event["quality"] = sorted(QUALITIES)[: number % 3]
            for each in event["participants"]:
                each["deaths"] = number
        self.events.append(event)

    def _coded(self) -> Record:
        low, best, high = sorted(self.random.randint(0, 60) for _ in range(3))
        coded: Record = {"low": low, "best": best, "high": high, "civilians": self.random.choice((None, low))}
        if self._chance(0.2):
            coded["best"] = None
        return coded

    def _make_special_events(self) -> None:
        """Days at the ends of what a calendar has."""
        for start, end in (("0001-01-01", "0001-01-01"), ("0987-03-04", "0987-03-04"), ("9999-12-31", "9999-12-31")):
            event = {"id": f"event-of-{start}", "type": "other", "title": f"Of {start}", "date_precision": "day"}
            self.events.append(event | {"start_date": start, "end_date": end, "evidence": self._evidence()})

    def _make_statement(self, number: int) -> None:
        span = self._span()
        statement: Record = {
            "id": f"statement-{number:03}",
            "kind": self.random.choice(("quote", "paraphrase")),
            "type": self.random.choice(STATEMENT_TYPES),
            "text": self._text(4, 40 if self._chance(0.1) else 10),
            "date": span["start_date"],
            "date_precision": span["date_precision"],
            "evidence": self._evidence(),
        } | self._dataset()
        if span["date_precision"] != "day" or self._chance(0.5):
            statement["end_date"] = span["end_date"]
        if self._chance(0.6):
            statement["speaker"] = self.random.choice(self.actors)["id"]
        if self._chance(0.2):
            statement["on_behalf_of"] = self.random.choice(self.actors)["id"]
        if self._chance(0.3):
            statement["addressees"] = [each["id"] for each in self.random.sample(self.actors, 2)]
        if self._chance(0.3):
            statement["location"] = self.random.choice(self.locations)["id"]
        about = self.random.choice((0, 1, 1, 1, 2, 3))
        pool = self.events[:60] if self._chance(0.6) else self.events  # so that many speak of the same
        statement["events"] = [each["id"] for each in self.random.sample(pool, about)]
        statement["figures"] = self._figures(statement["events"])
        self.statements.append(statement)

    def _figures(self, events: list[str]) -> list[Record]:
        """Each of its events may have a total, or parts that add up to one, or both, of one or two measures."""
        figures: list[Record] = []
        for event in events:
            for measure in self.random.sample(MEASURES, 1) + (["killed"] if self._chance(0.6) else []):
                if any(each["measure"] == measure and each.get("event") == event for each in figures):
                    continue
                populations = self.random.choice(
                    (("total",), ("total", "civilians"), ("civilians", "combatants"), ("children",))
                )
                figures += [self._figure(event, measure, each) for each in populations]
        if len(events) == 1:
            for each in figures:
                if self._chance(0.5):
                    del each["event"]  # it can only be that one
        if not events and self._chance(0.3):
            figures.append(self._figure(None, self.random.choice(MEASURES), "total"))
        return figures

    def _figure(self, event: str | None, measure: str, population: str) -> Record:
        low, best, high = sorted(self.random.randint(0, 90) for _ in range(3))
        shape: tuple[str, ...] = self.random.choice(
            (("best",), ("low", "best", "high"), ("low",), ("high",), ("low", "high"))
        )
        numbers = {"low": low, "best": best, "high": high}
        figure: Record = {"measure": measure, "population": population, "evidence": self._evidence()[:1]}
        figure |= {name: numbers[name] for name in shape}
        if self._chance(0.05):
            figure = {name: value for name, value in figure.items() if name not in numbers} | {"share": 0.5}
        figure["qualifier"] = self.random.choice(QUALIFIERS)
        figure["accepted"] = self._chance(0.15)
        return figure if event is None else figure | {"event": event}
