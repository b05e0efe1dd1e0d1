"""`python -m api.cli`, the same as `event-timeline`."""

from api.cli import main

main()
