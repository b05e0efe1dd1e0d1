"""The form of the documents is part of the database: who changes it says so, and every start then renders them anew."""

import hashlib
from pathlib import Path

from api.model.nouns import NOUNS
from api.store.rendering import DOCUMENTS
from unit.samples import opened, sample

FORMS = {1: "35d0af6d44bd56b9", 2: "aff7310de2530718"}
"""The digest of the sample's documents in each form. Another digest needs another number in `api/store/rendering.py`."""


def test_another_form_of_the_documents_has_another_number(tmp_path: Path) -> None:
    with opened(tmp_path / "sample.db", sample()) as connection:
        times = {row[0] for row in connection.execute("SELECT at FROM changes")}
        documents = [
            row[0]
            for noun in NOUNS
            for row in connection.execute(f"SELECT doc FROM {noun.name} JOIN {noun.name}_doc USING (seq) ORDER BY id")
        ]
    text = "\n".join(documents)
    for time in times:
        text = text.replace(time, "2026-01-01T00:00:00Z")
    assert FORMS[DOCUMENTS] == hashlib.sha256(text.encode()).hexdigest()[:16]
