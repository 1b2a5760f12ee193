"""The oracle, the nasty cases and other modules beside the tests are found through this folder."""

import sys
from pathlib import Path

HERE = str(Path(__file__).parent)

if HERE not in sys.path:
    sys.path.append(HERE)
