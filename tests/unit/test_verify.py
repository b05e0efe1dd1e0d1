"""Checking evidence against texts: all right, and each way to be wrong."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.importers.verify import VerifyReport, verify_articles
from api.store.readers import Reader
from unit.samples import ARTICLES, Document, bundle, event, figure, opened, put, statement

TEXT = "Jets struck the town on Friday.\r\nFour people died – “four civilians”, a 🕊 group said.\n"
OTHER = "Nothing happened on Friday, an official said.\n"
QUERY_MS = 2000


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def at(quote: str, source: str = "paper", text: str = TEXT) -> Document:
    start = text.index(quote)
    return {"source": source, "quote": quote, "start": start, "end": start + len(quote)}


def right() -> Document:
    """A bundle each of whose quotes stands where it says, at every depth at which evidence can stand."""
    return bundle(
        sources=[
            {"id": "paper", "sha256": digest(TEXT), "length": len(TEXT)},
            {"id": "other", "sha256": digest(OTHER), "length": len(OTHER)},
            {"id": "wire"},
        ],
        actors=[
            {
                "id": "group", "name": "Group", "type": "civil_society", "evidence": [at("a 🕊 group")],
                "relations": [{"actor": "official", "relation": "allied_with", "evidence": [at("a 🕊 group said")]}],
            },
            {"id": "official", "name": "Official", "type": "person", "evidence": [at("an official", "other", OTHER)]},
        ],
        locations=[{"id": "town", "name": "Town", "type": "town", "evidence": [at("the town")]}],
        events=[event("strike", evidence=[at("Jets struck"), {"source": "wire"}])],
        statements=[
            statement(
                "claim", events=["strike"], evidence=[at("Four people died")],
                figures=[figure(best=4, evidence=[at("four civilians"), at("Friday", "other", OTHER)])],
            )
        ],
    )  # fmt: skip


@contextmanager
def reading(path: Path, document: Document) -> Iterator[Reader]:
    with opened(path, document):
        reader = Reader(path, QUERY_MS)
        try:
            yield reader
        finally:
            reader.close()


def verified(path: Path, document: Document, texts: dict[str, str] | None = None) -> VerifyReport:
    """The report on a document and a folder with some texts, by default the right ones and one more."""
    folder = path / "articles"
    folder.mkdir()
    (folder / "images").mkdir()  # what is no file is passed by
    for name, text in (texts if texts is not None else {"1.txt": TEXT, "2.txt": OTHER, "README.md": "About"}).items():
        (folder / name).write_bytes(text.encode())
    with reading(path / "verify.db", document) as reader:
        return verify_articles(reader, folder)


def test_all_right(tmp_path: Path) -> None:
    report = verified(tmp_path, right())
    assert report.differences == 0
    assert report.lines == [
        "checked  paper: 6 of 6 quotes stand at their offsets in 1.txt",
        "checked  other: 2 of 2 quotes stand at their offsets in 2.txt",
        "no text  wire: the source names no digest, so there is nothing to compare",
    ]


def shift(pointer: str, by: int) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        spot: Any = document
        for part in pointer.split("/")[1:]:
            spot = spot[int(part)] if isinstance(spot, list) else spot[part]
        spot["start"], spot["end"] = spot["start"] + by, spot["end"] + by

    return change


def set_to(pointer: str, value: Any) -> Callable[[Document], None]:
    return lambda document: put(document, pointer, value)


def both(*changes: Callable[[Document], None]) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for each in changes:
            each(document)

    return change


WRONG: list[tuple[str, Callable[[Document], None], list[str]]] = [
    (
        "offset of an event",
        shift("/events/0/evidence/0", 1),
        ['events/strike/evidence/0: 1–12 of 1.txt is "ets struck ", not "Jets struck"; the quote stands at 0'],
    ),
    (
        "offset of a figure",
        shift("/statements/0/figures/0/evidence/0", -1),
        [
            ('statements/claim/figures/0/evidence/0: 52–66 of 1.txt is "“four civilian",'
             ' not "four civilians"; the quote stands at 53'),
        ],
    ),
    (
        "offset of a relation",
        shift("/actors/0/relations/0/evidence/0", 2),
        [
            ('actors/group/relations/0/evidence/0: 72–86 of 1.txt is "🕊 group said.\\n",'
             ' not "a 🕊 group said"; the quote stands at 70'),
        ],
    ),
    (
        "offset beyond the end",
        shift("/locations/0/evidence/0", 1000),
        ['locations/town/evidence/0: 1012–1020 of 1.txt is "", not "the town"; the quote stands at 12'],
    ),
    (
        "a phrase that is not there",
        set_to("/actors/1/evidence/0/quote", "an Official"),
        ['actors/official/evidence/0: 28–39 of 2.txt is "an official", not "an Official"; the quote does not occur'],
    ),
    (
        "a phrase of another source",
        set_to("/locations/0/evidence/0/source", "other"),
        ['locations/town/evidence/0: 12–20 of 2.txt is "ened on ", not "the town"; the quote does not occur'],
    ),
    ("length", set_to("/sources/0/length", len(TEXT) + 1), [f"paper: 1.txt has {len(TEXT)} characters, not {len(TEXT) + 1}"]),
    ("length in bytes", set_to("/sources/0/length", len(TEXT.encode())), [f"paper: 1.txt has {len(TEXT)} characters, not 95"]),
    (
        "digest",
        set_to("/sources/0/sha256", "f" * 64),
        [f"paper: digest of 1.txt is {digest(TEXT)[:12]}…, not {'f' * 12}…"],
    ),
    (
        "two things at once",
        both(shift("/events/0/evidence/0", 1), set_to("/sources/1/length", 1)),
        [
            'events/strike/evidence/0: 1–12 of 1.txt is "ets struck ", not "Jets struck"; the quote stands at 0',
            f"other: 2.txt has {len(OTHER)} characters, not 1",
        ],
    ),
    (
        "a source that names no digest and is quoted",
        set_to("/sources/0/sha256", None),
        ["paper: it is quoted 6 times without a text to compare with"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "differences"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_what_differs_in_the_records(
    tmp_path: Path, change: Callable[[Document], None], differences: list[str]
) -> None:
    document = right()
    change(document)
    report = verified(tmp_path, document)
    assert [each.removeprefix("DIFFERS  ") for each in report.lines if each.startswith("DIFFERS  ")] == differences
    assert report.differences == len(differences)


def test_a_source_without_a_length_says_nothing_of_it(tmp_path: Path) -> None:
    document = right()
    put(document, "/sources/0/length", None)
    assert verified(tmp_path, document).differences == 0


CHANGED = [
    # Texts in the folder, and what is said to differ.
    (
        "one letter",
        {"1.txt": TEXT.replace("Friday", "friday"), "2.txt": OTHER},
        [f"paper: digest of 1.txt is {digest(TEXT.replace('Friday', 'friday'))[:12]}…, not {digest(TEXT)[:12]}…"],
    ),
    (
        "line ends",
        {"1.txt": TEXT.replace("\r\n", "\n"), "2.txt": OTHER},
        [
            "digest of 1.txt", f"1.txt has {len(TEXT) - 1} characters", "claim/evidence/0", "figures/0/evidence/0",
            "group/evidence/0", "relations/0/evidence/0",
        ],
    ),
    ("a missing file", {"2.txt": OTHER}, ["paper: no file has its digest"]),
    ("an empty folder", {}, ["paper: no file has its digest", "other: no file has its digest"]),
    ("texts under other names", {"b": TEXT, "a": OTHER}, []),
    ("the same text twice", {"1.txt": TEXT, "2.txt": OTHER, "3.txt": TEXT}, []),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "said"), [each[1:] for each in CHANGED], ids=[each[0] for each in CHANGED])
def test_what_differs_in_the_texts(tmp_path: Path, texts: dict[str, str], said: list[str]) -> None:
    report = verified(tmp_path, right(), texts)
    differing = [each for each in report.lines if each.startswith("DIFFERS")]
    assert len(differing) == report.differences
    for fragment in said:
        assert any(fragment in each for each in differing), fragment
    assert len(differing) == len(said)


def test_a_text_that_is_not_utf8_is_only_another_text(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0 the town")
    (tmp_path / "articles" / "1.txt").write_bytes(TEXT.encode())
    (tmp_path / "articles" / "2.txt").write_bytes(OTHER.encode())
    with reading(tmp_path / "verify.db", right()) as reader:
        assert verify_articles(reader, tmp_path / "articles").differences == 0


@pytest.mark.skipif(
    not ARTICLES.is_dir(), reason=f"the sample articles' texts are not part of the repository: no {ARTICLES}"
)
def test_the_seed_against_the_articles(database: Path) -> None:
    reader = Reader(database, QUERY_MS)
    try:
        report = verify_articles(reader, ARTICLES)
    finally:
        reader.close()
    assert [each for each in report.lines if each.startswith("DIFFERS")] == []
    assert report.differences == 0
    checked = [each for each in report.lines if each.startswith("checked")]
    assert len(checked) == 2
    for line in checked:
        right_ones, all_of_them = line.split(": ")[1].split(" quotes")[0].split(" of ")
        assert right_ones == all_of_them
        assert int(all_of_them) > 20
