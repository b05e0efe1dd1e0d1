"""Many who read and write at once, over real servers with several processes: nothing is lost, missed or shown twice.

Progress is measured in counts beside a phase without writers, not in seconds, which depend on the machine.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from faults.callers import (
    Answer,
    Caller,
    actor,
    assert_unavailable,
    assert_whole,
    at_once,
    calling,
    follow,
    once,
    serving,
    stored,
    with_key,
)
from live import Server

pytestmark = pytest.mark.faults
SHARED = 4
"""Records that all writers increment."""
READS = (
    "/v1/actors?limit=50",
    "/v1/events?location=Syria&limit=20",
    "/v1/timeline?limit=30",
    "/v1/statements?q=Aleppo",
    "/v1/actors/shared-0",
    "/v1/meta",
)


def assert_read(answer: Answer) -> None:
    """A whole page; what it says of itself agrees with what is in it."""
    assert answer.status == 200, answer
    found = answer.json
    if "data" in found and "meta" in found:
        ids = [each["id"] for each in found["data"]]
        assert len(set(ids)) == len(ids) == found["meta"]["count"]


@dataclass
class Load:
    """Readers and writers of a server, and what became of them."""

    server: Server
    key: str
    is_over: threading.Event = field(default_factory=threading.Event)
    increments: Counter[str] = field(default_factory=Counter)
    created: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, name: str) -> None:
        """Increments of shared records, and records of its own, until it is over."""
        chance, count = random.Random(name), 0
        with calling(self.server, self.key) as caller:
            while not self.is_over.is_set():
                if chance.random() < 0.7:
                    record_id = f"shared-{chance.randrange(SHARED)}"
                    statuses = caller.increment(record_id)
                    with self.lock:
                        self.increments[record_id] += 1
                        self.statuses.update(statuses)
                else:
                    self._create(caller, f"own-{name}-{count}")
                    count += 1

    def _create(self, caller: Caller, record_id: str) -> None:
        while True:
            answer = caller.create(record_id)
            with self.lock:
                self.statuses[answer.status] += 1
            if answer.status == 201:
                self.created.add(record_id)
                return
            assert_unavailable(answer)
            time.sleep(0.02)

    def read(self, counts: list[int], index: int) -> None:
        """Reads of all kinds until it is over."""
        with calling(self.server) as caller:
            while not self.is_over.is_set():
                assert_read(caller.get(READS[(counts[index] + index) % len(READS)]))
                counts[index] += 1

    def walk(self, sizes: tuple[int, ...], known: set[str]) -> Counter[int]:
        """Walks over all actors with pages of these sizes in turn; each shows all that stay as they are once."""
        walks: Counter[int] = Counter()
        with calling(self.server) as caller:
            while not self.is_over.is_set() or not all(walks[each] for each in sizes):
                size = min(sizes, key=lambda each: walks[each])
                sort = ("name", "-created_at", "-updated_at")[sum(walks.values()) % 3]
                seen = Counter(walked(caller, f"/v1/actors?limit={size}&sort={sort}&fields=id"))
                assert {each: seen[each] for each in known} == dict.fromkeys(known, 1), sort
                walks[size] += 1
        return walks


def walked(caller: Caller, path: str) -> Iterator[str]:
    """The ids of a list, page by page."""
    following: str | None = path
    while following:
        answer = caller.get(following)
        assert_read(answer)
        page = answer.json
        yield from (each["id"] for each in page["data"])
        following = page["links"]["next"] and page["links"]["next"].partition(caller.host)[2]


def during(load: Load, seconds: float, *acts: Callable[[], object]) -> None:
    """Run all until the time is over."""

    def end() -> None:
        load.is_over.wait(seconds)
        load.is_over.set()

    def ending(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                act()
            except BaseException:
                load.is_over.set()  # nobody waits for the others then
                raise

        return run

    load.is_over.clear()
    at_once(end, *map(ending, acts))


def readers(load: Load, counts: list[int]) -> list[Callable[[], object]]:
    return [lambda index=index: load.read(counts, index) for index in range(len(counts))]  # type: ignore[misc]


@pytest.mark.parametrize(
    "seconds", [pytest.param(3.0, id="short"), pytest.param(60.0, id="long", marks=pytest.mark.slow)]
)
def test_eight_writers_sixteen_readers_a_follower_and_walkers(database: Path, tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "busy" / "busy.db"
    path.parent.mkdir()
    key = with_key(database, path)
    alone, beside = [0] * 16, [0] * 16
    with serving(path) as server:
        load = Load(server, key)
        with calling(server, key) as caller:
            known = set(walked(caller, "/v1/actors?limit=1000&fields=id"))
            for number in range(SHARED):
                assert caller.create(f"shared-{number}", description="0").status == 201
        during(load, seconds / 2, *readers(load, alone))
        seen: list[int] = []
        walks: list[Counter[int]] = []
        writers = [lambda name=str(number): load.write(name) for number in range(8)]
        walkers = [lambda: walks.append(load.walk((7, 100), known)), lambda: walks.append(load.walk((1,), known))]
        is_written = threading.Event()

        def work() -> None:
            try:
                during(load, seconds, *writers, *walkers, *readers(load, beside))
            finally:
                is_written.set()

        with calling(server) as feed:
            at_once(work, lambda: follow(feed, is_written, seen))
        with calling(server) as caller:
            numbers = [int(caller.get(f"/v1/actors/shared-{each}").json["description"]) for each in range(SHARED)]
            newest = caller.get("/v1/meta").json["dataset_version"]
    assert numbers == [load.increments[f"shared-{each}"] for each in range(SHARED)], "no increment is lost"
    assert stored(path, "own-") == load.created
    assert set(load.statuses) <= {200, 201, 412, 503}
    assert sum(numbers) > 4 * seconds
    assert seen == list(range(1, newest + 1)), "the follower has met each change once, in order"
    assert sum(walks, Counter()).keys() == {1, 7, 100}
    # Beside writers, who take most of two processors, a reader gets its share; one who waits for them gets hardly any.
    fair = sum(alone) / len(alone) / (seconds / 2) * seconds
    assert min(beside) > fair / 20, (alone, beside)
    assert_whole(path)


@pytest.mark.parametrize("each", [pytest.param(6, id="short"), pytest.param(100, id="long", marks=pytest.mark.slow)])
def test_six_writers_over_two_servers_and_a_follower_that_misses_nothing(
    database: Path, tmp_path: Path, each: int
) -> None:
    path = tmp_path / "two" / "two.db"
    path.parent.mkdir()
    key = with_key(database, path)
    is_over = threading.Event()
    seen: dict[int, list[int]] = {0: [], 1: []}
    with serving(path) as one, serving(path) as other:
        servers = (one, other)

        def write(number: int) -> None:
            load = Load(servers[number % 2], key)
            with calling(load.server, key) as caller:
                for count in range(each):
                    load._create(caller, f"own-{number}-{count}")
                    if count % 3 == 2:
                        gone = caller.send("DELETE", f"/v1/actors/own-{number}-{count}", if_match='"1"')
                        while gone.status == 503:
                            gone = caller.send("DELETE", f"/v1/actors/own-{number}-{count}", if_match='"1"')
                        assert gone.status == 204, gone

        def read(number: int) -> None:
            with calling(servers[number]) as caller:
                follow(caller, is_over, seen[number])

        def write_all() -> None:
            try:
                at_once(*(lambda number=number: write(number) for number in range(6)))
            finally:
                is_over.set()

        at_once(write_all, lambda: read(0), lambda: read(1))
        newest = once(one, "GET", "/v1/meta").json["dataset_version"]
    assert seen[0] == seen[1] == list(range(1, newest + 1))
    assert len(stored(path, "own-")) == 6 * (each - each // 3)
    assert_whole(path)


def test_two_servers_on_one_file_lose_no_update(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "increments" / "increments.db"
    path.parent.mkdir()
    key = with_key(database, path)
    statuses: Counter[int] = Counter()
    with serving(path) as one, serving(path) as other:
        with calling(one, key) as caller:
            assert caller.create("counter", description="0").status == 201

        def client(number: int) -> None:
            with calling((one, other)[number % 2], key) as caller:
                for _ in range(25):
                    statuses.update(caller.increment("counter"))

        at_once(*(lambda number=number: client(number) for number in range(8)))
        assert {once(each, "GET", "/v1/actors/counter").json["description"] for each in (one, other)} == {"200"}
        assert once(one, "GET", "/v1/actors/counter").json["version"] == 201
    assert statuses[200] == 200
    assert statuses.keys() <= {200, 412, 503}
    assert_whole(path)


def test_the_same_request_at_once_over_two_servers_is_done_once(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "repeated" / "repeated.db"
    path.parent.mkdir()
    key = with_key(database, path)
    bodies: dict[int, set[bytes]] = {number: set() for number in range(10)}
    with serving(path) as one, serving(path) as other:

        def client(number: int) -> None:
            with calling((one, other)[number % 2], key) as caller:
                for token in range(10):
                    while True:
                        body = actor(f"once-{token}")
                        answer = caller.send("POST", "/v1/actors", body, idempotency_key=f"token-{token}")
                        if answer.status == 201:
                            bodies[token].add(answer.body.replace(one.address.encode(), other.address.encode()))
                            break
                        assert answer.status in (409, 503), answer
                        time.sleep(0.01)

        at_once(*(lambda number=number: client(number) for number in range(8)))
    assert all(len(each) == 1 for each in bodies.values()), bodies
    assert stored(path, "once-") == {f"once-{number}" for number in range(10)}
    assert_whole(path)
