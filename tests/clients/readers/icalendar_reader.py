"""icalendar reads calendars: {name: address} in, {name: the properties of each event} out."""

import json
import sys
import urllib.request

from icalendar import Calendar

job = json.load(sys.stdin)
found = {}
for name, address in job.items():
    with urllib.request.urlopen(address) as response:
        calendar = Calendar.from_ical(response.read())
    found[name] = [
        {
            "uid": str(each["UID"]),
            "first": each.decoded("DTSTART").isoformat(),
            "end": each.decoded("DTEND").isoformat(),
            "stamp": each.decoded("DTSTAMP").isoformat(),
            "title": str(each["SUMMARY"]),
            "url": str(each["URL"]),
            "sequence": int(each["SEQUENCE"]),
            "status": str(each.get("STATUS", "")),
            "place": [each["GEO"].latitude, each["GEO"].longitude] if "GEO" in each else None,
            "faults": [str(error) for error in each.errors],
        }
        for each in calendar.walk("VEVENT")
    ]
json.dump(found, sys.stdout)
