"""A process whose clock is wrong, and work that kills whoever takes it."""

import threading
from datetime import UTC, datetime, timedelta

from tests.faults.of_processes import delivered
from tests.faults.results import Bar, Result, exactly, none
from tests.faults.servers import until
from tests.faults.warm import Warm
from tests.faults.world import World

SHIFTS = {"an hour ahead": 3600, "an hour behind": -3600, "ten years ahead": 315_360_000}
_pause = threading.Event()


def shifted(here: World, warm: Warm, *, number: int = 3) -> Result:
    """Processes whose time.time() is wrong fire, send and decide: due times are the database's, so nothing changes."""
    before, episodes, early, wrong = here.mail.extra(), [], 0, 0
    for shift in SHIFTS.values():
        soon = [here.enrolled(due=datetime.now(UTC) + timedelta(minutes=5)) for _ in range(number)]
        late = here.late(number)
        for what in ("sweep", "relay", "sweep", "relay"):
            wrong += warm.do(what, shift=shift).status != 0
        for n, episode in enumerate(late):
            of = {"kind": "plain", "episode": episode, "key": f"shift-{shift}-{n}"}
            wrong += warm.do("deed", shift=shift, of=of).status != 0
        early += sum(here.mail.about(episode) for episode in soon)
        episodes += late
    query = (
        "SELECT count(*) FROM ledger WHERE episode_id = ANY(CAST(:ids AS uuid[]))"
        " AND abs(extract(epoch FROM at - clock_timestamp())) > 600"
    )
    return Result(
        fault=f"clock of a process {', '.join(SHIFTS)}",
        statement="E1",
        counts={"timers": len(episodes)},
        bars=(
            none("fired early", early),
            none("lines dated by the wrong clock", here.one(query, ids=episodes)),
            none("ended in trouble", wrong),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )


def poison_that_raises(here: World, warm: Warm, *, others: int = 10) -> Result:
    """One timer cannot be fired: it is set aside, and the others of its batch go on."""
    [culprit, *episodes] = here.late(others + 1)
    before = here.mail.extra()
    here.sql("UPDATE task SET name = 'gone' WHERE episode_id = CAST(:id AS uuid)", id=culprit)
    fired = warm.do("sweep").said["fired"]
    aside = here.one("SELECT count(*) FROM quarantine WHERE episode_id = CAST(:id AS uuid)", id=culprit)
    again = warm.do("sweep").said["fired"]
    warm.do("relay")
    here.sql("UPDATE task SET name = 'call_back' WHERE episode_id = CAST(:id AS uuid)", id=culprit)
    here.sql("UPDATE quarantine SET until = clock_timestamp()")
    mended = warm.do("sweep").said["fired"]
    warm.do("relay")
    return Result(
        fault="a timer that raises",
        statement="ALO",
        counts={"others": others},
        bars=(
            exactly("others fired", fired, others),
            exactly("set aside", aside, 1),
            none("fired while set aside", again),
            exactly("fired once mended", mended, 1),
            *delivered(here, [*episodes, culprit], before=before, crashes=0),
        ),
    )


def connection_lost(here: World, warm: Warm, *, timers: int = 4) -> Result:
    """The connection is cut while one timer is fired: that says nothing about the timer, which is not set aside."""
    lost = 0
    episodes, before = [], here.mail.extra()
    for _ in range(timers):
        episodes += here.late()
        pid = warm.start("sweep", point="F3", action="sleep", seconds=1)
        query = "SELECT pid FROM pg_stat_activity WHERE usename = 'theca_worker' AND state = 'idle in transaction'"
        until(lambda: here.superuser(query), what="a sweeper deciding")  # noqa: B023
        for line in here.superuser(query):
            lost += 1
            here.superuser("SELECT pg_terminate_backend(%s)", line[0])
        warm.ended(pid)
    aside = here.one("SELECT count(*) FROM quarantine WHERE until > clock_timestamp()")
    warm.do("sweep")
    fired = here.due() == 0
    here.sql("UPDATE quarantine SET until = clock_timestamp()")
    warm.do("sweep")
    warm.do("relay")
    return Result(
        fault="connection lost while a timer is fired",
        statement="ALO",
        counts={"timers": timers, "connections cut": lost},
        bars=(
            none("set aside", aside),
            exactly("fired by the next sweep", int(fired), 1),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )


def poison_that_aborts(here: World, *, others: int = 10, quiet: float = 8.0) -> Result:
    """One timer crashes every process that takes it up. The others fire, and it is set aside after the second crash."""
    before, crashes, named = here.mail.extra(), here.home / "aborted", here.home / "culprit"
    crashes.touch()
    named.touch()
    with here.worker(ABORTS=named, ABORTED=crashes):
        here.ticking()
        [culprit, *episodes] = here.late(others + 1)
        named.write_text(culprit)
        took = until(lambda: _all(here, episodes), within=60, what="the others' reminders", give_up=True)
        aside = "SELECT 1 FROM quarantine WHERE episode_id = CAST(:id AS uuid)"
        until(lambda: here.sql(aside, id=culprit), within=60, what="set aside", give_up=True)
        first = crashes.stat().st_size
        _pause.wait(quiet)
        rest = crashes.stat().st_size - first
        named.write_text("")
        here.sql("UPDATE quarantine SET until = clock_timestamp()")
        until(lambda: _all(here, [culprit]), within=60, what="the culprit's reminder, once it is mended")
    return Result(
        fault="a timer that aborts its process",
        statement="ALO",
        counts={"others": others, "s watched": quiet},
        bars=(
            Bar(what="s until the others' reminders", seen=round(took or 60, 1), most=45),
            Bar(what="crashes until it was set aside", seen=first, least=1, most=4),
            none("crashes afterwards", rest),
            *delivered(here, [*episodes, culprit], before=before, crashes=0),
        ),
    )


def _all(here: World, episodes: list[str]) -> bool:
    return all(here.mail.about(one) for one in episodes)
