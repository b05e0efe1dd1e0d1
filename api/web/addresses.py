"""Addresses of records: stored without an origin, sent with it."""

from collections.abc import Iterable, Iterator

OWN_LINK = b'"links":{"self":"/v1/'
"""How the address of a record is stored. No text can hold it, as quotation marks in texts are escaped."""
PIECE_BYTES = 256 * 1024


def all_absolute(pieces: Iterable[bytes], origin: str) -> Iterator[bytes]:
    """Many documents as they are stored, with the addresses of all made whole at once."""
    made = OWN_LINK.replace(b"/", origin.encode() + b"/", 1)
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(held).replace(OWN_LINK, made)
            held, size = [], 0
    yield b"".join(held).replace(OWN_LINK, made)


def absolute(document: bytes, origin: str) -> bytes:
    """The document with the address of its record made whole, which ends every document (`Stored.last`)."""
    before, mark, path = document.rpartition(OWN_LINK)
    return b"%s%s%s%s" % (before, mark[:-4], origin.encode(), b"/v1/" + path)
