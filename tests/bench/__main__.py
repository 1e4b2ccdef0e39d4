"""`python -m tests.bench [kernel|durable|simulate|sweep ...]`: measure, print the tables, keep them in docs/bench."""

import sys

from tests.bench import durable, kernel, simulate, sweep
from tests.bench.figures import keep, show

BENCHES = {"kernel": kernel.measure, "durable": durable.measure, "simulate": simulate.measure, "sweep": sweep.measure}


def main() -> int:
    """Run the named benches, or all."""
    asked = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in asked if name not in BENCHES]
    if unknown:
        print(f"no bench {', '.join(unknown)}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in asked:
        table = BENCHES[name]()
        print(f"\n{show(table)}\n\nkept in {keep(table)}", flush=True)
    return 0


sys.exit(main())
