"""Matching: which records a spelling may mean, how well each fits, and whether there can be doubt.

A score is 0 to 100. 100: the folded name or an alias, the id, or the id that another scheme gave it is the same. Below
that it is the likeness of the best name (`model/likeness.py`), and nothing below 60 is given. Each property that differs
takes 25 off, one that the record does not tell 5, and so does, where types are wished and not needed, another type 25.
Without a name the score is the share of the properties that hold.

A match is certain where exactly one record has the name (or the id) and nothing that was given speaks against it: it is of
a wished type, and all properties hold. Of two that could be meant, none is a match.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.model.reconcilable import Property, Subject, Wanted
from api.model.reconciliation import Given, Query
from api.model.text import fold, from_json
from api.model.ways import IN_LIST, as_list
from api.store.names_index import Known
from api.store.naming import LAST, named
from api.store.past import successor
from api.store.readers import Reader

SAME = 100.0
LEAST = 60.0
"""A likeness below this says nothing."""
DIFFERS, UNTOLD = 25.0, 5.0
"""What a property, or a type, takes off a score."""
MOST_NAMESAKES = 200
"""Records of one name that are looked at; where there are more, properties do not decide."""
MOST_FITTING = 100
"""Records looked at that are not of that name."""
Document = Mapping[str, Any]
Compared = tuple[Property, Wanted]
"""A property that was given, and its values as they are compared."""


@dataclass(frozen=True)
class Candidate:
    """A record that may be meant, as it is read, and why."""

    document: Document
    score: float
    is_match: bool
    likeness: float | None
    """Of its best name, 0 to 100; None where no name was given."""
    is_wished_type: bool | None
    holds: Mapping[str, bool | None]
    """For each property that was given: does it hold? None where the record does not tell."""


@dataclass
class Matcher:
    """Matches the queries of one request. Records are read once, and together."""

    reader: Reader
    subject: Subject
    known: Known
    _documents: dict[int, Document] = field(default_factory=dict)
    _by_scheme: dict[tuple[str, str], list[int]] | None = None

    def candidates(self, query: Query) -> list[Candidate]:
        """The best first, at most as many as were asked for."""
        self.reader.check()
        names, certain = self._named(query)
        given = [(each.property, Wanted(self._texts(each))) for each in query.properties]
        found = names | dict.fromkeys(certain, SAME)
        looked_at = self._looked_at(query, given, found, certain)
        self._read(looked_at)
        every = [self._weighed(query, given, seq, found.get(seq), seq in certain) for seq in looked_at]
        fits = [each for each, seq in zip(every, looked_at, strict=True) if seq in certain and _fits(each)]
        if len(fits) == 1 and len(certain) <= MOST_NAMESAKES and None not in fits[0].holds.values():
            every = [_matched(each) if each is fits[0] else each for each in every]
        every.sort(key=lambda each: (-each.score, -each.document["events"], each.document["id"]))
        return every[: query.limit]

    def _named(self, query: Query) -> tuple[dict[int, float], set[int]]:
        """Likenesses by record, and the records that have the very name or id."""
        seqs = self.known.of_types(query.types if query.is_type_needed else ())
        likenesses: dict[int, float] = {}
        certain = {seq for each in query.properties if each.property.is_identifier for seq in self._identified(each)}
        if query.text is not None:
            folded = fold(query.text)
            certain |= {*self.known.index.exact.get(folded, ()), *self._with_id(query.text.strip())}
            likenesses = {seq: each for seq, each in self.known.index.alike(folded, seqs).items() if each >= LEAST}
        return likenesses, {seq for seq in certain if seq in seqs}

    def _looked_at(
        self, query: Query, given: Sequence[Compared], found: Mapping[int, float], certain: set[int]
    ) -> list[int]:
        """The records to weigh: without properties no more than are asked for, for then the score is told by the name."""
        if query.text is None and not certain:
            return self._of_properties(query, given)
        most = MOST_FITTING if query.properties or not query.is_type_needed else query.limit
        ordered = sorted(found, key=lambda seq: (seq not in certain, -found[seq], -self.known.events[seq], seq))
        return ordered[: min(len(certain), MOST_NAMESAKES) + most]

    def _of_properties(self, query: Query, given: Sequence[Compared]) -> list[int]:
        """The records of the country and type that were given, those with most events first."""
        if any(each.is_identifier for each, _ in given):
            return []
        seqs: Iterable[int] = self.known.of_types(query.types if query.is_type_needed else ())
        for each, wanted in given:
            if each.id == "country":
                seqs = [seq for seq in seqs if self.known.countries[seq] in wanted.countries]
            elif each.id == "type":
                seqs = [seq for seq in seqs if fold(self.known.types[seq]) in wanted.folded]
        return sorted(seqs, key=lambda seq: (-self.known.events[seq], seq))[:MOST_NAMESAKES]

    def _weighed(
        self, query: Query, given: Sequence[Compared], seq: int, likeness: float | None, is_certain: bool
    ) -> Candidate:
        document = self._documents[seq]
        holds = {each.id: each.holds(document, wanted) for each, wanted in given}
        is_wished = document["type"] in query.types if query.types else None
        if query.text is None and not is_certain:
            score = SAME * sum(each is True for each in holds.values()) / len(holds)
        else:
            off = [DIFFERS if each is False else UNTOLD for each in holds.values() if each is not True]
            score = (SAME if is_certain else likeness or 0.0) - sum(off)
        if is_wished is False:
            score -= DIFFERS
        told = None if query.text is None else likeness
        return Candidate(document, max(round(score, 1), 0.0), False, told, is_wished, holds)

    def _texts(self, given: Given) -> tuple[str, ...]:
        """The texts of a property; for one whose values are records, with the ids of those that have such a name."""
        if given.property.cell != "id":
            return given.texts
        return (
            *given.texts,
            *(each for text in given.texts for each in named(self.reader, self.subject.noun.name, text)),
        )

    def _with_id(self, record_id: str) -> list[int]:
        """The record that has this id, or was merged with one that had it."""
        name = self.subject.noun.name
        found = self.reader.rows(f"SELECT seq FROM {name} WHERE id = ?", (record_id,))
        if not found and (target := successor(self.reader.rows, name, record_id)) is not None:
            found = self.reader.rows(f"SELECT seq FROM {name} WHERE id = ?", (target,))
        return [row[0] for row in found]

    def _identified(self, given: Given) -> list[int]:
        """The records that have one of these ids of another scheme; all such ids are read at the first question."""
        if self._by_scheme is None:
            self._by_scheme = {}
            rows = self.reader.rows(
                f"SELECT seq, key, value FROM {self.subject.noun.name}_doc, json_each(doc, '$.external_ids')"
            )
            for seq, scheme, value in rows:
                self._by_scheme.setdefault((scheme, value), []).append(seq)
        return [seq for text in given.texts for seq in self._by_scheme.get((given.property.id, text.strip()), ())]

    def _read(self, seqs: Iterable[int]) -> None:
        missing = [seq for seq in seqs if seq not in self._documents]
        table = f"{self.subject.noun.name}_doc"
        rows = self.reader.rows(f"SELECT seq, doc FROM {table} WHERE seq {IN_LIST}", (as_list(missing),))
        self._documents.update((seq, from_json(doc)) for seq, doc in rows)


def suggested(reader: Reader, collection: str, known: Known, prefix: str, skipped: int, most: int) -> list[Document]:
    """Records for what was typed: those called just so, then beginning so, those with most events first, then sounding alike."""
    folded = fold(prefix)
    ids = reader.rows(f"SELECT seq FROM {collection} WHERE id >= ? AND id < ?", (prefix, prefix + LAST))
    begun = {*(row[0] for row in ids), *known.index.beginning(folded)}  # with nothing typed, all
    same = set(known.index.exact.get(folded, ()))
    order = sorted(begun, key=lambda seq: (seq not in same, -known.events[seq], seq))
    if len(order) < skipped + most:
        alike = {seq: each for seq, each in known.index.alike(folded, known.types).items() if each >= LEAST}
        order += sorted(alike.keys() - begun, key=lambda seq: (-alike[seq], -known.events[seq], seq))
    chosen = order[skipped : skipped + most]
    rows = reader.rows(f"SELECT seq, doc FROM {collection}_doc WHERE seq {IN_LIST}", (as_list(chosen),))
    found = {seq: from_json(doc) for seq, doc in rows}
    return [found[seq] for seq in chosen]


def _fits(candidate: Candidate) -> bool:
    """Does nothing that was given speak against it?"""
    return candidate.is_wished_type is not False and False not in candidate.holds.values()


def _matched(candidate: Candidate) -> Candidate:
    return Candidate(**{**vars(candidate), "is_match": True})
