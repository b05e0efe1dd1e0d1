"""How names are compared: what sounds alike is alike, and an index finds what a look at every name would find."""

import random
from pathlib import Path

import pytest
from conftest import seeded

from api.model.likeness import MOST, grams, likeness, sound
from api.model.reconcilable import SUBJECTS, Subject
from api.model.reconciliation import MOST_QUERIES, Batch
from api.model.text import fold
from api.store.matching import LEAST
from api.store.names_index import Memory, NamesIndex
from api.store.readers import Reader

ALIKE = [
    ("Sarakeb", "Saraqib", 98.0),
    ("Sarakeb", "Sarāqib", 98.0),
    ("Hayaat Tahrir ash-Sham", "Hayat Tahrir al-Sham", 98.0),
    ("Khan Shaykhun", "Khan Sheikhoun", 98.0),
    ("Ma'arrat an-Nu'man", "Maarat al-Numan", 98.0),
    ("Deir ez-Zor", "Dayr az Zawr", 98.0),
    ("Jisr ash-Shughour", "Jisr al-Shughur", 98.0),
    ("Alepo", "Aleppo", 98.0),
    ("Hamah", "Hama", 98.0),
]
"""Spellings of one name, and their likeness."""
UNLIKE = [("Hama", "Homs"), ("Aleppo", "Damascus"), ("Russia", "Turkey"), ("Idlib", "Raqqa"), ("Lattakia", "Tartus")]
ORDERS = [
    ("Sarakeb", "Saraqib", "Raqqa"),
    ("Dmitri Peskov", "Dmitry Peskov", "Dmitry Medvedev"),
    ("Peskov Dmitry", "Dmitry Peskov", "Dmitry Medvedev"),
    ("Aleppo", "New Aleppo", "Western districts of Aleppo"),
    ("Saraqib city", "Saraqib", "Idlib city"),
    ("Kafranbel", "Kafr Nabl", "Kafr Takharim"),
    ("حلب", "حلب الجديدة", "دمشق"),
]
"""A name, one that is more like it, and one that is less."""


def compared(one: str, other: str) -> float:
    return likeness(sound(fold(one)), sound(fold(other)))


@pytest.mark.parametrize(("one", "other", "expected"), ALIKE)
def test_spellings_of_one_name_are_alike(one: str, other: str, expected: float) -> None:
    assert compared(one, other) == compared(other, one) == expected == MOST


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_other_names_are_not(one: str, other: str) -> None:
    assert compared(one, other) < LEAST + 12


@pytest.mark.parametrize(("name", "near", "far"), ORDERS)
def test_the_nearer_name_is_more_alike(name: str, near: str, far: str) -> None:
    assert compared(name, near) > compared(name, far)


@pytest.mark.parametrize("name", ["", "-", "al", "the", "a", "h", "ß", "İ", "😀", "q" * 500, "a " * 250])
def test_any_text_is_compared(name: str) -> None:
    assert 0 <= compared(name, "Aleppo") <= MOST
    assert isinstance(grams(fold(name)), frozenset)


def test_the_docstring_is_true() -> None:
    assert sound("saraqib").text == sound("sarakeb").text == "sarakib"
    assert sound("as safirah").frame == "sfr"


def test_a_part_of_a_name_is_told_from_all_of_it() -> None:
    """All words of one in the other: more of them, more alike; never as much as one name in two spellings."""
    shares = [
        compared("Tahrir", each)
        for each in ("Tahrir Square", "Hayat Tahrir al-Sham", "Tahrir al-Sham fighters of Idlib")
    ]
    assert shares == sorted(shares, reverse=True)
    assert all(55 <= each <= 90 for each in shares)


SYLLABLES = ("sa", "ra", "qib", "ha", "ma", "dam", "kus", "lat", "ta", "kia", "idl", "ib", "kafr", "jis", "shu", "gur")
CLOSE = 75.0
"""A likeness that somebody who looks for a name would want to see."""


def made_up(chance: random.Random) -> str:
    return " ".join("".join(chance.choices(SYLLABLES, k=chance.randint(1, 3))) for _ in range(chance.randint(1, 3)))


def test_the_index_finds_what_a_look_at_every_name_finds() -> None:
    """The best of all names is among those that it gives for nearly every misspelt one, and none has another likeness."""
    chance = random.Random(7)
    names = sorted({(fold(made_up(chance)), seq) for seq in range(2000)})
    index, sounds, missed = NamesIndex(names), [(seq, name, sound(name)) for name, seq in names], []
    for _ in range(60):
        letters = list(chance.choice(names)[0])
        letters[chance.randrange(len(letters))] = chance.choice("aeioukq")
        folded = fold("".join(letters))
        wanted, found = sound(folded), index.alike(folded, range(2000))
        every = {seq: likeness(wanted, each) for seq, name, each in sounds if name != folded}
        assert found.items() <= every.items()
        if max(every.values()) >= CLOSE and max(found.values(), default=0.0) < max(every.values()):
            missed.append(folded)
    assert len(missed) <= 1, missed


def test_what_begins_so_is_found_by_halving() -> None:
    names = sorted(
        (name, seq) for seq, name in enumerate(("aleppo", "aleppo city", "al bab", "alef", "saraqib", "حلب"))
    )
    index = NamesIndex(names)
    for prefix in ("", "a", "al", "ale", "aleppo", "aleppo c", "s", "z", "ح"):
        assert index.beginning(prefix) == ({seq for name, seq in names if name.startswith(prefix)} if prefix else set())


def test_memory_answers_for_the_version_that_is_asked(tmp_path: Path) -> None:
    """Another version is read anew; its index is the old one while the names are the same."""
    reader = Reader(seeded(tmp_path / "a.db"), 2000)
    memory = Memory()
    with reader.snapshot():
        version = reader.version()
        first = memory.known(reader, version, "actors")
        assert memory.known(reader, version, "actors") is first
        later = memory.known(reader, type(version)(version.epoch, version.seq + 1, version.changed_at), "actors")
        assert later is not first
        assert later.index is first.index
        assert memory.known(reader, version, "actors", "a-snapshot") is not later
        assert memory.known(reader, version, "locations").types.keys() != first.types.keys()
    reader.close()


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda each: each.noun.name)
def test_a_subject_is_whole(subject: Subject) -> None:
    assert len(subject.by_id) == len(subject.properties)
    assert len(set(subject.every_type)) == len(subject.every_type)
    assert subject.type_object(subject.types[0])["broader"] == [subject.type_object(subject.noun.singular)]


def test_a_batch_is_read_in_its_order() -> None:
    keys = [f"q{number}" for number in range(MOST_QUERIES)]
    text = "{" + ",".join(f'"{key}":{{"query":"x"}}' for key in reversed(keys)) + "}"
    assert list(Batch(SUBJECTS[0]).parse(text)) == keys[::-1]
