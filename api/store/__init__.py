"""SQLite through sqlite-utils: schema, migrations, connections, writing, rendering, reading."""
