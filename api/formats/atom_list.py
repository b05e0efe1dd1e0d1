"""`atom` of a list: what is new or was changed last, as RFC 4287, for feed readers."""

from collections.abc import Iterable, Iterator

from api.formats import atom, prose
from api.formats.geojson import geometry
from api.formats.sheet import Cover, Format, Sheet, covered
from api.model.resource import Document
from api.model.text import from_json

PAGES = {"next": "next", "prev": "previous"}
"""Relations as lists name them, and as RFC 5005 does."""


class AtomList(Format):
    """A feed, the records that were written last first: in any other order a reader would miss what is added."""

    name = "atom"
    media_type = atom.MEDIA_TYPE
    is_fixed = True
    sort = "-updated_at"

    def encode(self, documents: Iterable[bytes], sheet: Sheet) -> Iterator[bytes]:
        cover = covered(sheet)
        found = [from_json(each) for each in documents]
        records = [prose.record_of(each) for each in found]
        of_datasets = {each["dataset"] for each in records}
        yield atom.encode(
            atom.Feed(
                id=atom.urn(cover.epoch, cover.name, *sorted(cover.asked)),
                title=cover.title,
                updated=max((each["updated_at"] for each in records), default=cover.changed_at),
                link=str(sheet.links["self"]),
                author="Event Timeline",
                entries=[_entry(cover, each) for each in found],
                rights="\n".join(each.credit for each in cover.datasets if each.id in of_datasets) or None,
                pages={rel: url for name, rel in PAGES.items() if (url := sheet.links[name])},
            )
        )


def _entry(cover: Cover, document: Document) -> atom.Entry:
    record = prose.record_of(document)
    noun = "statements" if prose.is_statement(record) else "events"
    place = geometry(document)
    point = place["coordinates"] if place and place["type"] == "Point" else None
    return atom.Entry(
        id=atom.urn(cover.epoch, noun, record["id"]),
        title=record["title"],
        updated=record["updated_at"],
        link=record["links"]["self"],
        content="\n".join(prose.lines(record)),
        published=record["created_at"],
        categories=(record["type"],),
        point=point and (point[1], point[0]),
    )
