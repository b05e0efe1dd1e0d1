"""The words of the field: every closed list of values that a record or a filter may use, but the event types."""

from collections.abc import Mapping

ACTOR_TYPES = (
    "person",
    "government",
    "state_forces",
    "rebel_group",
    "political_group",
    "militia",
    "armed_group",
    "international_organisation",
    "civil_society",
    "media",
    "civilians",
    "country",
    "other",
)
"""An armed group is an organised one of which no more is told: datasets do not say whether it rebels or serves a state."""
RELATIONS = ("member_of", "led_by", "leads", "backed_by", "allied_with", "part_of", "linked_to")
MEMBERSHIP = ("member_of", "part_of")
"""The relations by which a filter for an organisation finds those inside it."""

LOCATION_TYPES = (
    "country",
    "region",
    "province",
    "district",
    "city",
    "town",
    "village",
    "neighbourhood",
    "site",
    "route",
    "water",
)
DATE_PRECISIONS = ("day", "days", "week", "month", "year")
LOCATION_PRECISIONS = ("exact", "near", "district", "province", "route", "country", "water")
ROLES = (
    "initiator",
    "target",
    "side_a",
    "side_b",
    "victim",
    "supporter",
    "mediator",
    "reporter",
)
STATUSES = ("reported", "corroborated", "disputed", "retracted")
STATEMENT_KINDS = ("quote", "paraphrase")
STATEMENT_TYPES = (
    "report",
    "claim",
    "condemn",
    "demand",
    "support",
    "warn",
    "threaten",
    "deny",
    "announce",
    "assess",
    "fear",
    "appeal",
)
MEASURES = (
    "killed",
    "injured",
    "displaced",
    "detained",
    "abducted",
    "missing",
    "strikes",
    "settlements_captured",
    "territory_share",
    "population",
)
POPULATIONS = ("total", "civilians", "children", "women", "combatants", "unknown")
QUALIFIERS = ("exactly", "at_least", "more_than", "about", "nearly", "at_most")
OPEN_ABOVE = ("at_least", "more_than", "about")
OPEN_BELOW = ("at_most", "nearly", "about")
"""What a number leaves open: “more than 50” gives no most, “nearly 50” no least."""
BASES = ("figures", "coded")
"""Where an event's toll comes from: the figures of its statements, or a dataset's own coding."""
QUALITIES: Mapping[str, str] = {
    "low_exceeds_best": "The dataset's lowest count of the dead is above its best one.",
    "best_exceeds_high": "The dataset's best count of the dead is above its highest one.",
    "low_exceeds_high": "The dataset's lowest count of the dead is above its highest one.",
    "parts_differ_from_best": "The dead of the sides, civilians and unknown dead do not add up to the best count.",
    "date_precision_differs": "The dataset says that the day is known, and gives a span of days.",
    "aggregate": "The sources tell of several events together, which the dataset could not separate.",
    "provisional": "The dataset's own editors have not finished checking the row.",
}
"""What is to be known before an event of a dataset is counted with: word to definition."""
