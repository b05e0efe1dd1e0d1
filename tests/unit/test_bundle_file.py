"""Bundles read from files record by record: the same as reading them whole, wherever the blocks are cut, or an error."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.importers import bundle_import, json_window
from api.importers.bundle import COLLECTIONS
from api.importers.bundle_file import BundleFile, Item, _Source
from api.importers.bundle_import import Checked, checked
from api.importers.json_window import JsonWindow
from api.model.bundle import FORMAT
from api.model.fields import LARGEST
from api.model.problem import Problem
from api.model.strict_json import DEEPEST, MOST_MEMBERS, read_json
from unit.samples import actor, bundle, changed, cited, event, refusal, sample, told

Document = dict[str, Any]


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """The data in blocks of so many bytes."""
    return (data[start : start + size] for start in range(0, len(data), size))


def file_of(data: bytes, size: int | None = None) -> BundleFile:
    """A file that gives at most so many bytes at a time."""

    class Slow(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(size if size and (wanted is None or wanted < 0 or wanted > size) else wanted)

    return BundleFile("made.json", len(data), _Source(Slow(data).read))


def items(data: bytes, size: int | None = None) -> list[Item]:
    return list(file_of(data, size).items())


def document(found: list[Item]) -> Document:
    """The document that the items stood in."""
    whole: Document = {}
    for each in found:
        if each.index is None:
            whole[each.name] = each.value
        else:
            assert each.index == len(whole.setdefault(each.name, []))
            whole[each.name].append(each.value)
    return whole


def as_lines(whole: Document) -> bytes:
    """The same as NDJSON."""
    records = [{name: each} for name in COLLECTIONS for each in whole.get(name, [])]
    return "".join(json.dumps(each) + "\n" for each in [{"bundle": whole["bundle"]}, *records]).encode()


# Values


TEXTS = st.text(max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from('abcé\\"{}[]'), inner, max_size=4),
    max_leaves=12,
)
BUNDLES = st.dictionaries(st.sampled_from(COLLECTIONS), st.lists(VALUES, min_size=1, max_size=4)).map(
    lambda records: {"bundle": FORMAT, **records}
)
SPELLINGS = st.fixed_dictionaries(
    {
        "indent": st.sampled_from((None, 0, 1, "\t")),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from(((",", ":"), (" ,\r\n", "\t: "), (", ", ": "))),
    }
)


@settings(deadline=None)
@given(BUNDLES, SPELLINGS, st.integers(1, 40), st.randoms())
def test_any_spelling_cut_anywhere_is_what_was_written(
    whole: Document, spelling: dict[str, Any], size: int, random: Any
) -> None:
    names = list(whole)
    random.shuffle(names)
    whole = {name: whole[name] for name in names}
    data = json.dumps(whole, **spelling).encode("utf-8", "surrogatepass")
    found = document(items(data, size))
    assert found == json.loads(data)
    assert list(found) == names


@settings(deadline=None)
@given(BUNDLES, st.integers(1, 40))
def test_lines_cut_anywhere_are_what_was_written(whole: Document, size: int) -> None:
    assert document(items(as_lines(whole), size)) == whole


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=40) | st.text(alphabet='[]{}",:0123456789eE+-.truefalsn\\ \né', max_size=40).map(str.encode),
    st.integers(1, 12),
)
def test_any_value_is_read_or_refused_as_it_is_whole(data: bytes, size: int) -> None:
    """The same verdict as of the whole text; what is said may differ where several things are wrong."""

    def windowed() -> Any:
        text = JsonWindow(cut(data, size))
        value = text.value(DEEPEST)
        if text.next():
            raise text.wrong("Extra data")
        return value

    def verdict(read: Any) -> Any:
        try:
            return read()
        except Problem as problem:
            problem.detail.encode()
            return problem.kind

    whole, cut_up = verdict(lambda: read_json(data)), verdict(windowed)
    assert cut_up == whole
    assert type(cut_up) is type(whole)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    "text", ["9007199254740993.5", "1.5e3", "-0.25", "false", "-12", '"\\ud83d\\udd4a"', "[1 , 2 ]"]
)
def test_a_value_that_is_cut_in_two(text: str, size: int) -> None:
    found = items(f'{{"events": [{text}]}}'.encode(), size)
    assert [each.value for each in found] == [json.loads(text)]


def test_where_records_stand() -> None:
    data = json.dumps(sample(), indent=2).encode()
    lines = data.decode().split("\n")
    for each in items(data, 13):
        if each.index is not None:
            assert lines[each.line - 1].strip() == "{"
            assert f'"id": "{each.value["id"]}"' in lines[each.line]
    assert [each.line for each in items(b'\n{"bundle":"event-timeline/1"}\n\n{"events":{}}\n{"events":{}}')] == [
        2,
        4,
        5,
    ]


def test_little_is_held() -> None:
    """A long text passes through a window no larger than what is wanted of it."""
    data = b'{"events":[' + b",".join(b'{"id": "%d"}' % number for number in range(100_000)) + b"]}"
    text = JsonWindow(cut(data, 4096))
    assert text.follows("{")
    assert text.name() == "events"
    assert text.follows("[")
    count, longest = 0, 0
    while True:
        text.value(2)
        count += 1
        longest = max(longest, len(text._text))
        if text.ends("]"):
            break
    assert count == 100_000
    assert longest < 3 * 4096


# What is refused


HEAD = '{"bundle": "event-timeline/1"'
DEEP = "[" * DEEPEST + "]" * DEEPEST
REFUSED: list[tuple[str | bytes, int, str]] = [
    ("", 400, "Line 1, column 1: Expecting value"),
    ("\n \n", 400, "Line 3, column 1: Expecting value"),
    ("id,title\n1,a", 400, "Line 1, column 1"),
    (b"\xef\xbb\xbf{}", 400, "Line 1, column 1"),
    (b"\xff\xfe{\0", 400, "not UTF-8: byte 0"),
    (HEAD.encode() + b', "events": ["\xe2\x82"]}', 400, "not UTF-8: byte 43"),
    (HEAD.encode() + b', "events": [\xe2', 400, "not UTF-8: byte 42"),
    ("[]", 422, "no JSON object"),
    ("3", 422, "no JSON object"),
    ("{", 400, "Line 1, column 2: Expecting property name"),
    (HEAD, 400, "Expecting ',' delimiter"),
    (HEAD + "}}", 400, "Line 1, column 31"),
    (HEAD + ', "events": []}\n{}', 400, "Line 2, column 1: Extra data"),
    (HEAD + ', "events": []} x', 400, "Extra data"),
    (HEAD + ', "events": [}', 400, "Expecting value"),
    (HEAD + ', "events": [1,]}', 400, "Expecting value"),
    (HEAD + ', "events": [1 2]}', 400, "Expecting ',' delimiter"),
    (HEAD + ', "events": [1', 400, "Expecting ',' delimiter"),
    (HEAD + ', "events" [1]}', 400, "Expecting ':' delimiter"),
    (HEAD + ", events: [1]}", 400, "Expecting property name"),
    (HEAD + ',\n "events": [1],\n}', 400, "Line 3, column 1: Expecting property name"),
    (HEAD + ',\n\n "events": [\n{"a": tru}]}', 400, "Line 4, column 7: Expecting value"),
    (HEAD + ', "events": [{"a": "b\n"}]}', 400, "control character"),
    (HEAD + ', "events": [{"a": "b', 400, "Unterminated string"),
    (HEAD + ', "events": [NaN]}', 400, "NaN is not JSON"),
    (HEAD + ', "events": [{"a": -Infinity}]}', 400, "-Infinity is not JSON"),
    (HEAD + ', "events": [1e999]}', 400, "too large"),
    (HEAD + ', "events": [9007199254740993]}', 400, "outside ±2^53"),
    (HEAD + ', "events": [{"a": 1, "a": 2}]}', 400, '"a" stands twice'),
    (HEAD + ', "events": [], "events": []}', 400, '"events" stands twice'),
    (HEAD + ', "bundle": 1}', 400, '"bundle" stands twice'),
    (HEAD + ', "event": []}', 422, 'Line 1: "event" is no member of a bundle'),
    (HEAD + ', "\\ud800": []}', 400, "U+D800"),
    (HEAD + ', "events": [{"\\u0000": 1}]}', 400, "U+0000"),
    (HEAD + f', "events": [{DEEP}]}}', 400, "32 levels"),
    (HEAD + f', "bundles": {DEEP}}}', 422, "no member"),
    (HEAD + ', "events": [' + "[" * 100_000, 400, "32 levels"),
    (HEAD + ', "events": [' + json.dumps(dict.fromkeys(map(str, range(MOST_MEMBERS + 1)))) + "]}", 400, "1001 members"),
    (HEAD + '}\n{"event": {}}', 422, 'Line 2 begins with "event"'),
    (HEAD + "}\n" + HEAD + "}", 422, 'Line 2 begins with "bundle"'),
    (HEAD + "}\n[]", 422, "Line 2 is no object with one member"),
    (HEAD + '}\n{"events": {}, "actors": {}}', 422, "Line 2 is no object with one member"),
    (HEAD + '}\n\n{"events": {"a": 01}}', 400, "Line 3: Line 1, column"),
    (HEAD + "}\n" + '{"events": {"a": NaN}}', 400, "Line 2: NaN is not JSON"),
    (HEAD.encode() + b'}\n{"events": {"a": "\xff"}}', 400, "Line 2: The text is not UTF-8"),
    (gzip.compress(HEAD.encode() + b" " * 5000 + b"}", mtime=0)[:-12], 400, "compressed, and damaged"),
    (gzip.compress(HEAD.encode() + b"}", mtime=0)[:-4] + b"none", 400, "compressed, and damaged"),
    (b"\x1f\x8b\x00", 400, "compressed, and damaged"),
    (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), 400, "not UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize("size", [None, 1, 5])
@pytest.mark.parametrize(("data", "status", "said"), REFUSED, ids=[repr(each[0][:60]) for each in REFUSED])
def test_what_is_refused(data: str | bytes, status: int, said: str, size: int | None) -> None:
    if size and len(data) > 10_000:
        size = 10_000
    problem = refusal(lambda: items(data if isinstance(data, bytes) else data.encode(), size))
    assert problem.status == status
    assert said in problem.detail
    assert "\n" not in problem.detail
    assert len(problem.detail) < 250


@pytest.mark.parametrize("is_lines", [False, True])
def test_what_is_too_long(monkeypatch: pytest.MonkeyPatch, is_lines: bool) -> None:
    monkeypatch.setattr(json_window, "LONGEST_VALUE", 1000)
    monkeypatch.setattr("api.importers.bundle_file.LONGEST_VALUE", 1000)
    for size, is_taken in ((900, True), (1100, False), (5000, False)):
        whole = {"bundle": FORMAT, "events": [{"id": "x" * size}, {"id": "y"}]}
        data = as_lines(whole) if is_lines else json.dumps(whole, indent=1).encode()
        for block in (64, 1 << 16):
            if is_taken:
                assert document(items(data, block)) == whole
            else:
                assert "has more than 1000" in refusal(lambda data=data, block=block: items(data, block)).detail  # type: ignore[misc]


# Records, checked


def check(*documents: Any, into: Checked | None = None) -> Checked:
    """Read documents as files; what they hold."""
    with checked() as own:
        found = into or own
        for number, each in enumerate(documents, 1):
            file = file_of(each if isinstance(each, bytes) else json.dumps(each).encode())
            file.name = f"{number}.json"
            bundle_import.read(file, found, lambda *_: None)
        return found


def test_a_sound_bundle() -> None:
    found = check(sample())
    assert found.count == 14
    assert found.spool.counts == {"sources": 2, "locations": 3, "actors": 4, "events": 2, "statements": 2}


@pytest.mark.parametrize(
    ("whole", "faults"),
    [
        ({}, [("/bundle", "1.json: Missing data for required field.")]),
        ({"bundle": "event-timeline/2"}, [("/bundle", "1.json, line 1: Must be one of event-timeline/1")]),
        (bundle(events=None), [("/events", "1.json, line 1: Field may not be null.")]),
        (bundle(actors={"a": {"b": 1}}), [("/actors", "1.json, line 1: Must be a list.")]),
        (bundle(actors="x"), [("/actors", "1.json, line 1: Must be a list.")]),
        (bundle(actors=[1]), [("/actors/0", "1.json, line 1: Invalid input type.")]),
        (changed(("/actors/1/type", "army"), ("/events/0/start_date", "2024-02-30")),
         [("/actors/1/type", "1.json, line 1: Must be one of"),
          ("/events/0/start_date", "1.json, line 1: Must be a calendar day, YYYY-MM-DD.")]),
        (bundle(sources=[{"id": "a", "type": "article"}] * 2), [("/sources/1/id", "1.json, line 1: Stands twice.")]),
        (bundle(datasets=[{"id": "a", "title": "A", "licence": "x", "attribution": "y"}] * 2),
         [("/datasets/1/id", "1.json, line 1: Stands twice.")]),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_places(whole: Document, faults: list[tuple[str, str]]) -> None:
    problem = refusal(lambda: check(whole))
    assert problem.status == 422
    assert len(problem.faults) == len(faults)
    for (pointer, detail), (wanted, said) in zip(told(problem.faults), faults, strict=True):
        assert pointer == wanted
        assert detail.startswith(said)


def test_so_many_faults_are_told() -> None:
    whole = bundle(events=[{"id": f"e{number}"} for number in range(1000)])
    problem = refusal(lambda: check(whole))
    assert 100 <= len(problem.faults) < 120
    assert "not looked at" in problem.faults[-1].detail


def test_two_files_are_one_bundle() -> None:
    one = bundle(sources=[{"id": "paper", "type": "article"}])
    assert check(one, bundle(actors=[actor("a")]), as_lines(bundle(events=[event("e")]))).count == 3
    problem = refusal(lambda: check(one, one))
    assert told(problem.faults) == [("/sources/0/id", "2.json, line 1: Stands twice.")]
    assert "2.json: Missing" in refusal(lambda: check(one, {"events": []})).detail


def test_the_line_of_a_fault(tmp_path: Path) -> None:
    data = as_lines(bundle(sources=[{"id": "a", "type": "article"}, {"id": "b", "type": "x"}], actors=[{"id": "c"}]))
    problem = refusal(lambda: check(data))
    assert [detail.split(":")[0] for _, detail in told(problem.faults)][:2] == ["1.json, line 3", "1.json, line 4"]
    pretty = json.dumps(bundle(sources=[{"id": "a", "type": "x", "evidence": cited()}]), indent=1).encode()
    assert {detail.split(":")[0] for _, detail in told(refusal(lambda: check(pretty)).faults)} == {"1.json, line 4"}
