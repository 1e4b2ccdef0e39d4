"""The specification walks with the kernel's own walker, along ways of its own."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "domain")]
