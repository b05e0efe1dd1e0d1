"""Rendering: from records as they were written to documents as they are read, stored ready to send.

Names stand beside ids, tolls and counts are computed, and the folded text for full-text search is made here. Reading a
list is then joining stored text, which costs a small fraction of dumping it through marshmallow
(`tests/benchmarks/compare.py`).
"""

from api.model.nouns import NOUNS
from api.model.resource import Resource
from api.model.shape import order_of, shape_of
from api.model.text import fold, to_json
from api.model.ways import DAYS, IN_LIST, as_list, text_row
from api.store import links, sqlite
from api.store.links import Touched, parse
from api.store.lookups import Lookups
from api.store.views import VIEWS, View

DOCUMENTS = 2
"""The form of the documents. Raised with every change of a view or its schema, it makes a start render all of them anew."""
BATCH = 500
"""Rows read at a time: few enough to hold."""
BETWEEN_TEXTS = " \ue000 "
"""A word that keeps a phrase from running out of one text into the next. FTS5 counts private-use characters as letters;
`fold` leaves none in what is stored or asked for."""


def render(connection: sqlite.Connection, touched: Touched) -> None:
    """Write the documents, the search texts and the derived columns of the given records anew."""
    look = Lookups(connection)
    for noun in NOUNS:
        seqs = sorted(touched[noun.name])
        for start in range(0, len(seqs), BATCH):
            _render_batch(connection, noun, seqs[start : start + BATCH], look)


def render_all(connection: sqlite.Connection) -> None:
    """Write everything anew, in the current form."""
    links.place_events(connection, (seq for (seq,) in connection.execute("SELECT seq FROM events")))
    for noun in NOUNS:
        seqs = {seq for (seq,) in connection.execute(f"SELECT seq FROM {noun.name}")}
        render(connection, {each.name: seqs if each is noun else set() for each in NOUNS})
    connection.execute("UPDATE store SET documents = ?", (DOCUMENTS,))


def _render_batch(connection: sqlite.Connection, noun: Resource, seqs: list[int], look: Lookups) -> None:
    name = noun.name
    rows = connection.execute(
        f"SELECT {name}.seq, {name}.id, {name}.version, created_at, updated_at, record FROM {name}"
        f" JOIN changes ON changes.seq = {name}.change WHERE {name}.seq {IN_LIST}",
        (as_list(seqs),),
    ).fetchall()
    for seq, record_id, version, created_at, updated_at, record in rows:
        view = VIEWS[name](seq, shape_of(noun.record)(parse(record)), look)
        view.document.update(
            version=version,
            created_at=created_at,
            updated_at=updated_at,
            links={"self": f"/v1/{name}/{record_id}"},
        )
        row = seq
        if name in DAYS:
            connection.execute(
                f"DELETE FROM {name}_text WHERE rowid = (SELECT text_row FROM {name} WHERE seq = ?)", (seq,)
            )
            row = text_row(view.document[DAYS[name]], seq)
            view.columns["text_row"] = row
        if view.columns:
            assignments = ", ".join(f"{column} = ?" for column in view.columns)
            connection.execute(f"UPDATE {name} SET {assignments} WHERE seq = ?", (*view.columns.values(), seq))
        document = to_json(order_of(noun.view)(view.document))
        connection.execute(f"INSERT OR REPLACE INTO {name}_doc (seq, doc) VALUES (?, ?)", (seq, document))
        connection.execute(
            f"INSERT OR REPLACE INTO {name}_text (rowid, text) VALUES (?, ?)", (row, searched_text(view))
        )


def searched_text(view: View) -> str:
    """What full-text search reads of a record."""
    return BETWEEN_TEXTS.join(fold(each) for each in view.searched if each)
