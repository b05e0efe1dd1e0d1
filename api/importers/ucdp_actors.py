"""The sides of a GED row, and whoever reported it, as actors."""

import re
from functools import lru_cache
from typing import Any

from api.importers.ucdp_names import REMEMBERED, country_code, step, tidy
from api.importers.ucdp_sources import OWN_EVIDENCE
from api.model.text import fold

Record = dict[str, Any]

CIVILIANS = "1"
OTHER_CIVILIANS = "9999"
"""The number of the same civilians in older releases."""
GOVERNMENT = "Government of "
LONGEST_NAME = 200
_NUMBER = re.compile("[1-9][0-9]{0,14}")


@lru_cache(REMEMBERED)
def side(number: str, name: str) -> Record | None:
    """A side by its number and name, of which one may be missing; None where both are."""
    number = number if _NUMBER.fullmatch(number) else ""
    shown = tidy(name, LONGEST_NAME)
    if not number and not shown:
        return None
    if number == OTHER_CIVILIANS:
        number = CIVILIANS
    of_country = shown.removeprefix(GOVERNMENT)
    if number == CIVILIANS or fold(name) == "civilians":
        kind, country = "civilians", None
    elif of_country != shown:
        kind, country = "government", country_code(of_country)
    else:
        kind, country = "armed_group", None
    return _actor(
        f"ucdp-actor-{number or step(name)}",
        shown or f"UCDP actor {number}",
        kind,
        country,
        {"ucdp": number} if number else {},
    )


@lru_cache(REMEMBERED)
def reporter(name: str) -> Record:
    """Whoever a row says that the report comes from; a kind would be a guess."""
    return _actor(f"ucdp-reporter-{step(name)}", tidy(name, LONGEST_NAME), "other", None, {})


def _actor(actor_id: str, name: str, kind: str, country: str | None, external_ids: dict[str, str]) -> Record:
    return {
        "id": actor_id,
        "external_ids": external_ids,
        "name": name,
        "aliases": [],
        "type": kind,
        "country": country,
        "description": None,
        "relations": [],
        "evidence": OWN_EVIDENCE,
    }
