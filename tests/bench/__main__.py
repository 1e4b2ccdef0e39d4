"""`python -m tests.bench [kernel|durable|verify ...]`: measure, print the tables, keep them in docs/bench."""

import sys

from tests.bench import chain, durable, kernel, restore, simulate, sweep, verify
from tests.bench.figures import keep, show

BENCHES = {
    "kernel": kernel.measure,
    "durable": durable.measure,
    "simulate": simulate.measure,
    "sweep": sweep.measure,
    "verify": verify.measure,
    "chain": chain.measure,
    "restore": restore.measure,
}


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
