"""JSON that has one reading, and the refusal of all that has two or none."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.model.fields import LARGEST
from api.model.problem import Problem
from api.model.strict_json import DEEPEST, read_json
from api.model.text import unstorable
from unit.samples import refusal

READ: list[tuple[bytes, Any]] = [
    (b"null", None),
    (b"true", True),
    (b" [1, 2]\r\n\t", [1, 2]),
    (b"0", 0),
    (b"-0", 0),
    (b"9007199254740992", LARGEST),
    (b"-9007199254740992", -LARGEST),
    (b"1.5e3", 1500.0),
    (b"1E-2", 0.01),
    (b"1.7976931348623157e308", 1.7976931348623157e308),
    (b'"\xd8\xad\xd9\x84\xd8\xa8"', "حلب"),
    (b'"\\u062d"', "ح"),
    (b'"\\ud83d\\udd4a"', "🕊"),
    (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
    (b'{"a": 1, "A": 2, " a": 3}', {"a": 1, "A": 2, " a": 3}),
    (b'{"\\u00e9": 1, "e\\u0301": 2}', {"é": 1, "e\u0301": 2}),
    (b"[" * DEEPEST + b"]" * DEEPEST, None),
]

REFUSED: list[tuple[bytes, str]] = [
    # not JSON at all
    (b"", "Line 1, column 1"),
    (b" ", "Line 1, column 2"),
    (b"{", "Line 1, column 2"),
    (b"{}\n{}", "Line 2, column 1: Extra data"),
    (b"[1,]", "Line 1, column"),
    (b"{'a': 1}", "column 2"),
    (b"{a: 1}", "column 2"),
    (b'{"a": 1,}', "Line 1, column"),
    (b"// a\n1", "column 1"),
    (b"tru", "column 1"),
    (b"True", "column 1"),
    (b"01", "column 2"),
    (b"+1", "column 1"),
    (b".5", "column 1"),
    (b"5.", "column 2"),
    (b"1_000", "column 2"),
    (b"0x10", "column 2"),
    ("٣".encode(), "column 1"),
    (b'"a\nb"', "control character"),
    (b'"a\0b"', "control character"),
    (b'"\\x41"', "escape"),
    (b'"\\u12"', "escape"),
    (b'"a', "column 1"),
    (b"a=1&b=2", "column 1"),
    # numbers that other readers keep otherwise, or not at all
    (b"NaN", "NaN is not JSON"),
    (b"[Infinity]", "Infinity is not JSON"),
    (b'{"a": -Infinity}', "-Infinity is not JSON"),
    (b"1e999", '"1e999" is too large'),
    (b"[-1e400]", "too large"),
    (b"9007199254740993", "outside ±2^53"),
    (b"-9007199254740993", "outside ±2^53"),
    (b"1" * 5000, "outside ±2^53"),
    (b"1" * 5000 + b".0", "too large"),
    # names
    (b'{"a": 1, "a": 1}', '"a" stands twice'),
    (b'[{"b": {"c": 1, "d": 2, "c": 3}}]', '"c" stands twice'),
    (b'{"a": 1, "\\u0061": 2}', '"a" stands twice'),
    (b'{"\\ud800": 1}', "U+D800"),
    (b'{"\\ud800": 1, "\\ud800": 2}', '"\\ud800" stands twice'),
    (b'{"a\\u0000": 1}', "U+0000"),
    # bytes
    (b'"\xff"', "byte 1 cannot be read"),
    (b"\xff\xfe1\x00", "not UTF-8: byte 0"),
    ('"é"'.encode("latin-1"), "not UTF-8"),
    (b'"\xed\xa0\x80"', "not UTF-8"),
    (b'"\xc0\x80"', "not UTF-8"),
    ("1".encode("utf-16"), "not UTF-8"),
    (b"\xef\xbb\xbf{}", "column 1"),
    # depth
    (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "more than 32 levels"),
    (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "more than 32 levels"),
    (b"[" * 100_000, "32 levels"),
    (b"[" * 100_000 + b"]" * 100_000, "32 levels"),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "32 levels"),
]


@pytest.mark.parametrize(("data", "value"), READ, ids=[repr(each[0][:20]) for each in READ])
def test_one_reading(data: bytes, value: Any) -> None:
    read = read_json(data)
    if value is not None:
        assert read == value
        assert type(read) is type(value)


@pytest.mark.parametrize(("data", "said"), REFUSED, ids=[repr(each[0][:20]) for each in REFUSED])
def test_two_readings_or_none(data: bytes, said: str) -> None:
    problem = refusal(lambda: read_json(data))
    assert (problem.status, problem.kind) == (400, "invalid-json")
    assert said in problem.detail
    assert "\n" not in problem.detail
    problem.detail.encode()  # what is said can be sent
    assert len(problem.detail) < 200


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda name: not unstorable(name)), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES)
def test_whatever_is_written_as_json_is_read_as_it_was(value: Any) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)
        assert read_json(text.encode("utf-8", "surrogatepass")) == value


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:0123456789eE+-.truefalsn\\ ', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_in_a_sentence(data: bytes) -> None:
    try:
        value = read_json(data)
    except Problem as problem:
        str(problem).encode()
    else:
        assert value == json.loads(data)
        assert not isinstance(value, float) or math.isfinite(value)
