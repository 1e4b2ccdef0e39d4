"""What holds for every protocol is asked with the kernel's own walker too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))
