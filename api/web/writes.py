"""Everything that can be written: records one by one, and bundles."""

from collections.abc import Iterator
from typing import Any

from flask import g
from marshmallow import Schema, ValidationError

from api.importers.bundle import read_lines, with_lines
from api.model import bundle, kinds
from api.model.bundle import Bundle, faults, invalid
from api.model.fields import Id
from api.model.nouns import NOUNS
from api.model.parameters import Parameter
from api.model.problem import Problem
from api.model.resource import Resource
from api.model.strict_json import read_json
from api.model.text import to_json
from api.store import editing, receiving
from api.store.editing import Edited
from api.store.receiving import CONFLICT_RULES, Report, Rules
from api.store.writing import Writer
from api.web.actions import JSON, LINES, MERGE_PATCH, REASON, Action, Order, Reply
from api.web.addresses import absolute
from api.web.gateway import BODY_BYTES
from api.web.singles import EXAMPLES

PUT_PROBLEMS = ("conflict", "gone", "precondition-failed", "precondition-required", "invalid-record")
BUNDLE_PARAMETERS = (
    Parameter("dry_run", kinds.Truth(), "true tells what would be done, and does nothing.", "true"),
    Parameter(
        "on_conflict", kinds.Word(CONFLICT_RULES),
        "What becomes of a record of which another version is stored: the whole bundle fails, the record is skipped, or it"
        " replaces what is stored. A merged id is never replaced.", "skip", default="fail",
    ),
    Parameter(
        "based_on", kinds.Count(), "The dataset version that the bundle was made from: only versions newer than that are"
        " in conflict.", "127",
    ),
    REASON,
)  # fmt: skip


LINES_SCHEMA = {
    "type": "string",
    "maxLength": BODY_BYTES,
    "description": "One record a line, under its collection's name.",
}


class Merge(Schema):
    """The body of a merge."""

    into = Id(required=True, metadata={"description": "The record that will stand for both."})


MERGE = Merge()


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def patch_name(record: str) -> str:
    """What the schema is called of a change to such a record."""
    return record.removesuffix("Record") + "Patch"


def actions() -> Iterator[Action]:
    """Every action, in the order of the docs."""
    for noun in NOUNS:
        yield from _of(noun)
    yield Action(
        "POST", "/v1/bundle", "post_bundle", "bundle", "Store many records at once",
        "All or nothing, and the same bundle twice changes nothing. A reference may name an actor or a location in place of"
        " its id, where exactly one has that name. The report tells of each record, and of events that may be one and the same.",
        _bundle, "/v1/bundle?dry_run=true", {200: _ref("BundleReport")},
        {JSON: _ref("Bundle"), LINES: LINES_SCHEMA},
        ("conflict", "precondition-failed", "invalid-record"), BUNDLE_PARAMETERS, read_body=_read_bundle,
    )  # fmt: skip


def _of(noun: Resource) -> Iterator[Action]:
    record, view = _ref(noun.record.__name__), _ref(noun.view.__name__)
    one, example = f"/v1/{noun.name}/<record_id>", f"/v1/{noun.name}/{EXAMPLES[noun.name]}"
    named = {"record_id": EXAMPLES[noun.name]}

    def create(order: Order) -> Reply:
        return _reply(order, noun, editing.create(order.writer, noun, order.body, order.condition))

    def put(order: Order, record_id: str) -> Reply:
        return _reply(order, noun, editing.put(order.writer, noun, record_id, order.body, order.condition))

    def patch(order: Order, record_id: str) -> Reply:
        return _reply(order, noun, editing.patch(order.writer, noun, record_id, order.body, order.condition))

    def delete(order: Order, record_id: str) -> Reply:
        editing.delete(order.writer, noun, record_id, order.condition)
        return Reply(204)

    def merge(order: Order, record_id: str) -> Reply:
        try:
            into = MERGE.load(order.body)["into"]
        except ValidationError as error:
            raise invalid(list(faults(error.messages))) from None
        return _reply(order, noun, editing.merge(order.writer, noun, record_id, into, order.condition))

    yield Action(
        "POST", f"/v1/{noun.name}", f"create_{noun.singular}", noun.name, f"Create one {noun.singular}",
        "Without an `id` it is given one made of its name, title or text. Send an `Idempotency-Key`, and a repetition after a"
        " lost answer gives that answer and creates nothing.",
        create, f"/v1/{noun.name}", {201: view}, {JSON: record}, ("conflict", "precondition-failed", "invalid-record"),
    )  # fmt: skip
    yield Action(
        "PUT", one, f"put_{noun.singular}", noun.name, f"Create or replace one {noun.singular}",
        "Replacing needs `If-Match` with the record's `ETag`, or its version in quotes; `If-None-Match: *` only creates.",
        put, example, {200: view, 201: view}, {JSON: record}, PUT_PROBLEMS, path_parameters=named,
    )  # fmt: skip
    yield Action(
        "PATCH", one, f"patch_{noun.singular}", noun.name, f"Change members of one {noun.singular}",
        "JSON Merge Patch (RFC 7396): null removes a member, a list is replaced whole. Needs `If-Match`.",
        patch, example, {200: view}, dict.fromkeys((MERGE_PATCH, JSON), _ref(patch_name(noun.record.__name__))),
        ("not-found", *PUT_PROBLEMS), path_parameters=named,
    )  # fmt: skip
    yield Action(
        "DELETE", one, f"delete_{noun.singular}", noun.name, f"Delete one {noun.singular}",
        "Its history stays, and its id answers 410 from then on. Needs `If-Match`. What others point to is not deleted.",
        delete, example, {204: None}, {},
        ("not-found", "in-use", "gone", "precondition-failed", "precondition-required"), path_parameters=named,
    )  # fmt: skip
    yield Action(
        "POST", f"{one}/merge", f"merge_{noun.singular}", noun.name, f"Merge one {noun.singular} into another",
        "All that points to it will point to the other, which gains its aliases, relations, participants, evidence and foreign"
        " ids; the id answers 308 from then on. Needs `If-Match`.",
        merge, f"{example}/merge", {200: view}, {JSON: _ref("Merge")}, ("not-found", *PUT_PROBLEMS), path_parameters=named,
    )  # fmt: skip


def _reply(order: Order, noun: Resource, edited: Edited) -> Reply:
    select = f"SELECT doc FROM {noun.name} JOIN {noun.name}_doc USING (seq) WHERE id = ?"
    (document,) = order.writer.connection.execute(select, (edited.id,)).fetchone()
    status = 201 if edited.outcome == "created" else 200
    return Reply(
        status, absolute(document.encode(), g.origin).decode() + "\n", f"/v1/{noun.name}/{edited.id}", edited.version
    )


def _read_bundle(data: bytes, media_type: str) -> Bundle:
    return read_lines(data) if media_type == LINES else bundle.read(read_json(data))


def _bundle(order: Order) -> Reply:
    given = order.given
    rules = Rules(given["on_conflict"], given.get("based_on"), given.get("dry_run", False))
    order.condition.check(_newest(order.writer) or None, overwrites=False)
    try:
        report = receiving.receive(order.writer, order.body, rules)
    except Problem as problem:
        raise with_lines(problem, order.body.lines) if order.body.lines else problem from None
    return Reply(200, to_json(_report(report, rules)) + "\n", is_undone=rules.dry_run)


def _newest(writer: Writer) -> int:
    return int(writer.connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0])


def _report(report: Report, rules: Rules) -> dict[str, Any]:
    return {
        "dry_run": rules.dry_run,
        **{outcome: report.total(outcome) for outcome in ("created", "updated", "unchanged", "skipped")},
        "dataset_version": report.dataset_version,
        "records": [vars(each) for each in report.outcomes],
        "resolved": [vars(each) for each in report.resolved],
        "possible_duplicates": [{"events": pair} for pair in report.possible_duplicates],
    }
