"""API keys: made here, shown once, kept as a digest, looked up with each request that brings one.

A key is `et_<id>_<secret>`. The first part is its public id; the secret is 256 random bits, so that a plain SHA-256 is
as good as a slow hash, which would let strangers keep the server busy.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from api.model.moments import later, now
from api.model.problem import Problem
from api.model.text import shown, unstorable
from api.store import sqlite
from api.store.readers import Reader
from api.store.transaction import transaction

SCOPES = ("read", "write", "admin")
"""From the narrowest; each may do what those before it may."""
KEY = re.compile(r"(et_[0-9a-f]{8})_[A-Za-z0-9_-]{43}")
RESERVED = "et_"
"""What ids begin with, so no name does: `revoke` takes either."""
LONGEST_NAME = 100
COLUMNS = "id, name, scope, created_at, expires_at, revoked_at"


@dataclass(frozen=True)
class Caller:
    """Whose key came with a request, and what it may do."""

    id: str
    name: str
    scope: str

    def may(self, scope: str) -> bool:
        """Does the key's scope hold this one?"""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


@dataclass(frozen=True)
class Key:
    """A key as its owner may see it again: all but the secret."""

    id: str
    name: str
    scope: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    @property
    def fault(self) -> str | None:
        """Why the key does not count any more, such as `was revoked on 2026-01-31T12:00:00Z`; None while it does."""
        if self.revoked_at:
            return f"was revoked on {self.revoked_at}"
        if self.expires_at and self.expires_at <= now():
            return f"expired on {self.expires_at}"
        return None


def create(connection: sqlite.Connection, name: str, scope: str, expires: timedelta | None) -> str:
    """The whole new key, which cannot be had again. `Problem` 400 for a name that cannot be used, 409 for one that is taken."""
    if not (1 <= len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()):
        raise _bad(
            f"A name has 1 to {LONGEST_NAME} printable characters and no space at its ends, unlike {shown(name)}."
        )
    if name.startswith(RESERVED):
        raise _bad(f"A name does not begin with {RESERVED}, as ids do.")
    key_id = RESERVED + secrets.token_hex(4)
    key = f"{key_id}_{secrets.token_urlsafe(32)}"
    with transaction(connection):
        if found := _found(connection, name):
            state = f"; it {found.fault}" if found.fault else ""
            raise Problem(409, "conflict", f"There is a key named {shown(name)} already ({found.id}{state}).")
        connection.execute(
            "INSERT INTO keys (id, name, scope, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            (key_id, name, scope, _digest(key), now(), None if expires is None else later(expires)),
        )
    return key


def listed(connection: sqlite.Connection) -> list[Key]:
    """All keys, the oldest first; those that do not count any more are among them."""
    return [Key(*row) for row in connection.execute(f"SELECT {COLUMNS} FROM keys ORDER BY created_at, rowid")]


def revoke(connection: sqlite.Connection, id_or_name: str) -> Key:
    """The key as it was; from now on it is refused. `Problem` 404 where there is none, 409 where it was revoked before."""
    with transaction(connection):
        found = _found(connection, id_or_name)
        if found is None:
            raise Problem(404, "not-found", f"There is no key with the id or name {shown(id_or_name)}.")
        if found.revoked_at:
            raise Problem(409, "conflict", f"The key {found.id} {found.fault} already.")
        connection.execute("UPDATE keys SET revoked_at = ? WHERE id = ?", (now(), found.id))
    return found


def find(reader: Reader, key_text: str) -> Caller:
    """Whose key this is, within `snapshot()`; `Problem` 401 where it does not count.

    Only who has the secret gets to know that a key has expired or was revoked.
    """
    match = KEY.fullmatch(key_text)
    rows = reader.rows(f"SELECT digest, {COLUMNS} FROM keys WHERE id = ?", (match[1],)) if match else []
    for digest, *columns in rows:
        if hmac.compare_digest(digest.encode(), _digest(key_text).encode()):
            key = Key(*columns)
            if fault := key.fault:
                raise Problem(401, "key-refused", f"The key {key.id} {fault}.")
            return Caller(key.id, key.name, key.scope)
    raise Problem(401, "key-refused", "The key is unknown here.")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _found(connection: sqlite.Connection, id_or_name: str) -> Key | None:
    if unstorable(id_or_name):  # nothing stored is so named, and SQLite takes no lone surrogates
        return None
    row = connection.execute(f"SELECT {COLUMNS} FROM keys WHERE ? IN (id, name)", (id_or_name,)).fetchone()
    return Key(*row) if row else None


def _bad(detail: str) -> Problem:
    return Problem(400, "invalid-parameter", detail)
