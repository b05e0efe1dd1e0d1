"""Event types: plain English first, with the crosswalk of each to three coding schemes beside it.

PLOVER (event type and quad class), UCDP (`type_of_violence`) and the ACLED event and sub-event label.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class EventType:
    """One kind of event, with the nearest term of three coding schemes (`None`: the scheme has none)."""

    name: str
    label: str
    definition: str
    colour: str
    plover: str | None
    quad_class: str | None
    ucdp: tuple[int, ...]
    acled: str | None


VERBAL_COOPERATION, MATERIAL_COOPERATION = "verbal_cooperation", "material_cooperation"
MATERIAL_CONFLICT = "material_conflict"

EVENT_TYPES: tuple[EventType, ...] = (
    EventType(
        "armed_clash",
        "Armed clash",
        "Two or more armed sides fight each other, at one place or in a longer offensive.",
        "#b3261e",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (1, 2),
        "Battles: Armed clash",
    ),
    EventType(
        "airstrike",
        "Air strike",
        "Aircraft or drones strike targets on the ground.",
        "#e4572e",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (1,),
        "Explosions/Remote violence: Air/drone strike",
    ),
    EventType(
        "shelling",
        "Shelling",
        "Artillery, mortars, rockets or missiles fired from the ground.",
        "#f18f01",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (1, 2),
        "Explosions/Remote violence: Shelling/artillery/missile attack",
    ),
    EventType(
        "bombing",
        "Bombing",
        "An explosive device on the ground: a mine, a car bomb, a suicide attack.",
        "#d17a00",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (1, 2, 3),
        "Explosions/Remote violence: Remote explosive/landmine/IED",
    ),
    EventType(
        "attack_on_civilians",
        "Attack on civilians",
        "Armed actors use force against people who take no part in the fighting.",
        "#7b1e3b",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (3,),
        "Violence against civilians: Attack",
    ),
    EventType(
        "sexual_violence",
        "Sexual violence",
        "Rape and other sexual violence by armed or political actors.",
        "#5e1742",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (3,),
        "Violence against civilians: Sexual violence",
    ),
    EventType(
        "abduction",
        "Abduction",
        "People are taken or made to disappear by an armed group or by state forces.",
        "#8e4a8c",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (3,),
        "Violence against civilians: Abduction/forced disappearance",
    ),
    EventType(
        "detention",
        "Detention",
        "An authority arrests or holds people.",
        "#6c5b9e",
        "COERCE",
        MATERIAL_CONFLICT,
        (),
        "Strategic developments: Arrests",
    ),
    EventType(
        "protest",
        "Protest",
        "People gather in public to demand or oppose something, without violence of their own.",
        "#2a9d8f",
        "PROTEST",
        MATERIAL_CONFLICT,
        (),
        "Protests: Peaceful protest",
    ),
    EventType(
        "riot",
        "Riot",
        "A crowd uses violence against people or property.",
        "#1f7a6d",
        "PROTEST",
        MATERIAL_CONFLICT,
        (),
        "Riots: Violent demonstration",
    ),
    EventType(
        "force_movement",
        "Movement of forces",
        "Troops, militias or equipment move, deploy or reinforce without a fight being reported.",
        "#4a6fa5",
        "MOBILIZE",
        MATERIAL_CONFLICT,
        (),
        "Strategic developments: Other",
    ),
    EventType(
        "territory_captured",
        "Territory captured",
        "An armed actor takes a place, enters it or retakes it, or is said to.",
        "#9c3848",
        "ASSAULT",
        MATERIAL_CONFLICT,
        (1, 2),
        "Battles: Non-state actor overtakes territory",
    ),
    EventType(
        "withdrawal",
        "Withdrawal",
        "Forces leave a place or a position.",
        "#7d8ca3",
        "RETREAT",
        MATERIAL_COOPERATION,
        (),
        "Strategic developments: Non-violent transfer of territory",
    ),
    EventType(
        "blockade",
        "Blockade",
        "A road, border, port or place is cut off.",
        "#5b4b3a",
        "COERCE",
        MATERIAL_CONFLICT,
        (),
        "Strategic developments: Disrupted weapons use or movement",
    ),
    EventType(
        "ceasefire",
        "Ceasefire",
        "A halt to fighting begins, holds or ends; truces included.",
        "#3a7d44",
        "RETREAT",
        MATERIAL_COOPERATION,
        (),
        "Strategic developments: Agreement",
    ),
    EventType(
        "talks",
        "Talks",
        "Parties or their envoys meet or speak with each other.",
        "#4c9f70",
        "CONSULT",
        VERBAL_COOPERATION,
        (),
        "Strategic developments: Other",
    ),
    EventType(
        "agreement",
        "Agreement",
        "Parties conclude a deal other than a halt to fighting.",
        "#6ab187",
        "AGREE",
        VERBAL_COOPERATION,
        (),
        "Strategic developments: Agreement",
    ),
    EventType(
        "sanction",
        "Sanction",
        "A state or an organisation imposes, tightens or lifts penalties.",
        "#8d6e63",
        "SANCTION",
        MATERIAL_CONFLICT,
        (),
        None,
    ),
    EventType(
        "aid",
        "Aid",
        "Humanitarian, economic or military help is given or stopped.",
        "#00798c",
        "AID",
        MATERIAL_COOPERATION,
        (),
        None,
    ),
    EventType(
        "displacement",
        "Displacement",
        "People flee or are driven from their homes, or return to them.",
        "#3d5a80",
        None,
        None,
        (),
        "Strategic developments: Other",
    ),
    EventType(
        "other",
        "Other",
        "Anything else worth a place on the timeline.",
        "#6b7280",
        None,
        None,
        (),
        None,
    ),
)
EVENT_TYPE_NAMES = tuple(each.name for each in EVENT_TYPES)
