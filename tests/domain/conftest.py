"""The kernel's tests share one walker beside them; the opioid trial's ways lie with its specification."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "spec" / "opioid_trial")]
