"""A longer file of a real one: its rows again and again, each time other events on other days, a little further off."""

import csv
import re
from datetime import date, timedelta
from itertools import count, islice
from pathlib import Path

DAY = re.compile(r"\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
DATED = ("date_start", "date_end", "source_date", "source_article")
ID_STEP = 10_000_000
SHIFT_DAYS, MOST_DAYS = 11, 4000
SHIFT_DEGREES = 0.0007
csv.field_size_limit(2**24)


def write(real: Path, path: Path, rows: int) -> None:
    """Write so many rows, whole or not at all; needs no more memory than one row."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = None
        written = 0
        for turn in count():
            with real.open(encoding="utf-8", newline="") as source:
                reader = csv.DictReader(source)
                if writer is None:
                    writer = csv.DictWriter(file, reader.fieldnames or [])
                    writer.writeheader()
                for row in islice(reader, rows - written):
                    writer.writerow(shifted(row, turn))
                    written += 1
            if written == rows:
                break
    part.rename(path)


def shifted(row: dict[str, str], turn: int) -> dict[str, str]:
    """The row as it is the given time round; as it stands the first time."""
    if turn == 0:
        return row
    days = -(turn * SHIFT_DAYS % MOST_DAYS)
    changed = {name: DAY.sub(lambda found: _earlier(found[0], days), row[name]) for name in DATED if row.get(name)}
    changed |= {name: f"{float(row[name]) + turn * SHIFT_DEGREES:.6f}" for name in ("latitude", "longitude")}
    changed["geom_wkt"] = f"POINT ({changed['longitude']} {changed['latitude']})"
    changed["year"] = changed["date_start"][:4]
    return row | changed | {"id": str(int(row["id"]) + turn * ID_STEP), "relid": f"{row['relid']}-{turn}"}


def _earlier(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days)).isoformat()
    except ValueError:  # 31 February, as newspapers have it
        return day
