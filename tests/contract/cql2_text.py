"""CQL2 as text, written from its tree; what can be said in two ways is said in both."""

from typing import Any

from contract.geometries import as_wkt

Tree = Any
MIDDLE = {"=", "<>", "<", "<=", ">", ">=", "like", "in", "between"}
"""Operators that stand behind their first argument."""


def as_text(tree: Tree, is_terse: bool = False) -> str:
    """The expression; `is_terse` writes `a NOT LIKE b` for `NOT (a LIKE b)`, and names in another case or in quotes."""

    def of(part: Tree) -> str:
        return as_text(part, is_terse)

    if isinstance(tree, list):
        return f"({', '.join(map(of, tree))})"
    if not isinstance(tree, dict):
        return _literal(tree, is_terse)
    if "property" in tree:
        return f'"{tree["property"]}"' if is_terse else str(tree["property"])
    if "op" not in tree:
        return _of_type(tree, of)
    name, arguments = tree["op"], tree["args"]
    if name in ("and", "or"):
        return f" {name if is_terse else name.upper()} ".join(f"({of(each)})" for each in arguments)
    if name == "not":
        (inner,) = arguments
        if is_terse and isinstance(inner, dict) and inner.get("op") in ("like", "in", "between", "isNull"):
            return _middle(inner["op"], [of(each) for each in inner["args"]], "NOT ")
        return f"NOT ({of(inner)})"
    if name in MIDDLE or name == "isNull":
        return _middle(name, [of(each) for each in arguments])
    return f"{name if is_terse else name.upper()}({', '.join(map(of, arguments))})"


def _middle(name: str, arguments: list[str], negation: str = "") -> str:
    subject, *others = arguments
    if name == "isNull":
        return f"{subject} IS {negation}NULL"
    return f"{subject} {negation}{name.upper()} {' AND '.join(others)}"


def _literal(value: Any, is_terse: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower() if is_terse else str(value).upper()
    if isinstance(value, str):
        doubled = value.replace("'", "''")
        return f"'{doubled}'"
    return repr(value)


def _of_type(tree: Tree, of: Any) -> str:
    for kind in ("date", "timestamp"):
        if kind in tree:
            return f"{kind.upper()}('{tree[kind]}')"
    if "interval" in tree:
        return f"INTERVAL({', '.join(map(of, tree['interval']))})"
    return as_wkt(tree)
