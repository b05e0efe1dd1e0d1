"""Reading a query string, strictly: everything in it is understood, or the answer is a 400 that says what was not."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from api.model.cql2 import JSON, TEXT
from api.model.parameters import Parameter
from api.model.problem import Fault, Problem, Refusal, bad_parameters
from api.model.text import nearest, shown

MOST_PAIRS = 500
"""Name-value pairs of one query string; more is no question but a load."""
MOST_UNKNOWN = 20
"""Unknown names that one answer lists: each is compared with all that are known, which 500 of them would make slow."""
MEANT = {
    "search": "q",
    "query": "q",
    "text": "q",
    "date": "from",
    "since": "from",
    "start_date": "from",
    "until": "to",
    "end_date": "to",
    "page": "cursor",
    "offset": "cursor",
    "per_page": "limit",
    "page_size": "limit",
    "size": "limit",
    "order": "sort",
    "order_by": "sort",
    "sort_by": "sort",
    "count": "total",
    "place": "location",
    "lat": "near",
    "lon": "near",
    "distance": "radius",
}
"""What other APIs call our parameters."""
RANGES = (("from", "to"), ("min_fatalities", "max_fatalities"))
"""Parameters of which the first must not exceed the second."""


def read(query_string: bytes, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The parameters that were given, parsed, and the defaults of those that were not.

    Raises `Problem` 400 that lists every fault: unknown or repeated names, empty or wrong values, ranges the wrong way
    round, a parameter without the one that it needs.
    """
    texts = _pairs(query_string)
    known = {each.name: each for each in parameters}
    strangers = islice((name for name in texts if name not in known), MOST_UNKNOWN)
    faults = [_unknown(name, known) for name in strangers]
    given: dict[str, Any] = {}
    for name, parameter in known.items():
        if name not in texts:
            continue
        try:
            given[name] = _value(parameter, texts[name])
        except Refusal as refusal:
            faults.append(refusal.of(name))
    faults += _misfits(texts, given, known)
    if faults:
        raise bad_parameters(faults)
    for parameter in parameters:
        if parameter.default is not None and (not parameter.needs or any(each in given for each in parameter.needs)):
            given.setdefault(parameter.name, parameter.kind.parse(parameter.default))
    return given


def _pairs(query_string: bytes) -> dict[str, list[str]]:
    escaped = "surrogateescape"  # so that what is not UTF-8 can be named
    try:
        pairs = parse_qsl(query_string.decode(errors=escaped), True, errors=escaped, max_num_fields=MOST_PAIRS)
    except ValueError:
        raise Problem(400, "invalid-parameter", f"More than {MOST_PAIRS} parameters were given.") from None
    broken = dict.fromkeys(name for name, text in pairs if not _is_utf8(name + text))
    if broken:
        names = (name.encode(errors=escaped).decode(errors="replace") for name in broken)
        raise bad_parameters([Fault("is not UTF-8 when percent-decoded", name[:100]) for name in names])
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text)
    return texts


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _unknown(name: str, known: Mapping[str, Parameter]) -> Fault:
    if name == "format":
        return Fault("is not a parameter here; a list's format is part of its path, such as /v1/events.csv", name)
    meant = MEANT[name] if MEANT.get(name) in known else nearest(name, known)
    return Fault(f"{shown(name)} is not a parameter here", name[:100], None, tuple(known), meant)


def _value(parameter: Parameter, texts: Sequence[str]) -> Any:
    if not parameter.takes_many:
        if len(texts) > 1:
            raise Refusal(f"is given {len(texts)} times; it takes one value")
        return _parsed(parameter, texts[0])
    parts = [part for text in texts for part in text.split(",")]
    values = tuple(dict.fromkeys(_parsed(parameter, part) for part in parts))
    if len(parts) > parameter.most_values:
        raise Refusal(f"takes at most {parameter.most_values} values; {len(parts)} were given")
    return values


def _parsed(parameter: Parameter, text: str) -> Any:
    if not text.strip() and not (parameter.may_be_empty and text == ""):
        raise Refusal("is empty; leave it out or give a value")
    return parameter.kind.parse(text)


def _misfits(texts: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Parameter]) -> list[Fault]:
    faults = []
    for name in given:
        needs = known[name].needs
        if needs and not any(each in texts for each in needs):
            faults.append(Fault(f"means something only with {' or '.join(needs)}", name))
    for least, most in RANGES:
        if least in given and most in given and given[least] > given[most]:
            faults.append(Fault(f"{given[least]} is more than {most}={given[most]}", least))
    expression = given.get("filter")
    if expression is not None and expression.is_json != (given.get("filter-lang") == JSON):
        detail = "is JSON" if expression.is_json else "is no JSON"
        faults.append(Fault(f"{detail}; say filter-lang={JSON if expression.is_json else TEXT}", "filter"))
    return faults
