"""CQL2's predicates (OGC 21-065r2), from the tree of its JSON encoding to clauses: what holds, does not, or is not known.

Comparisons with what is unknown (NULL) are unknown, and NOT of the unknown is too, as in SQL; only what surely holds is let
through. Properties with several values (`actor`) are never unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.model import spatial, temporal, ways
from api.model.fields import calendar_day
from api.model.operands import SPELLINGS, Misfit, Operands, Property, check_function, exactly, misfit, operation
from api.model.parameters import Clause, ClauseMaker, Days, SqlValue
from api.model.patterns import plain_inside
from api.model.problem import Refusal
from api.model.queryables import Dataset, Day, Geometry, Number, Queryable, Text
from api.model.text import nearest, shown

MOST_PREDICATES = 100
"""Of one filter: SQLite takes expressions a thousand deep, and each may be asked of each row."""
LONGEST_PATTERN = 256
"""Characters of LIKE: looking for them takes that many steps for each of a text at the worst."""
FLIPPED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
"""The comparisons, each with what it is from the other side."""
LOGICAL = ("and", "or", "not")
OTHERS = ("like", "in", "between", "isNull")
OPERATORS = (*LOGICAL, *FLIPPED, *OTHERS, *SPELLINGS, *spatial.PREDICATES, *temporal.PREDICATES)


@dataclass(frozen=True)
class Translation(Operands):
    """From trees to clauses; `makers` are those of the noun's filters by name."""

    makers: Mapping[str, ClauseMaker]

    def clauses(self, tree: Any) -> tuple[Clause, ...]:
        """The clauses that must all hold, apart, so that each may find the rows; `Misfit` or `Refusal` for a wrong tree."""
        if _count(tree) > MOST_PREDICATES:
            raise Refusal(f"has more than {MOST_PREDICATES} conditions")
        return self._parts(tree)

    def _parts(self, tree: Any) -> tuple[Clause, ...]:
        op, arguments = operation(tree)
        if op == "and":
            return tuple(each for part in arguments for each in self._parts(part))
        if op == "between":
            subject, low, high = exactly(3, tree)
            return self._compared(">=", subject, low), self._compared("<=", subject, high)
        if op in temporal.PREDICATES:
            return self._temporal(op, *exactly(2, tree))
        return (self._predicate(tree),)

    def _predicate(self, tree: Any) -> Clause:
        if isinstance(tree, bool):
            return Clause("true" if tree else "false")
        if isinstance(tree, dict) and "property" in tree:
            return self._compared("=", tree, True)
        op, arguments = operation(tree)
        match op:
            case "or":
                return _joined(" OR ", [self._predicate(each) for each in arguments])
            case "not":
                (part,) = exactly(1, tree)
                inner = self._predicate(part)
                return Clause(f"NOT ({inner.sql})", inner.values)
            case "and" | "between":
                return _joined(" AND ", self._parts(tree))
            case "like":
                return self._like(*exactly(2, tree))
            case "in":
                return self._in(*exactly(2, tree))
            case "isNull":
                return self._is_null(*exactly(1, tree))
        if op in FLIPPED:
            return self._compared(op, *exactly(2, tree))
        if op in spatial.PREDICATES:
            return self._spatial(op, *exactly(2, tree))
        if op in temporal.PREDICATES:
            return _joined(" AND ", self._parts(tree))
        raise Misfit(op, Refusal(f"{shown(op)} is not an operator here", OPERATORS, nearest(op, OPERATORS)))

    def _compared(self, op: str, left: Any, right: Any) -> Clause:
        if not self.is_property(left):
            if not self.is_property(right):
                for each in (left, right):
                    check_function(each)
                raise Misfit(op, Refusal(f"{op} compares a property with a value; here neither side is a property"))
            return self._compared(FLIPPED[op], right, left)
        one = self.property_of(left)
        if op not in ("=", "<>") and not (one.kind.ordering and one.sql):
            raise misfit(one, Refusal(f"has no order; {op} does not go with it"))
        if self.is_property(right):
            return self._both(op, one, self.property_of(right))
        value = self.literal(one, right)
        if one.spellings:
            return Clause(f"{one.sql} {op} ?", (value,))
        return self._plain(op, one.queryable, value)

    def _plain(self, op: str, queryable: Queryable, value: SqlValue) -> Clause:
        """A property compared with a value, by the noun's own filter or the days where these say it."""
        sql = queryable.sql
        if queryable.by and (op == "=" or not sql):
            found = self._same(queryable, (value,))
            return found if op == "=" else Clause(f"NOT ({found.sql})", found.values)
        if isinstance(queryable.kind, Number) and op == ">=":
            return ways.at_least(sql, value)  # type: ignore[arg-type]
        plain = Clause(f"{sql} {op} ?", (value,))
        if isinstance(queryable.kind, Day) and queryable.kind.of and calendar_day(str(value)):
            return _by_days(op, queryable.kind.of, sql, str(value), plain)
        return plain

    def _same(self, queryable: Queryable, values: tuple[SqlValue, ...]) -> Clause:
        """Rows with one of the values, as the noun's own filter finds them."""
        by = queryable.by
        return (self.makers[by] if isinstance(by, str) else by)(values, {})

    def _both(self, op: str, one: Property, other: Property) -> Clause:
        for each in (one, other):
            if not each.sql or isinstance(each.kind, Geometry):
                raise misfit(each, Refusal("cannot be compared with another property"))
        if type(one.kind) is not type(other.kind) and not {type(one.kind), type(other.kind)} <= TEXTS:
            raise misfit(other, Refusal(f"is of another type than {one.queryable.name}"))
        return Clause(f"+{one.sql} {op} +{other.sql}")

    def _in(self, subject: Any, listed: Any) -> Clause:
        one = self.property_of(subject)
        if not isinstance(listed, list) or not listed:
            raise misfit(one, Refusal("IN takes a list of values"))
        values = tuple(dict.fromkeys(self.literal(one, each) for each in listed))
        if one.queryable.by and not one.spellings:
            return self._same(one.queryable, values)
        return Clause(f"{one.sql} IN ({', '.join('?' * len(values))})", values)

    def _like(self, subject: Any, pattern: Any) -> Clause:
        one = self.property_of(subject)
        if not isinstance(one.kind, Text):
            raise misfit(one, Refusal("is no text; LIKE goes with texts"))
        if not one.sql:
            raise misfit(one, Refusal("LIKE does not go with it: it may have several values"))
        free = Property(replace(one.queryable, kind=Text()), one.spellings)
        value = self.literal(free, pattern)
        if len(str(value)) > LONGEST_PATTERN:
            raise misfit(one, Refusal(f"a pattern must have at most {LONGEST_PATTERN} characters"))
        if inner := plain_inside(str(value)):
            return Clause(f"instr({one.sql}, ?) > 0", (inner,))
        return Clause(f"is_like(?, {one.sql})", (value,))

    def _is_null(self, subject: Any) -> Clause:
        one = self.property_of(subject)
        if isinstance(one.kind, Geometry) and one.kind.table != "statements":
            return Clause(f"{one.kind.table}.latitude IS NULL")
        if not one.sql:
            raise misfit(one, Refusal("IS NULL does not go with it: it may have several values"))
        return Clause(f"{one.sql} IS NULL")

    def _spatial(self, op: str, left: Any, right: Any) -> Clause:
        if not self.is_property(left):
            if not self.is_property(right):
                raise Misfit("geometry", Refusal("a spatial function takes the property geometry and a geometry"))
            return self._spatial(spatial.CONVERSES.get(op, op), right, left)
        one = self.property_of(left)
        if not isinstance(one.kind, Geometry):
            raise misfit(one, Refusal("is no geometry"))
        return spatial.clause(op, one.kind.table, right)

    def _temporal(self, op: str, left: Any, right: Any) -> tuple[Clause, ...]:
        pairs = temporal.spans(left), temporal.spans(right)
        properties = [self.property_of(each) for pair in pairs for each in pair if self.is_property(each)]
        if not properties:
            raise Misfit(op, Refusal(f"{op.upper()} needs a property on one of its sides"))
        for each in properties:
            if not isinstance(each.kind, temporal.KINDS):
                raise misfit(each, Refusal("is no day and no moment"))
        for pair in pairs:
            try:
                temporal.check_literals([each for each in pair if not self.is_property(each)])
            except Refusal as refusal:
                raise misfit(
                    properties[0], refusal, next((each for each in pair if isinstance(each, str)), op)
                ) from None
        if temporal.is_any_of(op):
            return (_joined(" OR ", [_joined(" AND ", self._all(each, pairs)) for each in temporal.PREDICATES[op]]),)
        return tuple(self._all(temporal.PREDICATES[op][0], pairs))

    def _all(self, wanted: temporal.Relation, pairs: Sequence[tuple[Any, Any]]) -> list[Clause]:
        return [self._ends(op, pairs[0][one], pairs[1][other]) for one, op, other in wanted]

    def _ends(self, op: str, one: Any, other: Any) -> Clause:
        if self.is_property(one) or self.is_property(other):
            return self._compared(op, one, other)
        return Clause("true" if temporal.holds(one, op, other) else "false")


TEXTS = {Text, Dataset}


def _by_days(op: str, of: str, sql: str, day: str, plain: Clause) -> Clause:
    if of == "last":
        return ways.ends(sql.partition(".")[0], sql, day) if op == ">=" else plain
    since = day if op in (">=", ">", "=") else None
    until = day if op in ("<=", "<", "=") else None
    return replace(plain, days=Days(since, until)) if since or until else plain


def _count(tree: Any) -> int:
    op, arguments = operation(tree)
    return sum(_count(each) for each in arguments) if op in LOGICAL else 1


def _joined(word: str, clauses: Sequence[Clause]) -> Clause:
    return Clause(word.join(f"({each.sql})" for each in clauses), tuple(v for each in clauses for v in each.values))
