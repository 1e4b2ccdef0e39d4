"""The servers Theca brings along: real PostgreSQL and Valkey, started from the installed wheels.

    with engines.running(Path(".theca")) as servers:
        servers.admin_url, servers.redis_url

The first to ask starts them and owns them; whoever asks meanwhile for the same folder joins. They stop when the
owner leaves, is interrupted or terminated, and within five seconds when it is killed. This package imports nothing
else of Theca and never the code of the wheels, only their programs.
"""

from workflow.engines.errors import EnginesError
from workflow.engines.launcher import Engines, joined, program, running
from workflow.engines.ports import ensure_free

__all__ = ["Engines", "EnginesError", "ensure_free", "joined", "program", "running"]
