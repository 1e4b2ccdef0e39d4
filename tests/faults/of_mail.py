"""The mail relay is away, slow, busy, stubborn, or hangs up after the final dot."""

from tests.faults.of_processes import delivered
from tests.faults.results import Bar, Result, exactly, none
from tests.faults.servers import until
from tests.faults.warm import Warm
from tests.faults.world import World

LATER = ("421 closing", "450 mailbox busy", "451 local error", "452 too much")
NEVER = ("550 no such mailbox", "554 refused")
_LATEST = 60  # seconds until a red letter is tried again, at most


def _again_now(here: World) -> float:
    """Let time pass by hand until every letter may be tried again; answers how long the longest would have waited."""
    wait = here.one(
        "SELECT coalesce(max(extract(epoch FROM next_try_at - clock_timestamp())), 0)::float FROM message"
        " WHERE state = 'waiting'"
    )
    here.sql(
        "UPDATE message SET next_try_at = clock_timestamp(), lease_until = NULL, lease_token = NULL"
        " WHERE state = 'waiting'"
    )
    return float(wait)


def _episodes(here: World, warm: Warm, number: int) -> list[str]:
    here.mail.say.clear()
    until(lambda: warm.do("relay").said["sent"] == 0 and _again_now(here) == 0, what="every older letter gone")
    made = here.late(number)
    warm.do("sweep")
    return made


def down(here: World, warm: Warm, *, letters: int = 10) -> Result:
    """Nobody listens on the relay's port; then it is back."""
    episodes, before, port = _episodes(here, warm, letters), here.mail.extra(), here.mail.port
    here.mail.close()
    warm.do("relay")
    away = _sent(here, episodes)
    wait = _again_now(here)
    here.mail.open(port)
    warm.do("relay")
    return Result(
        fault="relay down, then back",
        statement="ALO",
        counts={"letters": letters},
        bars=(
            none("sent while it was down", away),
            exactly("sent when it was back", _sent(here, episodes), letters),
            Bar(what="s until the next try, most", seen=round(wait), most=_LATEST),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )


def later(here: World, warm: Warm) -> Result:
    """The relay says later (421, 450, 451, 452), to recipient or letter: it is tried again and arrives once."""
    places = [(stage, answer) for stage in ("rcpt", "dot") for answer in LATER]
    before, episodes, longest, at_once = here.mail.extra(), [], 0.0, 0
    for stage, answer in places:
        [episode] = _episodes(here, warm, 1)
        here.mail.say[stage] = [answer]
        warm.do("relay")
        at_once += _sent(here, [episode])
        longest = max(longest, _again_now(here))
        warm.do("relay")
        episodes.append(episode)
    return Result(
        fault="relay answers 421, 450, 451, 452",
        statement="ALO",
        counts={"answers": len(places)},
        bars=(
            none("sent at once", at_once),
            exactly("sent in the end", _sent(here, episodes), len(places)),
            Bar(what="s until the next try, most", seen=round(longest), most=_LATEST),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )


def _sent(here: World, episodes: list[str]) -> int:
    """How many reminders of these are marked as sent."""
    query = (
        "SELECT count(*) FROM message WHERE state = 'sent' AND channel = 'email' AND name = 'call_back'"
        " AND episode_id = ANY(CAST(:ids AS uuid[]))"
    )
    return here.one(query, ids=episodes)


def never(here: World, warm: Warm) -> Result:
    """The relay says never (550, 554): not tried again; dead, with a task for somebody to see to it."""
    places = [(stage, answer) for stage in ("rcpt", "dot") for answer in NEVER]
    episodes = []
    for stage, answer in places:
        episodes += _episodes(here, warm, 1)
        here.mail.say[stage] = [answer]
        warm.do("relay")
    _again_now(here)
    warm.do("relay")
    dead = "SELECT count(*) FROM message WHERE state = 'dead' AND episode_id = ANY(CAST(:ids AS uuid[]))"
    tried = "SELECT max(attempts) FROM message WHERE state = 'dead' AND episode_id = ANY(CAST(:ids AS uuid[]))"
    return Result(
        fault="relay answers 550, 554",
        statement="ALO",
        counts={"answers": len(places)},
        bars=(
            exactly("dead", here.one(dead, ids=episodes), len(places)),
            exactly("tries of a dead one, most", here.one(tried, ids=episodes) or 0, 1),
            none("dead without a task", undelivered_without_task(here, episodes)),
            none("flaws", len(here.flaws())),
        ),
    )


def undelivered_without_task(here: World, episodes: list[str]) -> int:
    """Dead letters whose episode has no task that says so."""
    return here.one(
        "SELECT count(*) FROM message AS m WHERE m.state = 'dead' AND m.episode_id = ANY(CAST(:ids AS uuid[]))"
        " AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.site_id = m.site_id AND t.episode_id = m.episode_id"
        " AND t.name = 'undelivered')",
        ids=episodes,
    )


def hung_up(here: World, warm: Warm, *, letters: int = 6) -> Result:
    """The relay takes a letter and hangs up before it says so: sent again under the same Message-ID, and no more."""
    before = here.mail.extra()
    episodes = _episodes(here, warm, letters)
    here.mail.say["kept"] = ["drop"] * 2 * letters
    warm.do("relay")
    first = _sent(here, episodes)
    here.mail.say.clear()
    _again_now(here)
    warm.do("relay")
    return Result(
        fault="relay hangs up after the final dot",
        statement="ALO",
        counts={"letters": letters},
        bars=(
            none("sent at first", first),
            exactly("sent in the end", _sent(here, episodes), letters),
            exactly("references", len({t.reference for t in here.mail.taken if t.about & set(episodes)}), letters),
            *delivered(here, episodes, before=before, crashes=letters),
        ),
    )


def slow(here: World, warm: Warm, *, letters: int = 8, seconds: float = 1.0) -> Result:
    """The relay takes a second for each letter: a sender stops after a while, and the next goes on; nothing twice."""
    before = here.mail.extra()
    episodes = _episodes(here, warm, letters)
    here.mail.slow = seconds
    started = [warm.start("relay"), warm.start("relay")]
    for pid in started:
        warm.ended(pid)
    here.mail.slow = 0.0
    warm.do("relay")
    return Result(
        fault=f"relay takes {seconds:g} s a letter",
        statement="ALO",
        counts={"letters": letters},
        bars=(
            exactly("sent", _sent(here, episodes), letters),
            *delivered(here, episodes, before=before, crashes=0),
        ),
    )
