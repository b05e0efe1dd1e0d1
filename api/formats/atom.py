"""`atom`: RFC 4287, a feed for feed readers. What is shown in an entry is decided by whoever makes it."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

MEDIA_TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, escaped or not (its production `Char`)."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `id` is a URI that never stands for anything else; texts are plain."""

    id: str
    title: str
    updated: str
    link: str
    content: str
    author: str | None = None


@dataclass(frozen=True)
class Feed:
    """Entries, newest first. `link` is where the feed itself is; its author stands for entries that name none."""

    id: str
    title: str
    updated: str
    link: str
    author: str
    entries: Sequence[Entry]


def encode(feed: Feed) -> bytes:
    """The feed as an XML document in UTF-8."""
    root = ET.Element("feed", xmlns=NAMESPACE)
    _head(root, feed.id, feed.title, feed.updated)
    _author(root, feed.author)
    ET.SubElement(root, "link", rel="self", type=MEDIA_TYPE, href=_clean(feed.link))
    for each in feed.entries:
        entry = ET.SubElement(root, "entry")
        _head(entry, each.id, each.title, each.updated)
        if each.author is not None:
            _author(entry, each.author)
        ET.SubElement(entry, "link", rel="alternate", href=_clean(each.link))
        _text(entry, "content", each.content, type="text")
    ET.indent(root, "")
    document: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return document + b"\n"


def _head(parent: ET.Element, uri: str, title: str, updated: str) -> None:
    _text(parent, "id", uri)
    _text(parent, "title", title, type="text")
    _text(parent, "updated", updated)


def _author(parent: ET.Element, name: str) -> None:
    _text(ET.SubElement(parent, "author"), "name", name)


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _clean(text)


def _clean(text: str) -> str:
    """The text without characters that XML 1.0 forbids, its line ends as XML has them."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
