"""Records as reconciliation gives them: candidates with their reasons, lines that tell namesakes apart, fetched values."""

from collections.abc import Mapping
from typing import Any

from api.model import countries
from api.model.extension import Extension
from api.model.reconcilable import Subject
from api.model.text import from_json
from api.store.matching import Candidate
from api.store.past import successor
from api.web.routes import Question

EMPTY = "A form for this path holds queries or extend."
Json = dict[str, Any]


def type_objects(subject: Subject, document: Mapping[str, Any]) -> list[Json]:
    """The types of a record: its kind, and the noun that it is of."""
    return [{"id": each, "name": each.replace("_", " ")} for each in (document["type"], subject.noun.singular)]


def candidate(subject: Subject, found: Candidate) -> Json:
    """A candidate, and in `features` what its score was made of."""
    features: list[Json] = [{"id": "events", "value": found.document["events"]}]
    if found.likeness is not None:
        features.append({"id": "name_likeness", "value": found.likeness})
    if found.is_wished_type is not None:
        features.append({"id": "type_match", "value": found.is_wished_type})
    features += ({"id": f"{name}_match", "value": holds} for name, holds in found.holds.items() if holds is not None)
    return {
        "id": found.document["id"],
        "name": found.document["name"],
        "description": described(found.document),
        "type": type_objects(subject, found.document),
        "score": found.score,
        "match": found.is_match,
        "features": features,
    }


def described(document: Mapping[str, Any]) -> str:
    """What tells a record from its namesakes: its kind, where it is, how much is known of it."""
    said = [document["type"].replace("_", " ")]
    if document.get("path"):
        said.append("in " + ", ".join(each["name"] for each in document["path"]))
    elif document["country"] and document["type"] != "country":
        said.append(countries.names()[document["country"]])
    events = document["events"]
    return f"{', '.join(said)}; {events} event{'' if events == 1 else 's'}"


def extension(subject: Subject, question: Question, wanted: Extension) -> Json:
    """The values of the properties for each id; none for an id that no record has, and a merged one's are its successor's."""
    name = subject.noun.name
    meta = [
        {"id": each.id, "name": each.name}
        | ({"type": subject.type_object(subject.noun.singular)} if each.cell == "id" else {})
        for each in wanted.properties
    ]
    rows = {}
    for record_id in wanted.ids:
        found = _document(question, name, record_id)
        rows[record_id] = {each.id: each.cells(found) if found else [] for each in wanted.properties}
    return {"meta": meta, "rows": rows}


def _document(question: Question, name: str, record_id: str) -> Any:
    sql = f"SELECT doc FROM {name} JOIN {name}_doc USING (seq) WHERE id = ?"
    rows = question.reader.rows(sql, (record_id,))
    if not rows and (target := successor(question.reader.rows, name, record_id)) is not None:
        rows = question.reader.rows(sql, (target,))
    return from_json(rows[0][0]) if rows else None
