"""The articles that a GED row names, as sources, and the dataset itself as one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from api.importers.ucdp_names import REMEMBERED, digest, shortened, tidy
from api.model.fields import calendar_day

Record = dict[str, Any]

DATASET: Mapping[str, str] = {
    "id": "ucdp-ged",
    "title": "UCDP Georeferenced Event Dataset",
    "licence": "CC-BY-4.0",
    "attribution": "Sundberg, Ralph and Erik Melander (2013): Introducing the UCDP Georeferenced Event Dataset, "
    "Journal of Peace Research 50(4). Uppsala Conflict Data Program, Uppsala University.",
    "url": "https://ucdp.uu.se/",
}
MOST_ARTICLES = 200
"""Of one event, as many as its evidence may have."""
_BETWEEN = re.compile(r'";"(?=[^"]*?,[0-9]{4}-[0-9]{2}-[0-9]{2},)')
_ARTICLE = re.compile(r"(.*?),([0-9]{4}-[0-9]{2}-[0-9]{2}),(.*)", re.DOTALL)


_BLANK: Record = {"id": "", "external_ids": {}, "type": "article"} | dict.fromkeys(
    (
        "title", "publisher", "url", "author", "language", "published_at", "reference_date", "reference_date_basis",
        "sha256", "length", "derived_from", "licence", "note",
    )
)  # fmt: skip

OWN: Record = _BLANK | {
    "id": DATASET["id"],
    "type": "dataset",
    "title": DATASET["title"],
    "publisher": "Uppsala Conflict Data Program",
    "url": DATASET["url"],
    "licence": DATASET["licence"],
}
"""What events without an article, actors and locations cite: the dataset's own coding."""


def _evidence(source_id: str) -> Record:
    return {"source": source_id, "quote": None, "start": None, "end": None}


OWN_EVIDENCE = [_evidence(OWN["id"])]


@dataclass(frozen=True)
class Articles:
    """The articles of a row, the evidence that cites them, the newest day, and what they hold of the row's cells."""

    sources: tuple[Record, ...]
    evidence: list[Record]
    newest: str | None
    held: Mapping[str, str]


NONE = Articles((), OWN_EVIDENCE, None, {})


@lru_cache(REMEMBERED // 16)
def articles(cell: str) -> Articles:
    """What `source_article` names: `"office,date,headline"` between semicolons, or else one source of that title."""
    if not cell.strip():
        return NONE
    split = _split(cell)
    named = dict.fromkeys(split or [("", "", cell.strip())])
    sources = tuple(_article(*each) for each in list(named)[:MOST_ARTICLES])
    days = [each["published_at"] for each in sources if each["published_at"]]
    held = _held(sources) if split else {"source_article": _whole_title(sources[0])}
    return Articles(sources, [_evidence(each["id"]) for each in sources], max(days, default=None), held)


def _split(cell: str) -> list[tuple[str, str, str]] | None:
    """Office, date and headline of each article; None where the cell has another form.

    >>> _split('"Wire,2016-03-05,One; two";"Paper, The,2016-03-06,Three"')
    [('Wire', '2016-03-05', 'One; two'), ('Paper, The', '2016-03-06', 'Three')]
    """
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return None
    found = [_ARTICLE.fullmatch(each) for each in _BETWEEN.split(cell[1:-1])]
    parts = [(each[1].strip(), each[2], each[3].strip()) for each in found if each]
    return parts if len(parts) == len(found) else None


@lru_cache(REMEMBERED)
def _article(office: str, date: str, headline: str) -> Record:
    """An article as a source; the same one in every row that names it."""
    title = shortened(headline, 500)
    return _BLANK | {
        "id": f"{DATASET['id']}-{digest(12, office, date, headline)}",
        "title": title or None,
        "publisher": tidy(office, 200) or None,
        "published_at": date if calendar_day(date) else None,
        "note": headline if title != headline and len(headline) <= 2000 else None,
    }


def _whole_title(source: Record) -> str:
    return source["note"] or source["title"] or ""


def _held(sources: tuple[Record, ...]) -> dict[str, str]:
    """The four cells as they would be if these sources were all that the row says of its articles."""
    offices = [each["publisher"] or "" for each in sources]
    dates = [each["published_at"] or "" for each in sources]
    titles = [_whole_title(each) for each in sources]
    each_article = [f'"{office},{date},{title}"' for office, date, title in zip(offices, dates, titles, strict=True)]
    return {
        "source_article": ";".join(each_article),
        "source_office": ";".join(offices),
        "source_date": ";".join(dates),
        "source_headline": ";".join(titles),
    }
