"""Runs both servers on a folder until signalled, and prints where they answer: python -m workflow.engines DIR."""

import contextlib
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from workflow.engines import EnginesError, running


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m workflow.engines DIR\n")
        return 2
    try:
        with contextlib.suppress(KeyboardInterrupt), running(Path(arguments[0])) as servers:
            sys.stdout.write(json.dumps(asdict(servers), default=str) + "\n")
            sys.stdout.flush()
            signal.pause()
    except EnginesError as trouble:
        sys.stderr.write(f"theca: {trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
