"""Checking evidence: does every quote stand at its offsets in the article, and is the article the one that was read?

Texts are found by their SHA-256. Where no file has a source's digest, the file in which most of its quotes occur is
taken for it, and what differs is said.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.model.nouns import NOUNS
from api.model.text import shown
from api.store.links import parse
from api.store.readers import Reader

Record = Mapping[str, Any]


@dataclass
class VerifyReport:
    """What was found, in lines for people, and how many differences there are."""

    lines: list[str] = field(default_factory=list)
    differences: int = 0

    def differs(self, line: str) -> None:
        self.differences += 1
        self.lines.append(f"DIFFERS  {line}")


@dataclass(frozen=True)
class _Text:
    path: Path
    sha256: str
    text: str


@dataclass(frozen=True)
class _Quote:
    place: str
    quote: str
    start: int
    end: int


def verify_articles(reader: Reader, folder: Path) -> VerifyReport:
    """Compare all evidence of the store with the texts of a folder."""
    report = VerifyReport()
    texts = [_read(path) for path in sorted(folder.iterdir()) if path.is_file()]
    with reader.snapshot():
        quotes = _quotes(reader)
        sources = [parse(row[0]) for row in reader.rows(_RECORDS.format("sources"))]
    for source in sources:
        _verify_source(report, source, quotes.get(source["id"], []), texts)
    return report


_RECORDS = "SELECT record FROM {0} JOIN changes ON changes.seq = {0}.change ORDER BY {0}.seq"


def _read(path: Path) -> _Text:
    data = path.read_bytes()
    return _Text(path, hashlib.sha256(data).hexdigest(), data.decode("utf-8", "replace"))


def _quotes(reader: Reader) -> dict[str, list[_Quote]]:
    found: dict[str, list[_Quote]] = {}
    for noun in NOUNS:
        for (record,) in reader.rows(_RECORDS.format(noun.name)):
            parsed = parse(record)
            for place, evidence in _evidence(parsed, f"{noun.name}/{parsed['id']}"):
                if evidence["quote"] is not None:
                    quote = _Quote(place, evidence["quote"], evidence["start"], evidence["end"])
                    found.setdefault(evidence["source"], []).append(quote)
    return found


def _evidence(value: Any, place: str) -> Iterator[tuple[str, Record]]:
    """Every piece of evidence in a record, at whatever depth, with where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "evidence":
                yield from ((f"{place}/evidence/{index}", each) for index, each in enumerate(inner))
            else:
                yield from _evidence(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _evidence(inner, f"{place}/{index}")


def _verify_source(report: VerifyReport, source: Record, quotes: list[_Quote], texts: list[_Text]) -> None:
    name = source["id"]
    if source["sha256"] is None:
        report.lines.append(f"no text  {name}: the source names no digest, so there is nothing to compare")
        if quotes:
            report.differs(f"{name}: it is quoted {len(quotes)} times without a text to compare with")
        return
    text = next((each for each in texts if each.sha256 == source["sha256"]), None)
    if text is None:
        text = max(texts, key=lambda each: sum(quote.quote in each.text for quote in quotes), default=None)
        if text is None or not any(quote.quote in text.text for quote in quotes):
            report.differs(f"{name}: no file has its digest {source['sha256'][:12]}… or any of its quotes")
            return
        report.differs(f"{name}: digest of {text.path.name} is {text.sha256[:12]}…, not {source['sha256'][:12]}…")
    if source["length"] not in (None, len(text.text)):
        report.differs(f"{name}: {text.path.name} has {len(text.text)} characters, not {source['length']}")
    wrong = [each for each in quotes if text.text[each.start : each.end] != each.quote]
    for each in wrong:
        there = shown(text.text[each.start : each.end])
        found = text.text.find(each.quote)
        hint = f"; the quote stands at {found}" if found >= 0 else "; the quote does not occur"
        report.differs(
            f"{each.place}: {each.start}–{each.end} of {text.path.name} is {there}, not {shown(each.quote)}{hint}"
        )
    right = len(quotes) - len(wrong)
    report.lines.append(f"checked  {name}: {right} of {len(quotes)} quotes stand at their offsets in {text.path.name}")
