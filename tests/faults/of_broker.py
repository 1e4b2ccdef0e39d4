"""The doorbell breaks: the broker is killed, flushed, hung, full, or says everything ten times in any order."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import httpx
import redis
from kombu import Connection

from tests.faults.load import Work, over_http, working
from tests.faults.of_processes import delivered, in_hand
from tests.faults.results import Bar, Result, exactly, none
from tests.faults.servers import until
from tests.faults.world import BEAT, World
from workflow.engines import ports
from workflow.service import deliver, fire
from workflow.store.bell import QUEUE

_pause = threading.Event()
_dice = random.Random(4)


@contextmanager
def client(here: World) -> Iterator["redis.Redis"]:
    opened = redis.Redis.from_url(here.servers.redis_url)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def answering(here: World) -> Iterator[httpx.Client]:
    """The API, which rings the bell, in a process of its own."""
    port = ports.choose(None, last=None, needed_by="the API", avoid=[])
    command = ("uvicorn", "--factory", "api.app:app", "--port", str(port), "--log-level", "error", "--no-access-log")
    with (
        here.running(*command),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=10, limits=httpx.Limits(max_connections=8), trust_env=False
        ) as opened,
    ):
        until(lambda: _up(opened), what="the API answering")
        yield opened


def _up(opened: httpx.Client) -> bool:
    try:
        return opened.get("/healthz").is_success
    except httpx.TransportError:
        return False


def broken(here: World, *, quick: bool = False) -> Iterator[Result]:
    """One API at 20 commands a second and one worker without a beat, and the broker broken in five ways under them."""
    ways: dict[str, Callable[[World], None]] = {
        "broker killed, back at once": lambda w: killed(w, away=0),
        "broker killed, back after 5 s": lambda w: killed(w, away=5),
        "broker flushed": flushed,
        "broker hung for 5 s": hung,
        "broker full": full,
    }
    with answering(here) as opened, here.worker():
        here.ticking()
        with working(here, over_http(opened, here.token), kinds=("plain",)) as warming_up:
            warming_up.answers(40)
        for name, way in list(ways.items())[1 if quick else 0 :]:
            with working(here, over_http(opened, here.token), kinds=("plain",), pace=0.15) as work:
                episodes, before = here.late(5), here.mail.extra()
                way(here)
                episodes += here.late(5)
                about = list(episodes)
                took = until(lambda: _done(here, about), within=90, what=f"reminders after {name}")  # noqa: B023
            yield _told(here, name, work, episodes, took=took, before=before)


def _done(here: World, episodes: list[str]) -> bool:
    return all(here.mail.about(episode) for episode in episodes)


def _told(here: World, name: str, work: Work, episodes: list[str], *, took: float, before: int) -> Result:
    return Result(
        fault=name,
        statement="EO",
        counts={"acknowledged": len(work.acknowledged), "p99 ms": round(work.p99 * 1000)},
        bars=(
            none("lost", work.lost(here)),
            none("refused or asked again", len(work.odd) + len(work.again)),
            Bar(what="API p99 ms", seen=round(work.p99 * 1000), most=500),
            Bar(what="s until every reminder was there", seen=round(took, 1), most=30),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )


def killed(here: World, *, away: float) -> None:
    """SIGKILL, and a start some seconds later on the same port."""
    here.servers.kill_valkey()
    _pause.wait(away)
    here.servers.start_valkey()
    _pause.wait(1)


def flushed(here: World) -> None:
    """Everything the broker knew is gone, five times."""
    for _ in range(5):
        with client(here) as broker:
            broker.flushall()
        _pause.wait(0.5)


def hung(here: World) -> None:
    """The broker takes connections and answers nobody for five seconds."""
    with client(here) as broker:
        broker.client_pause(5000, all=True)
    _pause.wait(5)


def full(here: World) -> None:
    """The broker takes nothing more for five seconds."""
    with client(here) as broker:
        broker.config_set("maxmemory", "1mb")
        _pause.wait(5)
        broker.config_set("maxmemory", "0")


def twice_told(here: World, *, times: int = 10, timers: int = 20) -> Result:
    """Every hint about timers and letters is published ten times, shuffled, with old ones among them."""
    before, old = here.mail.extra(), here.late(5)
    hints = _hints(here)
    with here.worker():
        until(lambda: here.due() == 0 and here.waiting() == 0, within=60, what="the old ones done")
        new = here.late(timers)
        hints += _hints(here)
        published = _publish(here, hints * times)
        until(lambda: here.due() == 0 and here.waiting() == 0, within=60, what="the new ones done")
        letters = [(site, keys) for site, keys in _letters(here)]
        published += _publish(here, [("workers.deliver", [site, keys]) for site, keys in letters] * times)
        with client(here) as broker:
            until(lambda: broker.llen(QUEUE) == 0, within=90, what="every hint heard")
    episodes = old + new
    query = "SELECT count(*) FROM ledger WHERE verb = 'fire' AND episode_id = ANY(CAST(:ids AS uuid[]))"
    return Result(
        fault=f"broker messages published {times} times, shuffled, old ones again",
        statement="E1",
        counts={"published": published, "timers": len(episodes)},
        bars=(
            exactly("fired", here.one(query, ids=episodes), len(episodes)),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )


def _hints(here: World) -> list[tuple[str, list[object]]]:
    """What a tick would publish now."""
    timers = [("workers.fire", [batch]) for batch in fire.due_batches(here.worker_store)]
    letters = [("workers.deliver", [site, keys]) for site, keys in deliver.due_batches(here.worker_store)]
    return [*timers, *letters]


def _letters(here: World) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every letter there ever was, as a hint would name it."""
    found = here.sql("SELECT episode_id::text, key FROM message WHERE channel = 'email'")
    return [("north", [(line[0], line[1])]) for line in found]


def _publish(here: World, hints: list[tuple[str, list[object]]]) -> int:
    """Put hints into the broker as Celery would, in any order."""
    shuffled = list(hints)
    _dice.shuffle(shuffled)
    with Connection(here.servers.redis_url) as broker:
        producer = broker.Producer(serializer="json")
        for task, arguments in shuffled:
            headers = {"lang": "py", "task": task, "id": str(uuid4()), "root_id": None}
            rest = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
            body = json.loads(json.dumps([arguments, {}, rest]))
            producer.publish(body, routing_key=QUEUE, headers=headers)
    return len(shuffled)


def beats(here: World, *, number: int = 2, timers: int = 40) -> Result:
    """Two beats and a worker's own ticks at once: a tick too many does nothing."""
    before = here.mail.extra()
    with ExitStack() as stack:
        for n in range(number):
            stack.enter_context(here.running(*BEAT, "--schedule", str(here.home / f"beat-{n}")))
        stack.enter_context(here.worker())
        episodes = here.late(timers)
        took = until(lambda: _done(here, episodes), within=90, what="every reminder")
    query = "SELECT count(*) FROM ledger WHERE verb = 'fire' AND episode_id = ANY(CAST(:ids AS uuid[]))"
    return Result(
        fault=f"{number} beats" if number else "beat absent",
        statement="E1" if number else "ALO",
        counts={"timers": timers},
        bars=(
            exactly("fired", here.one(query, ids=episodes), timers),
            Bar(what="s until every reminder was there", seen=round(took, 1), most=30),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )


def in_the_middle(here: World, *, times: int = 3) -> Result:
    """The broker is killed while a worker has a letter in hand, and so a message it has not acknowledged.

    Celery cuts such a job short, so each kill may cost a letter its mark, and that one comes again.
    """
    before, here.mail.slow, episodes = here.mail.extra(), 0.5, []
    with here.worker() as worker:
        here.ticking()
        for _ in range(times):
            episodes += here.late(6)
            in_hand(here, beside={})
            here.servers.kill_valkey()
            _pause.wait(1)
            here.servers.start_valkey()
            here.ticking()
        ended = worker.poll() is not None
        here.mail.slow = 0.0
        until(lambda: _done(here, episodes), within=60, what="every reminder", give_up=True)
        until(lambda: here.waiting() == 0, within=60, what="every letter marked", give_up=True)
    return Result(
        fault="broker killed while a letter is in hand",
        statement="ALO",
        counts={"kills": times},
        bars=(none("workers ended by it", int(ended)), *delivered(here, episodes, before=before, crashes=times)),
    )


def deaf(here: World, *, restarts: int = 20) -> Result:
    """The broker is killed and started again twenty times under a worker, which must hear the bell afterwards."""
    before = here.mail.extra()
    with here.worker():
        first = here.late(2)
        until(lambda: _done(here, first), within=60, what="a worker at work")
        for _ in range(restarts):
            here.servers.kill_valkey()
            here.servers.start_valkey()
            _pause.wait(0.4)
        episodes = here.late(5)
        took = until(lambda: _done(here, episodes), within=120, what="reminders after the restarts")
    return Result(
        fault=f"broker restarted {restarts} times under a worker",
        statement="ALO",
        counts={"restarts": restarts},
        bars=(
            Bar(what="s until it heard the bell", seen=round(took, 1), most=60),
            *delivered(here, [*first, *episodes], before=before, crashes=0),
        ),
    )
