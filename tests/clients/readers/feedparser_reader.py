"""feedparser follows a feed: its address in; every entry of all its pages, and the status of asking again, out."""

import json
import sys

import feedparser

address = first = json.load(sys.stdin)
entries, faults = [], []
etag = None
while address:
    feed = feedparser.parse(address)
    etag = etag or feed.etag
    if feed.bozo:
        faults.append(str(feed.bozo_exception))
    for each in feed.entries:
        point = each.where["coordinates"] if "where" in each else None
        entries.append([each.id, each.link, each.title, each.updated, point])
    links = {each.rel: each.href for each in feed.feed.links}
    address = links.get("next")
again = feedparser.parse(first, etag=etag)
json.dump({"faults": faults, "entries": entries, "again": again.status, "kept": len(again.entries)}, sys.stdout)
