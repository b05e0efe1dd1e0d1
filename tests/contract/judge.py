"""The judge of all writes: what each request must be answered, and what is stored afterwards.

It knows the rules of the documentation and nothing of the store: records are plain values, their order is that in which
they came, the history is a list. Every method either raises `Refused` and changes nothing, or does what was asked.
"""

import copy
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Docs = Mapping[str, Sequence[Json]]
Id = tuple[str, str]

NOUNS = ("sources", "locations", "actors", "events", "statements")
NAMED = ("locations", "actors")
PARENTS = {"sources": "derived_from", "locations": "parent", "events": "part_of"}
MEMBERSHIP = ("member_of", "part_of")
FORMAT = "event-timeline/1"

MUST = object()
"""In place of a default: the member has to be given."""
EVIDENCE: Json = {"source": MUST, "quote": None, "start": None, "end": None}
RELATION: Json = {"actor": MUST, "relation": MUST, "evidence": []}
FIGURE: Json = {
    "measure": MUST, "population": "total", "low": None, "best": None, "high": None, "share": None, "qualifier": None,
    "accepted": False, "event": None, "evidence": MUST,
}  # fmt: skip
PARTICIPANT: Json = {"actor": MUST, "role": MUST, "deaths": None}
INNER = {"evidence": EVIDENCE, "relations": RELATION, "figures": FIGURE, "participants": PARTICIPANT}
MEMBERS: dict[str, Json] = {
    "sources": {
        "id": MUST, "external_ids": {}, "type": "article", "title": None, "publisher": None, "url": None, "author": None,
        "language": None, "published_at": None, "reference_date": None, "reference_date_basis": None, "sha256": None,
        "length": None, "derived_from": None, "licence": None, "note": None,
    },
    "locations": {
        "id": MUST, "external_ids": {}, "name": MUST, "aliases": [], "type": MUST, "parent": None, "country": None,
        "latitude": None, "longitude": None, "description": None, "evidence": MUST,
    },
    "actors": {
        "id": MUST, "external_ids": {}, "name": MUST, "aliases": [], "type": MUST, "country": None, "description": None,
        "relations": [], "evidence": MUST,
    },
    "events": {
        "id": MUST, "external_ids": {}, "type": MUST, "title": MUST, "summary": None, "start_date": MUST,
        "end_date": MUST, "date_precision": MUST, "location": None, "location_precision": None, "participants": [],
        "part_of": None, "related": [], "status": None, "dataset": None, "coded_fatalities": None,
        "attributes": {}, "quality": [], "evidence": MUST,
    },
    "statements": {
        "id": MUST, "external_ids": {}, "speaker": None, "on_behalf_of": None, "kind": MUST, "type": MUST, "text": MUST,
        "date": MUST, "end_date": None, "date_precision": MUST, "date_basis": None, "location": None, "addressees": [],
        "events": [], "figures": [], "note": None, "dataset": None, "evidence": MUST,
    },
}  # fmt: skip
CITED = {"evidence/*/source": "sources"}
REFERENCES: dict[str, dict[str, str]] = {
    "sources": {"derived_from": "sources"},
    "locations": {"parent": "locations", **CITED},
    "actors": {"relations/*/actor": "actors", "relations/*/evidence/*/source": "sources", **CITED},
    "events": {
        "location": "locations", "participants/*/actor": "actors", "part_of": "events", "related/*": "events", **CITED,
    },
    "statements": {
        "speaker": "actors", "on_behalf_of": "actors", "location": "locations", "addressees/*": "actors",
        "events/*": "events", "figures/*/event": "events", "figures/*/evidence/*/source": "sources", **CITED,
    },
}  # fmt: skip
GATHERED = ("aliases", "relations", "related", "participants", "evidence")
"""What a record that stands for two has of both."""


class Refused(Exception):
    """What a request must be refused with."""

    def __init__(self, status: int, kind: str) -> None:
        super().__init__(f"{status} {kind}")
        self.status, self.kind = status, kind


INVALID = (422, "invalid-record")
CONFLICT = (409, "conflict")


@dataclass(frozen=True)
class Knows:
    """What the sender of a request says that it knows: the header's words, and what they mean."""

    headers: Mapping[str, str] = field(default_factory=dict)
    versions: frozenset[int] | None = None
    any_version: bool = False
    only_new: bool = False
    contradicts: bool = False

    def allow(self, stored: int | None, overwrites: bool = True) -> None:
        """May what is stored in this version be written?"""
        if self.only_new:
            if stored is not None:
                raise Refused(412, "precondition-failed")
        elif self.any_version or self.versions is not None:
            if stored is None or not (self.any_version or stored in (self.versions or ())):
                raise Refused(412, "precondition-failed")
        elif overwrites and stored is not None:
            raise Refused(428, "precondition-required")


@dataclass(frozen=True)
class Who:
    """Who asks, and why."""

    name: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Entry:
    """One change. `stamp` is the same for no two changes ever made, also where a restored history has a number again."""

    seq: int
    stamp: int
    collection: str
    id: str
    version: int
    change: str
    who: Who
    merged_into: str | None
    record: Json | None

    def told(self) -> Json:
        """As the feed tells it, but for the time."""
        return {
            "seq": self.seq, "collection": self.collection, "id": self.id, "version": self.version,
            "change": self.change, "by": self.who.name, "reason": self.who.reason, "merged_into": self.merged_into,
            "record": self.record,
        }  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """How a bundle meets what is stored."""

    on_conflict: str = "fail"
    based_on: int | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Result:
    """What a request must be answered: a status, and where one record is given its id and version."""

    status: int
    id: str = ""
    version: int = 0
    report: Json | None = None


@dataclass
class Report:
    """What becomes of the records of a bundle."""

    outcomes: dict[Id, tuple[str, int]] = field(default_factory=dict)
    is_conflict: bool = False

    def note(self, key: Id, outcome: str, version: int) -> bool:
        """Keep the outcome; is the record to be written?"""
        self.outcomes[key] = outcome, version
        return outcome in ("created", "updated")


def fold(text: str) -> str:
    """A name without case, accents and apostrophes."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", ""))
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()


def names(record: Json) -> set[str]:
    return {fold(each) for each in (record["name"], *record["aliases"])}


def slots(noun: str, record: Json) -> Iterator[tuple[Any, Any, str, str]]:
    """Each reference of a record: what holds it, under which key, to which collection, and its JSON pointer."""
    for path, to in REFERENCES[noun].items():
        for holder, key, pointer in _walk(record, path.split("/"), ""):
            if holder[key] is not None:
                yield holder, key, to, pointer


def _walk(value: Any, path: Sequence[str], at: str) -> Iterator[tuple[Any, Any, str]]:
    first, *rest = path
    for key in range(len(value)) if first == "*" else (first,):
        if rest:
            yield from _walk(value[key], rest, f"{at}/{key}")
        else:
            yield value, key, f"{at}/{key}"


def filled(document: Json, members: Json) -> Json:
    """The document with a default for what was left out; `Refused` where that cannot be, or a member is unknown."""
    if not document.keys() <= members.keys():
        raise Refused(*INVALID)
    record = {}
    for name, default in members.items():
        value: Any = document.get(name, default)
        if value is MUST:
            raise Refused(*INVALID)
        inner = INNER.get(name)
        record[name] = [filled(each, inner) for each in value] if inner else copy.deepcopy(value)
    return record


def sensible(noun: str, record: Json) -> bool:
    """Is what the members say possible together?"""
    own = record["id"]
    lists = {"relations": [each["actor"] for each in record.get("relations", ())], "related": record.get("related", ())}
    if own in (record.get(PARENTS.get(noun, "")), *lists["relations"], *lists["related"]):
        return False
    if not all(each["evidence"] for each in (record, *record.get("figures", ())) if "evidence" in each):
        return False
    if noun == "events" and (record["location"] is None) != (record["location_precision"] is None):
        return False
    if noun == "events" and (record["start_date"], "day") != (record["end_date"], record["date_precision"]):
        return False  # all days here are whole ones
    about = record.get("events", ())
    return all(
        len(about) < 2 if each["event"] is None else each["event"] in about for each in record.get("figures", ())
    )


def loaded(noun: str, document: Json) -> Json:
    """A document as it would be stored, references left as they were given."""
    record = filled(document, MEMBERS[noun])
    if not sensible(noun, record):
        raise Refused(*INVALID)
    return record


def merge_patch(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    base = target if isinstance(target, dict) else {}
    kept = {name: value for name, value in base.items() if name not in patch}
    return kept | {name: merge_patch(base.get(name), each) for name, each in patch.items() if each is not None}


def above(noun: str, record: Json) -> list[str]:
    """What a record lies in, one step up."""
    if noun == "actors":
        return [each["actor"] for each in record["relations"] if each["relation"] in MEMBERSHIP]
    parent = record.get(PARENTS.get(noun, ""))
    return [parent] if parent else []


def insides(noun: str, records: Mapping[str, Json]) -> set[tuple[str, str]]:
    """Every pair of an outer and an inner record, over any number of steps."""
    steps = {record_id: above(noun, record) for record_id, record in records.items()}
    found = set()
    for record_id in steps:
        following = list(steps[record_id])
        while following:
            outer = following.pop()
            if (outer, record_id) not in found:
                found.add((outer, record_id))
                following += steps.get(outer, [])
    return found


def quotes(value: Any, source: str) -> bool:
    """Does a phrase of the source stand in this value?"""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = isinstance(value, dict) and value.get("source") == source and value["quote"] is not None
    return own or any(quotes(each, source) for each in inner)


def without_repeats(value: Any) -> Any:
    if isinstance(value, list):
        return list({json.dumps(each): each for each in map(without_repeats, value)}.values())
    return {name: without_repeats(each) for name, each in value.items()} if isinstance(value, dict) else value


class Judge:
    """All that was ever stored."""

    stamps = 0

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Json]] = {noun: {} for noun in NOUNS}
        self.datasets: dict[str, Json] = {}
        self.entries: list[Entry] = []
        self.last: dict[Id, Entry] = {}

    def copied(self) -> "Judge":
        """The same, to go on from separately. Stored records are never changed in place."""
        other = Judge()
        other.records = {noun: dict(records) for noun, records in self.records.items()}
        other.datasets, other.entries, other.last = dict(self.datasets), list(self.entries), dict(self.last)
        return other

    # What is there

    @property
    def newest(self) -> int:
        return len(self.entries)

    def version(self, noun: str, record_id: str) -> int | None:
        """The version stored now, if the record is there."""
        return self.last[noun, record_id].version if record_id in self.records[noun] else None

    def survivor(self, noun: str, record_id: str) -> str | None:
        """The id that stands for a merged one now; None for what was not merged."""
        found = None
        while (entry := self.last.get((noun, found or record_id))) and entry.change == "merged":
            found = entry.merged_into
        return found

    def state(self, noun: str, record_id: str) -> int:
        """The status of a GET."""
        if record_id in self.records[noun]:
            return 200
        entry = self.last.get((noun, record_id))
        return 404 if entry is None else 308 if entry.change == "merged" else 410

    def pointing(self, noun: str, record_id: str) -> list[Id]:
        """The records that point to this one."""
        return [
            (other, each)
            for other in NOUNS
            for each, record in self.records[other].items()
            if any((to, holder[key]) == (noun, record_id) for holder, key, to, _ in slots(other, record))
        ]

    def as_bundle(self) -> Json:
        datasets = [self.datasets[each] for each in sorted(self.datasets)]
        return {
            "bundle": FORMAT,
            "datasets": datasets,
            **{noun: list(each.values()) for noun, each in self.records.items()},
        }

    # What requests do

    def post(self, noun: str, document: Json, knows: Knows, who: Who) -> Result:
        record = loaded(noun, {"id": self._free_id(noun, document)} | document)
        if (noun, record["id"]) in self.last:
            raise Refused(*CONFLICT)
        knows.allow(None)
        return self._store(noun, record, who)

    def put(self, noun: str, record_id: str, document: Json, knows: Knows, who: Who) -> Result:
        record = loaded(noun, {"id": record_id} | document)
        if record["id"] != record_id:
            raise Refused(*INVALID)
        self._refuse_the_past(noun, record_id, may_return=knows.only_new)
        stored = self.version(noun, record_id)
        if stored is None or knows.only_new:
            knows.allow(stored)
        return self._store(noun, record, who, knows)

    def patch(self, noun: str, record_id: str, change: Json, knows: Knows, who: Who) -> Result:
        held = self._held(noun, record_id)
        knows.allow(self.version(noun, record_id))
        if change.get("id", record_id) != record_id:
            raise Refused(*INVALID)
        return self._store(noun, loaded(noun, merge_patch(held, change)), who)

    def delete(self, noun: str, record_id: str, knows: Knows, who: Who) -> Result:
        self._held(noun, record_id)
        knows.allow(self.version(noun, record_id))
        if self.pointing(noun, record_id):
            raise Refused(409, "in-use")
        self._write({}, who, gone={(noun, record_id): None})
        return Result(204)

    def merge(self, noun: str, record_id: str, into: str, knows: Knows, who: Who) -> Result:
        merged = self._held(noun, record_id)
        knows.allow(self.version(noun, record_id))
        if into == record_id or into not in self.records[noun]:
            raise Refused(*INVALID)
        changed: dict[str, list[Json]] = {each: [] for each in NOUNS}
        for other, each in self.pointing(noun, record_id):
            if noun == "sources" and quotes(self.records[other][each], record_id):  # none here has a digest
                raise Refused(*CONFLICT)
            if (other, each) not in ((noun, into), (noun, record_id)):
                changed[other].append(self._redirected(other, self.records[other][each], (noun, record_id), into))
        changed[noun].append(self._united(noun, merged, self.records[noun][into]))
        if not all(sensible(other, each) for other, records in changed.items() for each in records):
            raise Refused(*CONFLICT)
        self._refuse_loops(changed, CONFLICT, without=(noun, record_id))
        self._write(changed, who, gone={(noun, record_id): into})
        return Result(200, into, self.last[noun, into].version)

    def read(self, document: Json) -> dict[str, list[Json]]:
        """The records of a bundle, if each is right and stands there once."""
        found: dict[str, list[Json]] = {}
        for noun in NOUNS:
            found[noun] = [loaded(noun, each) for each in document.get(noun, ())]
        for records in (*found.values(), document.get("datasets", ())):
            if len({each["id"] for each in records}) < len(records):
                raise Refused(*INVALID)
        return found

    def bundle(self, document: Json, rules: Rules, knows: Knows, who: Who) -> Result:
        docs = self.read(document)
        knows.allow(self.newest or None, overwrites=False)
        report = Report()
        skipped = {key for key in _keys(docs) if self._meets_its_past(key, rules, report)}
        datasets = [each for each in document.get("datasets", ()) if self._dataset_differs(each, rules, report)]
        resolved = self._resolve(docs, skipped)
        self._refuse_unknown_datasets(docs, {each["id"] for each in document.get("datasets", ())})
        changed = {
            noun: [
                each
                for each in records
                if (noun, each["id"]) not in skipped and self._differs(noun, each, rules, report)
            ]
            for noun, records in docs.items()
        }
        if report.is_conflict:
            raise Refused(*CONFLICT)
        after = self._refuse_loops(changed, INVALID)
        written = sum(outcome in ("created", "updated") for outcome, _ in report.outcomes.values())
        told: Json = {
            "dry_run": rules.dry_run, "dataset_version": self.newest + written, "records": report.outcomes,
            "resolved": resolved,
            "possible_duplicates": duplicates({each["id"] for each in changed["events"]}, after["events"]),
        }  # fmt: skip
        if not rules.dry_run:
            for dataset in datasets:
                self._enter("datasets", dataset["id"], dataset, who)
                self.datasets[dataset["id"]] = dataset
            self._write(changed, who)
        return Result(200, report=told)

    # How

    def _free_id(self, noun: str, document: Json) -> str:
        called = next((document[each] for each in ("name", "title", "text") if document.get(each)), noun[:-1])
        slug = "-".join(re.findall("[a-z0-9]+", fold(called)))
        return next(each for n in range(1, 999) if (noun, each := f"{slug}-{n}" if n > 1 else slug) not in self.last)

    def _held(self, noun: str, record_id: str) -> Json:
        self._refuse_the_past(noun, record_id)
        if record_id not in self.records[noun]:
            raise Refused(404, "not-found")
        return self.records[noun][record_id]

    def _refuse_the_past(self, noun: str, record_id: str, may_return: bool = False) -> None:
        state = self.state(noun, record_id)
        if state == 308:
            raise Refused(*CONFLICT)
        if state == 410 and not may_return:
            raise Refused(410, "gone")

    def _store(self, noun: str, record: Json, who: Who, knows: Knows | None = None) -> Result:
        docs, record_id = {noun: [record]}, record["id"]
        self._resolve(docs, set())
        self._refuse_unknown_datasets(docs, set())
        stored = self.version(noun, record_id)
        if stored and self.records[noun][record_id] == record:
            return Result(200, record_id, stored)
        if knows:
            knows.allow(stored)
        self._refuse_loops(docs, INVALID)
        self._write(docs, who)
        return Result(200 if stored else 201, record_id, self.last[noun, record_id].version)

    def _write(self, changed: Docs, who: Who, gone: Mapping[Id, str | None] | None = None) -> None:
        for noun in NOUNS:
            for record in changed.get(noun, ()):
                self._enter(noun, record["id"], record, who)
                self.records[noun][record["id"]] = record
        for (noun, record_id), into in (gone or {}).items():
            self._enter(noun, record_id, None, who, into)
            del self.records[noun][record_id]

    def _enter(self, collection: str, record_id: str, record: Json | None, who: Who, into: str | None = None) -> None:
        last = self.last.get((collection, record_id))
        change = "updated" if last and last.record is not None else "created"
        if record is None:
            change = "merged" if into else "deleted"
        version = last.version + 1 if last else 1
        Judge.stamps += 1
        entry = Entry(self.newest + 1, Judge.stamps, collection, record_id, version, change, who, into, record)
        self.entries.append(entry)
        self.last[collection, record_id] = entry

    def _resolve(self, docs: Docs, skipped: set[Id]) -> list[tuple[str, str, str]]:
        """Put ids in place of names and of ids that were merged; those replaced, as pointer, what was given, id."""
        own = set(_keys(docs)) - skipped
        replaced = []
        for noun, records in docs.items():
            for index, record in enumerate(records):
                for holder, key, to, pointer in slots(noun, record):
                    given = holder[key]
                    if given not in self.records[to] and (to, given) not in own:
                        holder[key] = self._meant(to, given, docs, own)
                        replaced.append((f"/{noun}/{index}{pointer}", given, holder[key]))
                if not sensible(noun, record):
                    raise Refused(*INVALID)
        return sorted(replaced)

    def _meant(self, to: str, given: str, docs: Docs, own: set[Id]) -> str:
        """The id of the one record that was meant by something that is no id of a record."""
        successor = self.survivor(to, given)
        if successor is not None:
            found = {successor} if successor in self.records[to] or (to, successor) in own else set()
        elif to in NAMED:
            listed = [*self.records[to].values(), *(each for each in docs.get(to, ()) if (to, each["id"]) in own)]
            found = {each["id"] for each in listed if fold(given) in names(each)}
        else:
            found = set()
        if len(found) != 1:
            raise Refused(*INVALID)
        return found.pop()

    def _refuse_unknown_datasets(self, docs: Docs, more: set[str]) -> None:
        known = {None, *self.datasets, *more}
        if any(each.get("dataset") not in known for records in docs.values() for each in records):
            raise Refused(*INVALID)

    def _refuse_loops(
        self, changed: Docs, refusal: tuple[int, str], without: Id | None = None
    ) -> dict[str, dict[str, Json]]:
        """What will be stored, if nothing in it lies inside itself."""
        after = {
            noun: records | {each["id"]: each for each in changed.get(noun, ())}
            for noun, records in self.records.items()
        }
        if without:
            del after[without[0]][without[1]]
        for noun in NOUNS:
            if any(outer == inner for outer, inner in insides(noun, after[noun])):
                raise Refused(*refusal)
        return after

    def _redirected(self, noun: str, record: Json, old: Id, new: str) -> Json:
        record = copy.deepcopy(record)
        members = set()
        for holder, key, to, pointer in slots(noun, record):
            if (to, holder[key]) == old:
                holder[key] = new
                members.add(pointer.split("/")[1])
        return record | {member: without_repeats(record[member]) for member in members}

    def _united(self, noun: str, merged: Json, target: Json) -> Json:
        target, own, other = copy.deepcopy(target), target["id"], merged["id"]
        parent = PARENTS.get(noun)
        if parent and target[parent] == other:
            target[parent] = merged[parent]
        for member in GATHERED:
            if member in target:
                target[member] += [each for each in merged[member] if each not in target[member]]
        if "aliases" in target:
            called = without_repeats([*target["aliases"], merged["name"]])
            target["aliases"] = [each for each in called if each != target["name"]]
        target["external_ids"] = merged["external_ids"] | target["external_ids"]
        target = self._redirected(noun, target, (noun, other), own)
        if "relations" in target:
            target["relations"] = [each for each in target["relations"] if each["actor"] != own]
        if "related" in target:
            target["related"] = [each for each in target["related"] if each != own]
        return target

    def _meets_its_past(self, key: Id, rules: Rules, report: Report) -> bool:
        """Was the record deleted or merged, and is it to stay so?"""
        state = self.state(*key)
        if state in (200, 404) or (state == 410 and rules.on_conflict == "replace"):
            return False
        if rules.on_conflict == "skip":
            report.note(key, "skipped", self.last[key].version)
            return True
        report.is_conflict = True
        return False

    def _differs(self, noun: str, record: Json, rules: Rules, report: Report) -> bool:
        held = self.records[noun].get(record["id"])
        return self._meets((noun, record["id"]), held, record, rules, report)

    def _dataset_differs(self, dataset: Json, rules: Rules, report: Report) -> bool:
        return self._meets(("datasets", dataset["id"]), self.datasets.get(dataset["id"]), dataset, rules, report)

    def _meets(self, key: Id, held: Json | None, record: Json, rules: Rules, report: Report) -> bool:
        """Is a record of a bundle to be written, beside the one that is held?"""
        last = self.last.get(key)
        version = last.version if last else 0
        if held is None:
            return report.note(key, "created", version + 1)
        if held == record:
            return report.note(key, "unchanged", version)
        is_known = rules.based_on is not None and last is not None and last.seq <= rules.based_on
        if is_known or rules.on_conflict == "replace":
            return report.note(key, "updated", version + 1)
        report.is_conflict |= rules.on_conflict == "fail"
        return report.note(key, "skipped", version)


def _keys(docs: Docs) -> list[Id]:
    return [(noun, each["id"]) for noun, records in docs.items() for each in records]


def duplicates(mine: set[str], events: Mapping[str, Json]) -> list[list[str]]:
    """Pairs of events that may be one and the same, at least one of which was written now."""
    apart = insides("events", events)
    found = set()
    for one in mine:
        for other in events.keys() - {one}:
            if (one, other) not in apart and (other, one) not in apart and _alike(events[one], events[other]):
                found.add((min(one, other), max(one, other)))
    return [list(each) for each in sorted(found)]


def _alike(one: Json, other: Json) -> bool:
    roles = [{(each["actor"], each["role"]) for each in event["participants"]} for event in (one, other)]
    return (
        one["type"] == other["type"]
        and one["location"] is not None
        and one["location"] == other["location"]
        and one["start_date"] <= other["end_date"]
        and other["start_date"] <= one["end_date"]
        and bool(roles[0] & roles[1])
    )
