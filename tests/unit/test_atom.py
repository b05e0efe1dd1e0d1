"""Atom: what RFC 4287 demands of a feed, whatever texts are in it."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.formats.atom import MEDIA_TYPE, NAMESPACE, Entry, Feed, encode

NAMES = {"a": NAMESPACE}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
ENTRY = Entry(
    id="urn:uuid:0b6ba7b8-9dad-51d1-80b4-00c04fd430c8",
    title="Event “Saraqib captured” created (version 1)",
    updated="2026-01-02T03:04:05Z",
    link="http://127.0.0.1:8000/v1/events/saraqib-captured",
    content="Created.",
)
OTHER = replace(ENTRY, id="urn:uuid:1b6ba7b8-9dad-51d1-80b4-00c04fd430c8", author="The desk")
FEED = Feed(
    id="urn:uuid:2b6ba7b8-9dad-51d1-80b4-00c04fd430c8",
    title="Changes",
    updated="2026-01-02T03:04:05Z",
    link="http://127.0.0.1:8000/v1/changes.atom?limit=2&collection=events",
    author="Event Timeline",
    entries=(ENTRY, OTHER),
)


def one(parent: ET.Element, name: str) -> ET.Element:
    """The child of that name, of which there must be exactly one."""
    (found,) = parent.findall(f"a:{name}", NAMES)
    return found


def check(feed: Feed) -> ET.Element:
    """The document's root; all of it is as RFC 4287 demands."""
    data = encode(feed)
    assert data.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns=")
    root = ET.fromstring(data)
    assert root.tag == f"{{{NAMESPACE}}}feed"
    for each in (root, *root.findall("a:entry", NAMES)):  # 4.1.1, 4.1.2: exactly one of each
        assert re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", str(one(each, "id").text))
        assert one(each, "title").get("type") == "text"
        assert MOMENT.fullmatch(str(one(each, "updated").text))
        assert all(name.text for person in each.findall("a:author", NAMES) for name in [one(person, "name")])
    assert len(root.findall("a:author", NAMES)) == 1  # so that each entry has one
    link = one(root, "link")
    assert (link.get("rel"), link.get("type"), link.get("href")) == ("self", MEDIA_TYPE, feed.link)
    ids = [one(each, "id").text for each in root.findall("a:entry", NAMES)]
    assert len(set(ids)) == len(ids) == len(feed.entries)
    for each, entry in zip(root.findall("a:entry", NAMES), feed.entries, strict=True):
        link = one(each, "link")
        assert (link.get("rel"), link.get("href")) == ("alternate", entry.link)
        assert one(each, "content").get("type") == "text"
        assert len(one(each, "title")) == len(one(each, "content")) == 0  # text holds no elements
        assert {child.tag for child in each} <= {
            f"{{{NAMESPACE}}}{name}" for name in ("id", "title", "updated", "author", "link", "content")
        }
    return root


def test_a_feed_is_as_the_standard_demands() -> None:
    root = check(FEED)
    first, second = root.findall("a:entry", NAMES)
    assert one(first, "title").text == ENTRY.title
    assert one(first, "content").text == ENTRY.content
    assert first.find("a:author", NAMES) is None
    assert one(one(second, "author"), "name").text == "The desk"


def test_a_feed_may_be_empty() -> None:
    assert check(replace(FEED, entries=())).find("a:entry", NAMES) is None


HOSTILE = (
    ("<script>alert(1)</script>", ...), ("</title><title>", ...), ("a & b &amp; &#0; &lt;", ...), ("]]>", ...),
    ("<![CDATA[x]]>", ...), ('"\'', ...), ("<!-- x -->", ...), ("<?xml?>", ...), ("&x; <!ENTITY x SYSTEM 'file:///'>", ...),
    ("حلب 🙂 é", ...), ("\U0010ffff", ...), ("\u0085\u2028\u00a0", ...), ("\ud7ff\ue000\ufffd", ...), ("a\tb\nc", ...),
    ("a\r\nb\rc", "a\nb\nc"), ("a\ufffeb\uffffc", "abc"), ("a\0b\x01\x08\x0b\x0c\x0e\x1fc", "abc"), ("a\ud800b", "ab"),
    ("\udc00\ud800", ""),
)  # fmt: skip
"""Texts, and what is left of them: `...` where it is all."""


@pytest.mark.parametrize(("text", "left"), HOSTILE, ids=lambda text: ascii(text)[:30])
def test_any_text_comes_back_as_it_was(text: str, left: object) -> None:
    wanted = text if left is ... else left
    entry = replace(ENTRY, title=f"“{text}”", content=f"“{text}”", author=f"“{text}”")
    root = check(replace(FEED, title=f"“{text}”", entries=(entry,)))
    shown = root.find("a:entry", NAMES)
    assert shown is not None
    for found in (one(root, "title"), one(shown, "title"), one(shown, "content"), one(one(shown, "author"), "name")):
        assert found.text == f"“{wanted}”"


@given(text=st.text(min_size=1), link=st.from_regex(r"http://x/[!-~]{0,20}", fullmatch=True))
def test_random_texts_make_a_feed(text: str, link: str) -> None:
    check(replace(FEED, link=link, entries=(replace(ENTRY, title=text, content=text, link=link),)))
