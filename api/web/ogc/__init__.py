"""OGC API - Features: the events and the locations as collections for GIS programs (`/ogc`).

Part 1 (Core, GeoJSON, OpenAPI 3.0) and Part 3 (Filtering) with CQL2. The same selections as those of `/v1`, in the words of
the standard.
"""
