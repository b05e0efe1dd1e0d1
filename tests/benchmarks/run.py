"""Measure reading and importing, and write RESULTS.md: python tests/benchmarks/run.py [--help]"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.main import main  # noqa: E402

if __name__ == "__main__":
    main()
