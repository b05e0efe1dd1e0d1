"""`atom`: RFC 4287, a feed for feed readers. What is shown in an entry is decided by whoever makes it.

Pages are linked by RFC 5005; a place is a point of GeoRSS Simple.
"""

import json
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MEDIA_TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
GEORSS = "http://www.georss.org/georss"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, escaped or not (its production `Char`)."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `id` is a URI that never stands for anything else; texts are plain.

    `point` is its place as latitude and longitude, in degrees.
    """

    id: str
    title: str
    updated: str
    link: str
    content: str
    author: str | None = None
    published: str | None = None
    categories: Sequence[str] = ()
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class Feed:
    """Entries, newest first. `link` is where the feed itself is; its author stands for entries that name none.

    `pages` are other pages of it by their relation: `next`, `previous`.
    """

    id: str
    title: str
    updated: str
    link: str
    author: str
    entries: Sequence[Entry]
    rights: str | None = None
    pages: Mapping[str, str] = field(default_factory=dict)


def urn(*parts: object) -> str:
    """An id that depends on nothing but the parts, as a URN that every reader takes (RFC 4122)."""
    return uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(parts)).urn


def encode(feed: Feed) -> bytes:
    """The feed as an XML document in UTF-8."""
    root = ET.Element("feed", xmlns=NAMESPACE)
    if any(each.point for each in feed.entries):
        root.set("xmlns:georss", GEORSS)
    _head(root, feed.id, feed.title, feed.updated)
    _author(root, feed.author)
    for rel, address in {"self": feed.link, **feed.pages}.items():
        ET.SubElement(root, "link", rel=rel, type=MEDIA_TYPE, href=_clean(address))
    if feed.rights:
        _text(root, "rights", feed.rights, type="text")
    for each in feed.entries:
        entry = ET.SubElement(root, "entry")
        _head(entry, each.id, each.title, each.updated)
        if each.author is not None:
            _author(entry, each.author)
        if each.published is not None:
            _text(entry, "published", each.published)
        for category in each.categories:
            ET.SubElement(entry, "category", term=_clean(category))
        if each.point is not None:
            _text(entry, "georss:point", " ".join(map(str, each.point)))
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
