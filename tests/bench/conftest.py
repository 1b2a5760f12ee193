"""The bench is no part of the package: its modules are found through its folder."""

import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"

if str(BENCH) not in sys.path:
    sys.path.append(str(BENCH))
