"""The specification walks with the kernel's own walker, on a route of its own."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2] / "domain"), str(Path(__file__).parent)]
