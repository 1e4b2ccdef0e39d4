"""The kernel's tests share one walker; its module lies beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
