"""`python -m workflow.cli.tether COMMAND ...`: run a command that must not outlive whoever started it.

The starter holds the other end of our standard input. When that closes, for whatever reason, the command's whole
process group is asked to stop, and killed if it does not within a few seconds.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

PATIENCE = 8.0


def main() -> int:
    """Run the command until it ends or the tether is let go. Answers its exit code."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: _end(child, signal.SIGTERM))
    return child.wait()


def _watch(child: "subprocess.Popen[bytes]") -> None:
    # Not through sys.stdin: a thread that waits in its buffer makes the interpreter abort where the command ends first.
    while os.read(0, 4096):
        pass
    _end(child, signal.SIGTERM)
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        _end(child, signal.SIGKILL)


def _end(child: "subprocess.Popen[bytes]", name: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, name)


if __name__ == "__main__":
    sys.exit(main())
