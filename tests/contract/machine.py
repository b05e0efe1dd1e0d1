"""A machine that writes at random through every route, and holds each answer and each state against the judge's.

The ids are few, so that records are made twice, merged again, deleted while others point to them, and written by senders
who know an old version. Beside the writes, a copy follows the feed and is stopped anywhere, the application is started
anew, and the file gives way to an older one.
"""

import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, ClassVar
from unittest import mock
from urllib.parse import parse_qs, urlencode, urlsplit

import jsonpatch
from consumer import Answer, Consumer
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from soundness import assert_sound
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from api.store import keys, sqlite
from api.store.connections import open_writer
from api.store.migrations import open_migrated
from contract.judge import (
    FORMAT,
    NAMED,
    NOUNS,
    Entry,
    Json,
    Judge,
    Knows,
    Refused,
    Result,
    Rules,
    Who,
    insides,
    names,
)

JSON, LINES, MERGE_PATCH = "application/json", "application/x-ndjson", "application/merge-patch+json"
ORIGIN = "http://localhost"
CALLERS = ("desk", "wire")
IDS = 4
NAMES = {"actors": ("Army", "ARMY", "Front", "Hay’at", "a1"), "locations": ("Ḥalab", "Halab", "Idlib", "l1")}
"""Some are alike but for case and accents, and some are another record's id."""
ALIASES = {"actors": ("Front", "Rebels", "Army"), "locations": ("Alep", "Halab", "Idleb")}
DAYS = ("2024-11-27", "2024-11-28")
REASONS = (None, None, None, "A better source", "Þǫ & “so”")
seeds = st.integers(0, 2**64 - 1)
"""One a step: what a step does is drawn from it by what is stored then."""

STEPS = {
    "post": 8, "put": 16, "patch": 14, "delete": 10, "merge": 12, "load": 16, "repeat": 3, "follow": 10, "restart": 1,
    "keep_older": 3, "restore": 2,
}  # fmt: skip
"""What a step may be, and how often."""

FIRST: dict[str, Json] = {
    "locations": {},
    "actors": {},
    "events": {
        "location": "l0", "location_precision": "near", "participants": [{"actor": "a0", "role": "target"}],
    },
    "statements": {"speaker": "a1", "events": ["e0"], "figures": []},
}  # fmt: skip
SECOND: dict[str, Json] = {
    "locations": {"parent": "l0"},
    "actors": {"relations": [{"actor": "a0", "relation": "member_of"}]},
    "events": {"part_of": "e0"},
    "statements": {"location": "l1", "addressees": ["a0"]},
}
"""What the first records of each noun, and the second of them, hold on to."""


class Interrupted(Exception):
    """The copy was stopped."""


class Follower(Consumer):
    """The copy, which stops before the entry that `fuse` counts down to, and which may be given each page twice."""

    def __init__(self, path: Path, get: Callable[[str, str | None], Answer]) -> None:
        super().__init__(path, ORIGIN, get)
        self.state.execute("PRAGMA synchronous = OFF")
        self.path, self.fuse, self.is_twice, self.pages = path, -1, False, 0

    def _store(self, entries: list[dict[str, Any]], url: str, etag: str | None, is_new: bool = False) -> None:
        for _ in range(2 if self.is_twice else 1):
            super()._store(entries, url, etag, is_new)
            self.pages += 1

    def _apply(self, entry: dict[str, Any]) -> None:
        if self.fuse == 0:
            for each in self.path.parent.glob(
                f"{self.path.name}*"
            ):  # what a dead process leaves: the files as they are
                shutil.copy(each, each.with_name(f"left-{each.name}"))
            raise Interrupted
        self.fuse -= 1
        super()._apply(entry)

    @property
    def since(self) -> int:
        """The newest change that it has."""
        row = self.state.execute("SELECT url FROM place").fetchone()
        return int(parse_qs(urlsplit(row[0]).query)["since"][0]) if row else 0


class Maker:
    """Documents and conditions as people send them: mostly right, by what is stored now."""

    def __init__(self, random: Random, judge: Judge) -> None:
        self.random, self.judge = random, judge

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def any_id(self, noun: str) -> str:
        """One of the few ids, of a record or of none."""
        known = [each for collection, each in self.judge.last if collection == noun]
        return str(self.pick([*(f"{noun[0]}{n}" for n in range(IDS)), *known]))

    def likely_id(self, noun: str) -> str:
        """Mostly that of a record."""
        live = list(self.judge.records[noun])
        return str(self.pick(live)) if live and self.chance(0.9) else self.any_id(noun)

    def noun(self) -> str:
        """Mostly one that has records."""
        return str(self.pick([each for each in NOUNS if self.judge.records[each] or self.chance(0.2)] or NOUNS))

    def reference(self, noun: str, own: str = "") -> str:
        """An id, a name, the id of a merged record, or what leads nowhere."""
        live = [each for each in self.judge.records[noun] if each != own]
        merged = [each for (name, each), entry in self.judge.last.items() if name == noun and entry.change == "merged"]
        if merged and self.chance(0.1):
            return str(self.pick(merged))
        if noun in NAMED and self.chance(0.2):
            called = Counter(each for record in self.judge.records[noun].values() for each in names(record))
            plain = [each for each, count in called.items() if count == 1]
            return str(self.pick(plain if plain and self.chance(0.9) else NAMES[noun]))
        if not live or self.chance(0.02):
            return self.any_id(noun)
        return str(self.pick(live))

    def maybe(self, noun: str, own: str = "") -> str | None:
        return self.reference(noun, own) if self.judge.records[noun] and self.chance(0.7) else None

    def several(self, noun: str, most: int, own: str = "") -> list[str]:
        count = self.random.randrange(most + 1) if self.judge.records[noun] else 0
        return list(dict.fromkeys(self.reference(noun, own) for _ in range(count)))

    def cited(self) -> list[Json]:
        cited: list[Json] = [{"source": self.reference("sources")} for _ in range(self.pick((1, 1, 2)))]
        if self.chance(0.2):
            cited[0] |= {"quote": "four dead", "start": 7, "end": 16}
        return cited

    def document(self, noun: str, record_id: str) -> Json:
        """A document for this id; once in a while one with a fault."""
        made: Json = {"id": record_id, **getattr(self, f"_{noun}")(record_id)}
        if self.chance(0.2):
            made["external_ids"] = {self.pick(("wikidata", "osm")): self.pick(("Q1", "Q2"))}
        if noun != "sources":
            made["evidence"] = self.cited()
        if self.chance(0.01):
            made["colour"] = "red"
        if self.chance(0.01):
            del made[self.pick([each for each in made if each != "id"])]
        return made

    def _sources(self, own: str) -> Json:
        return {
            "title": self.pick((None, "News", "Olds")), "publisher": self.pick((None, "Paper")),
            "derived_from": self.maybe("sources", own if self.chance(0.9) else ""),
        }  # fmt: skip

    def _called(self, noun: str) -> Json:
        aliases = self.random.sample(ALIASES[noun], self.random.randrange(3))
        return {"name": self.pick(NAMES[noun]), "aliases": aliases}

    def _locations(self, own: str) -> Json:
        return {
            **self._called("locations"), "type": self.pick(("city", "province")), "parent": self.maybe("locations", own),
            "country": self.pick((None, "SY", "TR")),
        }  # fmt: skip

    def _actors(self, own: str) -> Json:
        relations = [
            {"actor": each, "relation": self.pick(("member_of", "part_of", "led_by", "allied_with"))}
            | ({"evidence": self.cited()} if self.chance(0.3) else {})
            for each in self.several("actors", 2, own)
        ]
        return {**self._called("actors"), "type": self.pick(("rebel_group", "person")), "relations": relations}

    def _events(self, own: str) -> Json:
        place = self.maybe("locations")
        roles = ("target", "target", "initiator")
        participants = [{"actor": each, "role": self.pick(roles)} for each in self.several("actors", 3)]
        return {
            "type": self.pick(("talks", "talks", "airstrike")), "title": self.pick(("Air strike", "Clash")),
            "start_date": (day := self.pick(DAYS)), "end_date": day, "date_precision": "day", "location": place,
            "location_precision": place and "near", "participants": participants, "part_of": self.maybe("events", own),
            "related": self.several("events", 2, own), "dataset": self._dataset(),
        }  # fmt: skip

    def _statements(self, own: str) -> Json:
        events = self.several("events", 2)
        figures = [
            {
                "measure": "killed", "best": self.random.randrange(4), "evidence": self.cited(),
                "event": self.pick(events) if len(events) > 1 else self.pick([*events, None]),
            }
            for _ in range(self.random.randrange(3))
        ]  # fmt: skip
        return {
            "kind": "paraphrase", "type": "report", "text": self.pick(("A strike.", "No strike.")),
            "date": self.pick(DAYS), "date_precision": "day", "speaker": self.maybe("actors"),
            "on_behalf_of": self.maybe("actors"), "addressees": self.several("actors", 2), "events": events,
            "location": self.maybe("locations"), "figures": figures, "dataset": self._dataset(),
        }  # fmt: skip

    def _dataset(self) -> str | None:
        return str(self.pick([*self.judge.datasets, "d0"])) if self.judge.datasets and self.chance(0.3) else None

    def dataset(self) -> Json:
        return {
            "id": self.pick(("d0", "d1")), "title": self.pick(("Made up", "Made otherwise")), "licence": "CC0-1.0",
            "attribution": "Nobody", "url": None,
        }  # fmt: skip

    def bundle(self) -> Json:
        """Some records of some nouns, old ones as they are stored among them."""
        listed: Json = {"bundle": FORMAT}
        if self.chance(0.2):
            listed["datasets"] = [self.dataset()]
        for noun in self.random.sample(NOUNS, self.pick((1, 2, 3))):
            ids = dict.fromkeys(self.any_id(noun) for _ in range(self.pick((1, 1, 2))))
            stored = self.judge.records[noun]
            listed[noun] = [
                stored[each] if each in stored and self.chance(0.25) else self.document(noun, each) for each in ids
            ]
            if noun == "events" and stored and self.chance(0.3):
                listed[noun][0] = stored[self.pick(list(stored))] | {"id": listed[noun][0]["id"]}
            if self.chance(0.02):
                listed[noun].append(listed[noun][0])
        return listed

    def knows(self, version: int | None, tag: str | None) -> Knows:
        """What the sender knows of what is stored in this version and has this entity tag."""
        right = version or 1
        kinds: list[tuple[int, Knows]] = [
            (50 if version else 5, _match(f'"{right}"', right)),
            (8 if tag else 0, _match(str(tag), right)),
            (8 if version else 80, Knows()),
            (10, _match(f'"{right + self.pick((-1, 1))}"'.replace("0", "99"))),
            (3, _match(f'"99", "{right}"', 99, right)),
            (1, _match(f'W/"{right}"')),
            (3, Knows({"If-Match": "*"}, any_version=True)),
            (6 if version else 40, Knows({"If-None-Match": "*"}, only_new=True)),
            (1, Knows({"If-None-Match": "*", "If-Match": f'"{right}"'}, contradicts=True)),
        ]
        (chosen,) = self.random.choices([each for _, each in kinds], [weight for weight, _ in kinds])
        return chosen


def _match(header: str, *versions: int) -> Knows:
    bare = header.strip('"')
    named = frozenset(versions or ([int(bare)] if bare.isdigit() else []))
    return Knows({"If-Match": header}, named)


def hasty_writer(path: Path, any_thread: bool = False) -> sqlite.Connection:
    """A writer that does not wait for the disk: no power is cut here."""
    connection = open_writer(path, any_thread)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


@cache
def template() -> bytes:
    """An empty database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_migrated(path).close()
        return path.read_bytes()


class Machine(RuleBasedStateMachine):
    """Requests, one after the other, each held against the judge."""

    reached: ClassVar[Counter[str]] = Counter()
    """How often each outcome was reached, by rule, status and kind."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.path = self.folder / "own.db"
        self.path.write_bytes(template())
        self._seconds = 0
        self._patches = ExitStack()
        self._patches.enter_context(mock.patch("api.store.transaction.now", self._tick))
        self._patches.enter_context(mock.patch("api.store.gate.open_writer", hasty_writer))
        self.seeds: Counter[int] = Counter()
        self.judge = Judge()
        self.older: Judge | None = None
        self.sent: dict[tuple[str, str], tuple[Json, tuple[Any, ...]]] = {}
        self.sent_before: dict[tuple[str, str], tuple[Json, tuple[Any, ...]]] = {}
        self.checked = 0
        with closing(open_migrated(self.path)) as connection:
            self.keys = {name: keys.create(connection, name, "write", None) for name in CALLERS}
        self._open()
        self.statuses: list[int] = []
        self.copy = Follower(self.folder / "copy.db", self._get_page)
        self.copy_has: Entry | None = None

    def _tick(self) -> str:
        """Each write has a second of its own, also after an older file came back."""
        self._seconds += 1
        return f"2025-01-01T{self._seconds // 3600:02}:{self._seconds // 60 % 60:02}:{self._seconds % 60:02}Z"

    def _open(self) -> None:
        self.app = create_app(Settings(db=self.path, query_ms=60_000))
        self.client = self.app.test_client()

    def _close(self) -> None:
        self.app.config["STORE"].close()
        self.app.config["GATE"].close()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.audit()
                self.follow_to_the_end()
        finally:
            self.copy.close()
            self._close()
            self._patches.close()
            self._folder.cleanup()

    def random(self, seed: int) -> Random:
        """What a seed gives; the same seed gives something else when it comes again."""
        self.seeds[seed] += 1
        return Random(f"{seed} {self.seeds[seed]}")

    def count(self, *what: object) -> None:
        self.reached[" ".join(map(str, what))] += 1

    # Asking

    def get(self, target: str, **headers: str) -> TestResponse:
        return self.client.get(target, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def json(self, target: str) -> Any:
        response = self.get(target)
        assert response.status_code == 200, response.text
        return json.loads(response.data)

    def _get_page(self, url: str, etag: str | None) -> Answer:
        response = self.get(url, **({"If_None_Match": etag} if etag else {}))
        self.statuses.append(response.status_code)
        return response.status_code, response.headers.get("ETag"), response.data

    def tag(self, noun: str, record_id: str) -> str | None:
        return self.get(f"/v1/{noun}/{record_id}").headers.get("ETag")

    # Writing

    def write(
        self,
        rule_name: str,
        random: Random,
        target: tuple[str, str],
        body: Any,
        knows: Knows,
        judged: Callable[[Who], Result],
        media_type: str = JSON,
        query: Mapping[str, Any] | None = None,
        read: Callable[[], object] = lambda: None,
    ) -> None:
        """Send a request, and hold the answer and what is stored then against what the judge says."""
        who = Who(random.choice(CALLERS), random.choice(REASONS))
        token = random.choice(("t0", "t1", "t2", "t3")) if random.random() < 0.15 else None
        given = {name: value for name, value in {**(query or {}), "reason": who.reason}.items() if value is not None}
        method, path = target
        address = f"{path}?{urlencode(given)}" if given else path
        data = as_body(body, media_type)
        headers = {"Authorization": f"Bearer {self.keys[str(who.name)]}", **knows.headers}
        headers |= {"Idempotency-Key": token} if token else {}
        headers |= {"Content-Type": media_type} if data else {}
        note(f"{method} {address} {dict(knows.headers)} {token or ''} {who.name}: {data.decode()}")
        response = self.client.open(address, method=method, data=data, headers=headers)
        known = self.sent.get((str(who.name), token)) if token else None
        try:
            if knows.contradicts:
                raise Refused(400, "bad-request")
            read()
            if known:
                raise Refused(422, "idempotency-key-reused")
            result = judged(who)
        except Refused as refused:
            self._check_refusal(rule_name, response, refused)
            return
        assert response.status_code == result.status, response.text
        self.count(rule_name, result.status, *([] if result.report is None else ["dry"] * result.report["dry_run"]))
        if token and not (result.report and result.report["dry_run"]):
            asked = {"path": address, "method": method, "data": data, "headers": headers}
            self.sent[str(who.name), token] = asked, answered(response)
        if result.report is not None:
            self._check_report(json.loads(response.data), result.report)
        elif result.id:
            self._check_answer(response, path.split("/")[2], result)
        self.check_feed()

    def _check_refusal(self, rule_name: str, response: TestResponse, refused: Refused) -> None:
        assert response.status_code == refused.status, f"{refused}, not {response.text}"
        assert json.loads(response.data)["type"].endswith(f"#{refused.kind}"), response.text
        self.count(rule_name, refused.status, refused.kind)
        self.check_feed()

    def repeat(self, random: Random) -> None:
        """A request with an Idempotency-Key is sent again: the same answer, and nothing is done."""
        if self.sent:
            asked, wanted = random.choice(list(self.sent.values()))
            note(f"again {asked['method']} {asked['path']}")
            assert answered(self.client.open(**asked)) == wanted
            self.count("repeated", wanted[0])
            self.check_feed()

    def _check_report(self, told: Json, wanted: Json) -> None:
        outcomes = {(each["collection"], each["id"]): (each["outcome"], each["version"]) for each in told["records"]}
        assert len(outcomes) == len(told["records"])
        resolved = sorted((each["pointer"], each["given"], each["id"]) for each in told["resolved"])
        pairs = [each["events"] for each in told["possible_duplicates"]]
        found = told | {"records": outcomes, "resolved": resolved, "possible_duplicates": pairs}
        totals = Counter(outcome for outcome, _ in outcomes.values())
        for outcome in ("created", "updated", "unchanged", "skipped"):
            assert found.pop(outcome) == totals[outcome]
            self.reached[f"outcome {outcome}"] += totals[outcome]
        self.reached["resolved"] += len(resolved)
        self.reached["possible duplicates"] += len(pairs)
        assert found == wanted

    def _check_answer(self, response: TestResponse, noun: str, result: Result) -> None:
        """What is answered to a write is what a GET gives then."""
        address = f"/v1/{noun}/{result.id}"
        stored = self.get(address)
        assert stored.status_code == 200
        assert response.data == stored.data
        assert response.headers["ETag"] == stored.headers["ETag"]
        assert response.headers["ETag"].startswith(f'"{result.version}.')
        assert response.headers["Content-Location"] == ORIGIN + address
        assert response.headers.get("Location") == (ORIGIN + address if result.status == 201 else None)

    # Holding the state against the judge's

    def check_feed(self) -> None:
        """The changes since the last look are those of the judge; what was refused made none."""
        page = self.json(f"/v1/changes.json?since={self.checked}&limit=1000")
        entries = self.judge.entries[self.checked :]
        assert page["meta"]["dataset_version"] == self.judge.newest
        assert [without_time(each) for each in page["data"]] == [each.told() for each in entries]
        self.checked = self.judge.newest
        for key in {(each.collection, each.id) for each in entries}:
            if key[0] in NOUNS:
                self.check_record(*key)

    def check_record(self, noun: str, record_id: str) -> None:
        response = self.get(f"/v1/{noun}/{record_id}")
        state = self.judge.state(noun, record_id)
        assert response.status_code == state, response.text
        self.count("get", state)
        if state == 200:
            version = self.judge.version(noun, record_id)
            assert response.headers["ETag"].startswith(f'"{version}.')
            assert json.loads(response.data)["version"] == version
            again = self.get(f"/v1/{noun}/{record_id}", If_None_Match=response.headers["ETag"])
            assert again.status_code == 304
            self.count("get", 304)
        if state == 308:
            assert response.headers["Location"] == f"{ORIGIN}/v1/{noun}/{self.judge.survivor(noun, record_id)}"

    def check_history(self, noun: str, record_id: str) -> None:
        versions = list(reversed(self.json(f"/v1/{noun}/{record_id}/history?limit=1000")["data"]))
        own = [each for each in self.judge.entries if (each.collection, each.id) == (noun, record_id)]
        patches = [each.pop("patch") for each in versions]
        assert [without_time(each) for each in versions] == [each.told() for each in own]
        before = None
        for patch, entry in zip(patches, own, strict=True):
            assert (patch is None) == (before is None or entry.record is None)
            if patch is not None:
                assert jsonpatch.apply_patch(before, patch) == entry.record
                self.count("patched")
            before = entry.record

    def audit(self) -> None:
        """Everything that can be asked."""
        for noun in NOUNS:
            for record_id in {*(f"{noun[0]}{n}" for n in range(IDS)), *(i for n, i in self.judge.last if n == noun)}:
                self.check_record(noun, record_id)
                if (noun, record_id) in self.judge.last:
                    self.check_history(noun, record_id)
        whole = self.json("/v1/changes.json?since=0&limit=1000")["data"]
        assert [without_time(each) for each in whole] == [each.told() for each in self.judge.entries]
        assert [each["seq"] for each in whole] == list(range(1, len(whole) + 1))
        assert (times := [each["at"] for each in whole]) == sorted(times)
        bundle = self.get("/v1/bundle")
        assert json.loads(bundle.data) == self.judge.as_bundle()
        headers = {"Authorization": f"Bearer {self.keys['desk']}", "Content-Type": JSON}
        again = self.client.post("/v1/bundle", data=bundle.data, headers=headers)
        assert again.status_code == 200, again.text
        assert json.loads(again.data)["unchanged"] == sum(map(len, self.judge.records.values())) + len(
            self.judge.datasets
        )
        assert json.loads(again.data)["dataset_version"] == self.judge.newest
        self.count("audit")
        scratch = self.folder / f"fresh-{self.reached['audit']}.db"
        scratch.write_bytes(template())
        with closing(sqlite.connect(self.path, isolation_level=None)) as connection:
            assert_sound(connection, scratch)

    # Steps

    @initialize(seed=seeds)
    def begin(self, seed: int) -> None:
        """With a few records, or none."""
        random = self.random(seed)
        if random.random() < 0.1:
            return
        maker = Maker(random, self.judge)
        maker.chance = lambda share: False  # type: ignore[method-assign]  # nothing wrong, nothing that points beyond
        documents: Json = {"bundle": FORMAT, "datasets": [maker.dataset()], "sources": [{"id": "s0"}, {"id": "s1"}]}
        for noun in NOUNS[1:]:
            documents[noun] = [maker.document(noun, f"{noun[0]}{n}") for n in range(2)]
            for each in documents[noun]:
                each |= {"evidence": [{"source": "s0"}], **FIRST[noun]}
            documents[noun][1] |= SECOND[noun]
        self._bundle("begin", random, documents, Rules(), Knows())

    @rule(seed=seeds)
    def step(self, seed: int) -> None:
        """A write, or something beside the writes. One rule, for hypothesis leaves some of several out of an example."""
        random = self.random(seed)
        (chosen,) = random.choices(list(STEPS), list(STEPS.values()))
        getattr(self, chosen)(random)

    def post(self, random: Random) -> None:
        maker = Maker(random, self.judge)
        noun = maker.noun()
        document = maker.document(noun, maker.any_id(noun))
        if random.random() < 0.3:
            del document["id"]
        knows = maker.knows(None, None)
        self.write(
            "post", random, ("POST", f"/v1/{noun}"), document, knows,
            lambda who: self.judge.post(noun, document, knows, who),
        )  # fmt: skip

    def put(self, random: Random) -> None:
        maker = Maker(random, self.judge)
        noun = maker.noun()
        record_id = maker.likely_id(noun)
        stored = self.judge.records[noun].get(record_id)
        document = maker.document(noun, record_id)
        if stored and random.random() < 0.1:
            document = stored
        if random.random() < 0.03:
            document = document | {"id": maker.any_id(noun)}
        knows = self._knows(maker, noun, record_id)
        self.write(
            "put", random, ("PUT", f"/v1/{noun}/{record_id}"), document, knows,
            lambda who: self.judge.put(noun, record_id, document, knows, who),
        )  # fmt: skip

    def patch(self, random: Random) -> None:
        maker = Maker(random, self.judge)
        noun = maker.noun()
        record_id = maker.likely_id(noun)
        document = maker.document(noun, record_id)
        change = {name: document[name] for name in random.sample(sorted(document), min(2, len(document)))}
        if random.random() < 0.2:
            change[random.choice(sorted(document))] = None
        if random.random() < 0.5 and "location" in change and noun == "events":
            change["location_precision"] = change["location"] and "near"
        media_type = random.choice((MERGE_PATCH, JSON))
        knows = self._knows(maker, noun, record_id)
        self.write(
            "patch", random, ("PATCH", f"/v1/{noun}/{record_id}"), change, knows,
            lambda who: self.judge.patch(noun, record_id, change, knows, who), media_type,
        )  # fmt: skip

    def delete(self, random: Random) -> None:
        maker = Maker(random, self.judge)
        noun = maker.noun()
        record_id = maker.likely_id(noun)
        free = [each for each in self.judge.records[noun] if not self.judge.pointing(noun, each)]
        if free and random.random() < 0.6:
            record_id = random.choice(free)
        knows = self._knows(maker, noun, record_id)
        self.write(
            "delete", random, ("DELETE", f"/v1/{noun}/{record_id}"), None, knows,
            lambda who: self.judge.delete(noun, record_id, knows, who),
        )  # fmt: skip

    def merge(self, random: Random) -> None:
        maker = Maker(random, self.judge)
        noun = maker.noun()
        record_id, into = maker.likely_id(noun), maker.likely_id(noun)
        others = [each for each in self.judge.records[noun] if each != record_id]
        if others and random.random() < 0.8:
            into = random.choice(others)
        if (pairs := sorted(insides(noun, self.judge.records[noun]))) and random.random() < 0.4:
            record_id, into = random.choice(pairs)
        knows = self._knows(maker, noun, record_id)
        self.write(
            "merge", random, ("POST", f"/v1/{noun}/{record_id}/merge"), {"into": into}, knows,
            lambda who: self.judge.merge(noun, record_id, into, knows, who),
        )  # fmt: skip

    def _knows(self, maker: Maker, noun: str, record_id: str) -> Knows:
        return maker.knows(self.judge.version(noun, record_id), self.tag(noun, record_id))

    def load(self, random: Random) -> None:
        maker = Maker(random, self.judge)
        newest = self.judge.newest
        based_on = random.randrange(newest + 1) if random.random() < 0.3 else None
        rules = Rules(random.choice(("fail", "skip", "skip", "replace", "replace")), based_on, random.random() < 0.2)
        knows = maker.knows(newest or None, None) if random.random() < 0.2 else Knows()
        self._bundle("bundle", random, maker.bundle(), rules, knows)

    def _bundle(self, name: str, random: Random, document: Json, rules: Rules, knows: Knows) -> None:
        query = {"on_conflict": rules.on_conflict, "based_on": rules.based_on}
        query |= {"dry_run": "true"} if rules.dry_run else {}
        self.write(
            name, random, ("POST", "/v1/bundle"), document, knows,
            lambda who: self.judge.bundle(document, rules, knows, who), random.choice((JSON, LINES)), query,
            read=lambda: self.judge.read(document),
        )  # fmt: skip

    def follow(self, random: Random) -> None:
        """The copy catches up, or is stopped on its way."""
        self.copy.start = f"{ORIGIN}/v1/changes.json?since=0&limit={random.choice((2, 5, 1000))}"
        self.copy.fuse = random.choice((-1, -1, 0, 1, 3, 7))
        self.copy.is_twice = random.random() < 0.3
        self.follow_once()
        self.copy.fuse = -1

    def follow_to_the_end(self) -> None:
        self.copy.fuse = -1
        for _ in range(3):
            self.follow_once()
        assert self.statuses == [304]
        assert self.copy.as_bundle() == self.get("/v1/bundle").data
        self.count("copied")

    def follow_once(self) -> None:
        has, self.copy.pages, self.statuses = self.copy_has, 0, []
        is_lost = has is not None and has not in self.judge.entries[has.seq - 1 : has.seq]
        try:
            self.copy.follow()
        except Interrupted:
            self.count("copy interrupted")
            self._reopen_copy()
        else:
            assert self.copy.as_bundle() == self.get("/v1/bundle").data
            self.count("copy complete")
        assert (self.statuses[0] == 410) == is_lost
        assert 410 not in self.statuses[1:]
        for status in self.statuses:
            self.count("feed", status)
        if self.copy.pages:
            self.copy_has = self.judge.entries[self.copy.since - 1] if self.copy.since else None

    def _reopen_copy(self) -> None:
        """A new process finds the files as the old one left them."""
        path, pages = self.copy.path, self.copy.pages
        self.copy.close()
        for each in self.folder.glob(f"{path.name}*"):
            each.unlink()
        for each in self.folder.glob(f"left-{path.name}*"):
            each.rename(path.with_name(each.name.removeprefix("left-")))
        self.copy = Follower(path, self._get_page)
        self.copy.pages = pages

    def restart(self, random: Random) -> None:
        self._close()
        self._open()
        self.count("restarted")

    def keep_older(self, random: Random) -> None:
        """A backup."""
        older = self.folder / "older.db"
        older.unlink(missing_ok=True)
        with closing(sqlite.connect(self.path, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(older),))
        self.older, self.sent_before = self.judge.copied(), dict(self.sent)

    def restore(self, random: Random) -> None:
        """The backup, where there is one, takes the file's place."""
        if self.older is None:
            return
        self.count("restored", "lost" if self.older.newest < self.judge.newest else "same")
        self._close()
        for each in self.folder.glob("own.db*"):
            each.unlink()
        shutil.copy(self.folder / "older.db", self.path)
        self._open()
        self.judge, self.sent, self.checked = self.older.copied(), dict(self.sent_before), 0
        self.check_feed()


def as_body(body: Any, media_type: str) -> bytes:
    """A document as a request carries it."""
    if body is None:
        return b""
    if media_type != LINES:
        return json.dumps(body).encode()
    lines = [{"bundle": body["bundle"]}]
    lines += ({name: each} for name, records in body.items() if name != "bundle" for each in records)
    return b"\n".join(json.dumps(each).encode() for each in lines)


def answered(response: TestResponse) -> tuple[Any, ...]:
    """An answer, without what is of its own moment."""
    told = (response.headers.get(each) for each in ("ETag", "Location", "Content-Location", "Content-Type"))
    return response.status_code, response.data, *told


def without_time(entry: Json) -> Json:
    return {name: value for name, value in entry.items() if name != "at"}


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """What the machine reaches within, and nothing from before."""
    Machine.reached.clear()
    yield Machine.reached
