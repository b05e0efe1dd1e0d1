"""A made-up world as a UCDP GED file: the dataset's 49 columns, as many rows as wanted, always the same for one number.

Its skew is that of such data: a few countries have most events, actors and places have long tails, wars cluster in time,
most events last a day and a few for months, most cost few lives and a few cost thousands. Places and actors grow with the
square root of the rows. Nothing in it is about real people: names and headlines are made of syllables and a word list.
"""

import csv
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

from benchmarks.countries import COUNTRIES

COLUMNS = (
    "id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id conflict_name dyad_dset_id"
    " dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a side_b_dset_id side_b_new_id side_b number_of_sources"
    " source_article source_office source_date source_headline source_original where_prec where_coordinates"
    " where_description adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id region event_clarity"
    " date_prec date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob"
)
FIRST_DAY, DAYS = date(1989, 1, 1), 35 * 365
CIVILIANS = (1, "Civilians")
WORDS = (
    "army rebels troops clashes village killed police attack forces town gunmen bombing fighters shelling district city"
    " soldiers dead militia civilians raid convoy border ambush officials says report fighting bomb night market camp road"
    " bridge checkpoint airport school river hills talks ceasefire offensive retreat siege patrol mine rocket drone"
)
SYLLABLES = "ka ri mo ta len dar su bel gha nor shi wa qui zem tol ba ren fay dus hal jo mir pek ul van yor ces dim"
OFFICES = (
    "Agence One",
    "Harbour News",
    "The Courier",
    "Radio Valley",
    "Northern Observatory",
    "Daily Ledger",
    "Field Monitor",
)


@dataclass(frozen=True)
class Skewed:
    """Things of which the first is drawn most often, and each further one more rarely (Zipf's law)."""

    items: Sequence[tuple[object, ...]]
    weights: list[float]

    @classmethod
    def of(cls, items: Sequence[tuple[object, ...]], exponent: float) -> "Skewed":
        return cls(items, list(accumulate(rank**-exponent for rank in range(1, len(items) + 1))))

    def draw(self, chance: random.Random) -> tuple[object, ...]:
        return chance.choices(self.items, cum_weights=self.weights)[0]


@dataclass(frozen=True)
class Land:
    """One country: what there is in it."""

    name: str
    number: int
    region: str
    places: Skewed  # name, adm_2, adm_1, latitude, longitude, precision
    groups: Skewed  # number, name
    wars: tuple[tuple[int, int], ...]  # middle, and days round it


def name_of(number: int) -> str:
    """A name for a number, another for each: its digits to the base of the syllables, at least two."""
    parts, syllables = [], SYLLABLES.split()
    number += len(syllables)
    while number:
        number, digit = divmod(number, len(syllables))
        parts.append(syllables[digit])
    return "".join(reversed(parts)).capitalize()


def _lands(rows: int, chance: random.Random) -> list[Land]:
    shares = [rank**-0.9 for rank in range(1, len(COUNTRIES) + 1)]
    lands: list[Land] = []
    named = 0
    for (name, number, region, latitude, longitude), share in zip(COUNTRIES, shares, strict=True):
        part = share / sum(shares) * math.sqrt(rows)
        place_count, group_count = 4 + round(30 * part), 2 + round(4 * part)
        places = []
        for place in range(place_count):
            district = place % (1 + place_count // 8)
            province = district % (1 + place_count // 60)
            adm_2, adm_1 = f"{name_of(named + district)} district", f"{name_of(named + province)} province"
            north, east = latitude + chance.gauss(0, 1.2), (longitude + chance.gauss(0, 1.2) + 540) % 360 - 180
            precision = chance.choices((1, 2, 3, 4, 5, 6), (55, 30, 8, 5, 1, 1))[0]
            shown = (f"{name_of(named + place)} town", f"{name_of(named + place)} area", adm_2, adm_1)[
                min(precision, 4) - 1
            ]
            if precision == 6:
                shown, adm_1 = name, ""
            places.append((shown, adm_2 if precision < 4 else "", adm_1, round(north, 6), round(east, 6), precision))
        groups = [(10_000 + named + each, f"{name_of(named + each)} Front") for each in range(group_count)]
        wars = tuple((chance.randrange(DAYS), chance.randrange(100, 900)) for _ in range(4))
        lands.append(Land(name, number, region, Skewed.of(places, 0.8), Skewed.of(groups, 1.0), wars))
        named += max(place_count, group_count)
    return lands


def _days(land: Land, chance: random.Random) -> tuple[date, date, int]:
    """First day, last day and how closely they are known: four of five days are those of a war."""
    day = chance.randrange(DAYS)
    if chance.random() < 0.8:
        middle, width = land.wars[int(chance.random() ** 2 * len(land.wars))]
        day = min(max(int(chance.gauss(middle, width)), 0), DAYS - 1)
    known, length = 1, 0
    if (luck := chance.random()) < 0.07:
        known, length = next(
            each for bound, *each in ((0.045, 2, 3), (0.055, 3, 6), (0.067, 4, 28), (1, 5, 250)) if luck < bound
        )
    first = FIRST_DAY + timedelta(day)
    return first, first + timedelta(length), known


def _sides(land: Land, chance: random.Random) -> tuple[int, tuple[object, ...], tuple[object, ...]]:
    """Type of violence: a state against a group, two groups, or somebody against civilians."""
    group = land.groups.draw(chance)
    state = (land.number, f"Government of {land.name}")
    luck = chance.random()
    if luck < 0.68:
        return 1, state, group
    if luck < 0.82:
        other = land.groups.draw(chance)
        return (2, group, other) if other != group else (1, state, group)
    return 3, state if luck < 0.87 else group, CIVILIANS


@dataclass
class Press:
    """Who reports, in what words; one report in five is used for another event too."""

    vocabulary: Skewed
    speakers: Skewed
    recent: list[tuple[str, str, str]]

    def articles(self, day: str, chance: random.Random) -> list[tuple[str, str, str]]:
        found = []
        for _ in range(chance.choices((1, 2, 3), (75, 18, 7))[0]):
            if self.recent and chance.random() < 0.2:
                found.append(chance.choice(self.recent))
                continue
            drawn = chance.choices(
                self.vocabulary.items, cum_weights=self.vocabulary.weights, k=chance.randrange(5, 11)
            )
            headline = " ".join(str(word) for (word,) in drawn).capitalize()
            found.append((chance.choice(OFFICES), day, headline))
            self.recent = [*self.recent[-20:], found[-1]]
        return found


def rows(count: int) -> Iterator[list[object]]:
    """The rows, made as they are read."""
    chance = random.Random(count)
    lands = _lands(count, chance)
    shares = list(accumulate(rank**-0.9 for rank in range(1, len(lands) + 1)))
    words = [
        (word,) for word in (*WORDS.split(), *(name_of(n).lower() for n in range(1000 + round(20 * math.sqrt(count)))))
    ]
    speakers = [
        (f"{name_of(n)} {('police', 'hospital', 'army', 'witness')[n % 4]}",)
        for n in range(20 + round(math.sqrt(count)))
    ]
    press = Press(Skewed.of(words, 1.0), Skewed.of(speakers, 1.0), [])
    for number, land in enumerate(chance.choices(lands, cum_weights=shares, k=count), 1):
        yield _row(number, land, press, chance)


def _row(number: int, land: Land, press: Press, chance: random.Random) -> list[object]:
    first, last, known = _days(land, chance)
    violence, a, b = _sides(land, chance)
    place, adm_2, adm_1, latitude, longitude, precision = land.places.draw(chance)
    articles = press.articles(first.isoformat(), chance)
    best = 0 if chance.random() < 0.12 else min(int(chance.paretovariate(1.1)), 5000)
    low, high = (
        (best, best) if chance.random() < 0.7 else (int(best * chance.random()), int(best * (1 + chance.random())))
    )
    dead_a = int(best * chance.random() * 0.4)
    dead_b = int((best - dead_a) * chance.random()) if violence < 3 else 0
    conflict = f"{land.name}: Government" if violence == 1 else f"{a[1]} - {b[1]}"
    dyad, pair = f"{a[1]} - {b[1]}", int(str(b[0] if violence == 1 else a[0])) * 3 + violence
    cell = (int((90 + float(str(latitude))) * 2)) * 720 + int((180 + float(str(longitude))) * 2) + 1
    speaker = press.speakers.draw(chance)[0] if chance.random() < 0.85 else ""
    return [
        number, f"{land.name[:3].upper()}-{first.year}-{violence}-{pair}-{number}", first.year, 1, "Clear", violence,
        pair, pair, conflict, pair, pair, dyad, a[0], a[0], a[1], b[0], b[0], b[1], len(articles),
        ";".join(f'"{office},{day},{headline}"' for office, day, headline in articles),
        ";".join(each[0] for each in articles), ";".join(each[1] for each in articles), ";".join(each[2] for each in articles),
        speaker, precision, place, f"{place}, {adm_2 or adm_1}", adm_1, adm_2, latitude, longitude,
        f"POINT ({longitude} {latitude})", cell, land.name, land.number, land.region, 1 if known < 3 else 2, known,
        first, last, dead_a, dead_b, best - dead_a - dead_b if violence == 3 else 0,
        0 if violence == 3 else best - dead_a - dead_b, best, high, low, land.number if violence == 1 else "", "",
    ]  # fmt: skip


def write(path: Path, count: int) -> None:
    """Write the file, whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.split())
        writer.writerows(rows(count))
    part.rename(path)
